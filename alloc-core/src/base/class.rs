//! Size classes: which block size serves a request. (`shape` has the shape of its pools.)
//!
//! Two families, numbered through: 32 *small* classes of 16..=512 bytes in steps
//! of 16 (CPython's), then 64 *slab* classes, eight per doubling, to 128 KiB, the last
//! nine of which are *wide* (see `grid`).
//! What no class can serve (bigger, aligned beyond a page, or beyond 128 bytes where
//! blocks are whole granules or wide) is large: see `large`.
//!
//! Invariant: `SizeClass(n)` has `n < CLASSES`. Rust's dealloc passes the layout
//! again, so a block's class follows from it at both ends and is kept nowhere; that is
//! why `realloc` must move whenever the class changes.

use core::ptr::NonNull;

use crate::config::{
    CLASS_ALIGN_MAX, CLASSES, CLASSES_PER_DOUBLING, COLOUR_BYTES, POOL_SHIFT, QUANTUM_BYTES,
    REJOIN_DIVISOR, SLAB_MAX_BYTES, SMALL_CLASSES, SMALL_MAX_BYTES, TABLE_MAX_BYTES, UNIT_SHIFT,
};
use crate::family::Family;
use crate::shape::{Shape, is_coloured, served_bytes};

/// A size class: an index below [`CLASSES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SizeClass(u8);

impl SizeClass {
    /// The class of a request for at most [`TABLE_MAX_BYTES`], aligned to at most
    /// [`COLOUR_BYTES`]; `None` for others, some of which have a class too. `size` 0 is such.
    ///
    /// From a table, since where both families' sizes come mixed, a branch between them is
    /// mispredicted every other time. (`mixed_cross_free`: 0.65 of the time.)
    #[inline]
    pub(crate) const fn looked_up(size: usize, align: usize) -> Option<Self> {
        let last = size.wrapping_sub(1) | (align - 1);
        if last < TABLE_MAX_BYTES && align <= COLOUR_BYTES {
            Some(Self(TABLE.0[last / QUANTUM_BYTES]))
        } else {
            None
        }
    }

    /// The class of a request, or `None` when it is large. `size` 0 has none either.
    #[inline]
    pub(crate) const fn of(size: usize, align: usize) -> Option<Self> {
        match Self::looked_up(size, align) {
            Some(class) => Some(class),
            None => Self::computed(size, align),
        }
    }

    /// As [`SizeClass::of`], without the table.
    #[inline]
    const fn computed(size: usize, align: usize) -> Option<Self> {
        match Self::small(size, align) {
            Some(class) => Some(class),
            None => Self::slab(size, align),
        }
    }

    /// The small class of a request, or `None` when it is not small. `size` 0
    /// is not small either.
    ///
    /// `(size - 1) | (align - 1)` is one less than the size rounded up to the
    /// alignment, so one comparison bounds both; a block at a multiple of such
    /// a size from a page bound is aligned.
    #[inline]
    const fn small(size: usize, align: usize) -> Option<Self> {
        let last = size.wrapping_sub(1) | (align - 1);
        if last < SMALL_MAX_BYTES { Some(Self((last / QUANTUM_BYTES) as u8)) } else { None }
    }

    /// The slab class of a request that is not small, or `None` when it is
    /// large.
    #[inline]
    const fn slab(size: usize, align: usize) -> Option<Self> {
        let last = size.wrapping_sub(1) | (align - 1);
        if last >= SLAB_MAX_BYTES {
            return None;
        }
        // The class of `last`'s leading bit and the three bits below it. Its
        // block is a multiple of 2^(doubling - 3), and of `align`: either the
        // step is at least `align`, or the rounded size was a multiple already.
        // (`| 1` spares a test for zero, of which there is no logarithm.)
        let doubling = (last | 1).ilog2() as usize;
        let leading_bits = (last * CLASSES_PER_DOUBLING) >> doubling;
        let class = Self((doubling * CLASSES_PER_DOUBLING + leading_bits - BEFORE_SLABS) as u8);
        if align > COLOUR_BYTES && !class.is_aligned_to(align) {
            return None;
        }
        Some(class)
    }

    /// Whether the class's blocks are, if it is a slab's whose blocks are multiples of `align`,
    /// beyond [`COLOUR_BYTES`].
    const fn is_aligned_to(self, align: usize) -> bool {
        let is_wide = matches!(self.family(), Family::WideSlab);
        align <= CLASS_ALIGN_MAX && !is_wide && !is_coloured(served_bytes(self.index()))
    }

    /// The class with number `index`, which must be below [`CLASSES`].
    pub(crate) fn from_index(index: usize) -> Self {
        debug_assert!(index < CLASSES);
        Self(index as u8)
    }

    /// Every class, ascending.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..CLASSES).map(Self::from_index)
    }

    /// The number of this class, below [`CLASSES`].
    #[inline]
    pub(crate) const fn index(self) -> usize {
        let index = self.0 as usize;
        // SAFETY: every constructor yields a number below CLASSES: `small` at
        // most 511/16 = 31, `slab` at most 32 + 7*8 + 7 = 95, `looked_up` what one
        // of the two yielded for the table, `from_index` by its contract.
        unsafe { core::hint::assert_unchecked(index < CLASSES) };
        index
    }

    /// The family that this class belongs to.
    #[inline]
    pub(crate) const fn family(self) -> Family {
        Family::of_class(self.index())
    }

    #[inline]
    fn shape(self) -> &'static Shape {
        Shape::of_class(self.index())
    }

    /// Bytes of a block: at least as many as it serves.
    #[inline]
    pub(crate) fn block_bytes(self) -> usize {
        self.shape().block_bytes as usize
    }

    /// Bytes from a block of a pool to the next.
    #[inline]
    pub(crate) fn stride_bytes(self) -> usize {
        self.shape().stride_bytes as usize
    }

    /// Bytes of a pool's pages.
    #[inline]
    pub(crate) fn pool_bytes(self) -> usize {
        self.pool_pages() * self.family().grid().page_bytes()
    }

    /// Pages of a pool.
    #[inline]
    pub(crate) fn pool_pages(self) -> usize {
        usize::from(self.shape().pool_pages)
    }

    /// Bytes before the first block of a pool whose pages start at `pages`, less than a page: its
    /// colour (Bonwick 1994), of those that the pool has room for. Pools that follow one another,
    /// in an arena or in the next one, differ.
    #[inline]
    pub(crate) fn lead_bytes(self, pages: NonNull<u8>) -> usize {
        let pages = pages.addr().get();
        let colour = (pages >> POOL_SHIFT) + (pages >> UNIT_SHIFT);
        (colour & usize::from(self.shape().last_colour)) * COLOUR_BYTES
    }

    /// Blocks of a pool, at most 256.
    #[inline]
    pub(crate) fn capacity(self) -> usize {
        usize::from(self.shape().capacity)
    }

    /// Blocks that a thread caches at most.
    pub(crate) fn cache_blocks(self) -> usize {
        usize::from(self.shape().cache_blocks)
    }

    /// Free blocks from which a full pool serves again.
    #[inline]
    pub(crate) fn rejoin_blocks(self) -> usize {
        self.capacity().div_ceil(REJOIN_DIVISOR)
    }

    /// The number of the block that holds byte `offset` of a pool, or is the last one
    /// before it: the quotient `offset / stride_bytes`, by multiplication.
    #[inline]
    pub(crate) fn block_index(self, offset: usize) -> usize {
        self.shape().block_index(offset)
    }
}

/// The classes of requests by the quantum that their last byte lies in. A constant, so that each
/// crate has its own beside its code; the small ones' are one line of the cache.
const TABLE: &Table = &{
    let mut table = [0; TABLE_MAX_BYTES / QUANTUM_BYTES];
    let mut index = 0;
    while index < table.len() {
        if let Some(class) = SizeClass::computed((index + 1) * QUANTUM_BYTES, QUANTUM_BYTES) {
            table[index] = class.0;
        }
        index += 1;
    }
    Table(table)
};

#[repr(align(64))]
struct Table([u8; TABLE_MAX_BYTES / QUANTUM_BYTES]);

/// What a slab's doubling, leading one and step, as they are computed, are more than its number.
const BEFORE_SLABS: usize =
    (SMALL_MAX_BYTES.ilog2() as usize + 1) * CLASSES_PER_DOUBLING - SMALL_CLASSES;

#[cfg(test)]
mod tests {
    use core::num::NonZeroUsize;
    use std::collections::HashSet;

    use super::*;
    use crate::config::{
        ARENA_BYTES, ARENA_PAGES, FIRST_USABLE_PAGE, GRANULE_BYTES, HARDENED, POOL_BYTES,
    };

    /// The naive oracle: the first class, by linear search, whose block fits and
    /// is a multiple of the alignment; if it lies on such a bound, too.
    fn oracle(size: usize, align: usize) -> Option<SizeClass> {
        if align > CLASS_ALIGN_MAX {
            return None;
        }
        let fits = |bytes: usize| bytes >= size && bytes.is_multiple_of(align);
        let class = SizeClass::all().find(|class| fits(served_bytes(class.index())))?;
        let is_coloured = served_bytes(class.index()).is_multiple_of(GRANULE_BYTES);
        let is_page_aligned = !is_coloured && class.family() != Family::WideSlab;
        let is_aligned = align <= COLOUR_BYTES || is_page_aligned;
        is_aligned.then_some(class)
    }

    #[test]
    fn every_size_gets_the_tightest_class() {
        for align in (0..=12).map(|shift| 1 << shift) {
            for size in (1..=9000).chain((9001..=140_000).step_by(101)) {
                let class = SizeClass::of(size, align);
                assert_eq!(class, oracle(size, align), "size {size} align {align}");
            }
        }
        assert_eq!(SizeClass::of(0, 1), None);
        assert_eq!(SizeClass::of(16, 8192), None);
        assert_eq!(SizeClass::of(SLAB_MAX_BYTES + 1, 1), None);
        assert_eq!(SizeClass::of(usize::MAX, 1), None);
    }

    #[test]
    fn the_table_has_the_classes_of_all_up_to_its_end() {
        for align in (0..=12).map(|shift| 1 << shift) {
            for size in 0..=TABLE_MAX_BYTES + 1 {
                let is_in = (1..=TABLE_MAX_BYTES).contains(&size) && align <= COLOUR_BYTES;
                let class = SizeClass::of(size, align).filter(|_| is_in);
                assert_eq!(SizeClass::looked_up(size, align), class, "size {size} align {align}");
            }
        }
        assert_eq!(SizeClass::looked_up(usize::MAX, 1), None);
    }

    #[test]
    fn where_no_class_is_aligned_a_span_has_about_the_same_bytes() {
        let mut spans = 0;
        for align in [2 * COLOUR_BYTES, CLASS_ALIGN_MAX] {
            for size in (align..=SLAB_MAX_BYTES).step_by(align) {
                if SizeClass::of(size, align).is_none() {
                    let class = SizeClass::of(size, 16).unwrap();
                    let served = served_bytes(class.index());
                    let half_a_granule = match class.family() {
                        Family::WideSlab => served % GRANULE_BYTES,
                        _ => 0,
                    };
                    assert_eq!(
                        served + half_a_granule,
                        size.next_multiple_of(GRANULE_BYTES),
                        "size {size}"
                    );
                    spans += 1;
                }
            }
        }
        assert!(spans > 0);
    }

    #[test]
    fn block_index_is_the_quotient() {
        for class in SizeClass::all() {
            for offset in 0..class.pool_bytes() {
                assert_eq!(class.block_index(offset), offset / class.stride_bytes());
            }
        }
    }

    #[test]
    fn neighbouring_pools_start_in_different_colours() {
        for class in SizeClass::all().filter(|class| is_coloured(class.block_bytes())) {
            if class.family() == Family::WideSlab {
                continue;
            }
            let pages = class.pool_pages();
            let starts = |arena: usize| {
                let pools = (FIRST_USABLE_PAGE..=ARENA_PAGES - pages).step_by(pages);
                pools.map(move |page| arena * ARENA_BYTES + page * POOL_BYTES)
            };
            let lead = |start| {
                class.lead_bytes(NonNull::without_provenance(NonZeroUsize::new(start).unwrap()))
            };
            let leads: HashSet<_> = (1..=32).flat_map(starts).map(lead).collect();
            let blocks_bytes = (class.capacity() - 1) * class.stride_bytes() + class.block_bytes();
            assert!(leads.iter().all(|lead| lead + blocks_bytes <= class.pool_bytes()));
            assert!(leads.iter().all(|lead| lead.is_multiple_of(COLOUR_BYTES)));
            // In hardened mode blocks take up what would be between them.
            assert!(leads.len() >= 16 || HARDENED, "{class:?}: {} colours", leads.len());
            assert!(starts(1).map(lead).is_sorted_by(|a, b| a != b) || HARDENED, "{class:?}");
        }
    }
}
