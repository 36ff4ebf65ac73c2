//! A thread heap: everything that one thread allocates from without a lock.
//!
//! In front, a bin per class; behind it the pools that serve the class, in the
//! arenas that the heap owns. A miss (`refill`) takes blocks of a pool; a full
//! bin (`flush`) puts its older half back: own blocks into their pools, foreign
//! ones, grouped by owner, onto the owners' remote queues.
//!
//! Invariants:
//! - Heaps live forever: an arena's owner pointer is always good. A heap outlives
//!   its thread and is claimed by the next one; see `registry`.
//! - Only the claim's holder, who has an [`Owned`], writes anything but `remote` and
//!   `transit`; those any thread may. An arena's owner changes under the old one's claim.
//! - allocated in pools = in use + in bins + in transit, per class over all heaps.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use crossbeam_utils::CachePadded;

use crate::arena::Arena;
use crate::arenas::{ArenaSet, give_arena};
use crate::bin::{Bin, Slot};
use crate::class::SizeClass;
use crate::config::{
    CLASSES, FETCHED_AHEAD, HARDENED, WARM_BLOCKS_MAX, WARM_CLASS_BYTES_MAX, waiting_blocks,
};
use crate::family::Family;
use crate::key::Random;
use crate::os;
use crate::outbox::Outbox;
use crate::pool::{NotAllocated, Pool, PoolList, Transition};
use crate::remote::RemoteQueue;
use crate::run::{self, PoolRun};
use crate::spare::{FreedBy, SparePools};
use crate::{knobs, misuse, pagemap, relief, supply, warm};

/// One thread's heap.
#[repr(C)]
pub(crate) struct ThreadHeap {
    bins: [Bin; CLASSES],
    serving: [PoolList; CLASSES],
    spare: SparePools,
    /// Hardened mode's lots.
    random: Random,
    /// Per family.
    arenas: [ArenaSet; Family::ALL.len()],
    pub(crate) remote: CachePadded<RemoteQueue>,
    /// Per class, the blocks in `remote`: free, but not yet in their pools.
    transit: [AtomicU32; CLASSES],
    /// See `warm`.
    is_warm: AtomicBool,
    /// The heap registered before this one.
    pub(crate) next: AtomicPtr<ThreadHeap>,
}

// SAFETY: fields that only the claim's holder writes are relaxed atomics
// (`cell`), so reading them from any thread is no data race; a bin's room is written
// before the heap is shared, and never after; its slots are reached through `Owned`
// alone, which one thread has at a time.
unsafe impl Sync for ThreadHeap {}

/// The right to use a heap: its claim, as a value. Not `Send`.
#[derive(Clone, Copy)]
pub(crate) struct Owned(&'static ThreadHeap, core::marker::PhantomData<*mut ()>);

impl ThreadHeap {
    /// A heap without room in its bins, so that every operation takes the slow
    /// path: what a thread has before its first allocation.
    pub(crate) const fn without_room() -> Self {
        Self {
            bins: [const { Bin::without_room() }; CLASSES],
            serving: [const { PoolList::new() }; CLASSES],
            spare: SparePools::new(),
            random: Random::new(),
            arenas: [
                ArenaSet::new(Family::Small.grid()),
                ArenaSet::new(Family::Slab.grid()),
                ArenaSet::new(Family::WideSlab.grid()),
            ],
            remote: CachePadded::new(RemoteQueue::new(
                AtomicPtr::new(core::ptr::null_mut()),
                AtomicBool::new(true),
            )),
            transit: [const { AtomicU32::new(0) }; CLASSES],
            is_warm: AtomicBool::new(false),
            next: AtomicPtr::new(core::ptr::null_mut()),
        }
    }

    /// Blocks that the bin of `class` has room for: by default the class's own
    /// number; for small ones in proportion to the bytes that a thread may cache.
    fn room_blocks(class: SizeClass, cache_bytes: usize) -> usize {
        let blocks = class.cache_blocks();
        match class.family() {
            Family::Small => (blocks * cache_bytes / knobs::DEFAULTS.thread_cache_bytes).max(2),
            Family::Slab | Family::WideSlab => blocks,
        }
    }

    /// A new heap in a mapping of its own, claimed by the caller, its bins with
    /// room. `None` when the system has no memory.
    pub(crate) fn map() -> Option<Owned> {
        let cache_bytes = knobs::thread_cache_bytes();
        let room_blocks = |class| Self::room_blocks(class, cache_bytes);
        let slots_for = |class| Bin::slots_for(room_blocks(class));
        let slots: usize = SizeClass::all().map(slots_for).sum();
        let bytes = size_of::<Self>() + slots * size_of::<Slot>();
        let heap = os::map_books(bytes)?.cast::<Self>();
        // SAFETY: the mapping is big enough, page-aligned and nobody else's.
        unsafe { heap.write(Self::without_room()) };
        // SAFETY: initialised above; never unmapped.
        let heap: &'static Self = unsafe { heap.as_ref() };
        let mut slots = NonNull::from(heap).cast::<Self>();
        // SAFETY: one past the heap, inside the mapping.
        slots = unsafe { slots.add(1) };
        let mut slots = slots.cast::<Slot>();
        for class in SizeClass::all() {
            let capacity = room_blocks(class);
            let waiting = waiting_blocks(class.block_bytes()).min(capacity / 2);
            // SAFETY: the mapping holds the slots of all classes, zeroed, one after the
            // other, for this heap alone, which nobody else knows yet.
            unsafe { heap.bins[class.index()].set_room(slots, capacity, waiting) };
            // SAFETY: as above: at most one past the last slot.
            slots = unsafe { slots.add(Bin::slots_for(capacity)) };
        }
        if HARDENED {
            heap.random.start(core::ptr::from_ref(heap).addr() as u64);
        }
        // SAFETY: the queue was made claimed, by and for this caller.
        Some(unsafe { Owned::new(heap) })
    }

    /// Claims this heap if nobody has it.
    pub(crate) fn try_claim(&'static self) -> Option<Owned> {
        // SAFETY: the claim was just taken for the caller.
        self.remote.try_claim().then(|| unsafe { Owned::new(self) })
    }

    /// Blocks of `class` in this heap's bin.
    pub(crate) fn cached_blocks(&self, class: SizeClass) -> usize {
        self.bins[class.index()].len()
    }

    /// Blocks of `class` freed by other threads, not yet back in their pools.
    pub(crate) fn transit_blocks(&self, class: SizeClass) -> usize {
        self.transit[class.index()].load(Ordering::Relaxed) as usize
    }

    /// Marks the heap as warm or not; returns whether it was. For the claim's holder.
    pub(crate) fn set_warm(&self, is_warm: bool) -> bool {
        let was_warm = self.is_warm.load(Ordering::Relaxed);
        self.is_warm.store(is_warm, Ordering::Relaxed);
        was_warm
    }

    /// Counts blocks about to be sent to this heap.
    pub(crate) fn add_transit(&self, class: SizeClass, blocks: u32) {
        self.transit[class.index()].fetch_add(blocks, Ordering::Relaxed);
    }

    /// Counts blocks that arrived.
    pub(crate) fn subtract_transit(&self, class: SizeClass, blocks: u32) {
        self.transit[class.index()].fetch_sub(blocks, Ordering::Relaxed);
    }

    /// The pools that serve `class`.
    pub(crate) fn serving(&self, class: SizeClass) -> &PoolList {
        &self.serving[class.index()]
    }

    /// Those of them that are empty.
    pub(crate) fn spare(&self) -> &SparePools {
        &self.spare
    }

    /// The heap's arenas of `family`.
    pub(crate) fn arenas(&self, family: Family) -> &ArenaSet {
        &self.arenas[family as usize]
    }
}

impl Owned {
    /// The right to use `heap`.
    ///
    /// # Safety
    /// The caller holds the claim on `heap`, or `heap` has no room in its bins
    /// and only `pop` and `push` will be called.
    #[inline]
    pub(crate) unsafe fn new(heap: &'static ThreadHeap) -> Self {
        Self(heap, core::marker::PhantomData)
    }

    /// The heap.
    pub(crate) fn heap(self) -> &'static ThreadHeap {
        self.0
    }

    /// A cached block of `class`.
    #[inline]
    pub(crate) fn pop(self, class: SizeClass) -> Option<NonNull<u8>> {
        let bin = &self.0.bins[class.index()];
        if HARDENED { bin.pop_by_lot(&self.0.random) } else { bin.pop() }
    }

    /// Caches a block of `class`; `false` when its bin is full, or the block is the one
    /// that was cached last.
    #[inline]
    #[must_use]
    pub(crate) fn push(self, class: SizeClass, block: NonNull<u8>) -> bool {
        self.0.bins[class.index()].push(block)
    }

    /// A block of `class`, after bringing a batch of them into its bin if that has none;
    /// `None` when the system has no memory.
    pub(crate) fn refill(self, class: SizeClass) -> Option<NonNull<u8>> {
        let bin = &self.0.bins[class.index()];
        // A heap that was adopted just now may be warm.
        if let Some(block) = self.pop(class) {
            return Some(block);
        }
        self.collect();
        let wanted = bin.next_batch();
        bin.fill(|slots| {
            let mut taken = 0;
            while taken < wanted {
                let Some(pool) = self.pool_to_serve(class, bin.needs_more(taken)) else {
                    break;
                };
                // SAFETY: taken < wanted ≤ the bin's capacity.
                let free_slots = unsafe { slots.add(taken) };
                // SAFETY: a live header of this heap.
                let header = unsafe { pool.as_ref() };
                let blocks = Arena::blocks_of(pool, class, class.family().grid());
                // SAFETY: a pool of this class, where its blocks start, and room for
                // what is still wanted.
                taken += unsafe { header.take(class, blocks, free_slots, wanted - taken) };
                if header.available_blocks() == 0 {
                    // SAFETY: `pool_to_serve` returned it from this list.
                    unsafe { self.0.serving(class).remove(pool) };
                }
            }
            taken
        });
        if class.family() == Family::Small {
            bin.fetch_newest();
        }
        // Without memory for more, one that should wait has to do.
        self.pop(class).or_else(|| bin.pop())
    }

    /// A listed pool with blocks of `class`; a new one only if `may_grow`.
    fn pool_to_serve(self, class: SizeClass, may_grow: bool) -> Option<NonNull<Pool>> {
        let serving = self.0.serving(class);
        if let Some(pool) = serving.first() {
            // SAFETY: a listed pool has a live header.
            let header = unsafe { pool.as_ref() };
            debug_assert!(header.available_blocks() > 0 && self.owns(pool));
            if self.0.spare.count(class) > 0 && header.allocated_blocks() == 0 {
                self.0.spare.remove(class);
            }
            return Some(pool);
        }
        if !may_grow {
            return None;
        }
        let arenas = self.0.arenas(class.family());
        let in_place_of_spare =
            || self.give_spare_pools(class.family()).then(|| arenas.take_pool(class))?;
        let mut pool = arenas.take_pool(class).or_else(in_place_of_spare);
        if pool.is_none() && self.inherit_arena(class) {
            return self.pool_to_serve(class, may_grow);
        }
        if pool.is_none() {
            let (base, memory) = relief::insist(|| supply::take_arena(class.family()))?;
            // SAFETY: from the supply, for this heap alone.
            let arena = unsafe { Arena::init(base, self.0, class.family(), memory) };
            pagemap::mark_arena(base, class.family().grid(), true);
            // SAFETY: just made, in no bucket.
            unsafe { arenas.insert(arena) };
            pool = arenas.take_pool(class);
        }
        let pool = pool?;
        // SAFETY: a new pool of this heap is on no list.
        unsafe { serving.insert(pool) };
        Some(pool)
    }

    /// The block of `class` that was cached last.
    pub(crate) fn newest(self, class: SizeClass) -> Option<NonNull<u8>> {
        self.0.bins[class.index()].newest()
    }

    /// Makes room in the full bin of `class` by putting its older half back.
    pub(crate) fn flush(self, class: SizeClass) {
        self.collect();
        self.flush_oldest(class, self.0.cached_blocks(class).div_ceil(2));
    }

    /// Puts the oldest blocks of a bin back.
    fn flush_oldest(self, class: SizeClass, count: usize) {
        self.0.bins[class.index()].drain_oldest(count, |blocks| {
            let mut outbox = Outbox::new(class);
            let mut left = blocks;
            while !left.is_empty() {
                let (run, behind) = PoolRun::gather(left, class);
                let (blocks, _) = left.split_at(left.len() - behind.len());
                left = behind;
                if run.blocks.count == 1
                    && let Some(&later) = left.get(FETCHED_AHEAD)
                {
                    run::fetch_header(later, class);
                }
                self.give(&run, blocks, &mut outbox);
            }
            outbox.send_all();
        });
    }

    /// Puts a run, which is `blocks`, into its pool, or into the outbox if another heap owns it.
    fn give(self, run: &PoolRun, blocks: &[NonNull<u8>], outbox: &mut Outbox) {
        // SAFETY: the arena of a block being freed is in use.
        let class = unsafe { run.pool.as_ref() }.class();
        if class != run.class {
            misuse::freed_as(run.first(), class, run.class);
        }
        // SAFETY: as above.
        match unsafe { Arena::of_pool(run.pool).as_ref() }.owner() {
            Some(owner) if core::ptr::eq(owner, self.0) => self.put(run, FreedBy::Owner),
            Some(owner) => outbox.add(owner, run, blocks),
            None => misuse::not_a_block(run.first()),
        }
    }

    /// Whether this heap owns the pool's arena.
    pub(crate) fn owns(self, pool: NonNull<Pool>) -> bool {
        // SAFETY: the arena of a pool in use is in use.
        let owner = unsafe { Arena::of_pool(pool).as_ref() }.owner();
        owner.is_some_and(|owner| core::ptr::eq(owner, self.0))
    }

    /// Puts a run of own blocks into their pool.
    #[inline(always)]
    pub(crate) fn put(self, run: &PoolRun, by: FreedBy) {
        // SAFETY: the pool of a block being freed is in use and this heap's.
        let pool = unsafe { run.pool.as_ref() };
        match pool.put(run.class, run.blocks) {
            Ok(Transition::Unchanged) => {}
            // SAFETY: a pool that asks to rejoin is on no list.
            Ok(Transition::Rejoin) => unsafe { self.0.serving(run.class).insert(run.pool) },
            Ok(Transition::Empty)
                if by == FreedBy::Others
                    && self.0.spare.add(run.class, Arena::of_pool(run.pool)) =>
            {
                if !pool.is_listed() {
                    // SAFETY: on no list, as it says.
                    unsafe { self.0.serving(run.class).insert(run.pool) };
                }
            }
            Ok(Transition::Empty) => self.give_pool(run.class, run.pool),
            Err(NotAllocated) => {
                misuse::freed_twice(run.first_where(|index| !pool.is_allocated(index)), run.class)
            }
        }
    }

    /// Gives an empty pool's pages back to its arena, and a second empty arena
    /// back to the system.
    #[cold]
    fn give_pool(self, class: SizeClass, pool: NonNull<Pool>) {
        // SAFETY: a live header of this heap.
        if unsafe { pool.as_ref() }.is_listed() {
            // SAFETY: listed pools of a class are on its list.
            unsafe { self.0.serving(class).remove(pool) };
        }
        // SAFETY: the pool is empty and was just taken off its list.
        if let Some(arena) = unsafe { self.0.arenas(class.family()).give_pool(pool) } {
            // SAFETY: the set has just let it go, empty.
            unsafe { give_arena(arena, class.family()) };
        }
    }

    /// Puts every cached block back and gives empty arenas up.
    pub(crate) fn retire(self) {
        warm::take(self);
        self.keep_cached(|_| 0);
    }

    /// As [`Owned::retire`], but for a few of its own blocks of each class.
    pub(crate) fn trim(self) {
        self.keep_cached(|class| {
            let is_warm = class.block_bytes() <= WARM_CLASS_BYTES_MAX;
            let most = if is_warm { WARM_BLOCKS_MAX } else { 0 };
            let grid = class.family().grid();
            // SAFETY: the arenas of cached blocks are in use.
            let is_own = |block| unsafe { Arena::of(block, grid).as_ref() }.owner();
            let is_own = |block| is_own(block).is_some_and(|owner| core::ptr::eq(owner, self.0));
            self.0.bins[class.index()].count_newest(most, is_own)
        });
    }

    /// Puts the cached blocks back but for the newest, as many as `kept` says of each
    /// class, and gives empty arenas up.
    fn keep_cached(self, kept: impl Fn(SizeClass) -> usize) {
        for class in SizeClass::all() {
            let bin = &self.0.bins[class.index()];
            bin.reset_batch();
            // Most threads use few classes.
            if bin.len() > 0 {
                self.flush_oldest(class, bin.len() - kept(class));
            }
        }
        self.collect();
        self.give_empty_arenas();
    }

    /// Gives all the memory back that the heap does not need now.
    pub(crate) fn purge(self) {
        self.retire();
        for family in Family::ALL {
            self.0.arenas(family).purge_all();
        }
    }

    /// Gives the family's spare pools back to their arenas; `false`: there are none.
    #[cold]
    pub(crate) fn give_spare_pools(self, family: Family) -> bool {
        let mut any = false;
        if self.0.spare.is_empty() {
            return any;
        }
        for class in SizeClass::all().filter(|class| class.family() == family) {
            let mut next = self.0.serving(class).first();
            while let Some(pool) = next
                && self.0.spare.count(class) > 0
            {
                // SAFETY: a listed pool has a live header.
                let header = unsafe { pool.as_ref() };
                next = header.next();
                if header.allocated_blocks() == 0 {
                    self.0.spare.remove(class);
                    self.give_pool(class, pool);
                    any = true;
                }
            }
        }
        any
    }

    /// Gives the empty arenas that the heap keeps back to the system.
    pub(crate) fn give_empty_arenas(self) {
        self.give_spare_pools(Family::Small);
        for family in Family::ALL {
            if let Some(arena) = self.0.arenas(family).take_empty() {
                // SAFETY: as it was kept: empty, and now in no set.
                unsafe { give_arena(arena, family) };
            }
        }
    }
}
