//! Heap counts: the plain figures, and the form that one thread writes while
//! others may read.
//!
//! Counters have a single writer, so an addition is a relaxed load and a relaxed
//! store, as cheap as on a plain integer; readers on other threads see a value
//! that was right a moment ago. All arithmetic wraps: counts are only ever used
//! as differences, which wrapping keeps right, and nothing here can panic, as
//! befits code that runs inside an allocator.
//!
//! A thread's peak is that of its own live heap (what it allocated less what it
//! freed, which may be negative) since whoever asks last lowered it. Calls lower it
//! for each of their lines, and raise it again when they are done, so that the line
//! around them misses nothing. Stretches may begin on one line and end on another,
//! so what is lowered is kept for the innermost one, too, and given on to the next
//! when that ends.

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

    /// Returns whether no byte came or went, and so no block either.
    pub(crate) fn is_nothing(&self) -> bool {
        self.allocated_bytes == 0 && self.freed_bytes == 0
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

    /// Returns the bytes that were allocated and not freed.
    #[inline]
    pub(crate) fn net_bytes(&self) -> i64 {
        self.allocated_bytes.get().wrapping_sub(self.freed_bytes.get()).cast_signed()
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

    /// Adds `more`. For the owning thread only.
    #[inline]
    pub(crate) fn add(&self, more: &HeapCounts) {
        let mut sum = self.get();
        sum.add(more);
        self.set(&sum);
    }
}

/// What one thread asked of the allocator.
#[derive(Debug)]
pub(crate) struct ThreadCounters {
    counts: HeapCounters,
    /// Who knows of all of these; zero as soon as one moves. So that a probe need
    /// compare one word to find that nothing did.
    settled_by: Tally,
    /// The highest that [`net_bytes`](Self::net_bytes) was since it was lowered.
    peak_bytes: SignedTally,
    /// The highest that this was when it was lowered, since the innermost stretch
    /// began.
    lowered_peak_bytes: SignedTally,
    /// How high it may go before somebody wants to know; see `limit`.
    watermark_bytes: SignedTally,
}

impl ThreadCounters {
    /// Returns counters at zero, whose peak is zero.
    pub(crate) const fn new() -> Self {
        Self {
            counts: HeapCounters::new(),
            settled_by: Tally::new(),
            peak_bytes: SignedTally::new(0),
            lowered_peak_bytes: SignedTally::new(0),
            // Passed at once, to find out whether there is a limit.
            watermark_bytes: SignedTally::new(i64::MIN),
        }
    }

    /// Returns all counts.
    #[inline]
    pub(crate) fn get(&self) -> HeapCounts {
        self.counts.get()
    }

    /// Replaces all counts but the peak.
    pub(crate) fn set(&self, counts: &HeapCounts) {
        self.counts.set(counts);
    }

    /// Returns whether nothing moved since [`settle`](Self::settle) was called with
    /// the same `who`, and nobody else has called it.
    #[inline]
    pub(crate) fn is_settled_by(&self, who: u64) -> bool {
        self.settled_by.get() == who
    }

    /// Returns who has settled last, and zero if something moved since.
    #[inline]
    pub(crate) fn settled_by(&self) -> u64 {
        self.settled_by.get()
    }

    /// Notes that `who`, not zero, knows of all that moved until now.
    #[inline]
    pub(crate) fn settle(&self, who: u64) {
        self.settled_by.set(who);
    }

    /// Has everybody look, whether anything moves or not.
    #[inline]
    pub(crate) fn unsettle(&self) {
        self.settled_by.set(0);
    }

    /// Returns the thread's live heap: what it allocated less what it freed.
    #[inline]
    pub(crate) fn net_bytes(&self) -> i64 {
        self.counts.net_bytes()
    }

    /// Returns the peak of the thread's live heap since it was lowered.
    #[inline]
    pub(crate) fn peak_bytes(&self) -> i64 {
        self.peak_bytes.get()
    }

    /// Returns the peak, and lowers it to what is live now.
    #[inline]
    pub(crate) fn lower_peak(&self) -> i64 {
        let peak = self.peak_bytes.get();
        self.lowered_peak_bytes.raise(peak);
        self.peak_bytes.set(self.net_bytes());
        peak
    }

    /// Returns the peak since the innermost stretch began.
    #[inline]
    pub(crate) fn stretch_peak_bytes(&self) -> i64 {
        self.peak_bytes.get().max(self.lowered_peak_bytes.get())
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
        (self.peak_bytes.get(), self.lowered_peak_bytes.get())
    }

    /// Replaces what [`peaks`](Self::peaks) returns.
    pub(crate) fn set_peaks(&self, (peak, lowered): (i64, i64)) {
        self.peak_bytes.set(peak);
        self.lowered_peak_bytes.set(lowered);
    }

    /// Asks to be told when the thread's live heap exceeds `bytes`.
    pub(crate) fn set_watermark(&self, bytes: i64) {
        self.watermark_bytes.set(bytes);
    }

    /// Counts a block of `size` bytes that the program was given. Returns whether
    /// the live heap has passed the watermark.
    #[inline]
    pub(crate) fn count_allocated(&self, size: usize) -> bool {
        let counts = &self.counts;
        let allocated = counts.allocated_bytes.get().wrapping_add(size as u64);
        counts.allocated_bytes.set(allocated);
        counts.allocated_blocks.add(1);
        self.unsettle();
        // Not from the counter, which has only just been written.
        self.note_live(allocated.wrapping_sub(counts.freed_bytes.get()).cast_signed())
    }

    /// Counts a block of `size` bytes that the program gave back.
    #[inline]
    pub(crate) fn count_freed(&self, size: usize) {
        self.counts.freed_bytes.add(size as u64);
        self.counts.freed_blocks.add(1);
        self.unsettle();
    }

    /// Counts a block that went from `old` to `new` bytes, of which `copied` had
    /// to move. The same block, as far as the program can tell, so only bytes
    /// come and go. Returns whether the live heap has passed the watermark.
    #[inline]
    pub(crate) fn count_resized(&self, old: usize, new: usize, copied: usize) -> bool {
        self.counts.allocated_bytes.add(new as u64);
        self.counts.freed_bytes.add(old as u64);
        self.counts.reallocated_blocks.add(1);
        self.counts.copied_bytes.add(copied as u64);
        self.unsettle();
        self.note_live(self.net_bytes())
    }

    #[inline]
    fn note_live(&self, live: i64) -> bool {
        self.peak_bytes.raise(live);
        live > self.watermark_bytes.get()
    }
}
