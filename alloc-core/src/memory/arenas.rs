//! A heap's arenas of one family, the fullest first.
//!
//! CPython keeps its usable arenas sorted by free pools and serves from the
//! fullest, so that sparse ones drain and go back to the system. The same order
//! here is a bucket per number of free pages, by the eight, and a bit per bucket that is not
//! empty: a move between buckets is O(1) for any number of pages, where a sorted
//! list would step. Slabs need several pages in a row, and of two arenas the fuller one
//! may have none as long; so their arenas' buckets go by the longest run of free pages, and
//! the lowest one that is long enough serves ([`Arena::standing`]).
//!
//! Pages that pools have left stay resident for the next pool as far as [`keep`]
//! allows; what is over is purged, the sparsest arenas' dirty pages first, those in short
//! runs only once an arena is nearly empty. To find these at once, arenas worth a purge
//! stand first in their bucket, the others last, and a bit per bucket says which ones have any.
//! `keep` learns of dirty pages by the quarter mebibyte, so that threads do not meet
//! at its counters once a pool: `shared_pages` is what it knows of.
//!
//! Invariants: an arena with free pages is in the bucket of its order; one with none is in
//! no bucket. At most one arena is empty: `give_pool` hands a second one back.
//! `purgeable` marks the buckets whose first arena is worth a purge.
//! `used_pages` and `dirty_pages` are the sums over the set's arenas.

use core::ptr::NonNull;

use crate::arena::{Arena, Standing};
use crate::cell::{OwnerPtr, OwnerU64};
use crate::class::SizeClass;
use crate::config::{
    ARENA_PAGES, DIRTY_BYTES_MIN, HARDENED, ROOMY_ORDER, SHARED_BYTES_MIN, USABLE_PAGES,
};
use crate::family::Family;
use crate::grid::Grid;
use crate::pool::Pool;
use crate::{keep, pagemap, supply};

/// The arenas of one heap and family.
pub(crate) struct ArenaSet {
    buckets: [Bucket; ARENA_PAGES],
    occupied: OwnerU64,
    purgeable: OwnerU64,
    used_pages: OwnerU64,
    dirty_pages: OwnerU64,
    shared_pages: OwnerU64,
    grid: Grid,
}

/// The arenas of one order, doubly linked.
struct Bucket {
    first: OwnerPtr<Arena>,
    last: OwnerPtr<Arena>,
}

impl ArenaSet {
    /// An empty set of arenas that are cut so.
    pub(crate) const fn new(grid: Grid) -> Self {
        Self {
            buckets: [const { Bucket::new() }; ARENA_PAGES],
            occupied: OwnerU64::zero(),
            purgeable: OwnerU64::zero(),
            used_pages: OwnerU64::zero(),
            dirty_pages: OwnerU64::zero(),
            shared_pages: OwnerU64::zero(),
            grid,
        }
    }

    /// Adds an arena.
    ///
    /// # Safety
    /// `arena` is in use by this set's heap, and in no bucket.
    pub(crate) unsafe fn insert(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract: a live arena.
        let header = unsafe { arena.as_ref() };
        self.used_pages.add((USABLE_PAGES - header.free_page_count()) as u64);
        self.dirty_pages.add(header.dirty_page_count() as u64);
        // SAFETY: the caller's contract.
        unsafe { self.place(arena, header.standing()) };
    }

    /// Puts an arena into the bucket of its order, if it has free pages.
    ///
    /// # Safety
    /// As [`Self::insert`]; `standing` is the arena's.
    unsafe fn place(&self, arena: NonNull<Arena>, standing: Standing) {
        // SAFETY: the caller's contract: a live arena.
        unsafe { arena.as_ref() }.place(standing);
        let order = standing.order();
        if order == 0 {
            return;
        }
        let bucket = &self.buckets[order % ARENA_PAGES];
        self.occupied.set(self.occupied.get() | 1 << order);
        if standing.is_worth_purging() {
            // SAFETY: the caller's contract.
            unsafe { bucket.insert_first(arena) };
            self.purgeable.set(self.purgeable.get() | 1 << order);
        } else {
            // SAFETY: the caller's contract.
            unsafe { bucket.insert_last(arena) };
        }
    }

    /// Moves an arena whose pages have changed to where it stands now.
    ///
    /// # Safety
    /// `arena` is in this set.
    unsafe fn settle(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract: a live arena.
        let header = unsafe { arena.as_ref() };
        let standing = header.standing();
        // Slabs' take turns within their bucket: so they have fewer pages in use.
        if standing != header.placed() || header.family() != Family::Small {
            // SAFETY: the caller's contract.
            unsafe { self.displace(arena) };
            // SAFETY: it was just taken out.
            unsafe { self.place(arena, standing) };
        }
    }

    /// Takes an arena out: of its bucket, and of the sums.
    ///
    /// # Safety
    /// `arena` is in this set, and its pages have not changed since.
    pub(crate) unsafe fn remove(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract: a live arena.
        let header = unsafe { arena.as_ref() };
        self.used_pages.subtract((USABLE_PAGES - header.free_page_count()) as u64);
        self.dirty_pages.subtract(header.dirty_page_count() as u64);
        // SAFETY: the caller's contract.
        unsafe { self.displace(arena) };
    }

    /// Takes an arena out of its bucket, if it is in one.
    ///
    /// # Safety
    /// `arena` is in this set.
    unsafe fn displace(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract: a live arena.
        let order = unsafe { arena.as_ref() }.placed().order();
        if order == 0 {
            return;
        }
        debug_assert!(self.is_occupied(order), "an arena is in its bucket");
        let bucket = &self.buckets[order % ARENA_PAGES];
        // SAFETY: the caller's contract.
        unsafe { bucket.remove(arena) };
        if bucket.first.get().is_null() {
            self.occupied.set(self.occupied.get() & !(1 << order));
        }
        if self.is_purgeable(order) && !bucket.is_worth_purging() {
            self.purgeable.set(self.purgeable.get() & !(1 << order));
        }
    }

    /// Adds an arena of another set, and tells `keep` of its pages.
    ///
    /// # Safety
    /// As [`Self::insert`].
    pub(crate) unsafe fn insert_shared(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract.
        unsafe { self.insert(arena) };
        self.share();
    }

    /// Takes the first arena out of the set that has some room, at least for a pool of `class`.
    pub(crate) fn take_with_room(&self, class: SizeClass) -> Option<NonNull<Arena>> {
        let arena = self.first_of(self.with_room(class))?;
        // SAFETY: it is in the set, unchanged.
        unsafe { self.remove(arena) };
        self.share();
        Some(arena)
    }

    /// Whether [`Self::take_with_room`] would find one.
    pub(crate) fn has_room(&self, class: SizeClass) -> bool {
        self.with_room(class) != 0
    }

    /// The buckets of arenas with room for a pool of `class`, and some more.
    fn with_room(&self, class: SizeClass) -> u64 {
        self.occupied.get() & (u64::MAX << class.pool_pages().max(ROOMY_ORDER))
    }

    /// A new pool of `class` from the first arena that has room for it.
    pub(crate) fn take_pool(&self, class: SizeClass) -> Option<NonNull<Pool>> {
        let arena = self.first_of(self.occupied.get() & (u64::MAX << class.pool_pages()))?;
        let taken = Arena::take_pool(arena, class);
        // SAFETY: the arena is in this set.
        unsafe { self.settle(arena) };
        let (pool, were_dirty) = taken?;
        self.used_pages.add(class.pool_pages() as u64);
        self.dirty_pages.subtract(were_dirty as u64);
        self.share();
        Some(pool)
    }

    /// Gives an empty pool's pages back to its arena; returns that arena, taken
    /// out of the set, if it is the second empty one: it should go back to the
    /// supply. The last empty one is kept.
    ///
    /// # Safety
    /// `pool` is in use by this set's heap, empty, and on no list.
    pub(crate) unsafe fn give_pool(&self, pool: NonNull<Pool>) -> Option<NonNull<Arena>> {
        let arena = Arena::of_pool(pool);
        // SAFETY: the caller's contract.
        let pages = unsafe { Arena::give_pool(pool) } as u64;
        self.used_pages.subtract(pages);
        self.dirty_pages.add(pages);
        // SAFETY: a live arena.
        let header = unsafe { arena.as_ref() };
        if header.is_empty() && self.has_empty() {
            // SAFETY: the arena of a live pool is in this set.
            unsafe { self.displace(arena) };
            self.dirty_pages.subtract(header.dirty_page_count() as u64);
            self.share();
            return Some(arena);
        }
        // SAFETY: as above.
        unsafe { self.settle(arena) };
        self.share();
        self.purge_surplus();
        None
    }

    /// Tells `keep` of what has become dirty or clean, if it is enough.
    fn share(&self) {
        let (now, shared) = (self.dirty_pages(), self.shared_pages.get() as usize);
        let bytes = now.abs_diff(shared) * self.grid.page_bytes();
        if bytes < SHARED_BYTES_MIN {
            return;
        }
        self.shared_pages.set(now as u64);
        if now > shared { keep::free(bytes, bytes) } else { keep::reuse(bytes) }
    }

    /// Purges the sparsest arenas, once much more is kept than may be, until it is not.
    fn purge_surplus(&self) {
        if keep::excess() <= keep::tolerance() {
            return;
        }
        let bytes = || self.dirty_pages() * self.grid.page_bytes();
        while bytes() > DIRTY_BYTES_MIN && keep::excess() > 0 {
            let Some(arena) = self.sparsest_worth_purging() else { return };
            // SAFETY: the arena is in this set, unchanged.
            unsafe { self.remove(arena) };
            Arena::purge_what_is_worth_it(arena);
            // SAFETY: it was just taken out.
            unsafe { self.insert(arena) };
            self.share();
        }
    }

    /// Purges every dirty page.
    pub(crate) fn purge_all(&self) {
        for order in 1..=USABLE_PAGES {
            // SAFETY: purging moves no arena. None is worth a purge afterwards, so
            // the buckets' order holds.
            for arena in unsafe { self.bucket(order) } {
                Arena::purge(arena);
                // SAFETY: as above: a live arena.
                let header = unsafe { arena.as_ref() };
                header.place(header.standing());
            }
        }
        self.purgeable.set(0);
        self.dirty_pages.set(0);
        self.share();
    }

    /// The first arena in the lowest of some buckets.
    fn first_of(&self, buckets: u64) -> Option<NonNull<Arena>> {
        // Without any: bucket 0, which is empty.
        let lowest = buckets.trailing_zeros() as usize;
        NonNull::new(self.buckets[lowest % ARENA_PAGES].first.get())
    }

    fn sparsest_worth_purging(&self) -> Option<NonNull<Arena>> {
        self.first_of(1 << self.purgeable.get().checked_ilog2()?)
    }

    /// Takes the kept empty arena out of the set, if there is one.
    pub(crate) fn take_empty(&self) -> Option<NonNull<Arena>> {
        let arena = NonNull::new(self.buckets[USABLE_PAGES].first.get())?;
        // SAFETY: it is in the set, unchanged.
        unsafe { self.remove(arena) };
        self.share();
        Some(arena)
    }

    /// Pages of the set's arenas that are in pools.
    pub(crate) fn used_pages(&self) -> usize {
        self.used_pages.get() as usize
    }

    /// Free pages of the set's arenas that may be resident.
    pub(crate) fn dirty_pages(&self) -> usize {
        self.dirty_pages.get() as usize
    }

    /// Bytes of these, as many as `keep` counts as kept.
    pub(crate) fn shared_bytes(&self) -> usize {
        self.shared_pages.get() as usize * self.grid.page_bytes()
    }

    fn has_empty(&self) -> bool {
        self.occupied.get() >> USABLE_PAGES & 1 != 0
    }

    /// The arenas of one order.
    ///
    /// # Safety
    /// The set does not change while the iterator lives.
    pub(crate) unsafe fn bucket(&self, order: usize) -> impl Iterator<Item = NonNull<Arena>> {
        let first = NonNull::new(self.buckets[order % ARENA_PAGES].first.get());
        core::iter::successors(first, |arena| {
            // SAFETY: what is in a bucket is a live arena.
            NonNull::new(unsafe { arena.as_ref() }.links().0.get())
        })
    }

    /// Whether the arenas of an order are marked as being there.
    pub(crate) fn is_occupied(&self, order: usize) -> bool {
        self.occupied.get() >> order & 1 != 0
    }

    /// Whether they are marked as having one that is worth a purge.
    pub(crate) fn is_purgeable(&self, order: usize) -> bool {
        self.purgeable.get() >> order & 1 != 0
    }
}

/// Gives an arena that its set has let go back to the supply.
///
/// # Safety
/// `arena` is in use, of this family, empty, and in no set.
pub(crate) unsafe fn give_arena(arena: NonNull<Arena>, family: Family) {
    // SAFETY: the caller's contract: a live arena.
    let resident = unsafe { arena.as_ref() }.resident_bytes();
    // SAFETY: the caller's contract.
    let base = unsafe { Arena::retire(arena) };
    pagemap::mark_arena(base, family.grid(), false);
    if HARDENED {
        // Others' blocks will lie there, and are handed out only if they are zero.
        // SAFETY: the arena is out of use, and not yet the supply's.
        unsafe { Arena::clear_headers(base) };
    }
    // SAFETY: it came from the supply for this family, and no block is left in it.
    unsafe { supply::give_arena(base, family, resident) };
}

impl Bucket {
    const fn new() -> Self {
        Self { first: OwnerPtr::null(), last: OwnerPtr::null() }
    }

    /// Whether an arena in it is worth a purge: then the first one is.
    fn is_worth_purging(&self) -> bool {
        // SAFETY: what is in a bucket is a live arena.
        unsafe { self.first.get().as_ref() }.is_some_and(|arena| arena.placed().is_worth_purging())
    }

    /// # Safety
    /// `arena` is live and in no bucket.
    unsafe fn insert_first(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract; what is in a bucket is a live arena.
        unsafe { self.insert(arena, core::ptr::null_mut(), self.first.get()) };
    }

    /// # Safety
    /// `arena` is live and in no bucket.
    unsafe fn insert_last(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract; what is in a bucket is a live arena.
        unsafe { self.insert(arena, self.last.get(), core::ptr::null_mut()) };
    }

    /// Adds an arena between two neighbours.
    ///
    /// # Safety
    /// `arena` is live and in no bucket; `prev` and `next` are live arenas of this one that
    /// follow each other, or null at its ends.
    unsafe fn insert(&self, arena: NonNull<Arena>, prev: *mut Arena, next: *mut Arena) {
        // SAFETY: the caller's contract.
        let links = unsafe { arena.as_ref() }.links();
        links.0.set(next);
        links.1.set(prev);
        // SAFETY: the caller's contract.
        unsafe { self.link(prev, arena.as_ptr(), arena.as_ptr(), next) };
    }

    /// Takes an arena out.
    ///
    /// # Safety
    /// `arena` is in this bucket.
    unsafe fn remove(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract: a live arena.
        let (next, prev) = unsafe { arena.as_ref() }.links();
        let (next, prev) = (next.get(), prev.get());
        // SAFETY: the neighbours are in this bucket: live arenas, or null.
        unsafe { self.link(prev, next, prev, next) };
    }

    /// Has `prev` followed by `after_prev`, and `next` preceded by `before_next`;
    /// without a neighbour, the bucket's own ends.
    ///
    /// # Safety
    /// `prev` and `next` are live arenas, or null.
    unsafe fn link(
        &self,
        prev: *mut Arena,
        after_prev: *mut Arena,
        before_next: *mut Arena,
        next: *mut Arena,
    ) {
        // SAFETY: the caller's contract.
        let follower = unsafe { prev.as_ref() }.map_or(&self.first, |prev| prev.links().0);
        follower.set(after_prev);
        // SAFETY: the caller's contract.
        let preceder = unsafe { next.as_ref() }.map_or(&self.last, |next| next.links().1);
        preceder.set(before_next);
    }
}
