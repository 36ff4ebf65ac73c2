//! Line slots: what one thread has recorded of one function, line by line.
//!
//! One [`SiteSlots`] belongs to one thread record and one site. Its owner adds
//! to it with plain relaxed stores; a report on any thread reads it meanwhile.
//! When the owner ends, the next thread that takes the record goes on adding, so
//! no figure is ever moved, merged or lost; a report adds up all slots of a site.
//!
//! Bytes are charged while the *outermost* activation of a function runs, by
//! itself or by the closures in it, so that recursion counts them once. Its
//! progress stands here and not on its stack: the line it is at, and the
//! thread's counts when it last charged one. So what an unfinished call has
//! spent since can be read too. `frame` is what moves it on.
//!
//! Invariant: for a function that is not running on the thread, the lines'
//! counts add up to `total`.

use std::alloc::{Layout, handle_alloc_error};

use crate::counting::counts::{HeapCounters, HeapCounts, SignedTally, Tally};
use crate::options::Backend;
use crate::recording::site::Site;
use crate::recording::timing::LineClock;
use crate::statics::{self, AtomicRef, Node};

/// Stands for no number of moves: nobody allocates so many bytes.
const UNSETTLED: u64 = u64::MAX;

/// What one thread has recorded of one source line.
///
/// What every probe touches comes first, on a cache line of its own.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct LineSlot {
    /// How often it ran, and how long.
    pub(crate) clock: LineClock,
    /// The largest live heap right after the line, in bytes; below zero means
    /// that blocks from before counting began were freed.
    pub(crate) live_bytes: SignedTally,
    /// The most that the thread's live heap rose within one run of the line.
    pub(crate) peak_bytes: Tally,
    /// Bytes and blocks that came and went while the line ran.
    pub(crate) counts: HeapCounters,
    /// What the system says came and went, if the site has such a backend,
    pub(crate) usage_increment_bytes: SignedTally,
    /// and the most that it said there was after the line.
    pub(crate) usage_bytes: Tally,
}

impl LineSlot {
    const fn new() -> Self {
        Self {
            clock: LineClock::new(),
            live_bytes: SignedTally::new(0),
            peak_bytes: Tally::new(),
            counts: HeapCounters::new(),
            usage_increment_bytes: SignedTally::new(0),
            usage_bytes: Tally::new(),
        }
    }

    /// Returns the figures so far.
    pub(crate) fn totals(&self) -> LineTotals {
        LineTotals {
            hits: self.clock.runs(),
            live_bytes: self.live_bytes.get().max(0).cast_unsigned(),
            peak_bytes: self.peak_bytes.get(),
            counts: self.counts.get(),
            time_ns: self.clock.time_ns(),
            is_time_estimated: self.clock.is_estimated(),
            usage_increment_bytes: self.usage_increment_bytes.get(),
            usage_bytes: self.usage_bytes.get(),
        }
    }
}

/// What was recorded of one line, as plain numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineTotals {
    pub(crate) hits: u64,
    pub(crate) live_bytes: u64,
    pub(crate) peak_bytes: u64,
    pub(crate) counts: HeapCounts,
    pub(crate) time_ns: u64,
    pub(crate) is_time_estimated: bool,
    pub(crate) usage_increment_bytes: i64,
    pub(crate) usage_bytes: u64,
}

impl LineTotals {
    /// Adds `more`: the sums' sum, the maxima's maximum.
    pub(crate) fn add(&mut self, more: &Self) {
        self.hits = self.hits.wrapping_add(more.hits);
        self.live_bytes = self.live_bytes.max(more.live_bytes);
        self.peak_bytes = self.peak_bytes.max(more.peak_bytes);
        self.counts.add(&more.counts);
        self.time_ns = self.time_ns.wrapping_add(more.time_ns);
        self.is_time_estimated |= more.is_time_estimated;
        self.usage_increment_bytes =
            self.usage_increment_bytes.wrapping_add(more.usage_increment_bytes);
        self.usage_bytes = self.usage_bytes.max(more.usage_bytes);
    }

    /// Returns what was added since `earlier`; the maxima as they are.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            hits: self.hits.wrapping_sub(earlier.hits),
            counts: self.counts.since(&earlier.counts),
            time_ns: self.time_ns.wrapping_sub(earlier.time_ns),
            usage_increment_bytes: self
                .usage_increment_bytes
                .wrapping_sub(earlier.usage_increment_bytes),
            ..*self
        }
    }
}

/// What one thread has recorded of one function.
#[derive(Debug)]
pub(crate) struct SiteSlots {
    /// The function.
    pub(crate) site: &'static Site,
    /// One slot for each of the site's lines.
    pub(crate) lines: &'static [LineSlot],
    /// Activations of the function on the thread's stack now.
    pub(crate) depth: Tally,
    /// Where the function is: in the low half the index of the line that the
    /// outermost activation is at, in the high half what the innermost one is
    /// leaving, see `frame::Leaving`. One word, so that a probe sets both in one
    /// step: who goes on to a line leaves nothing.
    place: Tally,
    /// The program's live heap when a line was last charged.
    pub(crate) live_bytes: SignedTally,
    /// The line in force is timed since this moment, for so many runs; see
    /// `timing`.
    pub(crate) timed_since_ns: Tally,
    pub(crate) timed_runs: Tally,
    /// The thread's `ThreadCounters::moves` when a line was last charged, or
    /// [`UNSETTLED`].
    pub(crate) settled_at: Tally,
    /// The thread's counts then,
    pub(crate) charged: HeapCounters,
    /// and when the outermost activation was entered.
    pub(crate) entry: HeapCounters,
    /// The peak of the thread's live heap in the outermost activation so far,
    pub(crate) peak_bytes: SignedTally,
    /// and the thread's own when it was entered.
    pub(crate) outer_peak_bytes: SignedTally,
    /// What finished outermost calls came to, measured at their two ends.
    pub(crate) total: HeapCounters,
    /// The profiled calls on the thread's stack when it was entered, itself too.
    pub(crate) level: Tally,
    /// What the system said at the last line, if the site has such a backend.
    pub(crate) usage_bytes: Tally,
    next: AtomicRef<SiteSlots>,
}

/// The half of [`SiteSlots::place`] that is the line's index.
const INDEX: u64 = u32::MAX as u64;

impl Node for SiteSlots {
    fn next(&self) -> &AtomicRef<Self> {
        &self.next
    }
}

impl SiteSlots {
    /// Returns empty slots for `site`. Aborts when the system has no memory
    /// left, as a growing `Vec` would.
    pub(crate) fn leak(site: &'static Site) -> &'static Self {
        let slots = statics::leak_slice(site.lines().len(), LineSlot::new).and_then(|lines| {
            statics::leak(Self {
                site,
                lines,
                depth: Tally::new(),
                place: Tally::new(),
                live_bytes: SignedTally::new(0),
                timed_since_ns: Tally::new(),
                timed_runs: Tally::new(),
                settled_at: Tally::of(UNSETTLED),
                charged: HeapCounters::new(),
                entry: HeapCounters::new(),
                peak_bytes: SignedTally::new(0),
                outer_peak_bytes: SignedTally::new(0),
                total: HeapCounters::new(),
                level: Tally::new(),
                usage_bytes: Tally::new(),
                next: AtomicRef::none(),
            })
        });
        slots.unwrap_or_else(|| handle_alloc_error(Layout::new::<Self>()))
    }

    /// Has the next probe look, whether anything moved or not.
    #[inline]
    pub(crate) fn unsettle(&self) {
        self.settled_at.set(UNSETTLED);
    }

    /// Returns the line that the outermost activation is at.
    #[inline]
    pub(crate) fn current_line(&self) -> &'static LineSlot {
        &self.lines[self.current_index()]
    }

    /// Returns the index of the line that the outermost activation is at.
    #[inline]
    pub(crate) fn current_index(&self) -> usize {
        (self.place.get() & INDEX) as usize
    }

    /// Makes the line of `index` the one that the outermost activation is at, which
    /// leaves nothing.
    #[inline]
    pub(crate) fn go_to(&self, index: usize) {
        self.place.set(index as u64);
    }

    /// As [`go_to`](Self::go_to), leaving what is being left.
    #[inline]
    pub(crate) fn go_back_to(&self, index: usize) {
        self.place.set(index as u64 | self.place.get() & !INDEX);
    }

    /// Returns what the innermost activation is leaving.
    #[inline]
    pub(crate) fn leaving(&self) -> u32 {
        (self.place.get() >> 32) as u32
    }

    /// Has the innermost activation leave `leaving`.
    #[inline]
    pub(crate) fn leave(&self, leaving: u32) {
        self.place.set(u64::from(leaving) << 32 | self.place.get() & INDEX);
    }

    /// Returns whether the site asks the system at each line.
    #[inline]
    pub(crate) fn asks_the_system(&self) -> bool {
        self.site.options().backend != Backend::Heap
    }

    /// Returns the thread's counts now, what the current line has spent since it
    /// was last charged, and the whole call since it was entered; `None` if the
    /// function is not running. `now` reads the counts.
    pub(crate) fn pending(
        &self,
        now: impl FnOnce() -> HeapCounts,
    ) -> Option<(HeapCounts, HeapCounts, HeapCounts)> {
        if self.depth.get() == 0 {
            return None;
        }
        // `charged` before `now`: a report on another thread may miss the step that
        // the owner is just recording, but never counts it twice.
        let (charged, entry) = (self.charged.get(), self.entry.get());
        let now = now();
        Some((now, now.since(&charged), now.since(&entry)))
    }
}
