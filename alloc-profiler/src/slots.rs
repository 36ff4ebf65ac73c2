//! Line slots: what one thread has recorded of one function, line by line.
//!
//! One [`SiteSlots`] belongs to one thread record and one site. Its owner adds
//! to it with plain relaxed stores; a report on any thread reads it meanwhile.
//! When the owner ends, the next thread that takes the record goes on adding, so
//! no figure is ever moved, merged or lost; a report adds up all slots of a site.
//!
//! Bytes are charged by the *outermost* activation of a function alone, so that
//! recursion counts them once. Its progress stands here and not on its stack:
//! the line it is at, and the thread's counts when it last charged one. So
//! what an unfinished call has spent since can be read too.
//!
//! Invariant: for a function that is not running on the thread, the lines'
//! counts add up to `total`.

use std::alloc::{Layout, handle_alloc_error};

use crate::counters::{HeapCounters, HeapCounts, Tally};
use crate::site::Site;
use crate::statics::{self, AtomicRef, Node};

/// What one thread has recorded of one source line.
#[derive(Debug)]
pub(crate) struct LineSlot {
    /// How often the line was begun.
    pub(crate) hits: Tally,
    /// Bytes and blocks that came and went while the line ran.
    pub(crate) counts: HeapCounters,
    /// The largest live heap right after the line, in bytes.
    live_bytes: Tally,
}

impl LineSlot {
    const fn new() -> Self {
        Self { hits: Tally::new(), counts: HeapCounters::new(), live_bytes: Tally::new() }
    }

    /// Returns the largest live heap seen right after the line, in bytes.
    pub(crate) fn live_bytes(&self) -> u64 {
        self.live_bytes.get()
    }

    /// Notes that `live` bytes were in use after the line. Below zero means that
    /// blocks from before counting began were freed; that reads as zero.
    #[inline]
    pub(crate) fn raise_live(&self, live: i64) {
        if live > self.live_bytes.get().cast_signed() {
            self.live_bytes.set(live.cast_unsigned());
        }
    }
}

/// How an activation of a function stands among those on the same thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// It is the first one: bytes are charged by it.
    Outermost,
    /// It was called, in the end, by another one, from the line of this index.
    Recursive { caller_line: u64 },
}

/// What one thread has recorded of one function.
#[derive(Debug)]
pub(crate) struct SiteSlots {
    /// The function.
    pub(crate) site: &'static Site,
    /// One slot for each of the site's lines.
    pub(crate) lines: &'static [LineSlot],
    /// What finished outermost calls came to, measured at their two ends.
    pub(crate) total: HeapCounters,
    /// Activations of the function on the thread's stack now.
    pub(crate) depth: Tally,
    /// The index of the line that the innermost activation is at,
    pub(crate) line: Tally,
    /// and, under recursion, of the one that the outermost is at.
    outermost_line: Tally,
    /// The thread's counts when the outermost activation last charged a line,
    charged: HeapCounters,
    /// and when it was entered.
    pub(crate) entry: HeapCounters,
    next: AtomicRef<SiteSlots>,
}

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
                total: HeapCounters::new(),
                depth: Tally::new(),
                line: Tally::new(),
                outermost_line: Tally::new(),
                charged: HeapCounters::new(),
                entry: HeapCounters::new(),
                next: AtomicRef::none(),
            })
        });
        slots.unwrap_or_else(|| handle_alloc_error(Layout::new::<Self>()))
    }

    /// Begins an activation on a thread that has counted `now`.
    #[inline]
    pub(crate) fn begin(&self, now: &HeapCounters) -> Activation {
        let line = self.line.get();
        self.line.set(0);
        self.depth.add(1);
        if self.depth.get() > 1 {
            if self.depth.get() == 2 {
                self.outermost_line.set(line);
            }
            return Activation::Recursive { caller_line: line };
        }
        let now = now.get();
        self.charged.set(&now);
        self.entry.set(&now);
        Activation::Outermost
    }

    /// Charges what the thread counted since the last time to `line`. For the
    /// outermost activation only.
    pub(crate) fn charge(&self, line: &LineSlot, now: &HeapCounters) {
        let now = now.get();
        line.counts.add(&now.since(&self.charged.get()));
        self.charged.set(&now);
    }

    /// Ends an activation. The outermost one has charged its lines before.
    #[inline]
    pub(crate) fn end(&self, activation: Activation, now: &HeapCounters) {
        match activation {
            Activation::Outermost => self.total.add(&now.get().since(&self.entry.get())),
            Activation::Recursive { caller_line } => self.line.set(caller_line),
        }
        self.depth.add(u64::MAX);
    }

    /// Closes the books on activations that will never end, because their
    /// thread has: one called `process::exit`, say, with `in_use` bytes live.
    pub(crate) fn abandon(&self, now: &HeapCounters, in_use: i64) {
        if self.depth.get() > 0 {
            let line = &self.lines[self.current_line()];
            line.raise_live(in_use);
            self.charge(line, now);
            self.depth.set(1);
            self.end(Activation::Outermost, now);
        }
    }

    /// Returns the index of the line that the outermost activation is at.
    pub(crate) fn current_line(&self) -> usize {
        let line = if self.depth.get() > 1 { &self.outermost_line } else { &self.line };
        // Lossless: it was stored from a `usize` index of `lines`.
        usize::try_from(line.get()).unwrap_or(0)
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
