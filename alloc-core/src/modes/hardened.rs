//! The hardened mode: blocks as the tiers have them, with more room than was asked for,
//! and what the default mode cannot afford.
//!
//! - Behind each block's bytes is a *seal* (`seal`), checked when the block is freed or
//!   resized: overflows, and underflows of the block behind, are found then; so is a
//!   size that is not the block's, at once; and a second free, since a free block has
//!   no seal.
//! - A freed block is cleared before it is anybody's: what a user left cannot be read.
//!   So *free memory is zero*: a block that is not when it is handed out was written to
//!   by a stale pointer. (A long one is looked at in its first and last 64 bytes.)
//! - A freed block of a class waits while others are handed out, and those that come
//!   next to each other come in random order (`bin::pop_by_lot`).
//! - Guard pages lie around the allocator's own books: each arena's headers, each
//!   region's, the heaps, the page map (`os::guard`).
//! - The links of freed blocks on their way to another thread are sealed (`free_run`).
//!
//! SECURITY.md says what that finds, and what it costs.

use core::alloc::Layout;
use core::ptr::NonNull;

use crate::block::{Block, Tier, block_of, class_at, find};
use crate::class::SizeClass;
use crate::config::QUANTUM_BYTES;
use crate::knobs::Settings;
use crate::seal::{self, SEAL_BYTES, Seal};
use crate::{large, misuse, os, pagemap, scrub, tiers, tls};

/// A block in use, whose seal is whole.
struct Sealed {
    block: NonNull<u8>,
    /// `None`: a large one.
    class: Option<SizeClass>,
    /// Its bytes in all, and those that were asked for.
    bytes: usize,
    size: usize,
}

/// A block for a layout that is not empty.
#[inline]
pub(crate) fn alloc(layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    // No overflow: a layout is at most isize::MAX long.
    if let Some(class) = SizeClass::looked_up(layout.size() + SEAL_BYTES, layout.align())
        && let Some(block) = tls::fast().pop(class)
    {
        return Some(hand_out(block, class, layout.size()));
    }
    alloc_slow(layout, settings)
}

#[cold]
#[inline(never)]
fn alloc_slow(layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    let room = seal::layout(layout)?;
    let block = tiers::alloc(room, settings)?;
    Some(match SizeClass::of(room.size(), room.align()) {
        Some(class) => hand_out(block, class, layout.size()),
        None => hand_out_large(block, layout.size()),
    })
}

/// Seals a new block of a class.
#[inline]
fn hand_out(block: NonNull<u8>, class: SizeClass, size: usize) -> NonNull<u8> {
    let bytes = class.block_bytes();
    // SAFETY: a new block of the class.
    if !unsafe { scrub::is_clean(block, bytes) } {
        misuse::written_after_free(block, class);
    }
    // SAFETY: as above, and the class has room for the seal.
    unsafe { seal::close(block, bytes, size) };
    block
}

/// Seals a new large block.
fn hand_out_large(block: NonNull<u8>, size: usize) -> NonNull<u8> {
    // SAFETY: a new block, with room for the seal.
    unsafe { seal::close(block, large_bytes(block), size) };
    block
}

/// Frees a block.
///
/// # Safety
/// `block` was allocated with `layout` and is not used again.
#[inline]
pub(crate) unsafe fn dealloc(block: NonNull<u8>, layout: Layout) {
    if let Some(class) = SizeClass::looked_up(layout.size() + SEAL_BYTES, layout.align()) {
        let bytes = class.block_bytes();
        // SAFETY: as in `expect_sealed`.
        if unsafe { seal::is_whole(block, bytes, layout.size()) } {
            // SAFETY: nobody uses the block any more.
            unsafe { scrub::clear(block, bytes) };
            return tiers::dealloc_in(class, block);
        }
    }
    // SAFETY: the caller's contract.
    unsafe { dealloc_slow(block, layout) };
}

#[cold]
#[inline(never)]
unsafe fn dealloc_slow(block: NonNull<u8>, layout: Layout) {
    let sealed = expect_sealed(block, layout);
    // SAFETY: the caller's contract.
    unsafe { free(&sealed) };
}

/// A block whose bytes are zero, for a layout that is not empty.
#[inline]
pub(crate) fn alloc_zeroed(layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    let room = seal::layout(layout)?;
    let class = SizeClass::of(room.size(), room.align());
    if class.is_none() {
        let block = tiers::alloc_large(room, settings, large::alloc_zeroed)?;
        return Some(hand_out_large(block, layout.size()));
    }
    let block = alloc(layout, settings)?;
    // It was looked at in parts only, if it is long.
    // SAFETY: a new block, of so many bytes.
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
    let sealed = expect_sealed(block, layout);
    // SAFETY: the caller vouches that the new size makes a valid layout.
    let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
    // SAFETY: the caller's contract.
    unsafe { resize(&sealed, new_layout, settings) }
}

/// Copies a block into one of another layout and frees it; `None` when the system
/// has no memory, and then the block is as it was.
///
/// # Safety
/// - `block` was allocated with `layout`, and is not used again if this succeeds.
/// - `new_layout` is not empty.
#[cfg(feature = "allocator-api2")]
pub(crate) unsafe fn move_block(
    block: NonNull<u8>,
    layout: Layout,
    new_layout: Layout,
    settings: &Settings,
) -> Option<NonNull<u8>> {
    let sealed = expect_sealed(block, layout);
    // SAFETY: the caller's contract.
    unsafe { move_to(&sealed, new_layout, settings) }
}

/// Frees a block whose layout the caller does not know.
///
/// # Safety
/// `block` is one, and is not used again.
#[inline]
pub(crate) unsafe fn free_at(block: NonNull<u8>) {
    let sealed = expect_sealed_at(block);
    // SAFETY: the caller's contract.
    unsafe { free(&sealed) };
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
    let sealed = expect_sealed_at(block);
    // SAFETY: the caller's contract.
    let new_layout = unsafe { Layout::from_size_align_unchecked(size, QUANTUM_BYTES) };
    // SAFETY: the caller's contract.
    unsafe { resize(&sealed, new_layout, settings) }
}

/// The bytes that were asked for of a block whose layout the caller does not know; `None`: no
/// block starts here.
///
/// # Safety
/// `block` is one, or no memory of ours.
pub(crate) unsafe fn bytes_at(block: NonNull<u8>) -> Option<usize> {
    block_of(block.as_ptr()).filter(|found| found.start == block).map(|found| found.bytes)
}

/// Frees a block that was checked.
///
/// # Safety
/// The block is not used again.
#[inline]
unsafe fn free(sealed: &Sealed) {
    let Some(class) = sealed.class else {
        // SAFETY: a large block; the caller's contract.
        return unsafe { tiers::dealloc_large(sealed.block) };
    };
    // SAFETY: nobody uses the block any more.
    unsafe { scrub::clear(sealed.block, sealed.bytes) };
    tiers::dealloc_in(class, sealed.block);
}

/// As [`realloc`], of a block that was checked.
///
/// # Safety
/// - The block is not used again if another one is returned.
/// - `layout` is not empty.
unsafe fn resize(sealed: &Sealed, layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    let &Sealed { block, class, bytes, size } = sealed;
    let room = seal::layout(layout)?;
    match (class, SizeClass::of(room.size(), room.align())) {
        (Some(before), Some(after)) if before == after => {
            // SAFETY: the block is the caller's, and of this size.
            unsafe { cut(block, bytes, size, layout.size()) };
            // SAFETY: the class has room for the new size.
            unsafe { seal::close(block, bytes, layout.size()) };
            Some(block)
        }
        (None, None) => {
            // SAFETY: the block is the caller's, and of this size.
            unsafe { cut(block, bytes, size, layout.size()) };
            // SAFETY: a large block, and a large layout.
            let resized = unsafe { tiers::resize_large(block, room) };
            let (block, bytes, size) = match resized {
                Some(place) => (place, large_bytes(place), layout.size()),
                // Where nothing could grow, nothing was cut.
                None => (block, bytes, size),
            };
            // SAFETY: the caller's block, with room for this size.
            unsafe { seal::close(block, bytes, size) };
            resized
        }
        // SAFETY: the caller's contract.
        _ => unsafe { move_to(sealed, layout, settings) },
    }
}

/// Takes the seal off a block that is about to have `new_size` of its `size` bytes, and
/// clears what is cut off.
///
/// # Safety
/// The block is the caller's, and sealed so.
unsafe fn cut(block: NonNull<u8>, bytes: usize, size: usize, new_size: usize) {
    // SAFETY: the caller's contract.
    unsafe { seal::open(block, bytes, size) };
    if new_size < size {
        // SAFETY: inside the block.
        let rest = unsafe { block.add(new_size) };
        // SAFETY: the caller gives these bytes up.
        unsafe { os::clear_resident(rest, size - new_size) };
    }
}

/// Copies a block that was checked into one of another layout, and frees it.
///
/// # Safety
/// - The block is not used again if this succeeds.
/// - `layout` is not empty.
unsafe fn move_to(sealed: &Sealed, layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    let room = seal::layout(layout)?;
    let class = SizeClass::of(room.size(), room.align());
    let target = if class.is_none() && sealed.size < layout.size() {
        let target = tiers::alloc_large(room, settings, large::alloc_to_grow)?;
        hand_out_large(target, layout.size())
    } else {
        alloc(layout, settings)?
    };
    let kept = sealed.size.min(layout.size());
    // SAFETY: both blocks have at least this many bytes, and are apart.
    unsafe { target.copy_from_nonoverlapping(sealed.block, kept) };
    // SAFETY: the caller's contract; its contents have moved.
    unsafe { free(sealed) };
    Some(target)
}

/// The block of this layout at this address; if there is none in use, the process ends.
#[inline]
fn expect_sealed(block: NonNull<u8>, layout: Layout) -> Sealed {
    let size = layout.size();
    let room = seal::layout(layout);
    if let Some(class) = room.and_then(|room| SizeClass::of(room.size(), room.align())) {
        let bytes = class.block_bytes();
        // SAFETY: by the caller's word a block of the class. If it is none, its seal will
        // hardly be right; and if there is nothing to be read, the process ends here too.
        if unsafe { seal::is_whole(block, bytes, size) } {
            return Sealed { block, class: Some(class), bytes, size };
        }
    } else {
        let sealed = expect_sealed_at(block);
        if sealed.class.is_none() && sealed.size == size {
            return sealed;
        }
    }
    diagnose(block, Some(size))
}

/// The block at this address; if there is none in use, the process ends.
fn expect_sealed_at(block: NonNull<u8>) -> Sealed {
    let (class, bytes) = if let Some(grid) = pagemap::grid_at(block.addr().get()) {
        match class_at(block, grid) {
            Some(class) => (Some(class), class.block_bytes()),
            None => misuse::not_a_block(block),
        }
    } else {
        (None, large_bytes(block))
    };
    // SAFETY: a block has so many bytes.
    match unsafe { seal::read(block, bytes) } {
        Seal::Whole { size } => Sealed { block, class, bytes, size },
        Seal::Missing | Seal::Broken => diagnose(block, None),
    }
}

/// Bytes of a large block in all; if it is none, the process ends.
fn large_bytes(block: NonNull<u8>) -> usize {
    match find(block.as_ptr()) {
        Some(Block { start, bytes, tier: Tier::Span | Tier::Mapping }) if start == block => bytes,
        _ => misuse::not_a_block(block),
    }
}

/// Says what is wrong with a block that was to be freed or resized as one of
/// `claimed` bytes.
#[cold]
fn diagnose(block: NonNull<u8>, claimed: Option<usize>) -> ! {
    let Some(found) = find(block.as_ptr()).filter(|found| found.start == block) else {
        misuse::not_a_block(block)
    };
    // SAFETY: a block has so many bytes.
    match unsafe { seal::read(block, found.bytes) } {
        Seal::Missing => misuse::not_in_use(found),
        Seal::Whole { size } if claimed.is_some_and(|claimed| claimed != size) => {
            misuse::freed_with_size(found, size, claimed.unwrap_or(size))
        }
        Seal::Whole { .. } | Seal::Broken => misuse::overrun(found),
    }
}
