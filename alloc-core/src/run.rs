//! Blocks of one pool on their way home together.
//!
//! A flush frees blocks that often are neighbours: from the first block of a pool
//! on, the others only add a bit. So a pool's header is read and written once for
//! all of them.

use core::ptr::NonNull;

use crate::arena::Arena;
use crate::class::{Family, SizeClass};
use crate::config::{POOL_BYTES, POOL_SHIFT};
use crate::os;
use crate::pool::{FreeMap, Pool};
use crate::remote::FreeRun;

/// Blocks of one pool that are being freed: their bits in its free map.
pub(crate) struct PoolRun {
    pub(crate) pool: NonNull<Pool>,
    pub(crate) class: SizeClass,
    pub(crate) blocks: FreeMap,
    /// Where the pool's pages start, and their bytes.
    pages: NonNull<u8>,
    bytes: usize,
}

impl PoolRun {
    /// The run of one block that is being freed as one of `class`.
    #[inline]
    pub(crate) fn of(block: NonNull<u8>, class: SizeClass) -> Self {
        let mut run = Self::around(block, class);
        run.add(block);
        run
    }

    /// A run without blocks, of the pool that holds `block`.
    #[inline]
    fn around(block: NonNull<u8>, class: SizeClass) -> Self {
        let arena = Arena::of(block);
        let page = (block.addr().get() - arena.addr().get()) >> POOL_SHIFT;
        let head = match class.family() {
            Family::Small => page,
            // SAFETY: a block being freed lies in an arena in use: dealloc's contract.
            Family::Slab => unsafe { arena.as_ref() }.head_page(page),
        };
        let pool = Arena::pool_at(arena, head);
        let bytes = class.pool_pages() * POOL_BYTES;
        Self { pool, class, blocks: [0; 4], pages: Arena::pages_of(pool), bytes }
    }

    /// The run that another thread sent in block `first`.
    pub(crate) fn received(first: NonNull<FreeRun>, mask: u64) -> Self {
        let block = first.cast::<u8>();
        let arena = Arena::of(block);
        // SAFETY: the block is free but its arena is in use while it is not
        // back in its pool.
        let pool = unsafe { Arena::pool_of(arena, block) };
        // SAFETY: as above: a live header.
        let mut run = Self::around(block, unsafe { pool.as_ref() }.class());
        let index = run.class.block_index(block.addr().get() - run.pages.addr().get());
        run.blocks[index / 64 % 4] = mask;
        run
    }

    /// Adds a block of the same pool; `false` if it lies in another one. A block that
    /// is already in the run was freed twice.
    #[inline]
    pub(crate) fn add(&mut self, block: NonNull<u8>) -> bool {
        let offset = block.addr().get().wrapping_sub(self.pages.addr().get());
        if offset >= self.bytes {
            return false;
        }
        let index = self.class.block_index(offset);
        // At most 256 blocks of 16 bytes or more: the remainder changes nothing.
        let (word, bit) = (&mut self.blocks[index / 64 % 4], 1 << (index % 64));
        if *word & bit != 0 {
            os::abort_with(&["alloc-core: a block was freed twice"]);
        }
        *word |= bit;
        true
    }

    /// The run in parts that one word of the map holds: the first block of each, and
    /// the word.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (NonNull<u8>, u64)> {
        let parts = self.blocks.iter().enumerate().filter(|&(_, &word)| word != 0);
        parts.map(|(number, &word)| {
            let index = number * 64 + word.trailing_zeros() as usize;
            // SAFETY: the blocks of the run lie in the pool's pages.
            (unsafe { self.pages.add(index * self.class.block_bytes()) }, word)
        })
    }
}
