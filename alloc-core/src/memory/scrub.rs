//! Zeroes over freed blocks, and the look whether they are still there: hardened mode's.
//!
//! Sizes that differ from call to call would be mispredicted branches of a loop; so what
//! is short is done with eight accesses of 16 bytes whatever its length: four from the
//! start on and four up to the end, which overlap where there is less.

use core::ptr::NonNull;

use crate::config::QUANTUM_BYTES;

/// What one access covers.
type Part = u128;

const PART_BYTES: usize = size_of::<Part>();
/// Bytes that eight of them cover.
const SHORT_BYTES_MAX: usize = 8 * PART_BYTES;

const _: () = assert!(PART_BYTES == QUANTUM_BYTES, "a block is some parts");

/// Makes a block zero, of `bytes` in all.
///
/// # Safety
/// The block is the caller's, and a class's.
#[inline]
pub(crate) unsafe fn clear(block: NonNull<u8>, bytes: usize) {
    if bytes > SHORT_BYTES_MAX {
        // SAFETY: the caller's contract.
        return unsafe { block.write_bytes(0, bytes) };
    }
    for offset in offsets(bytes) {
        // SAFETY: a multiple of a part, and at least a part before the block's end.
        let part = unsafe { block.add(offset) }.cast::<Part>();
        // SAFETY: as above; blocks are aligned to 16 bytes.
        unsafe { part.write(0) };
    }
}

/// Whether a block of `bytes` in all is zero: wholly, or if it is long, in its first and
/// last 64 bytes.
///
/// # Safety
/// The block is the caller's, and a class's.
#[inline]
pub(crate) unsafe fn is_clean(block: NonNull<u8>, bytes: usize) -> bool {
    let parts = offsets(bytes).map(|offset| {
        // SAFETY: a multiple of a part, and at least a part before the block's end.
        let part = unsafe { block.add(offset) }.cast::<Part>();
        // SAFETY: as above; blocks are aligned to 16 bytes.
        unsafe { part.read() }
    });
    parts.into_iter().fold(0, |bits, part| bits | part) == 0
}

/// Where the parts at a block's two ends start.
#[inline]
fn offsets(bytes: usize) -> [usize; 8] {
    let last = bytes - PART_BYTES;
    core::array::from_fn(|number| {
        let from_end = number % 4 * PART_BYTES;
        if number < 4 { from_end.min(last) } else { last.saturating_sub(from_end) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_what_is_short() {
        for bytes in (PART_BYTES..=SHORT_BYTES_MAX).step_by(PART_BYTES) {
            let mut covered = vec![false; bytes];
            for offset in offsets(bytes) {
                covered[offset..offset + PART_BYTES].fill(true);
            }
            assert!(covered.iter().all(|&is_covered| is_covered), "{bytes}");
        }
    }

    #[test]
    fn every_byte_counts_and_is_cleared() {
        #[repr(align(16))]
        struct Block([u8; 512]);
        let mut memory = Block([0; 512]);
        for bytes in (PART_BYTES..=512).step_by(PART_BYTES) {
            for at in (0..bytes).filter(|&at| at < 64 || at >= bytes - 64) {
                memory.0[at] = 1;
                let block = NonNull::from(&mut memory).cast();
                // SAFETY: the local's bytes.
                assert!(!unsafe { is_clean(block, bytes) }, "{at} of {bytes}");
                // SAFETY: as above.
                unsafe { clear(block, bytes) };
                // SAFETY: as above.
                assert!(unsafe { is_clean(block, bytes) });
            }
        }
        assert_eq!(memory.0, [0; 512]);
    }
}
