//! A heap's arenas of one family, the fullest first.
//!
//! CPython keeps its usable arenas sorted by free pools and serves from the
//! fullest, so that sparse ones drain and go back to the system. The same order
//! here is a bucket per number of free pages and a bit per bucket that is not
//! empty: a move between buckets is O(1) for any number of pages, where a sorted
//! list would step.
//!
//! Invariant: an arena with n > 0 free pages is in bucket n; one with none is in
//! no bucket. At most one arena is empty: `put` hands a second one back.

use core::ptr::NonNull;

use crate::arena::Arena;
use crate::cell::{OwnerPtr, OwnerU64};
use crate::class::SizeClass;
use crate::config::{ARENA_PAGES, USABLE_PAGES};
use crate::pool::Pool;

/// The arenas of one heap and family.
pub(crate) struct ArenaSet {
    buckets: [OwnerPtr<Arena>; ARENA_PAGES],
    occupied: OwnerU64,
}

impl ArenaSet {
    pub(crate) const fn new() -> Self {
        Self { buckets: [const { OwnerPtr::null() }; ARENA_PAGES], occupied: OwnerU64::zero() }
    }

    /// Adds an arena with free pages.
    ///
    /// # Safety
    /// `arena` is in use by this set's heap, and in no bucket.
    pub(crate) unsafe fn insert(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract: a live arena.
        let header = unsafe { arena.as_ref() };
        let free = header.free_page_count();
        if free == 0 {
            return;
        }
        let bucket = &self.buckets[free % ARENA_PAGES];
        let first = bucket.get();
        let (next, prev) = header.links();
        next.set(first);
        prev.set(core::ptr::null_mut());
        // SAFETY: what is in a bucket is a live arena, or null.
        if let Some(first) = unsafe { first.as_ref() } {
            first.links().1.set(arena.as_ptr());
        }
        bucket.set(arena.as_ptr());
        self.occupied.set(self.occupied.get() | 1 << free);
    }

    /// Takes an arena out of the bucket that its number of free pages names.
    ///
    /// # Safety
    /// `arena` is in this set, and its pages have not changed since.
    pub(crate) unsafe fn remove(&self, arena: NonNull<Arena>) {
        // SAFETY: the caller's contract: a live arena.
        let header = unsafe { arena.as_ref() };
        let free = header.free_page_count();
        if free == 0 {
            return;
        }
        let (next, prev) = header.links();
        let (next, prev) = (next.get(), prev.get());
        let bucket = &self.buckets[free % ARENA_PAGES];
        // SAFETY: a neighbour is a live arena, or null.
        match unsafe { prev.as_ref() } {
            Some(prev) => prev.links().0.set(next),
            None => bucket.set(next),
        }
        // SAFETY: as above.
        if let Some(next) = unsafe { next.as_ref() } {
            next.links().1.set(prev);
        }
        if bucket.get().is_null() {
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
        if unsafe { arena.as_ref() }.is_empty() && self.has_empty() {
            return Some(arena);
        }
        // SAFETY: it was taken out above.
        unsafe { self.insert(arena) };
        None
    }

    /// Takes the kept empty arena out of the set, if there is one.
    pub(crate) fn take_empty(&self) -> Option<NonNull<Arena>> {
        let arena = NonNull::new(self.buckets[USABLE_PAGES].get())?;
        // SAFETY: it is in the set, unchanged.
        unsafe { self.remove(arena) };
        Some(arena)
    }

    fn has_empty(&self) -> bool {
        self.occupied.get() >> USABLE_PAGES & 1 != 0
    }

    /// The arenas with `free` free pages.
    ///
    /// # Safety
    /// The set does not change while the iterator lives.
    pub(crate) unsafe fn bucket(&self, free: usize) -> impl Iterator<Item = NonNull<Arena>> {
        let first = NonNull::new(self.buckets[free % ARENA_PAGES].get());
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
