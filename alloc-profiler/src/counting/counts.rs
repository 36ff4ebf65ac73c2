//! Heap counts: the plain figures, and the form that one thread writes while
//! others may read.
//!
//! Counters have a single writer, so an addition is a relaxed load and a relaxed
//! store, as cheap as on a plain integer; readers on other threads see a value
//! that was right a moment ago. All arithmetic wraps: counts are only ever used
//! as differences, which wrapping keeps right, and nothing here can panic, as
//! befits code that runs inside an allocator.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Bytes and blocks that passed through the allocator, as plain numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeapCounts {
    pub(crate) allocated_bytes: u64,
    pub(crate) freed_bytes: u64,
    pub(crate) allocated_blocks: u64,
    pub(crate) freed_blocks: u64,
    pub(crate) reallocated_blocks: u64,
    pub(crate) copied_bytes: u64,
}

impl HeapCounts {
    /// Returns the bytes that were allocated and not freed.
    pub(crate) fn net_bytes(&self) -> i64 {
        self.allocated_bytes.wrapping_sub(self.freed_bytes).cast_signed()
    }

    /// Returns what was counted since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        self.with(earlier, u64::wrapping_sub)
    }

    /// Adds `more`.
    pub(crate) fn add(&mut self, more: &Self) {
        *self = self.with(more, u64::wrapping_add);
    }

    fn with(&self, other: &Self, step: fn(u64, u64) -> u64) -> Self {
        Self {
            allocated_bytes: step(self.allocated_bytes, other.allocated_bytes),
            freed_bytes: step(self.freed_bytes, other.freed_bytes),
            allocated_blocks: step(self.allocated_blocks, other.allocated_blocks),
            freed_blocks: step(self.freed_blocks, other.freed_blocks),
            reallocated_blocks: step(self.reallocated_blocks, other.reallocated_blocks),
            copied_bytes: step(self.copied_bytes, other.copied_bytes),
        }
    }
}

/// A number that one thread writes and every thread may read.
#[derive(Debug)]
pub(crate) struct Tally(AtomicU64);

impl Tally {
    /// Returns a tally of zero.
    pub(crate) const fn new() -> Self {
        Self::of(0)
    }

    /// Returns a tally of `value`.
    pub(crate) const fn of(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    /// Returns the number.
    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Replaces the number. For the owning thread only.
    #[inline]
    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Adds to the number. For the owning thread only.
    #[inline]
    pub(crate) fn add(&self, more: u64) {
        self.set(self.get().wrapping_add(more));
    }

    /// Raises the number to `value` if it is less. For the owning thread only.
    #[inline]
    pub(crate) fn raise(&self, value: u64) {
        if value > self.get() {
            self.set(value);
        }
    }
}

/// The same for a number that may be below zero.
#[derive(Debug)]
pub(crate) struct SignedTally(AtomicI64);

impl SignedTally {
    /// Returns a tally of `value`.
    pub(crate) const fn new(value: i64) -> Self {
        Self(AtomicI64::new(value))
    }

    /// Returns the number.
    #[inline]
    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Replaces the number. For the owning thread only.
    #[inline]
    pub(crate) fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Raises the number to `value` if it is less. For the owning thread only.
    #[inline]
    pub(crate) fn raise(&self, value: i64) {
        if value > self.get() {
            self.set(value);
        }
    }
}

/// [`HeapCounts`] that one thread writes and every thread may read.
#[derive(Debug)]
pub(crate) struct HeapCounters {
    allocated_bytes: Tally,
    freed_bytes: Tally,
    allocated_blocks: Tally,
    freed_blocks: Tally,
    reallocated_blocks: Tally,
    copied_bytes: Tally,
}

impl HeapCounters {
    /// Returns counters at zero.
    pub(crate) const fn new() -> Self {
        Self {
            allocated_bytes: Tally::new(),
            freed_bytes: Tally::new(),
            allocated_blocks: Tally::new(),
            freed_blocks: Tally::new(),
            reallocated_blocks: Tally::new(),
            copied_bytes: Tally::new(),
        }
    }

    /// Returns all counts.
    #[inline]
    pub(crate) fn get(&self) -> HeapCounts {
        HeapCounts {
            allocated_bytes: self.allocated_bytes.get(),
            freed_bytes: self.freed_bytes.get(),
            allocated_blocks: self.allocated_blocks.get(),
            freed_blocks: self.freed_blocks.get(),
            reallocated_blocks: self.reallocated_blocks.get(),
            copied_bytes: self.copied_bytes.get(),
        }
    }

    /// Replaces all counts. For the owning thread only.
    #[inline]
    pub(crate) fn set(&self, counts: &HeapCounts) {
        self.allocated_bytes.set(counts.allocated_bytes);
        self.freed_bytes.set(counts.freed_bytes);
        self.allocated_blocks.set(counts.allocated_blocks);
        self.freed_blocks.set(counts.freed_blocks);
        self.reallocated_blocks.set(counts.reallocated_blocks);
        self.copied_bytes.set(counts.copied_bytes);
    }

    /// Returns the bytes that were allocated and not freed.
    #[inline]
    pub(crate) fn net_bytes(&self) -> i64 {
        self.allocated_bytes.get().wrapping_sub(self.freed_bytes.get()).cast_signed()
    }

    /// Adds what `now` has more than `mark`, and moves the mark to `now`. For the owning
    /// thread only.
    #[inline]
    pub(crate) fn add_since(&self, mark: &Self, now: &HeapCounts) {
        let step = |sum: &Tally, mark: &Tally, now: u64| {
            sum.add(now.wrapping_sub(mark.get()));
            mark.set(now);
        };
        step(&self.allocated_bytes, &mark.allocated_bytes, now.allocated_bytes);
        step(&self.freed_bytes, &mark.freed_bytes, now.freed_bytes);
        step(&self.allocated_blocks, &mark.allocated_blocks, now.allocated_blocks);
        step(&self.freed_blocks, &mark.freed_blocks, now.freed_blocks);
        // Few lines have any.
        if now.reallocated_blocks != mark.reallocated_blocks.get() {
            step(&self.reallocated_blocks, &mark.reallocated_blocks, now.reallocated_blocks);
            step(&self.copied_bytes, &mark.copied_bytes, now.copied_bytes);
        }
    }

    /// Adds `more`. For the owning thread only.
    #[inline]
    pub(crate) fn add(&self, more: &HeapCounts) {
        let mut sum = self.get();
        sum.add(more);
        self.set(&sum);
    }
}
