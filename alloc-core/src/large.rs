//! Blocks with a mapping of their own: above 128 KiB, or aligned beyond a page.
//!
//! A mapping starts on a unit bound (64 KiB) of the page map, whose entry is all
//! the book-keeping there is: base and bytes. Freed mappings are kept for reuse up
//! to a fraction of what is in use, oldest out first; a longer one is cut in two at
//! a unit bound. `realloc` copies into a kept mapping if one is long enough, for
//! that is cheaper than the page faults of a fresh one; else it grows in place, or
//! moves the pages without copying.
//!
//! Order matters to other threads: a range's entries are cleared *before* the
//! range is unmapped, or they could wipe those of whoever maps it next.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::config::{KEPT_MAPPING_BYTES_MIN, KEPT_MAPPINGS_DIVISOR, KEPT_MAPPINGS_MAX, UNIT_BYTES};
use crate::lock::Lock;
use crate::pagemap::Unit;
use crate::{os, pagemap};

/// Freed mappings; public to the crate for `fork`'s sake.
pub(crate) static KEPT: Lock<KeptMappings> = Lock::new(KeptMappings::new());

static LIVE_BLOCKS: AtomicUsize = AtomicUsize::new(0);
static LIVE_BYTES: AtomicUsize = AtomicUsize::new(0);

/// What the bytes of a new block are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Fresh from the system: all zero.
    Zero,
    /// Whatever was there before.
    Stale,
}

/// A mapping: where it starts and its bytes, whole OS pages.
#[derive(Clone, Copy)]
struct Mapping {
    base: NonNull<u8>,
    bytes: usize,
}

/// A block of at least `size` bytes aligned to `align`, a power of two; `None`
/// when the system has no memory.
pub(crate) fn alloc(size: usize, align: usize) -> Option<(NonNull<u8>, Content)> {
    let bytes = os::round_to_pages(size.max(1))?;
    let align = align.max(UNIT_BYTES);
    let (mapping, content) = match take_kept(bytes, align) {
        Some(mapping) => (mapping, Content::Stale),
        None => (Mapping { base: os::map_aligned(bytes, align)?, bytes }, Content::Zero),
    };
    if !pagemap::set_mapping(mapping.base.addr().get(), mapping.bytes) {
        mapping.unmap();
        return None;
    }
    LIVE_BLOCKS.fetch_add(1, Ordering::Relaxed);
    LIVE_BYTES.fetch_add(mapping.bytes, Ordering::Relaxed);
    Some((mapping.base, content))
}

/// Frees a block of [`alloc`].
///
/// # Safety
/// `block` came from [`alloc`] or [`realloc`] and is not used again.
pub(crate) unsafe fn dealloc(block: NonNull<u8>) {
    let mapping = Mapping::of(block);
    LIVE_BLOCKS.fetch_sub(1, Ordering::Relaxed);
    LIVE_BYTES.fetch_sub(mapping.bytes, Ordering::Relaxed);
    pagemap::clear(mapping.base.addr().get(), mapping.bytes);
    mapping.keep();
}

/// A kept mapping of `bytes`, whole pages; or of more, at most 1/8 of any size that
/// was rounded up to them.
fn take_kept(bytes: usize, align: usize) -> Option<Mapping> {
    let mut mapping = { KEPT.lock().take(bytes, align) }?;
    let size = bytes - os::page_bytes();
    if mapping.bytes - size > size / 8 {
        // SAFETY: the tail of a mapping that nobody else knows.
        let tail = unsafe { mapping.base.add(bytes) };
        // SAFETY: as above.
        unsafe { os::unmap(tail, mapping.bytes - bytes) };
        mapping.bytes = bytes;
    }
    Some(mapping)
}

/// Resizes a block to `size` bytes, keeping its contents up to the smaller size;
/// `None` when the system has no memory, and then the block is as it was.
///
/// # Safety
/// `block` came from [`alloc`] or this function with this `align`, and is not
/// used again if another one is returned.
pub(crate) unsafe fn realloc(block: NonNull<u8>, size: usize, align: usize) -> Option<NonNull<u8>> {
    let old = Mapping::of(block);
    let bytes = os::round_to_pages(size)?;
    // A little too big is as good: no system call for small changes.
    if bytes <= old.bytes && old.bytes - bytes <= old.bytes / 8 {
        return Some(block);
    }
    if bytes < old.bytes {
        old.shrink(bytes);
        return Some(block);
    }
    let align = align.max(UNIT_BYTES);
    if let Some(moved) = old.grow_into_kept(bytes, align) {
        return Some(moved);
    }
    if old.grow_in_place(bytes) {
        return Some(block);
    }
    old.grow_elsewhere(bytes, align)
}

/// Gives every kept mapping back to the system.
pub(crate) fn unmap_kept() {
    while let Some(mapping) = { KEPT.lock().remove(0) } {
        mapping.unmap();
    }
}

/// Live blocks and their bytes, then the bytes of freed mappings kept.
pub(crate) fn usage() -> (usize, usize, usize) {
    let kept = KEPT.lock().bytes;
    (LIVE_BLOCKS.load(Ordering::Relaxed), LIVE_BYTES.load(Ordering::Relaxed), kept)
}

impl Mapping {
    /// The mapping of a live block.
    fn of(block: NonNull<u8>) -> Self {
        let address = block.addr().get();
        match pagemap::lookup(address) {
            Unit::Mapping { base, bytes } if base == address => Self { base: block, bytes },
            _ => os::abort_with(&["alloc-core: freed a big block that was not allocated here"]),
        }
    }

    fn end(&self) -> *mut u8 {
        self.base.as_ptr().wrapping_add(self.bytes)
    }

    fn unmap(self) {
        // SAFETY: mappings are whole ranges from `os`; who calls this has the
        // only reference, and the page map forgot it.
        unsafe { os::unmap(self.base, self.bytes) };
    }

    /// Keeps a freed mapping for reuse, and unmaps the oldest beyond the allowance.
    fn keep(self) {
        let in_use = LIVE_BYTES.load(Ordering::Relaxed);
        let allowance = KEPT_MAPPING_BYTES_MIN.max(in_use / KEPT_MAPPINGS_DIVISOR);
        if self.bytes > allowance {
            return self.unmap();
        }
        let mut incoming = Some(self);
        while let Some(oldest) = { KEPT.lock().put_or_evict(&mut incoming, allowance) } {
            oldest.unmap();
        }
    }

    /// Copies the block into a kept mapping of at least `bytes`, if there is one.
    fn grow_into_kept(self, bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let target = take_kept(bytes, align)?;
        if !pagemap::set_mapping(target.base.addr().get(), target.bytes) {
            target.unmap();
            return None;
        }
        // SAFETY: the old mapping is shorter than the new one, and apart from it.
        unsafe { target.base.copy_from_nonoverlapping(self.base, self.bytes) };
        self.count_resize(target.bytes);
        pagemap::clear(self.base.addr().get(), self.bytes);
        self.keep();
        Some(target.base)
    }

    fn shrink(self, bytes: usize) {
        let base = self.base.addr().get();
        let kept_units = bytes.next_multiple_of(UNIT_BYTES);
        pagemap::clear(base + kept_units, self.bytes.saturating_sub(kept_units));
        // SAFETY: the block is the caller's, and what is cut off is past its end.
        if unsafe { os::resize_in_place(self.base, self.bytes, bytes) } {
            self.record(bytes);
        } else {
            // Cutting failed: nothing changed but the cleared tail.
            self.record(self.bytes);
        }
    }

    fn grow_in_place(self, bytes: usize) -> bool {
        // SAFETY: growing takes nothing away.
        if !unsafe { os::resize_in_place(self.base, self.bytes, bytes) } {
            return false;
        }
        if pagemap::set_mapping(self.base.addr().get(), bytes) {
            self.count_resize(bytes);
            return true;
        }
        // The page map has no memory for the new units: back to the old size.
        // The kernel cuts what it has just added.
        // SAFETY: the added part is unused.
        unsafe { os::resize_in_place(self.base, bytes, self.bytes) };
        self.record(self.bytes);
        false
    }

    fn grow_elsewhere(self, bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let target = Self { base: os::map_aligned(bytes, align)?, bytes };
        if !pagemap::set_mapping(target.base.addr().get(), bytes) {
            target.unmap();
            return None;
        }
        pagemap::clear(self.base.addr().get(), self.bytes);
        // SAFETY: both are whole mappings, the target unused.
        if unsafe { os::move_pages(self.base, self.bytes, target.base, bytes) } {
            self.count_resize(bytes);
            return Some(target.base);
        }
        // Without page moves: copy, then free the old one.
        // SAFETY: the old mapping is shorter than the new one, and apart from it.
        unsafe { target.base.copy_from_nonoverlapping(self.base, self.bytes) };
        self.unmap();
        self.count_resize(bytes);
        Some(target.base)
    }

    /// Writes the mapping's length to its first unit; the units exist already.
    fn record(self, bytes: usize) {
        if pagemap::set_mapping(self.base.addr().get(), bytes) {
            self.count_resize(bytes);
        }
    }

    fn count_resize(self, bytes: usize) {
        LIVE_BYTES.fetch_add(bytes.wrapping_sub(self.bytes), Ordering::Relaxed);
    }
}

/// Freed mappings, oldest first.
pub(crate) struct KeptMappings {
    entries: [Option<Mapping>; KEPT_MAPPINGS_MAX],
    len: usize,
    bytes: usize,
}

// SAFETY: kept mappings belong to this list alone.
unsafe impl Send for KeptMappings {}

impl KeptMappings {
    const fn new() -> Self {
        Self { entries: [None; KEPT_MAPPINGS_MAX], len: 0, bytes: 0 }
    }

    /// The shortest mapping of at least `bytes`. What is left behind the next unit
    /// bound stays.
    fn take(&mut self, bytes: usize, align: usize) -> Option<Mapping> {
        let fits = |mapping: &Mapping| {
            mapping.bytes >= bytes && mapping.base.addr().get().is_multiple_of(align)
        };
        let shortest = (0..self.len)
            .filter(|&index| self.entries[index].as_ref().is_some_and(fits))
            .min_by_key(|&index| self.entries[index].map(|mapping| mapping.bytes))?;
        let used = bytes.next_multiple_of(UNIT_BYTES);
        let entry = self.entries[shortest].as_mut()?;
        let base = entry.base;
        if entry.bytes <= used {
            return self.remove(shortest);
        }
        // SAFETY: used < the mapping's bytes.
        entry.base = unsafe { base.add(used) };
        entry.bytes -= used;
        self.bytes -= used;
        Some(Mapping { base, bytes: used })
    }

    /// Puts `incoming` in, joined with its neighbours, if the allowance admits it;
    /// else takes out what must go, the oldest first, and returns it: unmap it (not
    /// under the lock) and call again.
    fn put_or_evict(
        &mut self,
        incoming: &mut Option<Mapping>,
        allowance: usize,
    ) -> Option<Mapping> {
        let mapping = self.join_neighbours(incoming.take()?);
        if mapping.bytes > allowance {
            return Some(mapping);
        }
        if self.len == self.entries.len() || self.bytes + mapping.bytes > allowance {
            *incoming = Some(mapping);
            return self.remove(0);
        }
        self.entries[self.len] = Some(mapping);
        self.len += 1;
        self.bytes += mapping.bytes;
        None
    }

    /// Takes the kept mappings right before and right behind this one, joined.
    fn join_neighbours(&mut self, mapping: Mapping) -> Mapping {
        let mut joined = mapping;
        let mut index = 0;
        while index < self.len {
            let Some(other) = self.entries[index] else { break };
            if other.end() == joined.base.as_ptr() {
                joined = Mapping { base: other.base, bytes: other.bytes + joined.bytes };
            } else if joined.end() == other.base.as_ptr() {
                joined.bytes += other.bytes;
            } else {
                index += 1;
                continue;
            }
            self.remove(index);
        }
        joined
    }

    fn remove(&mut self, index: usize) -> Option<Mapping> {
        let mapping = self.entries.get_mut(index)?.take()?;
        self.entries[index..self.len].rotate_left(1);
        self.len -= 1;
        self.bytes -= mapping.bytes;
        Some(mapping)
    }
}
