//! What a piece of code does to the heap, measured at its two ends.
//!
//! [`measure`] runs a closure between two looks at the calling thread's
//! counters. A [`Stretch`] is the same without the closure, for whoever comes
//! and goes: calls, spans, scopes.

use std::fmt;
use std::marker::PhantomData;

use crate::clock;
use crate::counting::counts::HeapCounts;
use crate::counting::switch;
use crate::counting::thread::{self, ThreadRecord};
use crate::counting::uncounted::Uncounted;
use crate::recording::frame::Frame;

/// What a piece of code asked of the allocator, on the thread that ran it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeapUse {
    /// Bytes that it asked for; a `realloc` counts its new size,
    pub allocated_bytes: u64,
    /// Bytes that it gave back; a `realloc` counts its old size.
    pub freed_bytes: u64,
    /// Blocks that it asked for; a `realloc` is none.
    pub allocated_blocks: u64,
    /// Blocks that it gave back.
    pub freed_blocks: u64,
    /// Blocks that it asked to be resized.
    pub reallocated_blocks: u64,
    /// Bytes that moved to another address when blocks were resized.
    pub copied_bytes: u64,
    /// The most, in bytes, that the thread's live heap rose above its start.
    pub peak_bytes: u64,
}

impl HeapUse {
    /// Returns the bytes that were allocated and not freed; below zero if more
    /// was freed.
    ///
    /// ```
    /// # use std::alloc::System;
    /// # #[global_allocator]
    /// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
    /// let (text, heap) = alloc_profiler::measure(|| "x".repeat(100));
    /// assert_eq!((text.len(), heap.net_bytes()), (100, 100));
    /// ```
    pub fn net_bytes(&self) -> i64 {
        self.allocated_bytes.wrapping_sub(self.freed_bytes).cast_signed()
    }

    /// Returns the blocks that were allocated and not freed; below zero if more
    /// were freed.
    ///
    /// ```
    /// # use std::alloc::System;
    /// # #[global_allocator]
    /// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
    /// let (_kept, heap) = alloc_profiler::measure(|| [Box::new(1), Box::new(2)]);
    /// assert_eq!(heap.net_blocks(), 2);
    /// ```
    pub fn net_blocks(&self) -> i64 {
        self.allocated_blocks.wrapping_sub(self.freed_blocks).cast_signed()
    }

    /// Adds what other work did: sums, and the larger peak.
    ///
    /// ```
    /// # use std::alloc::System;
    /// # #[global_allocator]
    /// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
    /// use alloc_profiler::measure;
    ///
    /// let (_kept, mut sum) = measure(|| Box::new([1_u8; 100]));
    /// sum.add(&measure(|| drop(Box::new([1_u8; 70]))).1);
    /// assert_eq!((sum.net_bytes(), sum.peak_bytes), (100, 100));
    /// ```
    pub fn add(&mut self, more: &Self) {
        let peak_bytes = self.peak_bytes.max(more.peak_bytes);
        self.add_counts(more, peak_bytes);
    }

    /// Adds what the same work did afterwards: sums, and the peak of both, the
    /// later one's on top of what the earlier one left.
    ///
    /// ```
    /// # use std::alloc::System;
    /// # #[global_allocator]
    /// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
    /// use alloc_profiler::measure;
    ///
    /// let (_kept, mut whole) = measure(|| Box::new([1_u8; 100]));
    /// whole.append(&measure(|| drop(Box::new([1_u8; 70]))).1);
    /// assert_eq!((whole.net_bytes(), whole.peak_bytes), (100, 170));
    /// ```
    pub fn append(&mut self, later: &Self) {
        let later_peak = self.net_bytes().saturating_add_unsigned(later.peak_bytes);
        let peak_bytes = self.peak_bytes.max(later_peak.max(0).cast_unsigned());
        self.add_counts(later, peak_bytes);
    }

    fn add_counts(&mut self, more: &Self, peak_bytes: u64) {
        let mut counts = self.counts();
        counts.add(&more.counts());
        *self = Self::new(&counts, peak_bytes);
    }

    pub(crate) fn new(counts: &HeapCounts, peak_bytes: u64) -> Self {
        Self {
            allocated_bytes: counts.allocated_bytes,
            freed_bytes: counts.freed_bytes,
            allocated_blocks: counts.allocated_blocks,
            freed_blocks: counts.freed_blocks,
            reallocated_blocks: counts.reallocated_blocks,
            copied_bytes: counts.copied_bytes,
            peak_bytes,
        }
    }

    fn counts(&self) -> HeapCounts {
        HeapCounts {
            allocated_bytes: self.allocated_bytes,
            freed_bytes: self.freed_bytes,
            allocated_blocks: self.allocated_blocks,
            freed_blocks: self.freed_blocks,
            reallocated_blocks: self.reallocated_blocks,
            copied_bytes: self.copied_bytes,
        }
    }
}

/// One line: `3 blocks of 1,200 bytes allocated, 1 of 200 freed, …`.
impl fmt::Display for HeapUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} blocks of {} bytes allocated, {} of {} freed, {} resized with {} bytes copied, \
             peak {} bytes",
            self.allocated_blocks,
            self.allocated_bytes,
            self.freed_blocks,
            self.freed_bytes,
            self.reallocated_blocks,
            self.copied_bytes,
            self.peak_bytes,
        )
    }
}

/// Returns what `work` returns, and what it did to the heap on this thread.
///
/// The result is still alive when the heap is looked at last, so what it holds
/// counts as allocated. What other threads allocate for it does not count. All
/// is zero if the program's global allocator is not a
/// [`ProfiledAlloc`](crate::ProfiledAlloc).
///
/// ```
/// use std::alloc::System;
/// use alloc_profiler::{ProfiledAlloc, measure};
///
/// #[global_allocator]
/// static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);
///
/// let (sum, heap) = measure(|| {
///     let squares: Vec<u64> = (1..=100).map(|n| n * n).collect();
///     squares.iter().sum::<u64>()
/// });
/// assert_eq!(sum, 338_350);
/// assert_eq!((heap.allocated_blocks, heap.allocated_bytes), (1, 800));
/// assert_eq!((heap.net_bytes(), heap.peak_bytes), (0, 800));
/// ```
pub fn measure<T>(work: impl FnOnce() -> T) -> (T, HeapUse) {
    let measuring = Measuring::begin();
    let result = work();
    let heap = measuring.end();
    (result, heap)
}

/// Returns what `work` returns; what it allocates and frees counts for nobody.
///
/// For tools that look on from inside the program, whose own memory is not the
/// program's. What is allocated in `work` should be freed in such a stretch too,
/// else the counters see a free without its allocation.
///
/// ```
/// # use std::alloc::System;
/// # #[global_allocator]
/// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
/// use alloc_profiler::{measure, uncounted};
///
/// let (length, heap) = measure(|| uncounted(|| vec![0_u8; 1000].len()));
/// assert_eq!((length, heap.allocated_bytes), (1000, 0));
/// ```
pub fn uncounted<T>(work: impl FnOnce() -> T) -> T {
    let _uncounted = Uncounted::begin();
    work()
}

/// A stretch of the calling thread's work, which is measured where it ends.
///
/// ```
/// # use std::alloc::System;
/// # #[global_allocator]
/// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
/// let measuring = alloc_profiler::Measuring::begin();
/// let text = "x".repeat(100);
/// let heap = measuring.end();
/// assert_eq!(heap.net_bytes(), text.len() as i64);
/// ```
#[must_use = "it measures until `end` is called"]
#[derive(Debug)]
pub struct Measuring {
    stretch: Stretch,
    calling: Calling,
    /// It ends on the thread on which it began.
    not_send: PhantomData<*const ()>,
}

impl Measuring {
    /// Begins to measure.
    ///
    /// Stretches may lie in one another, and begin and end on different lines of a
    /// profiled function. One that begins in another, or in a call of a profiled
    /// function, should end there: if it does not, its counts are right, but the
    /// peaks of both may not be.
    pub fn begin() -> Self {
        switch::on();
        let calling = Calling::begin(thread::current_for_calls());
        Self { stretch: Stretch::begin(calling.0), calling, not_send: PhantomData }
    }

    /// Returns what the thread asked of the allocator since the beginning.
    pub fn end(self) -> HeapUse {
        let (heap, _) = self.stretch.end(self.calling.0);
        heap
    }
}

/// A call that keeps the thread's record where it is, even where the thread's
/// locals are destroyed already, and ends with this.
#[derive(Debug)]
struct Calling(&'static ThreadRecord);

impl Calling {
    fn begin(record: &'static ThreadRecord) -> Self {
        record.begin_call();
        Self(record)
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        self.0.end_call();
    }
}

/// A stretch of one thread's work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    start: HeapCounts,
    outer_peak_bytes: i64,
    since_ns: u64,
}

impl Stretch {
    /// Begins one on the thread of `record`.
    pub(crate) fn begin(record: &ThreadRecord) -> Self {
        // The stretch may end on another line, which cannot be given it back.
        Frame::note_peak(record);
        Self {
            start: record.counters.own(),
            outer_peak_bytes: record.counters.begin_stretch(),
            since_ns: clock::nanoseconds(),
        }
    }

    /// Ends it on the same thread; returns what it did, and the nanoseconds that
    /// it took.
    pub(crate) fn end(&self, record: &ThreadRecord) -> (HeapUse, u64) {
        let time_ns = clock::nanoseconds().saturating_sub(self.since_ns);
        let peak = record.counters.stretch_peak_bytes();
        record.counters.end_stretch(self.outer_peak_bytes);
        let rise = peak.wrapping_sub(self.start.net_bytes()).max(0).cast_unsigned();
        (HeapUse::new(&record.counters.own().since(&self.start), rise), time_ns)
    }
}
