//! Where spans come from: the table of regions, and what of them is resident.
//!
//! A span is served from free granules that are resident (*kept*), lowest address
//! first; failing that, from any free ones; failing that, from a new region. What
//! is freed is kept as far as [`keep`] allows; what is over goes back to the
//! system, highest addresses first, so that what is in use gathers at the low end.
//! A region without spans and without kept memory is unmapped, but for one spare.
//!
//! One lock, taken once a span and not held during the system's work on what is
//! given back: that is *held* meanwhile, in no span and not free.
//!
//! Invariant: `keep` knows every dirty free granule as kept, and of every span what
//! is resident as in use.

mod table;

use core::ptr::NonNull;

use crate::config::{GRANULE_BYTES, HUGE_PAGE_BYTES, HUGE_PAGES_TIMED};
use crate::family::Family;
use crate::huge::{self, Cost};
use crate::lock::Lock;
use crate::pagemap::{self, Unit};
pub(crate) use crate::region::Touch;
use crate::region::{Choice, Region, Run, Use, granules_for};
use crate::{keep, os};

use table::Taken;
pub(crate) use table::{Counts, Supply};

/// The supply, locked; public to the crate for `fork`'s sake.
pub(crate) static LOCKED: Lock<Supply> = Lock::new(Supply::new());

/// What is behind the addresses of a span from the supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Nothing yet: it reads zero.
    Purged,
    /// What its last user left, at least in parts.
    Kept,
}

impl Taken {
    /// After the first touches of its new huge pages, of a few in the lower half of them: who
    /// doubles what he has fills as many at once. With the first that is dear the rest is forgone.
    fn touched(self) -> Self {
        let mut rest = self.new_pages;
        for _ in 0..rest.count_ones().div_ceil(2).min(HUGE_PAGES_TIMED) {
            // SAFETY: a page of the region.
            let page = unsafe { Region::huge_page(self.region, rest.trailing_zeros() as usize) };
            rest &= rest - 1;
            // SAFETY: of what was taken, by the caller alone; and clean.
            if unsafe { huge::touch(page.max(self.base)) } == Cost::Dear {
                // SAFETY: pages of the region.
                unsafe { Region::advise(self.region, rest, false) };
                break;
            }
        }
        self
    }
}

/// An arena, or `None` when the system has no memory.
pub(crate) fn take_arena(family: Family) -> Option<(NonNull<u8>, Memory)> {
    let mut supply = LOCKED.lock();
    let grid = family.grid();
    // As long as it is aligned.
    let granules = granules_for(grid.arena_bytes());
    let taken = supply.take(granules, granules, Use::Arena, Touch::Soon)?;
    supply.count_taken_arena(family);
    drop(supply);
    let Taken { base, dirty, .. } = taken.touched();
    // Of a purged arena, each page comes into use when its pool is made.
    let (fresh, memory) = match dirty {
        0 => (grid.header_bytes(), Memory::Purged),
        _ => (grid.arena_bytes() - dirty, Memory::Kept),
    };
    keep::touch(fresh);
    Some((base, memory))
}

/// Takes an arena back, of which `resident` bytes are in use or dirty.
///
/// # Safety
/// `arena` came from [`take_arena`] with this family, and nothing refers to it or
/// to any block in it.
pub(crate) unsafe fn give_arena(arena: NonNull<u8>, family: Family, resident: usize) {
    let Unit::Region { base } = pagemap::lookup(arena.addr().get()) else { return };
    let mut supply = LOCKED.lock();
    supply.count_given_arena(family);
    supply.give(base, arena);
    keep::free(resident, family.grid().arena_bytes());
    drop(supply);
    purge_excess();
}

/// A block of at least `bytes`, aligned to `align`, at most a huge page; if possible
/// where it can grow to `room` bytes later. `None` when the system has no memory for
/// another region.
pub(crate) fn take_block(
    bytes: usize,
    align: usize,
    room: usize,
    touch: Touch,
) -> Option<(NonNull<u8>, Memory)> {
    let mut supply = LOCKED.lock();
    let granules = granules_for(bytes);
    let align = align.div_ceil(GRANULE_BYTES);
    let roomy = (room > bytes).then(|| supply.find(granules_for(room), align, Choice::Any));
    let taken = match roomy.flatten() {
        Some((number, first)) => {
            supply.occupy(number, Run { first, granules }, Use::Block, touch)?
        }
        None => supply.take(granules, align, Use::Block, touch)?,
    };
    supply.count_taken_block(granules);
    drop(supply);
    let Taken { base, dirty, .. } = match touch {
        Touch::Soon => taken.touched(),
        Touch::Perhaps => taken,
    };
    keep::touch(granules * GRANULE_BYTES - dirty);
    Some((base, if dirty == 0 { Memory::Purged } else { Memory::Kept }))
}

/// Takes the block at `start` in `region` back; `false` if there is none.
///
/// # Safety
/// If `start` is a block of [`take_block`], nothing refers to it any more.
#[must_use]
pub(crate) unsafe fn give_block(region: NonNull<Region>, start: NonNull<u8>) -> bool {
    let mut supply = LOCKED.lock();
    let Some(run) = block_at(region, start) else { return false };
    supply.count_given_block(run.granules);
    supply.give(region, start);
    keep::free(run.granules * GRANULE_BYTES, run.granules * GRANULE_BYTES);
    drop(supply);
    purge_excess();
    true
}

/// Makes the block at `start` as long as `bytes` need, where it lies; `false`: not
/// possible, and nothing changed.
///
/// # Safety
/// `start` is a block of [`take_block`] in `region`; nothing refers to what is cut.
#[must_use]
pub(crate) unsafe fn resize_block(
    region: NonNull<Region>,
    start: NonNull<u8>,
    bytes: usize,
) -> bool {
    let Some(run) = block_at(region, start) else { return false };
    let granules = granules_for(bytes);
    if granules == run.granules {
        return true;
    }
    let resized = LOCKED.lock().resize(region, run, granules);
    if granules < run.granules {
        purge_excess();
    }
    resized
}

/// The granules of the block that starts at `start`.
fn block_at(region: NonNull<Region>, start: NonNull<u8>) -> Option<Run> {
    let address = start.addr().get();
    let granule = Region::granule_of(region, address);
    // SAFETY: the page map says that a region is mapped here.
    let span = unsafe { region.as_ref() }.span_at(granule)?;
    let is_block = span.used_as == Use::Block
        && span.run.first == granule
        && address.is_multiple_of(GRANULE_BYTES);
    is_block.then_some(span.run)
}

/// Bytes of the block that starts at `start`, if there is one.
pub(crate) fn block_bytes(region: NonNull<Region>, start: NonNull<u8>) -> Option<usize> {
    Some(block_at(region, start)?.granules * GRANULE_BYTES)
}

/// Writes zeroes over what of the first `bytes` of a new block may be something else.
///
/// # Safety
/// `start` is a block of [`take_block`], at least that long, not yet written to.
pub(crate) unsafe fn clear_dirty(start: NonNull<u8>, bytes: usize) {
    let Unit::Region { base: region } = pagemap::lookup(start.addr().get()) else { return };
    let first = Region::granule_of(region, start.addr().get());
    // SAFETY: the page map says that a region is mapped here.
    let header = unsafe { region.as_ref() };
    header.for_each_dirty(Run { first, granules: granules_for(bytes) }, |run| {
        let offset = (run.first - first) * GRANULE_BYTES;
        let length = (run.granules * GRANULE_BYTES).min(bytes - offset);
        // SAFETY: the run lies in the block.
        let stale = unsafe { start.add(offset) };
        // SAFETY: the caller's contract: the block is as long, and nobody's yet.
        unsafe { stale.write_bytes(0, length) };
    });
}

/// Gives the memory of pages in an arena back to the system.
///
/// # Safety
/// The range lies in an arena from the supply, and nothing refers to its bytes.
pub(crate) unsafe fn purge_pages(start: NonNull<u8>, bytes: usize) {
    if let Unit::Region { base } = pagemap::lookup(start.addr().get()) {
        // SAFETY: the caller's contract.
        unsafe { Region::purge(base, start, bytes) };
    }
}

/// Gives all that is kept back to the system, and the addresses of regions that
/// nothing is in.
pub(crate) fn purge_all() {
    purge(keep::kept, 0);
    while let Some((base, bytes)) = { LOCKED.lock().remove_unused() } {
        // SAFETY: the region has no spans and is out of table and page map.
        unsafe { os::unmap(base, bytes) };
    }
}

/// Gives back what is kept beyond the allowance.
pub(crate) fn purge_excess() {
    if keep::excess() > 0 {
        purge(keep::excess, HUGE_PAGE_BYTES);
    }
}

/// Gives kept memory back until `excess` says zero, or for parts of huge pages less
/// than `parts_from`.
#[cold]
fn purge(excess: fn() -> usize, parts_from: usize) {
    while let Some(held) = { LOCKED.lock().hold_surplus(excess(), parts_from) } {
        let (region, run) = held;
        // SAFETY: the granules are the region's.
        let start = unsafe { Region::address(region, run.first) };
        // SAFETY: the granules are held: nobody has them or can get them.
        unsafe { Region::purge(region, start, run.granules * GRANULE_BYTES) };
        let unused = { LOCKED.lock().free_clean(region, run) };
        if let Some((base, bytes)) = unused {
            // SAFETY: the region has no spans and is out of table and page map.
            unsafe { os::unmap(base, bytes) };
        }
    }
}
