//! The geometry, in one place: a few knobs, everything else derived from them
//! and checked at compile time.
//!
//! The numbers are CPython's classic ones (`Objects/obmalloc.c` before 3.10):
//! 256 KiB arenas, 4 KiB pools, blocks of 16 to 512 bytes in steps of 16.

/// Whether this is the hardened mode: see `hardened`.
pub(crate) const HARDENED: bool = cfg!(feature = "hardened");

/// Bytes of an arena, and its alignment.
pub(crate) const ARENA_BYTES: usize = 256 << 10;
/// The page map's unit, and the bound on which mappings start.
pub(crate) const UNIT_BYTES: usize = 256 << 10;
/// log2 of [`UNIT_BYTES`].
pub(crate) const UNIT_SHIFT: u32 = UNIT_BYTES.trailing_zeros();
/// Bytes of a page of an arena; a small pool is one page, a slab several.
pub(crate) const POOL_BYTES: usize = 4 << 10;
/// log2 of [`POOL_BYTES`].
pub(crate) const POOL_SHIFT: u32 = POOL_BYTES.trailing_zeros();
/// Pages of an arena, its header page included.
pub(crate) const ARENA_PAGES: usize = ARENA_BYTES / POOL_BYTES;
/// Bytes of an arena of wide slabs, and its alignment; see `grid`.
pub(crate) const WIDE_ARENA_BYTES: usize = 1 << 20;
/// Bytes of a page of such an arena.
pub(crate) const WIDE_PAGE_BYTES: usize = GRANULE_BYTES + COLOUR_BYTES;
/// Pages of an arena that are guards: in hardened mode the one behind the header page,
/// and the last one, before the next arena's.
pub(crate) const GUARD_PAGES: usize = if HARDENED { 2 } else { 0 };
/// Pages of an arena that pools can use: all but the header page and guards.
pub(crate) const USABLE_PAGES: usize = ARENA_PAGES - 1 - GUARD_PAGES;
/// The first of them.
pub(crate) const FIRST_USABLE_PAGE: usize = 1 + GUARD_PAGES / 2;
/// Bytes of a region, the unit in which addresses are taken from the system, if
/// it has room for one of that size.
pub(crate) const REGION_BYTES: usize = 64 << 20;
/// Bytes of the smallest region that is worth having.
pub(crate) const REGION_MIN_BYTES: usize = 2 << 20;
/// Bytes of a granule, the unit in which a region is handed out.
pub(crate) const GRANULE_BYTES: usize = 16 << 10;
/// Granules of a region, its header's included.
pub(crate) const REGION_GRANULES: usize = REGION_BYTES / GRANULE_BYTES;
/// Bytes of a transparent huge page, and the alignment of regions. On systems with
/// other ones the geometry holds all the same.
pub(crate) const HUGE_PAGE_BYTES: usize = 2 << 20;
/// A huge page whose first touch takes longer was dear: it costs more than the faults
/// of its small pages. (Measured: 200 to 400 µs where it is at hand, 1.7 to 2.6 ms where a
/// virtual machine's host has it at hand, 6 to 10 ms where not; its 512 small ones 130 to
/// 1300 µs, where the host has them.)
pub(crate) const HUGE_PAGE_DEAR_NS: usize = 4_000_000;
/// Huge pages of a new block whose first touch is timed, at most: what is only reserved becomes
/// resident by it.
pub(crate) const HUGE_PAGES_TIMED: u32 = 2;
/// Huge pages to pass over after a dear one: at first, and at most.
pub(crate) const HUGE_PAGE_PAUSES: (usize, usize) = (64, 512);
/// The longest block that a region serves; what is longer has its own mapping.
pub(crate) const SPAN_MAX_BYTES: usize = 32 << 20;
/// A block that grows is moved to where it has room for this many times its size.
pub(crate) const GROWTH_ROOM: usize = 16;
/// Blocks of at least this move by their pages; below, copying costs less than
/// the system call.
pub(crate) const MOVE_MIN_BYTES: usize = 512 << 10;

/// The smallest block, the step between small classes, and the alignment that
/// every block has.
pub(crate) const QUANTUM_BYTES: usize = 16;
/// The biggest block of the small tier.
pub(crate) const SMALL_MAX_BYTES: usize = 512;
/// Size classes of the small tier.
pub(crate) const SMALL_CLASSES: usize = SMALL_MAX_BYTES / QUANTUM_BYTES;

/// The biggest block that a slab serves; what is bigger is a span or a mapping.
pub(crate) const SLAB_MAX_BYTES: usize = 128 << 10;
/// What a slab's blocks take in all, about, if four of them do not take less.
pub(crate) const SLAB_BYTES: usize = 32 << 10;
/// Pages that a slab may have for fuller arenas, if it has fewer. (`syn`: 0.92 of the memory;
/// `serde_json`: 0.97 of it, and 0.95 of the time.)
pub(crate) const SLAB_PAGES: usize = 10;
/// Pages that any slab has at most. (One of 48 KiB had 61, for five blocks in place of four an
/// arena: one in use kept all of it.)
pub(crate) const SLAB_PAGES_MAX: usize = 16;
/// Slab classes per doubling of the size: waste stays under 1/8.
pub(crate) const CLASSES_PER_DOUBLING: usize = 8;
/// Size classes of the slabs.
pub(crate) const SLAB_CLASSES: usize =
    (SLAB_MAX_BYTES / SMALL_MAX_BYTES).trailing_zeros() as usize * CLASSES_PER_DOUBLING;
/// The last of them, whose slabs are wide: 64 KiB and the doubling above.
pub(crate) const WIDE_CLASSES: usize = 1 + CLASSES_PER_DOUBLING;
/// The biggest request whose class the fast path looks up in a table.
pub(crate) const TABLE_MAX_BYTES: usize = 16 << 10;
/// Size classes in all.
pub(crate) const CLASSES: usize = SMALL_CLASSES + SLAB_CLASSES;

/// Bytes between two blocks of a slab that are whole granules long, between the first ones
/// of neighbouring slabs as far as these start at different places of a page
/// (`SizeClass::lead_bytes`), and of a wide slab's page beyond a granule: else the same places
/// of all blocks would compete for the same few lines of the caches, whose sets are chosen by an
/// address's low bits. (Measured, 64 buffers of 32 KiB written in turns: 0.6 of the time.) Such a
/// class has no bigger alignment; where one is asked for, a span has the same bytes, or half a
/// granule more.
pub(crate) const COLOUR_BYTES: usize = 128;

/// The biggest alignment that a class can serve: pools start on page bounds.
pub(crate) const CLASS_ALIGN_MAX: usize = POOL_BYTES;

/// Bytes that a thread may keep in its cache, per small class.
pub(crate) const SMALL_CACHE_BYTES: usize = 16 << 10;
/// Bounds of a small class's cache, in blocks.
pub(crate) const SMALL_CACHE_BLOCKS: (usize, usize) = (32, 256);
/// Bytes that a thread may keep in its cache, per slab class.
pub(crate) const SLAB_CACHE_BYTES: usize = 64 << 10;
/// Bounds of a slab class's cache, in blocks.
pub(crate) const SLAB_CACHE_BLOCKS: (usize, usize) = (2, 32);

/// How many blocks ahead a flush has pools' headers fetched, while each is of another pool.
pub(crate) const FETCHED_AHEAD: usize = 6;

/// What a small block has as its first word on its way to the heap that it is of: an address
/// that no program has, of the upper half, with CPython's byte for what is dead in its lower one.
pub(crate) const FREED_WORD: usize = (-0x2222_2223_isize).cast_unsigned();

/// Runs of blocks on their way to the heap that they are of, that one more carries along.
pub(crate) const ENCLOSED_MAX: usize = 31;

/// Blocks that a refill of a small class has fetched into the cache, for they are often cold.
pub(crate) const FETCHED_BLOCKS: usize = 16;

/// Blocks that a thread's first refill of a class brings.
pub(crate) const FIRST_BATCH_BLOCKS: u16 = 8;

/// Freed blocks of a class that wait for reuse in hardened mode, none or a power of two: many
/// small ones, a few bigger ones, none of those that would hold too much memory.
pub(crate) const fn waiting_blocks(block_bytes: usize) -> usize {
    match block_bytes {
        _ if !HARDENED => 0,
        0..=1024 => 16,
        1025..=16_384 => 2,
        _ => 0,
    }
}

/// How many of those that wait come out in an order by lot, after which the next so many do. The
/// more, the less an order can be guessed, and the farther apart lies what belongs together.
pub(crate) const DRAWN_BLOCKS: usize = 4;

/// Blocks that a warm heap may hold of each class up to so many bytes. Bigger ones keep
/// too long a slab from going back.
pub(crate) const WARM_BLOCKS_MAX: usize = 16;
pub(crate) const WARM_CLASS_BYTES_MAX: usize = 1 << 10;
/// Warm heaps at most.
pub(crate) const WARM_HEAPS_MAX: usize = 8;

/// Empty pools of a small class that a heap keeps on its list.
pub(crate) const SPARE_POOLS_MAX: u8 = 8;

/// A pool that was full serves again once 1/this of its blocks are free, so
/// that it does not leave and rejoin its class's list at every turn.
pub(crate) const REJOIN_DIVISOR: usize = 4;

/// Granules that are given back at once, if there are as many in a row.
pub(crate) const PURGE_GRANULES_MIN: usize = 64;
/// Bytes of free pages in a heap's arenas of one family that may be resident in any case.
pub(crate) const DIRTY_BYTES_MIN: usize = 512 << 10;
/// What part of the memory that is kept in any case may be kept beyond the allowance before a heap
/// gives free pages back: else each pool that comes home would be purged by itself.
/// (`serde_json`: 0.96 of the time; `lru`: 0.97.)
pub(crate) const TOLERANCE_DIVISOR: usize = 8;
/// Bytes by which a heap's dirty pages change before all threads' sum learns of it.
pub(crate) const SHARED_BYTES_MIN: usize = 256 << 10;
/// Bytes that are kept from then on for each that was given back in vain. One would do, were it
/// not that each costs a page fault. (`mib_buffers` without huge pages: 0.91 of the time.)
pub(crate) const LEARNED_PER_BYTE: usize = 4;
/// Of an arena's pages, those that must be free before its free ones are purged:
/// fuller ones serve first and will want their pages again.
pub(crate) const SPARSE_PAGES: usize = ARENA_PAGES * 3 / 4;
/// Free pages by which one arena of small blocks counts as emptier than another: by fewer, each
/// pool that comes or goes would move it.
pub(crate) const ORDER_PAGES: usize = 8;
/// The order from which on another heap takes an arena over, if its own has ended: one of small
/// blocks has more than [`ORDER_PAGES`] free pages then.
pub(crate) const ROOMY_ORDER: usize = 2;
/// Bytes of dirty pages in a row that are worth a system call.
pub(crate) const LONG_RUN_BYTES: usize = 32 << 10;
/// Free pages from which on an arena counts as draining: what is dirty of it goes back in
/// shorter runs too.
pub(crate) const NEARLY_EMPTY_PAGES: usize = ARENA_PAGES - ARENA_PAGES / 8;
/// Freed mappings kept at most.
pub(crate) const KEPT_MAPPINGS_MAX: usize = 16;

const _: () = assert!(ARENA_BYTES.is_power_of_two(), "arenas are found by masking an address");
const _: () = assert!(ARENA_BYTES.is_multiple_of(UNIT_BYTES), "no unit has two owners");
const _: () = assert!(WIDE_ARENA_BYTES.is_power_of_two(), "arenas are found by masking an address");
const _: () = assert!(POOL_BYTES.is_power_of_two(), "pages are found by shifting an address");
const _: () = assert!(ARENA_PAGES == 64, "a page set is one u64");
const _: () = assert!(REGION_BYTES.is_multiple_of(HUGE_PAGE_BYTES), "regions are huge pages");
const _: () = assert!(REGION_MIN_BYTES.is_multiple_of(HUGE_PAGE_BYTES), "regions are huge pages");
const _: () = assert!(ARENA_BYTES.is_multiple_of(GRANULE_BYTES), "an arena is whole granules");
const _: () =
    assert!(HUGE_PAGE_BYTES.is_multiple_of(WIDE_ARENA_BYTES), "arenas can be aligned in regions");
const _: () = assert!(WIDE_ARENA_BYTES.is_multiple_of(ARENA_BYTES), "so can all of them");
const _: () = assert!(SPAN_MAX_BYTES <= REGION_BYTES / 2, "spans leave a region room for others");
const _: () = assert!(POOL_BYTES / QUANTUM_BYTES <= 256, "a pool's free map is four u64");
const _: () = assert!(CLASSES <= u8::MAX as usize, "a class is one u8");
const _: () = assert!(COLOUR_BYTES.is_power_of_two(), "it is an alignment");
const _: () = assert!(
    SLAB_MAX_BYTES / 2 / CLASSES_PER_DOUBLING <= GRANULE_BYTES,
    "a span has the same bytes"
);
const _: () = assert!(SLAB_CACHE_BLOCKS.0 >= 2, "a full cache flushes its older half");
