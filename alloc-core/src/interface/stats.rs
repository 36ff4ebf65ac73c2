//! Where every byte is: [`stats`].
//!
//! Nothing is counted on the allocation paths. The figures are read off the
//! heaps when asked for: the pools know what is allocated, bins and remote
//! queues hold what of it is free again. The supply's lock keeps arenas mapped
//! while they are walked.
//!
//! While other threads allocate, the figures are a blurred picture; what is
//! derived (available = capacity − in use, and all sums) still adds up, because
//! only the counts of pools and of blocks in use are read. With the other threads
//! at rest the figures are exact.

use core::ptr::NonNull;

use crate::arena::Arena;
use crate::class::SizeClass;
use crate::config::{
    CLASSES, GRANULE_BYTES, SLAB_CLASSES, SMALL_CLASSES, USABLE_PAGES, WIDE_CLASSES,
};
use crate::family::Family;
use crate::{mapping, registry, supply};

/// The state of one size class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassStats {
    /// Bytes of a block.
    pub block_bytes: usize,
    /// Pools of this class.
    pub pools: usize,
    /// Bytes of a pool.
    pub pool_bytes: usize,
    /// Blocks that the program holds.
    pub blocks_in_use: usize,
    /// Blocks of the pools that it does not: untouched, free, or cached by a
    /// thread.
    pub blocks_available: usize,
}

impl ClassStats {
    /// Bytes of the blocks that the program holds.
    pub fn bytes_in_use(&self) -> usize {
        self.blocks_in_use * self.block_bytes
    }

    /// Bytes of the blocks that it does not hold.
    pub fn bytes_available(&self) -> usize {
        self.blocks_available * self.block_bytes
    }

    /// Bytes of the pools behind their last whole block.
    pub fn bytes_lost_to_quantization(&self) -> usize {
        self.pools * self.pool_bytes - self.bytes_in_use() - self.bytes_available()
    }
}

/// The arenas of one tier, or of slabs of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArenaStats {
    /// Arenas taken from the system since the start.
    pub allocated_total: usize,
    /// Arenas given back to it since then.
    pub reclaimed: usize,
    /// The most that were in use at once.
    pub highwater: usize,
    /// Arenas in use.
    pub current: usize,
    /// Pages in arenas in use that are in no pool.
    pub unused_pages: usize,
    /// Bytes of an arena.
    pub arena_bytes: usize,
    /// Bytes of a page.
    pub page_bytes: usize,
}

impl ArenaStats {
    /// Bytes of the arenas in use.
    pub fn bytes(&self) -> usize {
        self.current * self.arena_bytes
    }

    /// Bytes of their pages that are in no pool.
    pub fn unused_bytes(&self) -> usize {
        self.unused_pages * self.page_bytes
    }

    /// Bytes of their header pages.
    pub fn header_bytes(&self) -> usize {
        self.current * (self.arena_bytes - USABLE_PAGES * self.page_bytes)
    }
}

/// The big tier: blocks above 512 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigStats {
    /// The slab classes, 513 bytes to 128 KiB.
    pub slabs: [ClassStats; SLAB_CLASSES],
    /// The arenas of slabs, of blocks to 60 KiB.
    pub arenas: ArenaStats,
    /// The arenas of wide slabs, of blocks from there to 128 KiB.
    pub wide_arenas: ArenaStats,
    /// Blocks that are spans, above 128 KiB.
    pub spans_in_use: usize,
    /// Bytes of these spans, whole granules of 16 KiB.
    pub span_bytes_in_use: usize,
    /// Blocks with a mapping of their own.
    pub mappings_in_use: usize,
    /// Bytes of these mappings, whole OS pages.
    pub mapping_bytes_in_use: usize,
}

impl BigStats {
    /// Bytes of slab arenas, spans and mappings in use.
    pub fn bytes_mapped(&self) -> usize {
        let arenas = self.arenas.bytes() + self.wide_arenas.bytes();
        arenas + self.span_bytes_in_use + self.mapping_bytes_in_use
    }

    /// The slab classes in `arenas`, and those in `wide_arenas`.
    pub(crate) fn slabs_by_arenas(&self) -> (&[ClassStats], &[ClassStats]) {
        self.slabs.split_at(SLAB_CLASSES - WIDE_CLASSES)
    }

    /// Bytes of the blocks that the program holds.
    pub fn bytes_in_use(&self) -> usize {
        let slabs = self.slabs.iter().map(ClassStats::bytes_in_use).sum::<usize>();
        slabs + self.span_bytes_in_use + self.mapping_bytes_in_use
    }
}

/// Where every byte of [`PoolAlloc`](crate::PoolAlloc) is, at one moment.
///
/// Its `Display` is CPython's `sys._debugmallocstats()` report of the small tier,
/// then the same for the big tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// The small classes, 16 to 512 bytes.
    pub classes: [ClassStats; SMALL_CLASSES],
    /// The small tier's arenas.
    pub arenas: ArenaStats,
    /// The big tier.
    pub big: BigStats,
    /// Bytes of free arenas, spans and mappings that are kept resident for reuse.
    /// Not in the tiers' own figures.
    pub bytes_kept: usize,
}

impl Stats {
    /// Bytes of the blocks that the program holds, in both tiers: what it asked
    /// for, rounded up to block sizes.
    pub fn bytes_in_use(&self) -> usize {
        self.classes.iter().map(ClassStats::bytes_in_use).sum::<usize>() + self.big.bytes_in_use()
    }

    /// Bytes taken for blocks, in both tiers, and kept for them.
    pub fn bytes_mapped(&self) -> usize {
        self.arenas.bytes() + self.big.bytes_mapped() + self.bytes_kept
    }
}

/// The state of the allocator now.
///
/// Takes a lock that only the slow path of other threads takes, once an arena or span;
/// its time is proportional to the number of pools. Allocates nothing.
///
/// # Examples
///
/// ```
/// #[global_allocator]
/// static GLOBAL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new();
///
/// let before = alloc_core::stats().classes[6].blocks_in_use; // class 6: 112 bytes
/// let boxes: Vec<Box<[u8; 100]>> = (0..10).map(|_| Box::new([0; 100])).collect();
/// let after = alloc_core::stats();
/// assert_eq!(after.classes[6].blocks_in_use - before, 10);
/// println!("{after}");
/// # drop(boxes);
/// ```
#[must_use]
pub fn stats() -> Stats {
    let mut walk = Walk::default();
    let supply = supply::LOCKED.lock();
    for arena in supply.arenas() {
        walk.add_arena(arena.cast());
    }
    let counts = Family::ALL.map(|family| supply.counts(family));
    let (spans, kept_in_regions) = (supply.blocks(), supply.kept_bytes());
    drop(supply);
    walk.subtract_free_blocks();

    let (mappings_in_use, mapping_bytes_in_use) = mapping::usage();
    Stats {
        classes: core::array::from_fn(|index| walk.class(index)),
        arenas: walk.arenas(Family::Small, &counts),
        big: BigStats {
            slabs: core::array::from_fn(|index| walk.class(SMALL_CLASSES + index)),
            arenas: walk.arenas(Family::Slab, &counts),
            wide_arenas: walk.arenas(Family::WideSlab, &counts),
            spans_in_use: spans.count,
            span_bytes_in_use: spans.granules * GRANULE_BYTES,
            mappings_in_use,
            mapping_bytes_in_use,
        },
        bytes_kept: kept_in_regions + mapping::kept_bytes(),
    }
}

const FAMILIES: usize = Family::ALL.len();

/// What a walk over the arenas has found so far.
struct Walk {
    pools: [usize; CLASSES],
    /// Blocks that pools count as allocated; then less those free elsewhere.
    in_use: [usize; CLASSES],
    /// Arenas, and pages in pools, per family.
    current: [usize; FAMILIES],
    pool_pages: [usize; FAMILIES],
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            pools: [0; CLASSES],
            in_use: [0; CLASSES],
            current: [0; FAMILIES],
            pool_pages: [0; FAMILIES],
        }
    }
}

impl Walk {
    fn add_arena(&mut self, arena: NonNull<Arena>) {
        // SAFETY: the supply, locked, says that the arena is out: it is mapped.
        let header = unsafe { arena.as_ref() };
        if header.owner().is_none() {
            // Just taken, and not set up yet.
            return;
        }
        let family = header.family();
        self.current[family as usize] += 1;
        for pool in Arena::pools(arena) {
            // SAFETY: a header of a mapped arena.
            let pool = unsafe { pool.as_ref() };
            let class = pool.class();
            if class.family() == family {
                self.pools[class.index()] += 1;
                self.in_use[class.index()] += pool.allocated_blocks();
                self.pool_pages[family as usize] += class.pool_pages();
            }
        }
    }

    fn subtract_free_blocks(&mut self) {
        for heap in registry::heaps() {
            for class in SizeClass::all() {
                let free = heap.cached_blocks(class) + heap.transit_blocks(class);
                let in_use = &mut self.in_use[class.index()];
                *in_use = in_use.saturating_sub(free);
            }
        }
    }

    fn class(&self, index: usize) -> ClassStats {
        let class = SizeClass::from_index(index);
        let pools = self.pools[index];
        let blocks = pools * class.capacity();
        let blocks_in_use = self.in_use[index].min(blocks);
        ClassStats {
            block_bytes: class.block_bytes(),
            pools,
            pool_bytes: class.pool_bytes(),
            blocks_in_use,
            blocks_available: blocks - blocks_in_use,
        }
    }

    fn arenas(&self, family: Family, counts: &[supply::Counts; FAMILIES]) -> ArenaStats {
        let counts = &counts[family as usize];
        let current = self.current[family as usize];
        let pages = current * USABLE_PAGES;
        ArenaStats {
            allocated_total: counts.taken,
            reclaimed: counts.given,
            highwater: counts.highwater,
            current,
            unused_pages: pages.saturating_sub(self.pool_pages[family as usize]),
            arena_bytes: family.grid().arena_bytes(),
            page_bytes: family.grid().page_bytes(),
        }
    }
}
