//! What spans spend: the figures of one stay in a span, and their sums.
//!
//! A *stay* is what a thread does between a span's enter and its exit. A span has
//! one or more; their figures are put one after the other, as if they had been
//! one stay with pauses. So a future that keeps 100 bytes over an `.await` and
//! then asks for 50 more has a peak of 150.
//!
//! Invariant: arithmetic wraps. An [`OwnUse`] may pass below zero while a stay is
//! under way, since what a child did is taken off before the parent's part of it
//! is added; when the stay has ended, all parts are in.

use std::time::Duration;

use alloc_profiler::HeapUse;

/// What code in a span asked of the allocator itself, outside of the spans that
/// were entered within.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnUse {
    /// Bytes that it asked for; a `realloc` counts its new size.
    pub allocated_bytes: u64,
    /// Bytes that it gave back; a `realloc` counts its old size.
    pub freed_bytes: u64,
    /// Blocks that it asked for; a `realloc` is none.
    pub allocated_blocks: u64,
}

impl OwnUse {
    /// Returns the bytes that were allocated and not freed; below zero if more
    /// was freed.
    ///
    /// ```
    /// use alloc_profiler_tracing::OwnUse;
    ///
    /// assert_eq!(OwnUse::default().net_bytes(), 0);
    /// ```
    pub fn net_bytes(&self) -> i64 {
        self.allocated_bytes.wrapping_sub(self.freed_bytes).cast_signed()
    }

    /// Adds what was done in the span, or in spans within.
    pub(crate) fn add(&mut self, part: &HeapUse) {
        self.step(part, u64::wrapping_add);
    }

    /// Takes off what was done in a span within.
    pub(crate) fn take_off(&mut self, part: &HeapUse) {
        self.step(part, u64::wrapping_sub);
    }

    /// Adds what the span itself did in other stays.
    pub(crate) fn add_own(&mut self, more: &Self) {
        self.allocated_bytes = self.allocated_bytes.wrapping_add(more.allocated_bytes);
        self.freed_bytes = self.freed_bytes.wrapping_add(more.freed_bytes);
        self.allocated_blocks = self.allocated_blocks.wrapping_add(more.allocated_blocks);
    }

    fn step(&mut self, part: &HeapUse, step: fn(u64, u64) -> u64) {
        self.allocated_bytes = step(self.allocated_bytes, part.allocated_bytes);
        self.freed_bytes = step(self.freed_bytes, part.freed_bytes);
        self.allocated_blocks = step(self.allocated_blocks, part.allocated_blocks);
    }
}

/// The figures of one stay, or of one span.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    /// Of the span and of those entered within.
    pub(crate) heap: HeapUse,
    /// Of the span alone.
    pub(crate) own: OwnUse,
    /// How long threads were in it.
    pub(crate) busy: Duration,
}

impl Spent {
    /// Puts another stay in the same span behind this.
    pub(crate) fn append(&mut self, next: &Self) {
        self.heap.append(&next.heap);
        self.own.add_own(&next.own);
        self.busy += next.busy;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heap(allocated_bytes: u64, freed_bytes: u64, peak_bytes: u64) -> HeapUse {
        let mut heap = HeapUse::default();
        (heap.allocated_bytes, heap.freed_bytes, heap.peak_bytes) =
            (allocated_bytes, freed_bytes, peak_bytes);
        heap
    }

    #[test]
    fn what_is_kept_lifts_the_next_peak() {
        let mut sum = heap(100, 0, 100);
        sum.append(&heap(50, 150, 50));
        assert_eq!(sum, heap(150, 150, 150));
        sum.append(&heap(0, 20, 0));
        sum.append(&heap(10, 0, 10));
        assert_eq!(sum, heap(160, 170, 150));
    }

    #[test]
    fn what_others_allocated_is_no_peak() {
        let mut sum = heap(0, 1000, 0);
        sum.append(&heap(100, 0, 100));
        assert_eq!(sum, heap(100, 1000, 0));
    }

    #[test]
    fn own_is_right_whichever_part_comes_first() {
        let mut own = OwnUse::default();
        own.take_off(&heap(30, 10, 0));
        own.add(&heap(100, 10, 0));
        assert_eq!((own.allocated_bytes, own.freed_bytes, own.net_bytes()), (70, 0, 70));
    }
}
