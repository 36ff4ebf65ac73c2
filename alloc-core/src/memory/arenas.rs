//! A heap's arenas of one family, the fullest first.
//!
//! CPython keeps its usable arenas sorted by free pools and serves from the
//! fullest, so that sparse ones drain and go back to the system. The same order
//! here is a bucket per number of free pages and a bit per bucket that is not
//! empty: a move between buckets is O(1) for any number of pages, where a sorted
//! list would step.
//!
//! Pages that pools have left stay resident for the next pool as far as [`keep`]
//! allows; what is over is purged, the sparsest arenas' dirty pages first, those in short
//! runs only once an arena is nearly empty. To find these at once, arenas worth a purge
//! stand first in their bucket, the others last.
//! `keep` learns of dirty pages by the quarter mebibyte, so that threads do not meet
//! at its counters once a pool: `shared_pages` is what it knows of.
//!
//! Invariants: an arena with n > 0 free pages is in bucket n; one with none is in
//! no bucket. At most one arena is empty: `give_pool` hands a second one back.
//! `used_pages` and `dirty_pages` are the sums over the set's arenas.

use core::ptr::NonNull;

use crate::arena::Arena;
use crate::cell::{OwnerPtr, OwnerU64};
use crate::class::SizeClass;
use crate::config::{
    ARENA_PAGES, DIRTY_PAGES_MIN, POOL_BYTES, SHARED_PAGES_MIN, SPARSE_PAGES, USABLE_PAGES,
};
use crate::keep;
use crate::pool::Pool;

/// The arenas of one heap and family.
pub(crate) struct ArenaSet {
    buckets: [Bucket; ARENA_PAGES],
    occupied: OwnerU64,
    used_pages: OwnerU64,
    dirty_pages: OwnerU64,
    shared_pages: OwnerU64,
}

/// The arenas with one number of free pages, doubly linked.
struct Bucket {
    first: OwnerPtr<Arena>,
    last: OwnerPtr<Arena>,
}

impl ArenaSet {
    pub(crate) const fn new() -> Self {
        Self {
            buckets: [const { Bucket::new() }; ARENA_PAGES],
            occupied: OwnerU64::zero(),
            used_pages: OwnerU64::zero(),
            dirty_pages: OwnerU64::zero(),
            shared_pages: OwnerU64::zero(),
        }
    }

    /// Adds an arena.
    ///
    /// # Safety
    /// `arena` is in use by this set's heap, and in no bucket.
    pub(crate) unsafe fn insert(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract: a live arena.
        let header = unsafe { arena.as_ref() };
        let free = header.free_page_count();
        self.used_pages.set(self.used_pages.get() + (USABLE_PAGES - free) as u64);
        self.dirty_pages.set(self.dirty_pages.get() + header.dirty_page_count() as u64);
        if free == 0 {
            return;
        }
        // SAFETY: the caller's contract.
        unsafe { self.buckets[free % ARENA_PAGES].insert(arena) };
        self.occupied.set(self.occupied.get() | 1 << free);
    }

    /// Takes an arena out: of the bucket that its free pages name, and of the sums.
    ///
    /// # Safety
    /// `arena` is in this set, and its pages have not changed since.
    pub(crate) unsafe fn remove(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract: a live arena.
        let header = unsafe { arena.as_ref() };
        let free = header.free_page_count();
        self.used_pages.set(self.used_pages.get() - (USABLE_PAGES - free) as u64);
        self.dirty_pages.set(self.dirty_pages.get() - header.dirty_page_count() as u64);
        if free == 0 {
            return;
        }
        debug_assert!(self.is_occupied(free), "an arena is in its bucket");
        let bucket = &self.buckets[free % ARENA_PAGES];
        // SAFETY: the caller's contract.
        unsafe { bucket.remove(arena) };
        if bucket.first.get().is_null() {
            self.occupied.set(self.occupied.get() & !(1 << free));
        }
    }

    /// A new pool of `class` from the fullest arena that has room for it.
    pub(crate) fn take_pool(&self, class: SizeClass) -> Option<NonNull<Pool>> {
        let arena = self.fullest_with_room(class)?;
        // SAFETY: the arena is in this set, unchanged.
        unsafe { self.remove(arena) };
        let pool = Arena::take_pool(arena, class);
        // SAFETY: it was just taken out.
        unsafe { self.insert(arena) };
        self.share();
        pool
    }

    fn fullest_with_room(&self, class: SizeClass) -> Option<NonNull<Arena>> {
        let mut buckets = self.occupied.get() & (u64::MAX << class.pool_pages());
        while buckets != 0 {
            // SAFETY: nothing here changes the set.
            let mut bucket = unsafe { self.bucket(buckets.trailing_zeros() as usize) };
            // SAFETY: what is in a bucket is a live arena.
            let found = bucket.find(|arena| unsafe { arena.as_ref() }.has_room(class));
            if found.is_some() {
                return found;
            }
            buckets &= buckets - 1;
        }
        None
    }

    /// Gives an empty pool's pages back to its arena; returns that arena, taken
    /// out of the set, if it is the second empty one: it should go back to the
    /// supply. The last empty one is kept.
    ///
    /// # Safety
    /// `pool` is in use by this set's heap, empty, and on no list.
    pub(crate) unsafe fn give_pool(&self, pool: NonNull<Pool>) -> Option<NonNull<Arena>> {
        let arena = Arena::of_pool(pool);
        // SAFETY: the arena of a live pool is in this set, unchanged.
        unsafe { self.remove(arena) };
        // SAFETY: the caller's contract.
        unsafe { Arena::give_pool(pool) };
        // SAFETY: a live arena.
        let header = unsafe { arena.as_ref() };
        if header.is_empty() && self.has_empty() {
            self.share();
            return Some(arena);
        }
        // SAFETY: it was taken out above.
        unsafe { self.insert(arena) };
        self.share();
        self.purge_surplus();
        None
    }

    /// Tells `keep` of what has become dirty or clean, if it is enough.
    fn share(&self) {
        let (now, shared) = (self.dirty_pages(), self.shared_pages());
        if now.abs_diff(shared) < SHARED_PAGES_MIN {
            return;
        }
        self.shared_pages.set(now as u64);
        let bytes = now.abs_diff(shared) * POOL_BYTES;
        if now > shared { keep::free(bytes, bytes) } else { keep::reuse(bytes) }
    }

    /// Purges the sparsest arenas while too much is kept.
    fn purge_surplus(&self) {
        while self.dirty_pages() > DIRTY_PAGES_MIN && keep::excess() > 0 {
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
        for free in 1..=USABLE_PAGES {
            // SAFETY: purging moves no arena. None is worth a purge afterwards, so
            // the buckets' order holds.
            unsafe { self.bucket(free) }.for_each(Arena::purge);
        }
        self.dirty_pages.set(0);
        self.share();
    }

    fn sparsest_worth_purging(&self) -> Option<NonNull<Arena>> {
        let mut buckets = self.occupied.get() & (u64::MAX << SPARSE_PAGES);
        while buckets != 0 {
            let free = buckets.ilog2();
            let first = NonNull::new(self.buckets[free as usize].first.get())?;
            // SAFETY: what is in a bucket is a live arena.
            if unsafe { first.as_ref() }.is_worth_purging() {
                return Some(first);
            }
            buckets &= !(1 << free);
        }
        None
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

    /// Of these, as many as `keep` counts as kept.
    pub(crate) fn shared_pages(&self) -> usize {
        self.shared_pages.get() as usize
    }

    fn has_empty(&self) -> bool {
        self.occupied.get() >> USABLE_PAGES & 1 != 0
    }

    /// The arenas with `free` free pages.
    ///
    /// # Safety
    /// The set does not change while the iterator lives.
    pub(crate) unsafe fn bucket(&self, free: usize) -> impl Iterator<Item = NonNull<Arena>> {
        let first = NonNull::new(self.buckets[free % ARENA_PAGES].first.get());
        core::iter::successors(first, |arena| {
            // SAFETY: what is in a bucket is a live arena.
            NonNull::new(unsafe { arena.as_ref() }.links().0.get())
        })
    }

    /// Whether bucket `free` is marked as holding an arena.
    pub(crate) fn is_occupied(&self, free: usize) -> bool {
        self.occupied.get() >> free & 1 != 0
    }
}

impl Bucket {
    const fn new() -> Self {
        Self { first: OwnerPtr::null(), last: OwnerPtr::null() }
    }

    /// Adds an arena: first if it is worth a purge, else last.
    ///
    /// # Safety
    /// `arena` is live and in no bucket.
    unsafe fn insert(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract.
        let header = unsafe { arena.as_ref() };
        let (next, prev) = if header.is_worth_purging() {
            (self.first.get(), core::ptr::null_mut())
        } else {
            (core::ptr::null_mut(), self.last.get())
        };
        header.links().0.set(next);
        header.links().1.set(prev);
        // SAFETY: the neighbours are in this bucket: live arenas, or null.
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
