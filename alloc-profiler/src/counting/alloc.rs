//! [`ProfiledAlloc`]: a global allocator that counts what passes through it.
//!
//! Each method calls the inner allocator's method of the same name, so the
//! inner one keeps its fast paths for `realloc` and `alloc_zeroed`, and
//! counts the bytes that the *program* asked for, not the block that it got.
//! Counts go to the calling thread's own record; nothing is shared. Until the
//! first profiled function is entered nothing is counted: one load and a branch
//! are all that the wrapper costs. A failed request counts nothing.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::counting::counters::ThreadCounters;
use crate::counting::thread;
use crate::measuring::limit;

/// Whether a profiled function was ever entered.
static COUNTING: AtomicBool = AtomicBool::new(false);

/// Returns whether allocations are counted yet.
#[inline]
fn is_counting() -> bool {
    // Relaxed: the thread that switches counting on sees it at once, which its
    // own figures need; the others may join a moment later.
    COUNTING.load(Ordering::Relaxed)
}

/// Counts what the calling thread has just done, the careful way.
fn count(step: impl FnOnce(&ThreadCounters) -> bool) {
    if thread::count(step) {
        limit::out_of_room();
    }
}

/// Counts from now on, for the rest of the program.
pub(crate) fn start_counting() {
    COUNTING.store(true, Ordering::Relaxed);
}

/// A global allocator that forwards to `A` and counts, per thread, the bytes
/// that the program asked for.
///
/// Without it as the `#[global_allocator]`, [`profile`](crate::profile) has
/// nothing to show. It costs a load and a branch per call until the first
/// profiled function is entered.
///
/// ```
/// use std::alloc::System;
/// use alloc_profiler::ProfiledAlloc;
///
/// #[global_allocator]
/// static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);
///
/// #[alloc_profiler::profile]
/// fn fill() -> Vec<u8> {
///     vec![7; 1000]
/// }
///
/// assert_eq!(fill().len(), 1000);
/// let report = alloc_profiler::report();
/// assert_eq!(report.functions[0].total_bytes, 1000);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ProfiledAlloc<A> {
    inner: A,
}

impl<A> ProfiledAlloc<A> {
    /// Returns an allocator that serves every request from `inner`.
    ///
    /// ```
    /// use alloc_profiler::ProfiledAlloc;
    ///
    /// static GLOBAL: ProfiledAlloc<std::alloc::System> = ProfiledAlloc::new(std::alloc::System);
    /// # let _ = &GLOBAL;
    /// ```
    pub const fn new(inner: A) -> Self {
        Self { inner }
    }

    /// Returns the allocator that serves the requests, for its own statistics.
    ///
    /// ```
    /// use alloc_profiler::ProfiledAlloc;
    ///
    /// let alloc = ProfiledAlloc::new("inner");
    /// assert_eq!(*alloc.inner(), "inner");
    /// ```
    pub const fn inner(&self) -> &A {
        &self.inner
    }
}

// What the methods do. The careful way is for what is more than a comparison and a few
// additions: a thread's first block, a new peak, a limit to be looked at, a request that failed.
impl<A: GlobalAlloc> ProfiledAlloc<A> {
    /// A counted block, from the method of the inner allocator that is named.
    ///
    /// # Safety
    /// As [`GlobalAlloc::alloc`].
    #[inline]
    unsafe fn alloc_by(&self, layout: Layout, alloc: unsafe fn(&A, Layout) -> *mut u8) -> *mut u8 {
        let is_counted = !is_counting() || thread::counters().count_request(layout.size());
        if is_counted {
            // SAFETY: the caller's promise about `layout` is the one asked for here.
            let block = unsafe { alloc(&self.inner, layout) };
            if !block.is_null() {
                return block;
            }
        }
        // SAFETY: likewise.
        unsafe { self.alloc_carefully(layout, alloc, is_counted) }
    }

    /// What [`alloc_by`](Self::alloc_by) makes of a request that was not counted; null if it
    /// was, and has failed. One call for both, for it is code at every place that allocates.
    ///
    /// # Safety
    /// As [`GlobalAlloc::alloc`].
    #[cold]
    #[inline(never)]
    unsafe fn alloc_carefully(
        &self,
        layout: Layout,
        alloc: unsafe fn(&A, Layout) -> *mut u8,
        has_failed: bool,
    ) -> *mut u8 {
        if has_failed {
            if let Some(record) = thread::existing() {
                record.counters.take_back(layout.size());
            }
            return ptr::null_mut();
        }
        // SAFETY: the caller's promise about `layout` is the one asked for here.
        let block = unsafe { alloc(&self.inner, layout) };
        if !block.is_null() {
            count(|counters| counters.count_allocated(layout.size()));
        }
        block
    }

    /// # Safety
    /// As [`GlobalAlloc::dealloc`].
    #[cold]
    #[inline(never)]
    unsafe fn dealloc_carefully(&self, block: *mut u8, layout: Layout) {
        count(|counters| {
            counters.count_freed(layout.size());
            false
        });
        // SAFETY: `block` came from this allocator, so from the inner one.
        unsafe { self.inner.dealloc(block, layout) };
    }

    /// # Safety
    /// As [`GlobalAlloc::realloc`].
    #[inline(never)]
    unsafe fn counted_realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as in `dealloc_carefully`, and the promise about `new_size` is passed on.
        let moved = unsafe { self.inner.realloc(block, layout, new_size) };
        if !moved.is_null() {
            let (old, has_moved) = (layout.size(), !ptr::eq(moved, block));
            let copied = if has_moved { old.min(new_size) } else { 0 };
            count(|counters| counters.count_resized(old, new_size, copied));
        }
        moved
    }
}

// SAFETY: every method hands its arguments to the inner allocator unchanged and
// returns that one's answer unchanged, so the contract is kept if `A` keeps it.
// Counting touches only the profiler's own records and never unwinds.
unsafe impl<A: GlobalAlloc> GlobalAlloc for ProfiledAlloc<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise about `layout` is the one asked for here.
        unsafe { self.alloc_by(layout, A::alloc) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if is_counting() && !thread::counters().count_return(layout.size()) {
            // SAFETY: `block` came from this allocator with `layout`, as the caller promised.
            return unsafe { self.dealloc_carefully(block, layout) };
        }
        // SAFETY: likewise, so from the inner allocator, which serves every request.
        unsafe { self.inner.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise about `layout` is the one asked for here.
        unsafe { self.alloc_by(layout, A::alloc_zeroed) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if is_counting() {
            // SAFETY: as in `dealloc`, and the promise about `new_size` is passed on.
            unsafe { self.counted_realloc(block, layout, new_size) }
        } else {
            // SAFETY: likewise.
            unsafe { self.inner.realloc(block, layout, new_size) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::System;

    use super::*;
    use crate::counting::switch;

    /// Grants what is small, until it is told not to.
    struct Stingy(AtomicBool);

    // SAFETY: blocks are the system's, or null.
    unsafe impl GlobalAlloc for Stingy {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            if self.0.load(Ordering::Relaxed) {
                return ptr::null_mut();
            }
            // SAFETY: the caller's contract.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            // SAFETY: the caller's contract.
            unsafe { System.dealloc(block, layout) }
        }
    }

    #[test]
    fn a_failed_request_counts_nothing() {
        switch::on();
        let allocator = ProfiledAlloc::new(Stingy(AtomicBool::new(false)));
        let counts = || thread::current().counters.get();
        for size in [1, 500, 1 << 20, isize::MAX.cast_unsigned() - 15] {
            let layout = Layout::from_size_align(size, 16).unwrap();
            let small = Layout::new::<u64>();
            // The second and later blocks of a thread are counted before they are there.
            for round in 0..3 {
                allocator.inner().0.store(false, Ordering::Relaxed);
                // SAFETY: the layout is not empty.
                let block = unsafe { allocator.alloc(small) };
                let before = counts();
                allocator.inner().0.store(true, Ordering::Relaxed);
                // SAFETY: likewise.
                assert!(unsafe { allocator.alloc(layout) }.is_null());
                // SAFETY: likewise.
                assert!(unsafe { allocator.alloc_zeroed(layout) }.is_null());
                // SAFETY: a block of that layout, and a size that makes a valid one.
                assert!(unsafe { allocator.realloc(block, small, size) }.is_null());
                assert_eq!(counts(), before, "{size} bytes, round {round}");
                // SAFETY: a block of that layout, which is not used again.
                unsafe { allocator.dealloc(block, small) };
                let freed = counts().since(&before);
                assert_eq!((freed.freed_bytes, freed.freed_blocks), (8, 1));
            }
        }
    }
}
