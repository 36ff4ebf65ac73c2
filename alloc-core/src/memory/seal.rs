//! The seal behind a block's bytes: hardened mode's proof that they were not overrun.
//!
//! ```text
//! │ the user's bytes │ pad: up to 8 known bytes, then any │ seal: 8 bytes │
//! ^ block            ^ block + size                        ^ the block's end − 8
//! ```
//!
//! The *seal* is a word that belongs to the block's place, made with the process's
//! secret, combined with the length of the pad: so it says how many bytes were asked
//! for, to who knows no layout too. The *pad*'s first bytes are known, none of them
//! zero, so that one byte too many is noticed whatever the size. A block that is free
//! has no seal: it is zero all through.

use core::alloc::Layout;
use core::ptr::NonNull;

use crate::block::Block;
use crate::key;

/// Bytes of a seal.
pub(crate) const SEAL_BYTES: usize = 8;

/// What is found where a block's seal should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seal {
    /// The block is in use, and was asked for with so many bytes.
    Whole {
        /// How many.
        size: usize,
    },
    /// Nothing: the block is free.
    Missing,
    /// Something else: seal or pad were overwritten.
    Broken,
}

/// The layout that holds a block of `layout` and its seal; `None` if there is no such.
#[inline]
pub(crate) fn layout(layout: Layout) -> Option<Layout> {
    Layout::from_size_align(layout.size() + SEAL_BYTES, layout.align()).ok()
}

/// Seals a block of `bytes` in all, of which `size` are the user's.
///
/// # Safety
/// The block is the caller's, and `size` at most `bytes` less [`SEAL_BYTES`].
#[inline]
pub(crate) unsafe fn close(block: NonNull<u8>, bytes: usize, size: usize) {
    let mark = mark(block);
    let pad = bytes - SEAL_BYTES - size;
    // SAFETY: the pad and the seal behind it have at least eight bytes.
    unsafe { word_at(block, size).write_unaligned(pad_of(mark).to_le()) };
    // SAFETY: the block's last eight bytes.
    unsafe { word_at(block, bytes - SEAL_BYTES).write_unaligned(mark ^ pad as u64) };
}

/// Whether a block of `bytes` in all has the seal of one of `size`, and a whole pad.
///
/// # Safety
/// So many bytes can be read from `block` on, be it one or not.
#[inline]
pub(crate) unsafe fn is_whole(block: NonNull<u8>, bytes: usize, size: usize) -> bool {
    let mark = mark(block);
    let pad = bytes - SEAL_BYTES - size;
    // SAFETY: the caller's contract.
    let seal = unsafe { word_at(block, bytes - SEAL_BYTES).read_unaligned() };
    // SAFETY: as above: at most the seal's own place.
    let found = u64::from_le(unsafe { word_at(block, size).read_unaligned() });
    // Of a pad shorter than a word, the rest is the seal's.
    let known = if pad < 8 { (1 << (8 * pad)) - 1 } else { u64::MAX };
    seal == mark ^ pad as u64 && (found ^ pad_of(mark)) & known == 0
}

/// The seal of a block of `bytes` in all.
///
/// # Safety
/// So many bytes can be read from `block` on, be it one or not.
pub(crate) unsafe fn read(block: NonNull<u8>, bytes: usize) -> Seal {
    let room = bytes - SEAL_BYTES;
    // SAFETY: the caller's contract.
    let seal = unsafe { word_at(block, room).read_unaligned() };
    match room.checked_sub((seal ^ mark(block)) as usize) {
        // SAFETY: as above, and the size is below `bytes`.
        Some(size) if unsafe { is_whole(block, bytes, size) } => Seal::Whole { size },
        _ if seal == 0 => Seal::Missing,
        _ => Seal::Broken,
    }
}

/// Takes a block's seal away, and its pad.
///
/// # Safety
/// The block is the caller's, of `bytes` in all, sealed for `size`.
#[inline]
pub(crate) unsafe fn open(block: NonNull<u8>, bytes: usize, size: usize) {
    for offset in [size, bytes - SEAL_BYTES] {
        // SAFETY: as in `close`.
        unsafe { word_at(block, offset).write_unaligned(0) };
    }
}

/// A block as its user knows it: with the bytes that were asked for; `None` if `address`
/// is behind them.
pub(crate) fn as_asked_for(found: Block, address: *const u8) -> Option<Block> {
    // SAFETY: a block, so its bytes can be read.
    let bytes = match unsafe { read(found.start, found.bytes) } {
        Seal::Whole { size } => size,
        // Free: all but the seal's place.
        Seal::Missing | Seal::Broken => found.bytes - SEAL_BYTES,
    };
    let is_inside = address.addr() - found.start.addr().get() < bytes;
    is_inside.then_some(Block { bytes, ..found })
}

/// The word that belongs to a block's place. Not zero, so that no seal is.
#[inline]
fn mark(block: NonNull<u8>) -> u64 {
    key::mix(block.addr().get() as u64) | 1 << 63
}

/// A pad's bytes, none of them zero: a string's end that is one byte too far is zero.
#[inline]
fn pad_of(mark: u64) -> u64 {
    mark.rotate_left(32) | 0x0101_0101_0101_0101
}

#[inline]
fn word_at(block: NonNull<u8>, offset: usize) -> *mut u64 {
    block.as_ptr().wrapping_add(offset).cast()
}
