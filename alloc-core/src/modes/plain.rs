//! The default mode: blocks as the tiers have them.
//!
//! What is caught here, at no measurable cost, is in `misuse`; the mode that catches
//! more, and costs more, is `hardened`.

use core::alloc::Layout;
use core::ptr::NonNull;

use crate::block::{Block, class_at, find};
use crate::class::SizeClass;
use crate::config::QUANTUM_BYTES;
use crate::knobs::Settings;
use crate::tiers::{alloc_in, alloc_large, dealloc_in, dealloc_large, flush, resize_large};
use crate::{cpu, large, misuse, pagemap, tls};

pub(crate) use crate::tiers::alloc;

/// Frees a block.
///
/// # Safety
/// `block` was allocated with `layout` and is not used again.
#[inline]
pub(crate) unsafe fn dealloc(block: NonNull<u8>, layout: Layout) {
    if let Some(class) = SizeClass::looked_up(layout.size(), layout.align()) {
        // Who has the block next writes to it. (And where nodes are freed in the order of their
        // list, a Zen 5 is faster by a fifth for one more use of each.)
        cpu::prefetch_to_write(block.as_ptr());
        if tls::fast().push(class, block) {
            return;
        }
    }
    // SAFETY: the caller's contract.
    unsafe { dealloc_slow(block, layout) }
}

/// A block whose bytes are zero, for a layout that is not empty.
#[inline(never)]
pub(crate) fn alloc_zeroed(layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    let Some(class) = SizeClass::of(layout.size(), layout.align()) else {
        return alloc_large(layout, settings, large::alloc_zeroed);
    };
    let block = alloc_in(class, settings)?;
    // SAFETY: the block is new and has at least this many bytes.
    unsafe { block.write_bytes(0, layout.size()) };
    Some(block)
}

/// Resizes a block, keeping its contents up to the smaller size; `None` when the
/// system has no memory, and then the block is as it was.
///
/// # Safety
/// - `block` was allocated with `layout`, and is not used again if another one is
///   returned.
/// - `new_size` is not zero and makes a valid layout.
#[inline(never)]
pub(crate) unsafe fn realloc(
    block: NonNull<u8>,
    layout: Layout,
    new_size: usize,
    settings: &Settings,
) -> Option<NonNull<u8>> {
    let align = layout.align();
    // SAFETY: the caller vouches that the new size makes a valid layout.
    let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, align) };
    match (SizeClass::of(layout.size(), align), SizeClass::of(new_size, align)) {
        (Some(old), Some(new)) if old == new => Some(block),
        (Some(old), Some(new)) => {
            let target = alloc_in(new, settings)?;
            let kept = layout.size().min(new_size);
            // SAFETY: both blocks have at least this many bytes, and are apart.
            unsafe { target.copy_from_nonoverlapping(block, kept) };
            dealloc_in(old, block);
            Some(target)
        }
        // SAFETY: both sizes are large; the caller's contract.
        (None, None) => unsafe { resize_large(block, new_layout) },
        // SAFETY: the caller's contract.
        _ => unsafe { move_block(block, layout, new_layout, settings) },
    }
}

/// As [`dealloc`], when the table has no class for it, or its bin is full or has it already.
#[cold]
#[inline(never)]
unsafe fn dealloc_slow(block: NonNull<u8>, layout: Layout) {
    if let Some(class) = SizeClass::looked_up(layout.size(), layout.align()) {
        return flush(class, block);
    }
    match SizeClass::of(layout.size(), layout.align()) {
        Some(class) => dealloc_in(class, block),
        // SAFETY: the caller's contract: a block of this layout.
        None => unsafe { dealloc_large(block) },
    }
}

/// Copies a block into one of another layout and frees it; `None` when the system
/// has no memory, and then the block is as it was.
///
/// # Safety
/// - `block` was allocated with `layout`, and is not used again if this succeeds.
/// - `new_layout` is not empty.
pub(crate) unsafe fn move_block(
    block: NonNull<u8>,
    layout: Layout,
    new_layout: Layout,
    settings: &Settings,
) -> Option<NonNull<u8>> {
    let is_large = SizeClass::of(new_layout.size(), new_layout.align()).is_none();
    let new_block = if is_large && layout.size() < new_layout.size() {
        alloc_large(new_layout, settings, large::alloc_to_grow)?
    } else {
        alloc(new_layout, settings)?
    };
    let kept = layout.size().min(new_layout.size());
    // SAFETY: both blocks have at least this many bytes, and are apart.
    unsafe { new_block.copy_from_nonoverlapping(block, kept) };
    // SAFETY: the caller's contract; the old block is done with.
    unsafe { dealloc(block, layout) };
    Some(new_block)
}

/// Frees a block whose layout the caller does not know.
///
/// # Safety
/// `block` is one, and is not used again.
#[inline]
pub(crate) unsafe fn free_at(block: NonNull<u8>) {
    if let Some(grid) = pagemap::grid_at(block.addr().get()) {
        match class_at(block, grid) {
            Some(class) => dealloc_in(class, block),
            None => misuse::not_a_block(block),
        }
    } else {
        // SAFETY: the caller's contract.
        unsafe { free_large(block) };
    }
}

#[cold]
unsafe fn free_large(block: NonNull<u8>) {
    match find(block.as_ptr()) {
        // SAFETY: a large block, whose owner the caller speaks for.
        Some(found) if found.start == block => unsafe { dealloc_large(block) },
        _ => misuse::not_a_block(block),
    }
}

/// Resizes a block whose layout the caller does not know, as [`realloc`] does.
///
/// # Safety
/// - `block` is one, and is not used again if another one is returned.
/// - `size` is not zero, and at most `isize::MAX - 15`.
pub(crate) unsafe fn resize_at(
    block: NonNull<u8>,
    size: usize,
    settings: &Settings,
) -> Option<NonNull<u8>> {
    let Some(grid) = pagemap::grid_at(block.addr().get()) else {
        // SAFETY: the caller's contract.
        return unsafe { resize_large_at(block, size, settings) };
    };
    let Some(class) = class_at(block, grid) else { misuse::not_a_block(block) };
    // SAFETY: a block is not longer than `isize::MAX`.
    let layout = unsafe { Layout::from_size_align_unchecked(class.block_bytes(), QUANTUM_BYTES) };
    // SAFETY: the layout that has just the block's bytes is of its class; the caller's contract.
    unsafe { realloc(block, layout, size, settings) }
}

/// As [`resize_at`], for a block that is in no arena.
unsafe fn resize_large_at(
    block: NonNull<u8>,
    size: usize,
    settings: &Settings,
) -> Option<NonNull<u8>> {
    let Some(Block { bytes, .. }) = find(block.as_ptr()).filter(|found| found.start == block)
    else {
        misuse::not_a_block(block)
    };
    // SAFETY: the caller's contract.
    let new_layout = unsafe { Layout::from_size_align_unchecked(size, QUANTUM_BYTES) };
    if SizeClass::of(size, QUANTUM_BYTES).is_none() {
        // SAFETY: a large block, from the caller.
        return unsafe { resize_large(block, new_layout) };
    }
    // A short span, for an alignment's sake, may be of use as it is.
    if size <= bytes && size >= bytes / 2 {
        return Some(block);
    }
    let target = alloc(new_layout, settings)?;
    // SAFETY: both blocks have so many bytes, and are apart.
    unsafe { target.copy_from_nonoverlapping(block, bytes.min(size)) };
    // SAFETY: the caller's contract; its contents have moved.
    unsafe { dealloc_large(block) };
    Some(target)
}

/// The bytes of a block whose layout the caller does not know; `None`: no block starts here.
///
/// # Safety
/// `block` is one, or no memory of ours.
#[inline]
pub(crate) unsafe fn bytes_at(block: NonNull<u8>) -> Option<usize> {
    match pagemap::grid_at(block.addr().get()) {
        Some(grid) => class_at(block, grid).map(SizeClass::block_bytes),
        None => find(block.as_ptr()).filter(|found| found.start == block).map(|found| found.bytes),
    }
}
