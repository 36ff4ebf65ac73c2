//! Blocks of one pool on their way home together.
//!
//! A flush frees blocks that often are neighbours: from the first block of a pool
//! on, the others only add a bit. So a pool's header is read and written once for
//! all of them.

use core::ptr::NonNull;

use crate::arena::Arena;
use crate::class::{Family, SizeClass};
use crate::free_run::FreeRun;
use crate::grid::Grid;
use crate::pool::{FreeMap, Pool};
use crate::{misuse, pagemap};

/// Blocks of one pool that are being freed: their bits in its free map.
pub(crate) struct PoolRun {
    pub(crate) pool: NonNull<Pool>,
    pub(crate) class: SizeClass,
    pub(crate) blocks: FreeMap,
    /// Where the pool's blocks start, and the bytes from there to its pages' end.
    base: NonNull<u8>,
    bytes: usize,
}

impl PoolRun {
    /// Gathers the first of `blocks`, all being freed as ones of this run's class: those
    /// up to the first that lies in another pool. Returns what is behind them.
    ///
    /// In place, since a run that is copied is read before its words have left the
    /// store buffer.
    #[inline]
    pub(crate) fn gather<'a>(&mut self, blocks: &'a [NonNull<u8>]) -> &'a [NonNull<u8>] {
        let start = self.base.addr().get();
        // The word that blocks are being added to is kept in a register, for most
        // neighbours share it: through memory each would wait for the one before.
        let (mut number, mut word, mut twice) = (0, 0, 0);
        let mut count = 0;
        while let Some(block) = blocks.get(count) {
            let offset = block.addr().get().wrapping_sub(start);
            if offset >= self.bytes {
                break;
            }
            let index = self.class.block_index(offset);
            if index / 64 != number {
                self.blocks[number % 4] = word;
                number = index / 64;
                word = self.blocks[number % 4];
            }
            // What was allocated in a row is often freed in a row: the bits up to the
            // end of the word at once.
            let most = self.class.capacity().saturating_sub(index).min(64 - index % 64);
            let in_a_row = count_in_a_row(&blocks[count..], most, self.class.stride_bytes());
            let bits = (u64::MAX >> (64 - in_a_row)) << (index % 64);
            twice |= word & bits;
            word |= bits;
            count += in_a_row;
        }
        self.blocks[number % 4] = word;
        if twice != 0 {
            let mut twice = blocks[..count].iter().enumerate();
            let twice = twice.find(|&(at, block)| blocks[..at].contains(block));
            misuse::freed_twice(twice.map_or(blocks[0], |(_, &block)| block), self.class);
        }
        &blocks[count..]
    }

    /// A run without blocks, of the pool that holds `block`, one being freed
    /// as one of `class`.
    #[inline]
    pub(crate) fn around(block: NonNull<u8>, class: SizeClass) -> Self {
        // Once a run: foreign memory has no header that could be read.
        let Some(grid) = pagemap::grid_at(block.addr().get()) else {
            misuse::not_a_block(block);
        };
        let arena = Arena::of(block, grid);
        let page = grid.page_at(block.addr().get() - arena.addr().get());
        let head = match class.family() {
            Family::Small => page,
            // SAFETY: the page map says that an arena is out here.
            Family::Slab | Family::WideSlab => unsafe { arena.as_ref() }.head_page(page),
        };
        let pool = Arena::pool_at(arena, head);
        let pages = Arena::pages_of(pool, grid);
        let lead = class.lead_bytes(pages);
        // SAFETY: the lead and the blocks behind it fit into the pool's pages.
        let base = unsafe { pages.add(lead) };
        if block < base {
            misplaced(pool, block, class);
        }
        Self { pool, class, blocks: [0; 4], base, bytes: class.pool_bytes() - lead }
    }

    /// The run that another thread sent in block `first`, of an arena that is cut so.
    pub(crate) fn received(first: NonNull<FreeRun>, grid: Grid, mask: u64) -> Self {
        let block = first.cast::<u8>();
        let arena = Arena::of(block, grid);
        // SAFETY: the block is free but its arena is in use while it is not
        // back in its pool.
        let pool = unsafe { Arena::pool_of(arena, block) };
        // SAFETY: as above: a live header.
        let mut run = Self::around(block, unsafe { pool.as_ref() }.class());
        let index = run.class.block_index(block.addr().get() - run.base.addr().get());
        run.blocks[index / 64 % 4] = mask;
        run
    }

    /// The first block whose number `fits` takes, or the run's first one.
    pub(crate) fn first_where(&self, fits: impl Fn(usize) -> bool) -> NonNull<u8> {
        let is_in_run = |&index: &usize| self.blocks[index / 64] >> (index % 64) & 1 != 0;
        let blocks = || (0..256).filter(is_in_run);
        let index = blocks().find(|&index| fits(index)).or_else(|| blocks().next());
        // SAFETY: the blocks of the run lie in the pool's pages.
        unsafe { self.base.add(index.unwrap_or(0) * self.class.stride_bytes()) }
    }

    /// The run in parts that one word of the map holds: the first block of each, and
    /// the word.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (NonNull<u8>, u64)> {
        let parts = self.blocks.iter().enumerate().filter(|&(_, &word)| word != 0);
        parts.map(|(number, &word)| {
            let index = number * 64 + word.trailing_zeros() as usize;
            // SAFETY: the blocks of the run lie in the pool's pages.
            (unsafe { self.base.add(index * self.class.stride_bytes()) }, word)
        })
    }
}

/// Ends the process: `block`, being freed as one of `class`, lies before the first one that
/// this pool had if it were of the class.
#[cold]
fn misplaced(pool: NonNull<Pool>, block: NonNull<u8>, class: SizeClass) -> ! {
    // SAFETY: a header of an arena that is out.
    match unsafe { pool.as_ref() }.class() {
        found if found == class => misuse::not_a_block(block),
        found => misuse::freed_as(block, found, class),
    }
}

/// How many of the first `most` blocks, at least one, lie `bytes` apart in ascending
/// order, from the first one on.
#[inline]
fn count_in_a_row(blocks: &[NonNull<u8>], most: usize, bytes: usize) -> usize {
    let mut count = 1;
    while count < most.min(blocks.len())
        && blocks[count].addr().get() == blocks[count - 1].addr().get().wrapping_add(bytes)
    {
        count += 1;
    }
    count
}
