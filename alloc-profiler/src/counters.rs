//! Heap counts: the plain figures, and the form that one thread writes while
//! others may read.
//!
//! Counters have a single writer, so an addition is a relaxed load and a relaxed
//! store, as cheap as on a plain integer; readers on other threads see a value
//! that was right a moment ago. All arithmetic wraps: counts are only ever used
//! as differences, which wrapping keeps right, and nothing here can panic, as
//! befits code that runs inside an allocator.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes and blocks that passed through the allocator, as plain numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeapCounts {
    pub(crate) allocated_bytes: u64,
    pub(crate) freed_bytes: u64,
    pub(crate) allocated_blocks: u64,
    pub(crate) freed_blocks: u64,
}

impl HeapCounts {
    /// Returns the bytes that were allocated and not freed.
    pub(crate) fn net_bytes(&self) -> i64 {
        self.allocated_bytes.wrapping_sub(self.freed_bytes).cast_signed()
    }

    /// Returns what was counted since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            allocated_bytes: self.allocated_bytes.wrapping_sub(earlier.allocated_bytes),
            freed_bytes: self.freed_bytes.wrapping_sub(earlier.freed_bytes),
            allocated_blocks: self.allocated_blocks.wrapping_sub(earlier.allocated_blocks),
            freed_blocks: self.freed_blocks.wrapping_sub(earlier.freed_blocks),
        }
    }

    /// Adds `more`.
    pub(crate) fn add(&mut self, more: &Self) {
        self.allocated_bytes = self.allocated_bytes.wrapping_add(more.allocated_bytes);
        self.freed_bytes = self.freed_bytes.wrapping_add(more.freed_bytes);
        self.allocated_blocks = self.allocated_blocks.wrapping_add(more.allocated_blocks);
        self.freed_blocks = self.freed_blocks.wrapping_add(more.freed_blocks);
    }
}

/// A number that one thread writes and every thread may read.
#[derive(Debug)]
pub(crate) struct Tally(AtomicU64);

impl Tally {
    /// Returns a tally of zero.
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
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
}

/// [`HeapCounts`] that one thread writes and every thread may read.
#[derive(Debug)]
pub(crate) struct HeapCounters {
    allocated_bytes: Tally,
    freed_bytes: Tally,
    allocated_blocks: Tally,
    freed_blocks: Tally,
}

impl HeapCounters {
    /// Returns counters at zero.
    pub(crate) const fn new() -> Self {
        Self {
            allocated_bytes: Tally::new(),
            freed_bytes: Tally::new(),
            allocated_blocks: Tally::new(),
            freed_blocks: Tally::new(),
        }
    }

    /// Returns all four counts.
    #[inline]
    pub(crate) fn get(&self) -> HeapCounts {
        HeapCounts {
            allocated_bytes: self.allocated_bytes.get(),
            freed_bytes: self.freed_bytes.get(),
            allocated_blocks: self.allocated_blocks.get(),
            freed_blocks: self.freed_blocks.get(),
        }
    }

    /// Returns the bytes allocated and the bytes freed.
    #[inline]
    pub(crate) fn bytes(&self) -> [u64; 2] {
        [self.allocated_bytes.get(), self.freed_bytes.get()]
    }

    /// Returns the bytes that were allocated and not freed.
    #[inline]
    pub(crate) fn net_bytes(&self) -> i64 {
        self.allocated_bytes.get().wrapping_sub(self.freed_bytes.get()).cast_signed()
    }

    /// Replaces all four counts. For the owning thread only.
    pub(crate) fn set(&self, counts: &HeapCounts) {
        self.allocated_bytes.set(counts.allocated_bytes);
        self.freed_bytes.set(counts.freed_bytes);
        self.allocated_blocks.set(counts.allocated_blocks);
        self.freed_blocks.set(counts.freed_blocks);
    }

    /// Adds `more`. For the owning thread only.
    pub(crate) fn add(&self, more: &HeapCounts) {
        self.allocated_bytes.add(more.allocated_bytes);
        self.freed_bytes.add(more.freed_bytes);
        self.allocated_blocks.add(more.allocated_blocks);
        self.freed_blocks.add(more.freed_blocks);
    }

    /// Counts a block of `size` bytes that the program was given.
    #[inline]
    pub(crate) fn count_allocated(&self, size: usize) {
        self.allocated_bytes.add(size as u64);
        self.allocated_blocks.add(1);
    }

    /// Counts a block of `size` bytes that the program gave back.
    #[inline]
    pub(crate) fn count_freed(&self, size: usize) {
        self.freed_bytes.add(size as u64);
        self.freed_blocks.add(1);
    }

    /// Counts a block that went from `old` to `new` bytes: the same block, as
    /// far as the program can tell, so only bytes move.
    #[inline]
    pub(crate) fn count_resized(&self, old: usize, new: usize) {
        self.allocated_bytes.add(new as u64);
        self.freed_bytes.add(old as u64);
    }
}
