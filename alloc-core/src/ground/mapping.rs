//! Blocks with a mapping of their own: longer than a span may be, or aligned
//! beyond a huge page.
//!
//! A mapping starts on a unit bound (256 KiB) of the page map, whose entry is all
//! the book-keeping there is: base and bytes. Freed mappings are kept for reuse as
//! far as [`keep`] allows, oldest out first. `realloc` grows in place, or moves the
//! pages without copying.
//!
//! Order matters to other threads: a range's entries are cleared *before* the
//! range is unmapped, or they could wipe those of whoever maps it next.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::config::{HARDENED, HUGE_PAGE_BYTES, KEPT_MAPPINGS_MAX, UNIT_BYTES};
use crate::lock::Lock;
use crate::pagemap::Unit;
use crate::supply::{self, Memory};
use crate::{huge, keep, knobs, os, pagemap};

/// Freed mappings; public to the crate for `fork`'s sake.
pub(crate) static KEPT: Lock<KeptMappings> = Lock::new(KeptMappings::new());

static LIVE_BLOCKS: AtomicUsize = AtomicUsize::new(0);
static LIVE_BYTES: AtomicUsize = AtomicUsize::new(0);

/// A mapping: where it starts and its bytes, whole OS pages.
#[derive(Clone, Copy)]
struct Mapping {
    base: NonNull<u8>,
    bytes: usize,
}

/// A block of at least `size` bytes aligned to `align`, a power of two; `None`
/// when the system has no memory.
pub(crate) fn alloc(size: usize, align: usize) -> Option<(NonNull<u8>, Memory)> {
    let bytes = os::round_to_pages(size.max(1))?;
    let align = align.max(UNIT_BYTES);
    let kept = { KEPT.lock().take(bytes, align) };
    let (mapping, memory) = match kept {
        Some(mapping) => (mapping, Memory::Kept),
        None => (Mapping::fresh(bytes, align)?, Memory::Purged),
    };
    if !pagemap::set_mapping(mapping.base.addr().get(), mapping.bytes) {
        match memory {
            Memory::Kept => mapping.give_back(),
            Memory::Purged => mapping.unmap(),
        }
        return None;
    }
    match memory {
        Memory::Kept => keep::reuse(mapping.bytes),
        Memory::Purged => keep::touch(mapping.bytes),
    }
    LIVE_BLOCKS.fetch_add(1, Ordering::Relaxed);
    LIVE_BYTES.fetch_add(mapping.bytes, Ordering::Relaxed);
    Some((mapping.base, memory))
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
    if old.grow_in_place(bytes) {
        return Some(block);
    }
    old.grow_elsewhere(bytes, align.max(UNIT_BYTES))
}

/// Gives every kept mapping back to the system.
pub(crate) fn unmap_kept() {
    while let Some(mapping) = { KEPT.lock().remove_oldest() } {
        mapping.give_back();
    }
}

/// Live blocks, and their bytes.
pub(crate) fn usage() -> (usize, usize) {
    (LIVE_BLOCKS.load(Ordering::Relaxed), LIVE_BYTES.load(Ordering::Relaxed))
}

/// Bytes of freed mappings that are kept.
pub(crate) fn kept_bytes() -> usize {
    KEPT.lock().entries.iter().flatten().map(|mapping| mapping.bytes).sum()
}

impl Mapping {
    /// The mapping of a live block.
    fn of(block: NonNull<u8>) -> Self {
        let address = block.addr().get();
        match pagemap::lookup(address) {
            Unit::Mapping { base, bytes } if base == address => Self { base: block, bytes },
            _ => os::abort_with(&["alloc-core: a mapping is not in the page map"]),
        }
    }

    /// New memory from the system, in huge pages if it has them.
    fn fresh(bytes: usize, align: usize) -> Option<Self> {
        let base = os::map_aligned(bytes, align)?;
        if knobs::huge_pages() && !huge::pass(bytes / HUGE_PAGE_BYTES) {
            os::ask_for_huge_pages(base, bytes);
        }
        Some(Self { base, bytes })
    }

    fn unmap(self) {
        // SAFETY: mappings are whole ranges from `os`; who calls this has the
        // only reference, and the page map forgot it.
        unsafe { os::unmap(self.base, self.bytes) };
    }

    /// Keeps a freed mapping for reuse, and gives back what is kept beyond the
    /// allowance: the oldest mappings first, then of the supply's.
    fn keep(self) {
        // Unmapped, nothing of it can be read or written by a stale pointer.
        if HARDENED || self.bytes > keep::allowance() {
            keep::give_back_used(self.bytes);
            self.unmap();
        } else {
            keep::free(self.bytes, self.bytes);
            if let Some(oldest) = { KEPT.lock().put(self) } {
                oldest.give_back();
            }
        }
        while keep::excess() > 0
            && let Some(oldest) = { KEPT.lock().remove_oldest() }
        {
            oldest.give_back();
        }
        supply::purge_excess();
    }

    /// Unmaps a mapping that was kept.
    fn give_back(self) {
        keep::give_back(self.bytes);
        self.unmap();
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
        // SAFETY: the mapping is longer than that now.
        let added = unsafe { self.base.add(self.bytes) };
        // SAFETY: what was just added is unused.
        unsafe { os::unmap(added, bytes - self.bytes) };
        self.record(self.bytes);
        false
    }

    fn grow_elsewhere(self, bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let target = Self::fresh(bytes, align)?;
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
        if bytes > self.bytes {
            keep::touch(bytes - self.bytes);
        } else {
            keep::give_back_used(self.bytes - bytes);
        }
        LIVE_BYTES.fetch_add(bytes.wrapping_sub(self.bytes), Ordering::Relaxed);
    }
}

/// Freed mappings, oldest first; the empty places last.
pub(crate) struct KeptMappings {
    entries: [Option<Mapping>; KEPT_MAPPINGS_MAX],
}

// SAFETY: kept mappings belong to this list alone.
unsafe impl Send for KeptMappings {}

impl KeptMappings {
    const fn new() -> Self {
        Self { entries: [None; KEPT_MAPPINGS_MAX] }
    }

    /// The shortest mapping of at least `bytes`, and at most 1/8 more.
    fn take(&mut self, bytes: usize, align: usize) -> Option<Mapping> {
        let fits = |mapping: &Mapping| {
            (bytes..=bytes + bytes / 8).contains(&mapping.bytes)
                && mapping.base.addr().get().is_multiple_of(align)
        };
        let fitting = self.entries.iter().enumerate().filter_map(|(index, entry)| {
            entry.as_ref().filter(|mapping| fits(mapping)).map(|mapping| (mapping.bytes, index))
        });
        let (_, index) = fitting.min()?;
        self.remove(index)
    }

    /// Adds a mapping, in place of the oldest if there is no room: that is returned.
    #[must_use]
    fn put(&mut self, mapping: Mapping) -> Option<Mapping> {
        let last = KEPT_MAPPINGS_MAX - 1;
        let evicted = self.entries[last].is_some().then(|| self.remove(0)).flatten();
        let free = self.entries.iter().position(Option::is_none).unwrap_or(last);
        self.entries[free] = Some(mapping);
        evicted
    }

    fn remove_oldest(&mut self) -> Option<Mapping> {
        self.remove(0)
    }

    fn remove(&mut self, index: usize) -> Option<Mapping> {
        let mapping = self.entries.get_mut(index)?.take()?;
        self.entries[index..].rotate_left(1);
        Some(mapping)
    }
}
