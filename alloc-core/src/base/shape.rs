//! The shape of each size class's pools: how long its blocks are, how far apart they lie, how
//! many of them so many pages hold. Computed once, at compile time.
//!
//! Invariant: all blocks of a pool, and its colour before them, lie within its pages.

use crate::config::{
    CLASSES, CLASSES_PER_DOUBLING, COLOUR_BYTES, GRANULE_BYTES, HARDENED, POOL_BYTES,
    QUANTUM_BYTES, SLAB_BYTES, SLAB_CACHE_BLOCKS, SLAB_CACHE_BYTES, SLAB_MAX_BYTES, SLAB_PAGES,
    SLAB_PAGES_MAX, SMALL_CACHE_BLOCKS, SMALL_CACHE_BYTES, SMALL_CLASSES, SMALL_MAX_BYTES,
    USABLE_PAGES,
};
use crate::family::Family;
use crate::grid::Grid;

/// What follows from a class's block size, computed once at compile time.
pub(crate) struct Shape {
    /// `ceil(2^40 / stride_bytes)`: the quotient is exact while offset × stride is
    /// below 2^40 (Granlund and Montgomery 1994); they are below 2^20 and 2^18.
    reciprocal: u64,
    pub(crate) block_bytes: u32,
    pub(crate) stride_bytes: u32,
    pub(crate) capacity: u16,
    pub(crate) cache_blocks: u16,
    pub(crate) pool_pages: u8,
    /// One less than the pool's colours, of which there are a power of two.
    pub(crate) last_colour: u8,
}

impl Shape {
    /// That of the class with this number, below [`CLASSES`].
    #[inline]
    pub(crate) fn of_class(index: usize) -> &'static Self {
        &SHAPES[index]
    }

    /// The number of the block that holds byte `offset` of a pool, or is the last one
    /// before it: the quotient `offset / stride_bytes`, by multiplication.
    #[inline]
    pub(crate) fn block_index(&self, offset: usize) -> usize {
        ((offset as u64 * self.reciprocal) >> RECIPROCAL_SHIFT) as usize
    }
}

const RECIPROCAL_SHIFT: u32 = 40;
const _: () =
    assert!(Grid::Wide.arena_bytes() * (SLAB_MAX_BYTES + COLOUR_BYTES) < 1 << RECIPROCAL_SHIFT);

static SHAPES: [Shape; CLASSES] = {
    const EMPTY: Shape = Shape {
        reciprocal: 0,
        block_bytes: 0,
        stride_bytes: 0,
        capacity: 0,
        cache_blocks: 0,
        pool_pages: 0,
        last_colour: 0,
    };
    let mut shapes = [EMPTY; CLASSES];
    let mut index = 0;
    while index < CLASSES {
        shapes[index] = shape(index);
        index += 1;
    }
    shapes
};

const fn shape(index: usize) -> Shape {
    let small = index < SMALL_CLASSES;
    let (mut block_bytes, grid) = (served_bytes(index), Family::of_class(index).grid());
    let is_wide = matches!(grid, Grid::Wide);
    // Of wide pages, each has its own colour.
    let is_coloured = is_coloured(block_bytes) && !is_wide;
    let mut stride_bytes = block_bytes + if is_coloured { COLOUR_BYTES } else { 0 };
    let pool_pages = if small { 1 } else { slab_pages(stride_bytes, grid) };
    let pool_bytes = pool_pages * grid.page_bytes();
    let capacity = pool_bytes / stride_bytes;
    if HARDENED && (is_coloured || is_wide) {
        // Up to the next block, lest a write between them goes unnoticed.
        stride_bytes = pool_bytes / capacity / COLOUR_BYTES * COLOUR_BYTES;
        block_bytes = stride_bytes;
    }
    let spare_bytes = pool_bytes - (capacity - 1) * stride_bytes - block_bytes;
    let colours = if is_coloured { spare_bytes / COLOUR_BYTES + 1 } else { 1 };
    let last_colour = (1_usize << colours.ilog2()) - 1;
    assert!(last_colour * COLOUR_BYTES < POOL_BYTES, "a lead is shorter than a page");
    let cache_blocks = if small {
        clamp(SMALL_CACHE_BYTES / block_bytes, SMALL_CACHE_BLOCKS)
    } else {
        clamp(SLAB_CACHE_BYTES / block_bytes, SLAB_CACHE_BLOCKS)
    };
    Shape {
        reciprocal: (1u64 << RECIPROCAL_SHIFT).div_ceil(stride_bytes as u64),
        block_bytes: block_bytes as u32,
        stride_bytes: stride_bytes as u32,
        capacity: capacity as u16,
        cache_blocks: cache_blocks as u16,
        pool_pages: pool_pages as u8,
        last_colour: last_colour as u8,
    }
}

/// The longest request that the class with this number serves, in bytes.
pub(crate) const fn served_bytes(index: usize) -> usize {
    if index < SMALL_CLASSES {
        return (index + 1) * QUANTUM_BYTES;
    }
    let slab = index - SMALL_CLASSES;
    slab_block_bytes(slab / CLASSES_PER_DOUBLING, slab % CLASSES_PER_DOUBLING)
}

/// The longest request of this step of a doubling.
const fn slab_block_bytes(octave: usize, step: usize) -> usize {
    (CLASSES_PER_DOUBLING + step + 1) * ((SMALL_MAX_BYTES << octave) / CLASSES_PER_DOUBLING)
}

/// Whether blocks of so many bytes lie [`COLOUR_BYTES`] apart.
pub(crate) const fn is_coloured(block_bytes: usize) -> bool {
    block_bytes.is_multiple_of(GRANULE_BYTES)
}

/// The fewest pages that hold at least so many blocks as [`SLAB_BYTES`] do, one to four,
/// and of which an arena full has more than 7/8 of the blocks that it could have with slabs of
/// at most [`SLAB_PAGES_MAX`]; up to [`SLAB_PAGES`], 31/32 of them. Few blocks, since one of them in use keeps all the others'
/// memory from other classes.
const fn slab_pages(stride_bytes: usize, grid: Grid) -> usize {
    let wanted = clamp(SLAB_BYTES / stride_bytes, (1, 4));
    let fewest = (wanted * stride_bytes).div_ceil(grid.page_bytes());
    let fewest = fewest_full_pages((fewest, SLAB_PAGES_MAX), (7, 8), stride_bytes, grid);
    if fewest >= SLAB_PAGES {
        return fewest;
    }
    fewest_full_pages((fewest, SLAB_PAGES), (31, 32), stride_bytes, grid)
}

/// The fewest of so many pages of which an arena full has more than this part of the blocks
/// that it could have.
const fn fewest_full_pages(
    (fewest, most): (usize, usize),
    (part, whole): (usize, usize),
    stride_bytes: usize,
    grid: Grid,
) -> usize {
    let mut most_blocks = 0;
    let mut pages = fewest;
    while pages <= most {
        let blocks = blocks_per_arena(pages, stride_bytes, grid);
        if blocks > most_blocks {
            most_blocks = blocks;
        }
        pages += 1;
    }
    pages = fewest;
    while blocks_per_arena(pages, stride_bytes, grid) * whole <= most_blocks * part {
        pages += 1;
    }
    pages
}

/// Blocks in an arena full of slabs of so many pages.
const fn blocks_per_arena(pages: usize, stride_bytes: usize, grid: Grid) -> usize {
    USABLE_PAGES / pages * (pages * grid.page_bytes() / stride_bytes)
}

const fn clamp(value: usize, (low, high): (usize, usize)) -> usize {
    if value < low {
        low
    } else if value > high {
        high
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_hold_their_bounds() {
        for (class, shape) in SHAPES.iter().enumerate() {
            let (bytes, pages) = (shape.stride_bytes as usize, usize::from(shape.pool_pages));
            let (capacity, block_bytes) = (usize::from(shape.capacity), shape.block_bytes as usize);
            let grid = Family::of_class(class).grid();
            let pool_bytes = pages * grid.page_bytes();
            assert!((1..=256).contains(&capacity), "{class}");
            assert!(capacity * bytes <= pool_bytes && pages <= SLAB_PAGES_MAX, "{class}");
            assert!(shape.cache_blocks >= 2);
            assert!(block_bytes >= served_bytes(class));
            assert!(block_bytes == bytes || !HARDENED, "{class} has gaps");
            let lost = pool_bytes - capacity * bytes;
            assert!(lost * 8 <= pool_bytes, "{class} loses {lost} of {pages} pages");
            // In an arena of one class; what is left serves others. (48 KiB have the least.)
            let blocks = blocks_per_arena(pages, bytes, grid);
            let in_arena = blocks * block_bytes;
            assert!(in_arena * 4 >= grid.arena_bytes() * 3, "{class}: {in_arena} of an arena");
        }
    }

    #[test]
    fn no_slab_of_up_to_ten_pages_would_fill_an_arena_much_better() {
        for (class, shape) in SHAPES.iter().enumerate().skip(SMALL_CLASSES) {
            let grid = Family::of_class(class).grid();
            let stride = match served_bytes(class) {
                bytes if is_coloured(bytes) && grid == Grid::Narrow => bytes + COLOUR_BYTES,
                bytes => bytes,
            };
            let chosen = usize::from(shape.pool_pages);
            let blocks = blocks_per_arena(chosen, stride, grid);
            for pages in chosen..=SLAB_PAGES {
                let others = blocks_per_arena(pages, stride, grid);
                assert!(others * 31 < blocks * 32, "{class}: {blocks} blocks, {others} in {pages}");
            }
        }
        if !HARDENED {
            // SQLite's page of 4 KiB with its header: 4,608 bytes.
            let class = (0..CLASSES).find(|&class| served_bytes(class) >= 4368).unwrap();
            let pages = usize::from(Shape::of_class(class).pool_pages);
            assert_eq!(blocks_per_arena(pages, served_bytes(class), Grid::Narrow), 56);
        }
    }
}
