//! Which of our memory an address belongs to, in O(1) and without a lock.
//!
//! The address space is cut into units of 256 KiB. Regions are whole units; a
//! mapping starts on a unit bound, and no unit holds two owners, so one entry a
//! unit says it all. The entries form a two-level tree over 48-bit
//! addresses: a root of 2^15 leaves in zero-initialised static memory (touched
//! only where used), leaves of 2^15 entries mapped on demand and kept for good:
//! 8 GiB of addresses each.
//!
//! Entries are written by whoever maps or unmaps the unit; a reader that asks
//! about an address which another thread is just unmapping gets the old answer
//! or the new one.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use crate::config::{UNIT_BYTES, UNIT_SHIFT};
use crate::grid::Grid;
use crate::os;
use crate::region::Region;

const ADDRESS_BITS: u32 = 48;
const LEAF_BITS: u32 = 15;
const ROOT_BITS: u32 = ADDRESS_BITS - UNIT_SHIFT - LEAF_BITS;

/// What a unit of addresses holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Nothing of ours.
    Foreign,
    /// A part of a region.
    Region {
        /// The region.
        base: NonNull<Region>,
    },
    /// A part of a mapping of the big tier.
    Mapping {
        /// Where the mapping starts.
        base: usize,
        /// Its bytes; only in the entry of its first unit, else zero.
        bytes: usize,
    },
}

/// An entry: `owner` is null, or where the mapping starts, or the region with
/// [`REGION_TAG`] in its low bits, and [`ARENA_TAG`] where the unit is of an arena that is
/// out, with [`WIDE_TAG`] of a wide one; `bytes` is the mapping's, in its first unit.
struct Entry {
    owner: AtomicPtr<Region>,
    bytes: AtomicUsize,
}

const REGION_TAG: usize = 1;
const ARENA_TAG: usize = 2;
const WIDE_TAG: usize = 4;

type Leaf = [Entry; 1 << LEAF_BITS];

static ROOT: [AtomicPtr<Leaf>; 1 << ROOT_BITS] =
    [const { AtomicPtr::new(core::ptr::null_mut()) }; 1 << ROOT_BITS];

/// What the unit that holds `address` is.
pub(crate) fn lookup(address: usize) -> Unit {
    let Some(entry) = entry(address) else {
        return Unit::Foreign;
    };
    // Acquire pairs with the release in `set`: the bytes belong to this owner.
    let owner = entry.owner.load(Ordering::Acquire);
    let Some(tagged) = NonNull::new(owner) else {
        return Unit::Foreign;
    };
    if tagged.addr().get() & REGION_TAG == 0 {
        return Unit::Mapping {
            base: tagged.addr().get(),
            bytes: entry.bytes.load(Ordering::Relaxed),
        };
    }
    // SAFETY: a region is not at address zero, whatever its tag.
    let base = unsafe { NonNull::new_unchecked(owner.map_addr(untagged)) };
    Unit::Region { base }
}

fn untagged(address: usize) -> usize {
    address & !(REGION_TAG | ARENA_TAG | WIDE_TAG)
}

/// How the arena is cut that `address` lies in, if one is out there.
#[inline]
pub(crate) fn grid_at(address: usize) -> Option<Grid> {
    // Acquire pairs with the release in `mark_arena`: the arena's header is there.
    let tags = entry(address)?.owner.load(Ordering::Acquire).addr();
    if tags & ARENA_TAG == 0 {
        return None;
    }
    Some(if tags & WIDE_TAG == 0 { Grid::Narrow } else { Grid::Wide })
}

/// Says whether the units from `base` on, of a region, are an arena that is out.
pub(crate) fn mark_arena(base: NonNull<u8>, grid: Grid, is_out: bool) {
    let tags = match grid {
        _ if !is_out => 0,
        Grid::Narrow => ARENA_TAG,
        Grid::Wide => ARENA_TAG | WIDE_TAG,
    };
    for entry in units(base.addr().get(), grid.arena_bytes()).filter_map(entry) {
        let owner = entry.owner.load(Ordering::Relaxed);
        let owner = owner.map_addr(|address| untagged(address) | REGION_TAG | tags);
        entry.owner.store(owner, Ordering::Release);
    }
}

/// Says that `bytes` from `region` on are that region. `false`: no memory for the
/// map, or an address that it does not cover; then no entry is left set.
#[must_use]
pub(crate) fn set_region(region: NonNull<Region>, bytes: usize) -> bool {
    let tagged = region.as_ptr().map_addr(|address| address | REGION_TAG);
    set_units(region.addr().get(), bytes, |_| (tagged, 0))
}

/// Says that `bytes` from `base`, on a unit bound, are one mapping. `false`:
/// as for [`set_region`].
#[must_use]
pub(crate) fn set_mapping(base: usize, bytes: usize) -> bool {
    let owner = core::ptr::without_provenance_mut(base);
    set_units(base, bytes, |unit| (owner, if unit == base { bytes } else { 0 }))
}

/// Sets every unit's entry to the owner and bytes that `content` names, or none.
fn set_units(base: usize, bytes: usize, content: impl Fn(usize) -> (*mut Region, usize)) -> bool {
    for unit in units(base, bytes) {
        let Some(entry) = entry_or_map(unit) else {
            clear(base, unit - base);
            return false;
        };
        let (owner, bytes) = content(unit);
        set(entry, owner, bytes);
    }
    true
}

/// Says that the units of `bytes` from `base` hold nothing of ours any more.
pub(crate) fn clear(base: usize, bytes: usize) {
    for unit in units(base, bytes) {
        if let Some(entry) = entry(unit) {
            set(entry, core::ptr::null_mut(), 0);
        }
    }
}

fn units(base: usize, bytes: usize) -> impl Iterator<Item = usize> {
    (0..bytes.div_ceil(UNIT_BYTES)).map(move |unit| base + unit * UNIT_BYTES)
}

fn set(entry: &Entry, owner: *mut Region, bytes: usize) {
    entry.bytes.store(bytes, Ordering::Relaxed);
    // Release: whoever sees the owner sees its bytes (pairs with `lookup`).
    entry.owner.store(owner, Ordering::Release);
}

fn split(address: usize) -> (Option<&'static AtomicPtr<Leaf>>, usize) {
    let unit = address >> UNIT_SHIFT;
    (ROOT.get(unit >> LEAF_BITS), unit & ((1 << LEAF_BITS) - 1))
}

fn entry(address: usize) -> Option<&'static Entry> {
    let (slot, index) = split(address);
    // Acquire pairs with the publishing exchange in `entry_or_map`.
    let leaf = slot?.load(Ordering::Acquire);
    // SAFETY: a leaf, once in the root, is a zeroed (valid) array of entries
    // that is never unmapped.
    let leaf = unsafe { leaf.as_ref() }?;
    leaf.get(index)
}

fn entry_or_map(address: usize) -> Option<&'static Entry> {
    if let Some(entry) = entry(address) {
        return Some(entry);
    }
    let slot = split(address).0?;
    let fresh = os::map_books(size_of::<Leaf>())?.cast::<Leaf>();
    let null = core::ptr::null_mut();
    // AcqRel: publishes the fresh zero pages, or sees the other thread's leaf.
    if slot.compare_exchange(null, fresh.as_ptr(), Ordering::AcqRel, Ordering::Acquire).is_err() {
        // SAFETY: this leaf was not published, nobody else knows it.
        unsafe { os::unmap_books(fresh.cast(), size_of::<Leaf>()) };
    }
    entry(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Addresses that the system does not hand out to this process.
    const BASE: usize = 0x7000_0000_0000 - (4 << 30);

    #[test]
    fn units_answer_for_every_address_in_them() {
        let bytes = 3 * UNIT_BYTES + 4096;
        assert!(set_mapping(BASE, bytes));
        assert_eq!(lookup(BASE), Unit::Mapping { base: BASE, bytes });
        assert_eq!(lookup(BASE + bytes - 1), Unit::Mapping { base: BASE, bytes: 0 });
        assert_eq!(lookup(BASE + 4 * UNIT_BYTES), Unit::Foreign);
        assert_eq!(lookup(BASE - 1), Unit::Foreign);
        clear(BASE, bytes);
        assert_eq!(lookup(BASE), Unit::Foreign);
        assert_eq!(lookup(BASE + 3 * UNIT_BYTES), Unit::Foreign);
    }

    #[test]
    fn a_region_answers_with_itself() {
        let base = BASE + (1 << 30);
        let region = NonNull::new(core::ptr::without_provenance_mut::<Region>(base)).unwrap();
        let bytes = 2 * Grid::Wide.arena_bytes();
        assert!(set_region(region, bytes));
        for address in [base, base + 1, base + bytes - 1] {
            assert_eq!(lookup(address), Unit::Region { base: region });
        }
        assert_eq!(lookup(base + bytes), Unit::Foreign);
        for grid in [Grid::Narrow, Grid::Wide] {
            let first = base + grid.arena_bytes();
            let last = first + grid.arena_bytes() - 1;
            let second =
                region.cast::<u8>().map_addr(|address| address.saturating_add(first - base));
            mark_arena(second, grid, true);
            assert_eq!([grid_at(first), grid_at(last)], [Some(grid); 2]);
            assert_eq!([grid_at(first - 1), grid_at(last + 1)], [None; 2]);
            assert_eq!(lookup(first), Unit::Region { base: region });
            mark_arena(second, grid, false);
            assert_eq!([grid_at(first), grid_at(last)], [None; 2]);
            assert_eq!(lookup(first), Unit::Region { base: region });
        }
        clear(base, bytes);
        assert_eq!(lookup(base), Unit::Foreign);
    }

    #[test]
    fn addresses_out_of_range_are_foreign() {
        assert_eq!(lookup(usize::MAX), Unit::Foreign);
        assert_eq!(lookup(0), Unit::Foreign);
        assert!(!set_mapping(1 << ADDRESS_BITS, 1));
    }
}
