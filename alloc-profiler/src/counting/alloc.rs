//! [`ProfiledAlloc`]: a global allocator that counts what passes through it.
//!
//! Each method calls the inner allocator's method of the same name, so the
//! inner one keeps its fast paths for `realloc` and `alloc_zeroed`, and
//! counts the bytes that the *program* asked for, not the block that it got.
//! Counts go to the calling thread's own record; nothing is shared. Until the
//! first profiled function is entered nothing is counted: one load and a branch
//! are all that the wrapper costs. A failed request counts nothing.

use std::alloc::{GlobalAlloc, Layout};
use std::hint::cold_path;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// Counts a `block` of `size` bytes that the program is given, and returns it. What is
/// rare returns it too, and is called last, so that nothing is saved for it.
#[inline]
fn count_allocated(block: *mut u8, size: usize) -> *mut u8 {
    match thread::existing() {
        _ if block.is_null() => block,
        None => count_allocated_on_new_record(block, size),
        Some(record) if record.counters.count_allocated(size) => watermark_passed(block),
        Some(_) => block,
    }
}

#[cold]
#[inline(never)]
fn count_allocated_on_new_record(block: *mut u8, size: usize) -> *mut u8 {
    if thread::count_on_new_record(|counters| counters.count_allocated(size)) {
        limit::watermark_passed();
    }
    block
}

#[cold]
#[inline(never)]
fn watermark_passed(block: *mut u8) -> *mut u8 {
    limit::watermark_passed();
    block
}

/// Counts a block that went from `old` to `new` bytes, to another address or not.
#[inline]
fn count_resized(old: usize, new: usize, has_moved: bool) {
    let copied = if has_moved { old.min(new) } else { 0 };
    if thread::count(|counters| counters.count_resized(old, new, copied)) {
        limit::watermark_passed();
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

// The methods while counting: functions apart, so that a program in which nothing is
// profiled has the inner allocator's own code at each call, a test before it. The path to
// them is marked as cold, not they: else they would be made small instead of fast.
// (A count behind the inner call would keep the size in a register across it: measured,
// 10 instructions more a call, for then the call was not inlined any more.)
impl<A: GlobalAlloc> ProfiledAlloc<A> {
    /// # Safety
    /// As [`GlobalAlloc::alloc`].
    #[inline(never)]
    unsafe fn counted_alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise about `layout` is the one asked for here.
        count_allocated(unsafe { self.inner.alloc(layout) }, layout.size())
    }

    /// # Safety
    /// As [`GlobalAlloc::dealloc`].
    #[inline(never)]
    unsafe fn counted_dealloc(&self, block: *mut u8, layout: Layout) {
        // Counted first, so that nothing need be kept for that meanwhile.
        match thread::existing() {
            Some(record) => {
                record.counters.count_freed(layout.size());
                // SAFETY: `block` came from this allocator, so from the inner one.
                unsafe { self.inner.dealloc(block, layout) }
            }
            // SAFETY: the caller's contract.
            None => unsafe { self.dealloc_on_new_record(block, layout) },
        }
    }

    /// # Safety
    /// As [`GlobalAlloc::dealloc`].
    #[cold]
    #[inline(never)]
    unsafe fn dealloc_on_new_record(&self, block: *mut u8, layout: Layout) {
        thread::count_on_new_record(|counters| {
            counters.count_freed(layout.size());
            false
        });
        // SAFETY: as in `counted_dealloc`.
        unsafe { self.inner.dealloc(block, layout) };
    }

    /// # Safety
    /// As [`GlobalAlloc::alloc_zeroed`].
    #[inline(never)]
    unsafe fn counted_alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as in `counted_alloc`.
        count_allocated(unsafe { self.inner.alloc_zeroed(layout) }, layout.size())
    }

    /// # Safety
    /// As [`GlobalAlloc::realloc`].
    #[inline(never)]
    unsafe fn counted_realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as in `counted_dealloc`, and the promise about `new_size` is passed on.
        let moved = unsafe { self.inner.realloc(block, layout, new_size) };
        if !moved.is_null() {
            count_resized(layout.size(), new_size, !ptr::eq(moved, block));
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
        if is_counting() {
            cold_path();
            // SAFETY: the caller's promise about `layout` is the one asked for here.
            unsafe { self.counted_alloc(layout) }
        } else {
            // SAFETY: likewise.
            unsafe { self.inner.alloc(layout) }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if is_counting() {
            cold_path();
            // SAFETY: `block` came from this allocator with `layout`, as the caller promised.
            unsafe { self.counted_dealloc(block, layout) }
        } else {
            // SAFETY: likewise, so from the inner allocator, which serves every request.
            unsafe { self.inner.dealloc(block, layout) }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_counting() {
            cold_path();
            // SAFETY: as in `alloc`.
            unsafe { self.counted_alloc_zeroed(layout) }
        } else {
            // SAFETY: as in `alloc`.
            unsafe { self.inner.alloc_zeroed(layout) }
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if is_counting() {
            cold_path();
            // SAFETY: as in `dealloc`, and the promise about `new_size` is passed on.
            unsafe { self.counted_realloc(block, layout, new_size) }
        } else {
            // SAFETY: likewise.
            unsafe { self.inner.realloc(block, layout, new_size) }
        }
    }
}
