//! The heap's invariants, walked and checked: what tests call after each phase.
//!
//! Meaningful only while no other thread allocates or frees. Reads everything,
//! changes nothing, allocates nothing.

use core::fmt;
use core::ptr::NonNull;

use crate::arena::Arena;
use crate::class::SizeClass;
use crate::config::{CLASSES, GRANULE_BYTES, USABLE_PAGES};
use crate::family::Family;
use crate::heap::ThreadHeap;
use crate::interface::stats::{ArenaStats, ClassStats, stats};
use crate::pagemap::{self, Unit};
use crate::pool::{Pool, PoolState};
use crate::{background, keep, mapping, registry, supply};

/// A broken invariant: which, and the address of what breaks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The invariant, in words.
    pub invariant: &'static str,
    /// Where: an arena, a pool's header or a heap; 0 for a sum.
    pub address: usize,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken at {:#x}: {}", self.address, self.invariant)
    }
}

impl core::error::Error for Violation {}

/// Checks every invariant of every heap.
///
/// # Errors
/// The first [`Violation`] found. Other threads at work look like violations:
/// call this while they rest.
///
/// # Examples
///
/// ```
/// #[global_allocator]
/// static GLOBAL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new();
///
/// let text = String::from("a block in use");
/// alloc_core::check().unwrap();
/// # drop(text);
/// ```
pub fn check() -> Result<(), Violation> {
    // Our own thread, if there is one, rests too.
    let _rest = background::hold_off();
    let mut found = Found::default();
    let supply = supply::LOCKED.lock();
    ensure(supply.counts_agree(), "the supply's counts are those of its regions", 0)?;
    for arena in supply.arenas() {
        found.arena(arena.cast())?;
    }
    let blocks = supply.blocks().granules * GRANULE_BYTES;
    let kept = supply.kept_bytes();
    drop(supply);
    for heap in registry::heaps() {
        found.heap(heap)?;
    }
    let shared = found.shared_bytes;
    let in_use = found.resident + blocks + mapping::usage().1;
    let agrees = keep::in_use() == in_use.saturating_sub(shared);
    ensure(agrees, "what is in use is in arenas, spans and mappings", 0)?;
    let agrees = keep::kept() == kept + mapping::kept_bytes() + shared;
    ensure(agrees, "what is kept is in regions, freed mappings and heaps", 0)?;
    found.compare()?;
    sums(found.free_pages)
}

/// What was met while walking arenas, to compare with what the heaps list.
struct Found {
    /// Pools marked as listed, per class; minus those met on lists.
    listed: [usize; CLASSES],
    /// Blocks allocated in pools, per class; those in bins and queues.
    allocated: [usize; CLASSES],
    free_elsewhere: [usize; CLASSES],
    /// Arenas with free pages, and those met in buckets.
    usable: usize,
    in_buckets: usize,
    /// Pages in no pool, over all arenas, as their headers have them.
    free_pages: usize,
    /// Bytes of all arenas that may be resident.
    resident: usize,
    /// Pages in pools and dirty ones, over all arenas; and as the sets have them.
    used_pages: usize,
    dirty_pages: usize,
    used_in_sets: usize,
    shared_bytes: usize,
    dirty_in_sets: usize,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            listed: [0; CLASSES],
            allocated: [0; CLASSES],
            free_elsewhere: [0; CLASSES],
            usable: 0,
            in_buckets: 0,
            free_pages: 0,
            resident: 0,
            used_pages: 0,
            dirty_pages: 0,
            used_in_sets: 0,
            shared_bytes: 0,
            dirty_in_sets: 0,
        }
    }
}

impl Found {
    fn arena(&mut self, arena: NonNull<Arena>) -> Result<(), Violation> {
        let address = arena.addr().get();
        let ensure = |holds, invariant| ensure(holds, invariant, address);
        let unit = pagemap::lookup(address);
        ensure(matches!(unit, Unit::Region { .. }), "the page map knows every arena")?;
        // SAFETY: the supply, locked, says that the arena is out: it is mapped.
        let header = unsafe { arena.as_ref() };
        let grid = header.family().grid();
        let last = address + grid.arena_bytes() - 1;
        let marks = [address, last].map(pagemap::grid_at);
        ensure(marks == [Some(grid); 2], "the page map knows how it is cut")?;
        ensure(address.is_multiple_of(grid.arena_bytes()), "arenas are aligned to their size")?;
        ensure(header.owner().is_some(), "an arena that is out has an owner")?;
        ensure(header.has_only_free_dirty_pages(), "pages in pools are not dirty")?;
        self.usable += usize::from(header.free_page_count() > 0);
        self.free_pages += header.free_page_count();
        self.used_pages += USABLE_PAGES - header.free_page_count();
        self.dirty_pages += header.dirty_page_count();
        self.resident += header.resident_bytes();

        let mut pages = header.free_page_count();
        for pool in Arena::pools(arena) {
            // SAFETY: a header of a mapped arena.
            let class = unsafe { pool.as_ref() }.class();
            ensure(class.family() == header.family(), "an arena holds one family")?;
            let first = Arena::page_of(pool);
            let start = Arena::pages_of(pool, grid).addr().get() - address;
            ensure(grid.page_at(start) == first, "a pool's pages are its header's")?;
            ensure(grid.page_at(start - 1) < first, "from their start")?;
            for page in first..first + class.pool_pages() {
                ensure(header.is_in_pool(page), "a pool's pages are not free")?;
                ensure(header.head_page(page) == first, "a pool's pages lead to its head")?;
            }
            pages += class.pool_pages();
            self.pool(pool)?;
        }
        ensure(pages == USABLE_PAGES, "every page is free or in a pool")
    }

    fn pool(&mut self, pool: NonNull<Pool>) -> Result<(), Violation> {
        let ensure = |holds, invariant| ensure(holds, invariant, pool.addr().get());
        // SAFETY: a header of a mapped arena.
        let pool = unsafe { pool.as_ref() };
        let class = pool.class();
        let capacity = class.capacity();
        ensure(pool.watermark() <= capacity, "the watermark is within the capacity")?;
        ensure(pool.free_blocks() == pool.count_free_bits(), "free blocks are free bits")?;
        ensure(!pool.has_free_bit_past_watermark(), "untouched blocks are not free")?;
        let is_empty = pool.state() == PoolState::Empty;
        ensure(!is_empty || pool.is_listed(), "empty pools are given back, or spare")?;
        let full = pool.state() == PoolState::Full;
        ensure(!(full && pool.is_listed()), "full pools are not listed")?;
        let due = pool.watermark() < capacity || pool.free_blocks() >= class.rejoin_blocks();
        ensure(pool.is_listed() || !due, "pools with blocks enough are listed")?;
        self.listed[class.index()] += usize::from(pool.is_listed());
        self.allocated[class.index()] += pool.allocated_blocks();
        Ok(())
    }

    fn heap(&mut self, heap: &'static ThreadHeap) -> Result<(), Violation> {
        let address = core::ptr::from_ref(heap).addr();
        let ensure = |holds, invariant| ensure(holds, invariant, address);
        for class in SizeClass::all() {
            self.free_elsewhere[class.index()] +=
                heap.cached_blocks(class) + heap.transit_blocks(class);
            let mut spare = 0;
            // SAFETY: no other thread changes the list: `check`'s contract; if
            // one does, headers stay mapped under the memory that they are in.
            for pool in unsafe { heap.serving(class).iter() } {
                // SAFETY: a listed pool has a live header.
                let header = unsafe { pool.as_ref() };
                ensure(header.class() == class, "a list holds one class")?;
                ensure(header.is_listed(), "what is listed says so")?;
                ensure(is_owner(heap, Arena::of_pool(pool)), "a heap lists its own pools")?;
                self.listed[class.index()] = self.listed[class.index()].wrapping_sub(1);
                if header.state() == PoolState::Empty {
                    spare += 1;
                    let is_noted = heap.spare().are_in(Arena::of_pool(pool));
                    ensure(is_noted, "spare pools are in one arena")?;
                }
            }
            ensure(spare == heap.spare().count(class), "spare pools are counted")?;
        }
        for family in Family::ALL {
            let set = heap.arenas(family);
            self.used_in_sets += set.used_pages();
            self.dirty_in_sets += set.dirty_pages();
            self.shared_bytes += set.shared_bytes();
            for order in 1..=USABLE_PAGES {
                let (mut count, mut purgeable) = (0, 0);
                // SAFETY: as above.
                for arena in unsafe { set.bucket(order) } {
                    // SAFETY: an arena in a bucket is live.
                    let header = unsafe { arena.as_ref() };
                    ensure(header.standing().order() == order, "an arena is in its bucket")?;
                    ensure(header.placed() == header.standing(), "and knows which")?;
                    if header.placed().is_worth_purging() {
                        ensure(purgeable == count, "those worth a purge come first")?;
                        purgeable += 1;
                    }
                    ensure(header.family() == family, "a set holds one family")?;
                    ensure(is_owner(heap, arena), "a heap's sets hold its own arenas")?;
                    count += 1;
                }
                ensure(set.is_occupied(order) == (count > 0), "occupied buckets are marked")?;
                ensure(set.is_purgeable(order) == (purgeable > 0), "so are those worth a purge")?;
                ensure(order < USABLE_PAGES || count <= 1, "at most one empty arena is kept")?;
                self.in_buckets += count;
            }
        }
        Ok(())
    }

    fn compare(&self) -> Result<(), Violation> {
        let balanced = self.listed.iter().all(|&pools| pools == 0);
        ensure(balanced, "pools that say they are listed are on their list", 0)?;
        ensure(self.usable == self.in_buckets, "arenas with free pages are in a bucket", 0)?;
        ensure(self.used_pages == self.used_in_sets, "the sets' used pages add up", 0)?;
        ensure(self.dirty_pages == self.dirty_in_sets, "the sets' dirty pages add up", 0)?;
        let enough = self.allocated.iter().zip(&self.free_elsewhere).all(|(all, free)| all >= free);
        ensure(enough, "blocks in bins and queues are allocated in their pools", 0)
    }
}

fn is_owner(heap: &ThreadHeap, arena: NonNull<Arena>) -> bool {
    // SAFETY: the caller met the arena in a list of a heap: it is live.
    unsafe { arena.as_ref() }.owner().is_some_and(|owner| core::ptr::eq(owner, heap))
}

/// The stats' sums: every byte of every arena has one place.
///
/// The stats derive unused pages from the pools; here they meet the headers' count.
fn sums(free_pages: usize) -> Result<(), Violation> {
    let stats = stats();
    let (slabs, wide_slabs) = stats.big.slabs_by_arenas();
    let tiers = [
        (&stats.arenas, &stats.classes[..]),
        (&stats.big.arenas, slabs),
        (&stats.big.wide_arenas, wide_slabs),
    ];
    let unused_pages: usize = tiers.iter().map(|(arenas, _)| arenas.unused_pages).sum();
    ensure(unused_pages == free_pages, "the stats' unused pages are the headers' free ones", 0)?;
    let add_up = |&(arenas, classes): &(&ArenaStats, &[ClassStats])| {
        let pools: usize = classes.iter().map(|class| class.pools * class.pool_bytes).sum();
        pools + arenas.unused_bytes() + arenas.header_bytes() == arenas.bytes()
            && arenas.current == arenas.allocated_total - arenas.reclaimed
            && arenas.current <= arenas.highwater
    };
    ensure(tiers.iter().all(add_up), "the stats add up", 0)
}

fn ensure(holds: bool, invariant: &'static str, address: usize) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation { invariant, address }) }
}
