//! A stretch of bytes that proves it was not mixed up with another.

/// Bytes of the smallest page of the systems we run on; blocks touch each.
const PAGE_BYTES: usize = 4096;

/// A heap block of a given size whose first byte holds a stamp.
///
/// Of the rest, one byte a page is written: enough for the page to become
/// resident, as a program that fills its buffers makes it, and too little for the
/// filling to hide what the allocator costs.
#[derive(Debug)]
pub(super) struct Block(Vec<u8>);

// Inlined in any case. Whether it is without being told hangs on how long the allocator's own
// inlined path is: one call more, and a value passed through memory, for some and not for others.
impl Block {
    /// Allocates exactly `bytes` bytes, stamped after `number`.
    #[inline(always)]
    pub(super) fn new(bytes: usize, number: usize) -> Self {
        // Never 0: memory that was zeroed meanwhile must spoil the checksum.
        let stamp = number.to_le_bytes()[0] | 1;
        let mut content = Vec::with_capacity(bytes);
        content.push(stamp);
        for page in content.spare_capacity_mut().chunks_mut(PAGE_BYTES).skip(1) {
            page[0].write(stamp);
        }
        Self(content)
    }

    /// Returns the stamp, and frees the block.
    #[inline(always)]
    pub(super) fn into_stamp(self) -> u64 {
        u64::from(self.0[0])
    }
}

/// Returns the sum of the stamps, and frees the blocks.
pub(super) fn stamps(blocks: impl IntoIterator<Item = Block>) -> u64 {
    blocks.into_iter().map(Block::into_stamp).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_its_size_and_stamp() {
        for bytes in [1, 8, 4096, 4097, 100_000] {
            let block = Block::new(bytes, 7);
            assert_eq!(block.0.capacity(), bytes);
            assert_eq!(block.into_stamp(), 7);
        }
    }
}
