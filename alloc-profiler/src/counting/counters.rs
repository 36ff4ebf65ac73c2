//! What a thread counts in the allocator, and the peak of its live heap.
//!
//! A thread's peak is that of its own live heap (what it allocated less what it
//! freed, which may be negative) since whoever asks last lowered it. A heap is at its
//! highest right before it shrinks, so an allocation leaves the peak alone: the next
//! block that is freed finds it, or whoever asks before that. Calls lower it
//! for each of their lines, and raise it again when they are done, so that the line
//! around them misses nothing. Stretches may begin on one line and end on another,
//! so what is lowered is kept for the innermost one, too, and given on to the next
//! when that ends.
//!
//! Most blocks are counted by a comparison and a few additions
//! ([`count_request`](ThreadCounters::count_request),
//! [`count_return`](ThreadCounters::count_return)). Where more is to be done (a limit to
//! be looked at, a new peak, a thread that has no record yet), both count nothing and
//! say so, and the caller goes the careful way.

use crate::counting::counts::{HeapCounts, SignedTally, Tally};

/// What one thread asked of the allocator. What every block reads and writes is in front, on
/// one line of the cache.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct ThreadCounters {
    /// The thread's live heap: what it allocated less what it freed.
    net_bytes: SignedTally,
    /// The highest that this was since it was lowered, right before a block was freed.
    peak_bytes: SignedTally,
    /// How high it may go before somebody wants to know; see `limit`. Other threads write
    /// this too, and nothing but [`NOW`](Self::NOW).
    watermark_bytes: SignedTally,
    allocated_bytes: Tally,
    allocated_blocks: Tally,
    freed_blocks: Tally,
    reallocated_blocks: Tally,
    copied_bytes: Tally,
    /// The highest that the peak was when it was lowered, since the innermost stretch
    /// began.
    lowered_peak_bytes: SignedTally,
}

impl ThreadCounters {
    /// How far a heap may grow, before it is looked at, if there is no limit. A longer request
    /// is as a rule not counted before it is granted, lest somebody sees bytes that are refused.
    pub(crate) const FAR_BYTES: i64 = 1 << 20;

    /// The watermark of a thread that has not counted anything yet,
    const NEVER: i64 = i64::MIN;
    /// and one for somebody who wants to know of the next growth. Every heap is above both.
    const NOW: i64 = i64::MIN + 1;

    /// Returns counters at zero, whose peak is zero.
    pub(crate) const fn new() -> Self {
        Self {
            net_bytes: SignedTally::new(0),
            peak_bytes: SignedTally::new(0),
            watermark_bytes: SignedTally::new(Self::NEVER),
            allocated_bytes: Tally::new(),
            allocated_blocks: Tally::new(),
            freed_blocks: Tally::new(),
            reallocated_blocks: Tally::new(),
            copied_bytes: Tally::new(),
            lowered_peak_bytes: SignedTally::new(0),
        }
    }

    /// Returns counters in which nothing is ever counted: whoever tries is sent the
    /// careful way.
    pub(crate) const fn of_nobody() -> Self {
        Self { peak_bytes: SignedTally::new(i64::MIN), ..Self::new() }
    }

    /// Returns all counts.
    #[inline]
    pub(crate) fn get(&self) -> HeapCounts {
        let (allocated_bytes, net) = (self.allocated_bytes.get(), self.net_bytes.get());
        HeapCounts {
            allocated_bytes,
            freed_bytes: allocated_bytes.wrapping_sub(net.cast_unsigned()),
            allocated_blocks: self.allocated_blocks.get(),
            freed_blocks: self.freed_blocks.get(),
            reallocated_blocks: self.reallocated_blocks.get(),
            copied_bytes: self.copied_bytes.get(),
        }
    }

    /// Replaces all counts but the peak.
    pub(crate) fn set(&self, counts: &HeapCounts) {
        self.net_bytes.set(counts.net_bytes());
        self.allocated_bytes.set(counts.allocated_bytes);
        self.allocated_blocks.set(counts.allocated_blocks);
        self.freed_blocks.set(counts.freed_blocks);
        self.reallocated_blocks.set(counts.reallocated_blocks);
        self.copied_bytes.set(counts.copied_bytes);
    }

    /// Returns a number that grows with every block that comes or goes: a block has a byte at
    /// least. So that a probe finds in one comparison that nothing moved since it looked last.
    #[inline]
    pub(crate) fn moves(&self) -> u64 {
        self.allocated_bytes.get().wrapping_add(self.freed_blocks.get())
    }

    /// Returns the thread's live heap: what it allocated less what it freed.
    #[inline]
    pub(crate) fn net_bytes(&self) -> i64 {
        self.net_bytes.get()
    }

    /// Returns the peak of the thread's live heap since it was lowered.
    #[inline]
    pub(crate) fn peak_bytes(&self) -> i64 {
        self.peak_bytes.get().max(self.net_bytes())
    }

    /// Returns the peak, and lowers it to what is live now.
    #[inline]
    pub(crate) fn lower_peak(&self) -> i64 {
        let now = self.net_bytes();
        let peak = self.peak_bytes.get().max(now);
        self.lowered_peak_bytes.raise(peak);
        self.peak_bytes.set(now);
        peak
    }

    /// Returns the peak since the innermost stretch began.
    #[inline]
    pub(crate) fn stretch_peak_bytes(&self) -> i64 {
        self.peak_bytes().max(self.lowered_peak_bytes.get())
    }

    /// Begins a stretch, and lowers the peak to what is live now; returns the peak
    /// in the stretch around it so far.
    #[inline]
    pub(crate) fn begin_stretch(&self) -> i64 {
        let outer = self.stretch_peak_bytes();
        let now = self.net_bytes();
        self.peak_bytes.set(now);
        self.lowered_peak_bytes.set(now);
        outer
    }

    /// Ends the innermost stretch. The one around it, whose peak was
    /// `outer_peak_bytes` when that began, goes on; what has been since is its too.
    #[inline]
    pub(crate) fn end_stretch(&self, outer_peak_bytes: i64) {
        self.lowered_peak_bytes.raise(outer_peak_bytes);
    }

    /// Raises the peak to `bytes` if it is less.
    #[inline]
    pub(crate) fn raise_peak(&self, bytes: i64) {
        self.peak_bytes.raise(bytes);
    }

    /// Replaces the peak.
    pub(crate) fn set_peak(&self, bytes: i64) {
        self.peak_bytes.set(bytes);
    }

    /// Returns the peak, and that which was lowered.
    pub(crate) fn peaks(&self) -> (i64, i64) {
        (self.peak_bytes(), self.lowered_peak_bytes.get())
    }

    /// Replaces what [`peaks`](Self::peaks) returns.
    pub(crate) fn set_peaks(&self, (peak, lowered): (i64, i64)) {
        self.peak_bytes.set(peak);
        self.lowered_peak_bytes.set(lowered);
    }

    /// Asks to be told when the thread's live heap has grown by more than `bytes` from
    /// what it is now. For the owning thread only.
    pub(crate) fn watch(&self, bytes: i64) {
        self.watermark_bytes.set(self.net_bytes().saturating_add(bytes));
    }

    /// Asks to be told at the next growth, whatever it is. For any thread.
    pub(crate) fn watch_now(&self) {
        self.watermark_bytes.set(Self::NOW);
    }

    /// Counts a block of `size` bytes that the program is about to be given, if no more
    /// is to be done than that, and returns whether it was. Another thread may see it
    /// counted a moment before it is there; if it never is, see
    /// [`take_back`](Self::take_back).
    #[inline]
    pub(crate) fn count_request(&self, size: usize) -> bool {
        let net = self.net_bytes().wrapping_add_unsigned(size as u64);
        let is_all = net <= self.watermark_bytes.get();
        if is_all {
            self.net_bytes.set(net);
            self.allocated_bytes.add(size as u64);
            self.allocated_blocks.add(1);
        }
        is_all
    }

    /// Counts a block of `size` bytes that the program gave back, if no more is to be
    /// done than that, and returns whether it was.
    #[inline]
    pub(crate) fn count_return(&self, size: usize) -> bool {
        let net = self.net_bytes();
        let is_all = net <= self.peak_bytes.get();
        if is_all {
            self.net_bytes.set(net.wrapping_sub_unsigned(size as u64));
            self.freed_blocks.add(1);
        }
        is_all
    }

    /// Takes the request for `size` bytes that was counted last back, which failed.
    pub(crate) fn take_back(&self, size: usize) {
        // Else the request was made before counting began: it was not counted.
        if self.watermark_bytes.get() != Self::NEVER {
            self.net_bytes.set(self.net_bytes().wrapping_sub_unsigned(size as u64));
            self.allocated_bytes.add((size as u64).wrapping_neg());
            self.allocated_blocks.add(u64::MAX);
        }
    }

    /// Counts a block of `size` bytes that the program was given. Returns whether
    /// the live heap has passed the watermark.
    pub(crate) fn count_allocated(&self, size: usize) -> bool {
        self.net_bytes.set(self.net_bytes().wrapping_add_unsigned(size as u64));
        self.allocated_bytes.add(size as u64);
        self.allocated_blocks.add(1);
        self.has_passed_watermark()
    }

    /// Counts a block of `size` bytes that the program gave back.
    pub(crate) fn count_freed(&self, size: usize) {
        let net = self.net_bytes();
        self.raise_peak(net);
        self.net_bytes.set(net.wrapping_sub_unsigned(size as u64));
        self.freed_blocks.add(1);
    }

    /// Counts a block that went from `old` to `new` bytes, of which `copied` had
    /// to move. The same block, as far as the program can tell, so only bytes
    /// come and go. Returns whether the live heap has passed the watermark.
    #[inline]
    pub(crate) fn count_resized(&self, old: usize, new: usize, copied: usize) -> bool {
        let net = self.net_bytes();
        self.raise_peak(net);
        let net = net.wrapping_sub_unsigned(old as u64).wrapping_add_unsigned(new as u64);
        self.net_bytes.set(net);
        self.allocated_bytes.add(new as u64);
        self.reallocated_blocks.add(1);
        self.copied_bytes.add(copied as u64);
        self.has_passed_watermark()
    }

    #[inline]
    fn has_passed_watermark(&self) -> bool {
        self.net_bytes() > self.watermark_bytes.get()
    }
}

#[cfg(test)]
mod tests;
