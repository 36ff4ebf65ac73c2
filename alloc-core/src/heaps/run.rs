//! Blocks of one pool on their way home together.
//!
//! A flush frees blocks that often are neighbours: from the first block of a pool
//! on, the others only add a bit. So a pool's header is read and written once for
//! all of them, as far as they share a word of its map.
//!
//! A flush of blocks that are all alone costs the most, a run for each. So the way there is
//! inlined into its loop, where what follows from the class is computed once.

use core::ptr::NonNull;

use crate::arena::Arena;
use crate::block::class_at;
use crate::class::SizeClass;
use crate::config::{ARENA_BYTES, POOL_BYTES};
use crate::family::Family;
use crate::grid::Grid;
use crate::pool::{BlockSet, Pool, WORD_BITS};
use crate::{cpu, misuse, pagemap};

/// Blocks of one pool that are being freed.
pub(crate) struct PoolRun {
    pub(crate) pool: NonNull<Pool>,
    /// The class that they are freed as.
    pub(crate) class: SizeClass,
    pub(crate) blocks: BlockSet,
    /// Where the pool's blocks start.
    base: NonNull<u8>,
}

impl PoolRun {
    /// The run that starts with the first of `blocks`, at least one, all being freed as ones of
    /// `class`: it ends before the first that lies in another pool, or has its bit in another
    /// word of the map. Returns what is behind it, too.
    #[inline(always)]
    pub(crate) fn gather(blocks: &[NonNull<u8>], class: SizeClass) -> (Self, &[NonNull<u8>]) {
        let first = blocks[0];
        let Place { pool, base, bytes } = Place::of(first, class);
        let offset_of = |block: NonNull<u8>| block.addr().get().wrapping_sub(base.addr().get());
        let stride = class.stride_bytes();
        let mut index = class.block_index(offset_of(first));
        let word = index / WORD_BITS;
        let (mut bits, mut twice, mut count) = (0, 0, 0);
        loop {
            // What was allocated in a row is often freed in a row: the bits up to the
            // end of the word at once.
            let place = index % WORD_BITS;
            let rest = &blocks[count..];
            let in_a_row = if is_followed(rest, stride) {
                let most = class.capacity().saturating_sub(index).min(WORD_BITS - place);
                count_in_a_row(rest, most, stride)
            } else {
                1
            };
            let more = (u64::MAX >> (WORD_BITS - in_a_row)) << place;
            twice |= bits & more;
            bits |= more;
            count += in_a_row;
            let Some(&block) = blocks.get(count) else {
                break;
            };
            let offset = offset_of(block);
            if offset >= bytes {
                break;
            }
            index = class.block_index(offset);
            if index / WORD_BITS != word {
                break;
            }
        }
        let (gathered, behind) = blocks.split_at(count);
        if twice != 0 {
            let mut twice = gathered.iter().enumerate();
            let twice = twice.find(|&(at, block)| gathered[..at].contains(block));
            misuse::freed_twice(twice.map_or(first, |(_, &block)| block), class);
        }
        (Self { pool, class, blocks: BlockSet { word, bits, count }, base }, behind)
    }

    /// The run that another thread sent whose first block is `block`, of an arena that is cut so.
    pub(crate) fn received(block: NonNull<u8>, grid: Grid, mask: u64) -> Self {
        let arena = Arena::of(block, grid);
        // SAFETY: the block is free but its arena is in use while it is not
        // back in its pool.
        let pool = unsafe { Arena::pool_of(arena, block) };
        // SAFETY: as above: a live header.
        let class = unsafe { pool.as_ref() }.class();
        let base = Arena::blocks_of(pool, class, grid);
        // Never below, unless somebody wrote to the block meanwhile.
        let index = class.block_index(block.addr().get().saturating_sub(base.addr().get()));
        let count = mask.count_ones() as usize;
        Self { pool, class, blocks: BlockSet { word: index / WORD_BITS, bits: mask, count }, base }
    }

    /// The first of the blocks.
    #[inline]
    pub(crate) fn first(&self) -> NonNull<u8> {
        self.block(self.blocks.first())
    }

    /// The first block whose number `fits` takes, or the run's first one.
    pub(crate) fn first_where(&self, fits: impl Fn(usize) -> bool) -> NonNull<u8> {
        self.block(self.blocks.indices().find(|&index| fits(index)).unwrap_or(self.blocks.first()))
    }

    #[inline]
    fn block(&self, index: usize) -> NonNull<u8> {
        // SAFETY: the blocks of the run lie in the pool's pages.
        unsafe { self.base.add(index * self.class.stride_bytes()) }
    }
}

/// Has the header of the pool that holds `block`, one of `class`, fetched into the cache, if it
/// can be found without reading memory. To be read: where another thread's heap owns the pool,
/// that is all that happens to it here.
#[inline]
pub(crate) fn fetch_header(block: NonNull<u8>, class: SizeClass) {
    if class.family() == Family::Small {
        cpu::prefetch_to_read(small_pool(block).as_ptr().cast());
    }
}

/// The pool of one page that `block` is in, if it is in any.
#[inline]
fn small_pool(block: NonNull<u8>) -> NonNull<Pool> {
    let page = Grid::Narrow.page_at(block.addr().get() % ARENA_BYTES);
    Arena::pool_at(Arena::of(block, Grid::Narrow), page)
}

/// Where a block lies.
struct Place {
    pool: NonNull<Pool>,
    /// Where the pool's blocks start, and the bytes from there to its pages' end.
    base: NonNull<u8>,
    bytes: usize,
}

impl Place {
    /// Where `block` lies, which is being freed as one of `class`.
    #[inline(always)]
    fn of(block: NonNull<u8>, class: SizeClass) -> Self {
        // Once a run: foreign memory has no header that could be read.
        let Some(grid) = pagemap::grid_at(block.addr().get()) else {
            misuse::not_a_block(block);
        };
        if class.family() == Family::Small {
            if grid != Grid::Narrow {
                misplaced(block, class, grid);
            }
            // SAFETY: the page that the block lies in, which the page map says is an arena's,
            // starts so many bytes before it.
            let base = unsafe { block.sub(block.addr().get() % POOL_BYTES) };
            return Self { pool: small_pool(block), base, bytes: POOL_BYTES };
        }
        let arena = Arena::of(block, grid);
        let page = grid.page_at(block.addr().get() - arena.addr().get());
        // SAFETY: the page map says that an arena is out here.
        let pool = Arena::pool_at(arena, unsafe { arena.as_ref() }.head_page(page));
        let pages = Arena::pages_of(pool, grid);
        let lead = class.lead_bytes(pages);
        // SAFETY: a lead is shorter than a page, so this is in the page that `pages` starts with,
        // whatever class the pool is of.
        let base = unsafe { pages.add(lead) };
        if block < base {
            misplaced(block, class, grid);
        }
        Self { pool, base, bytes: class.pool_bytes() - lead }
    }
}

/// Ends the process: `block` lies where no pool of `class`, which it is being freed as, has
/// blocks.
#[cold]
fn misplaced(block: NonNull<u8>, class: SizeClass, grid: Grid) -> ! {
    match class_at(block, grid) {
        Some(found) if found != class => misuse::freed_as(block, found, class),
        _ => misuse::not_a_block(block),
    }
}

/// Whether the second of these blocks lies `bytes` behind the first.
#[inline]
fn is_followed(blocks: &[NonNull<u8>], bytes: usize) -> bool {
    match blocks {
        [first, second, ..] => second.addr().get() == first.addr().get().wrapping_add(bytes),
        _ => false,
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
