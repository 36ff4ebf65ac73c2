//! Blocks above 128 KiB: spans of a region, or mappings of their own.
//!
//! To 32 MiB a block is a span: taken and freed without a system call as long as
//! its memory is kept. Beyond, and where alignment or the system ask for it, it has
//! a mapping. Which of the two a block is, the page map says; its size does not, for
//! a block that is resized in place stays what it was.

use core::ptr::NonNull;

use crate::config::{GROWTH_ROOM, HARDENED, HUGE_PAGE_BYTES, MOVE_MIN_BYTES, SPAN_MAX_BYTES};
use crate::pagemap::{self, Unit};
use crate::region::Region;
use crate::supply::{self, Memory, Touch};
use crate::{mapping, misuse, os, relief};

/// A large block, as the page map knows it.
enum Place {
    /// A span of this region.
    Span(NonNull<Region>),
    /// A mapping.
    Mapping,
}

/// A block of at least `size` bytes aligned to `align`, a power of two; `None`
/// when the system has no memory.
pub(crate) fn alloc(size: usize, align: usize) -> Option<NonNull<u8>> {
    Some(take(size, align, size, Touch::Soon)?.0)
}

/// As [`alloc`], for what has grown: if possible where it can go on.
pub(crate) fn alloc_to_grow(size: usize, align: usize) -> Option<NonNull<u8>> {
    Some(take(size, align, room_for(size), Touch::Soon)?.0)
}

/// As [`alloc`]; its first `size` bytes are zero.
pub(crate) fn alloc_zeroed(size: usize, align: usize) -> Option<NonNull<u8>> {
    let (block, memory, place) = take(size, align, size, Touch::Perhaps)?;
    match (memory, place) {
        (Memory::Purged, _) => {}
        // SAFETY: a new block of that size.
        (Memory::Kept, Place::Span(_)) => unsafe { supply::clear_dirty(block, size) },
        // SAFETY: as above.
        (Memory::Kept, Place::Mapping) => unsafe { block.write_bytes(0, size) },
    }
    Some(block)
}

fn take(
    size: usize,
    align: usize,
    room: usize,
    touch: Touch,
) -> Option<(NonNull<u8>, Memory, Place)> {
    relief::insist(|| take_once(size, align, room, touch))
}

fn take_once(
    size: usize,
    align: usize,
    room: usize,
    touch: Touch,
) -> Option<(NonNull<u8>, Memory, Place)> {
    if size <= SPAN_MAX_BYTES
        && align <= HUGE_PAGE_BYTES
        && let Some((block, memory)) = supply::take_block(size.max(1), align, room, touch)
        && let Unit::Region { base } = pagemap::lookup(block.addr().get())
    {
        return Some((block, memory, Place::Span(base)));
    }
    let (block, memory) = mapping::alloc(size, align)?;
    Some((block, memory, Place::Mapping))
}

/// Frees a block of [`alloc`].
///
/// # Safety
/// `block` came from this module and is not used again.
pub(crate) unsafe fn dealloc(block: NonNull<u8>) {
    match place(block) {
        Place::Span(region) => {
            if HARDENED && let Some(bytes) = supply::block_bytes(region, block) {
                // SAFETY: the caller's contract: nobody uses it any more.
                unsafe { os::clear_resident(block, bytes) };
            }
            // SAFETY: the caller's contract.
            if !unsafe { supply::give_block(region, block) } {
                misuse::not_a_block(block);
            }
        }
        // SAFETY: the caller's contract.
        Place::Mapping => unsafe { mapping::dealloc(block) },
    }
}

/// Resizes a block to `size` bytes, keeping its contents up to the smaller size;
/// `None` when the system has no memory, and then the block is as it was.
///
/// # Safety
/// `block` came from this module with this `align`, and is not used again if
/// another one is returned.
pub(crate) unsafe fn realloc(block: NonNull<u8>, size: usize, align: usize) -> Option<NonNull<u8>> {
    match place(block) {
        // SAFETY: the caller's contract.
        Place::Mapping => unsafe { mapping::realloc(block, size, align) },
        // SAFETY: the caller's contract.
        Place::Span(region) if unsafe { supply::resize_block(region, block, size) } => Some(block),
        Place::Span(region) => {
            let bytes =
                supply::block_bytes(region, block).unwrap_or_else(|| misuse::not_a_block(block));
            // Shrinking always works in place, so the new one is longer.
            let (target, memory, _) = take(size, align, room_for(size), Touch::Perhaps)?;
            // SAFETY: both blocks are live, apart, and at least that long.
            unsafe { carry(block, target, bytes, memory) };
            // SAFETY: the caller's contract; its contents have moved.
            unsafe { dealloc(block) };
            Some(target)
        }
    }
}

/// The room that a block should have around it that has grown to `size`: it will grow
/// again, and where there is room it need not move then.
fn room_for(size: usize) -> usize {
    size.saturating_mul(GROWTH_ROOM).min(SPAN_MAX_BYTES)
}

/// Moves `bytes` from a span to a longer block: by its pages if they are many and
/// the target has none yet, for that is cheaper than the target's page faults; else
/// by copying.
///
/// # Safety
/// Both are live blocks of at least `bytes`, whole granules, and apart. What is left
/// in the source is undefined.
unsafe fn carry(source: NonNull<u8>, target: NonNull<u8>, bytes: usize, memory: Memory) {
    if memory == Memory::Purged && bytes >= MOVE_MIN_BYTES {
        // SAFETY: the caller's contract; nothing is in the target yet.
        if unsafe { os::move_pages_leaving_addresses(source, target, bytes) } {
            return;
        }
    }
    // SAFETY: the caller's contract.
    unsafe { target.copy_from_nonoverlapping(source, bytes) };
}

fn place(block: NonNull<u8>) -> Place {
    match pagemap::lookup(block.addr().get()) {
        Unit::Region { base } => Place::Span(base),
        Unit::Mapping { base, .. } if base == block.addr().get() => Place::Mapping,
        Unit::Mapping { .. } | Unit::Foreign => misuse::not_a_block(block),
    }
}
