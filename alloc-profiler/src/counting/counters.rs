//! What a thread counts in the allocator, and the peak of its live heap.
//!
//! A thread's peak is that of its own live heap (what it allocated less what it
//! freed, which may be negative) since whoever asks last lowered it. Calls lower it
//! for each of their lines, and raise it again when they are done, so that the line
//! around them misses nothing. Stretches may begin on one line and end on another,
//! so what is lowered is kept for the innermost one, too, and given on to the next
//! when that ends.
//!
//! Most blocks are counted by one subtraction, one comparison and one addition
//! ([`count_request`](ThreadCounters::count_request),
//! [`count_return`](ThreadCounters::count_return)); see `ledger` for the first two. Where
//! more is to be done (no room is left, a new peak, a thread that has no record yet), both
//! count nothing and say so, and the caller goes the careful way.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::counting::counts::{HeapCounts, SignedTally, Tally};
use crate::counting::ledger::{Balance, Ledger};

/// What one thread asked of the allocator. What every block reads and writes is in front, on
/// one line of the cache.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct ThreadCounters {
    /// Blocks allocated, and blocks that got another size.
    granted_blocks: Tally,
    freed_blocks: Tally,
    /// The bytes, the peak, and what may be allocated until somebody wants to know (see
    /// `limit`).
    bytes: Ledger,
    reallocated_blocks: Tally,
    copied_bytes: Tally,
    /// The highest that the peak was when it was lowered, since the innermost stretch
    /// began.
    lowered_peak_bytes: SignedTally,
    /// Whether the thread is to look before its room has run out. Any thread writes it.
    is_to_look: AtomicBool,
}

impl ThreadCounters {
    /// What may be allocated before somebody looks, if there is no limit. A longer request
    /// is not counted before it is granted, lest somebody sees bytes that are refused.
    pub(crate) const FAR_BYTES: u64 = 1 << 20;

    /// Returns counters at zero, whose peak is zero. They have no room.
    pub(crate) const fn new() -> Self {
        Self::with(Ledger::new())
    }

    /// Returns counters in which nothing is ever counted: whoever tries is sent the
    /// careful way.
    pub(crate) const fn of_nobody() -> Self {
        Self::with(Ledger::of_nobody())
    }

    const fn with(bytes: Ledger) -> Self {
        Self {
            granted_blocks: Tally::new(),
            freed_blocks: Tally::new(),
            bytes,
            reallocated_blocks: Tally::new(),
            copied_bytes: Tally::new(),
            lowered_peak_bytes: SignedTally::new(0),
            is_to_look: AtomicBool::new(false),
        }
    }

    /// Returns all counts. For any thread.
    pub(crate) fn get(&self) -> HeapCounts {
        self.with_bytes(self.bytes.get())
    }

    /// Returns all counts. For the owning thread only.
    #[inline]
    pub(crate) fn own(&self) -> HeapCounts {
        self.with_bytes(self.bytes.own())
    }

    #[inline]
    fn with_bytes(&self, bytes: Balance) -> HeapCounts {
        let reallocated_blocks = self.reallocated_blocks.get();
        HeapCounts {
            allocated_bytes: bytes.allocated(),
            freed_bytes: bytes.freed(),
            allocated_blocks: self.granted_blocks.get().wrapping_sub(reallocated_blocks),
            freed_blocks: self.freed_blocks.get(),
            reallocated_blocks,
            copied_bytes: self.copied_bytes.get(),
        }
    }

    /// Replaces all counts but the peak. For the owning thread only.
    pub(crate) fn set(&self, counts: &HeapCounts) {
        self.bytes.revise(self.bytes.own().with(counts.allocated_bytes, counts.freed_bytes));
        let granted = counts.allocated_blocks.wrapping_add(counts.reallocated_blocks);
        self.granted_blocks.set(granted);
        self.freed_blocks.set(counts.freed_blocks);
        self.reallocated_blocks.set(counts.reallocated_blocks);
        self.copied_bytes.set(counts.copied_bytes);
    }

    /// Returns how many blocks came, went or got another size. So that a probe finds in one
    /// comparison that nothing moved since it looked last. For the owning thread only.
    #[inline]
    pub(crate) fn moves(&self) -> u64 {
        self.granted_blocks.get().wrapping_add(self.freed_blocks.get())
    }

    /// Returns the thread's live heap: what it allocated less what it freed. For any thread.
    pub(crate) fn net_bytes(&self) -> i64 {
        self.bytes.get().live()
    }

    /// Returns the thread's live heap. For the owning thread only.
    #[inline]
    pub(crate) fn own_net_bytes(&self) -> i64 {
        self.bytes.own().live()
    }

    /// Returns the peak of the thread's live heap since it was lowered. For any thread.
    pub(crate) fn peak_bytes(&self) -> i64 {
        self.bytes.get().peak()
    }

    /// Returns the peak, and lowers it to what is live now. For the owning thread only.
    #[inline]
    pub(crate) fn lower_peak(&self) -> i64 {
        let peak = self.bytes.lower_peak();
        self.lowered_peak_bytes.raise(peak);
        peak
    }

    /// Returns the peak since the innermost stretch began. For the owning thread only.
    #[inline]
    pub(crate) fn stretch_peak_bytes(&self) -> i64 {
        self.bytes.own().peak().max(self.lowered_peak_bytes.get())
    }

    /// Begins a stretch, and lowers the peak to what is live now; returns the peak
    /// in the stretch around it so far.
    #[inline]
    pub(crate) fn begin_stretch(&self) -> i64 {
        let outer = self.bytes.lower_peak().max(self.lowered_peak_bytes.get());
        self.lowered_peak_bytes.set(self.own_net_bytes());
        outer
    }

    /// Ends the innermost stretch. The one around it, whose peak was
    /// `outer_peak_bytes` when that began, goes on; what has been since is its too.
    #[inline]
    pub(crate) fn end_stretch(&self, outer_peak_bytes: i64) {
        self.lowered_peak_bytes.raise(outer_peak_bytes);
    }

    /// Replaces the peak. For the owning thread only.
    pub(crate) fn set_peak(&self, bytes: i64) {
        self.bytes.set_peak(bytes);
    }

    /// Returns the peak, and that which was lowered.
    pub(crate) fn peaks(&self) -> (i64, i64) {
        (self.peak_bytes(), self.lowered_peak_bytes.get())
    }

    /// Replaces what [`peaks`](Self::peaks) returns. For the owning thread only.
    pub(crate) fn set_peaks(&self, (peak, lowered): (i64, i64)) {
        self.bytes.set_peak(peak);
        self.lowered_peak_bytes.set(lowered);
    }

    /// Leaves room for `bytes`: whoever allocates more from now on is told. For the owning
    /// thread only.
    pub(crate) fn make_room(&self, bytes: u64) {
        self.bytes.revise(self.bytes.own().with_room(bytes));
    }

    /// Asks the thread to look before its room has run out. For any thread.
    pub(crate) fn ask_to_look(&self) {
        self.is_to_look.store(true, Ordering::Release);
    }

    /// Leaves no room if the thread was asked to look: its next allocation does. For the
    /// owning thread only.
    #[inline]
    pub(crate) fn heed(&self) {
        // Acquire: what was set before this was asked is seen from now on.
        if self.is_to_look.load(Ordering::Relaxed) && self.is_to_look.swap(false, Ordering::Acquire)
        {
            self.make_room(0);
        }
    }

    /// Counts a block of `size` bytes that the program is about to be given, if no more
    /// is to be done than that, and returns whether it was. Another thread may see it
    /// counted a moment before it is there; if it never is, see
    /// [`take_back`](Self::take_back).
    #[inline]
    pub(crate) fn count_request(&self, size: usize) -> bool {
        let is_all = self.bytes.allocate(size as u64);
        if is_all {
            self.granted_blocks.add(1);
        }
        is_all
    }

    /// Counts a block of `size` bytes that the program gave back, if no more is to be
    /// done than that, and returns whether it was.
    #[inline]
    pub(crate) fn count_return(&self, size: usize) -> bool {
        let is_all = self.bytes.free(size as u64);
        if is_all {
            self.freed_blocks.add(1);
        }
        is_all
    }

    /// Takes the request for `size` bytes that was counted last back, which failed.
    pub(crate) fn take_back(&self, size: usize) {
        // Else the request was made before counting began: it was not counted.
        if self.granted_blocks.get() > 0 {
            self.bytes.take_back(size as u64);
            self.granted_blocks.add(u64::MAX);
        }
    }

    /// Counts a block of `size` bytes that the program was given. Returns whether there
    /// was no room for it.
    pub(crate) fn count_allocated(&self, size: usize) -> bool {
        self.heed();
        self.granted_blocks.add(1);
        !self.bytes.allocate_anyway(size as u64)
    }

    /// Counts a block of `size` bytes that the program gave back.
    pub(crate) fn count_freed(&self, size: usize) {
        self.heed();
        self.bytes.free_anyway(size as u64);
        self.freed_blocks.add(1);
    }

    /// Counts a block that went from `old` to `new` bytes, of which `copied` had
    /// to move. The same block, as far as the program can tell, so only bytes
    /// come and go. Returns whether there was no room for the new ones.
    #[inline]
    pub(crate) fn count_resized(&self, old: usize, new: usize, copied: usize) -> bool {
        self.heed();
        self.bytes.free_anyway(old as u64);
        self.granted_blocks.add(1);
        self.reallocated_blocks.add(1);
        self.copied_bytes.add(copied as u64);
        !self.bytes.allocate_anyway(new as u64)
    }
}

#[cfg(test)]
mod tests;
