//! The guard and its probes: what the attribute puts into a function's body.
//!
//! [`Guard`] is the body's first local, so it is dropped last. A probe,
//! [`Guard::line`], charges what the thread counted since the last probe to the
//! line that ran until now, and goes on to the next line. It takes no lock,
//! allocates nothing and searches nothing. Locals that act when they are dropped
//! ([`Restore`], [`Close`]) catch the ways out of a block that no probe can
//! follow: `continue`, `break`, `?`, a panic, and the drops at the brace.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use crate::events;
use crate::site::Site;
use crate::slots::SiteSlots;
use crate::thread::{self, ThreadRecord};

/// One activation of a profiled function.
pub struct Guard {
    record: &'static ThreadRecord,
    slots: &'static SiteSlots,
    /// The line that runs now, as an index of the site's lines.
    line: Cell<usize>,
    /// The live heap of the rest of the program, in bytes.
    others_live_bytes: i64,
    /// Whether no other activation of the function is below this one.
    is_outermost: bool,
    /// It stays on the thread whose counters it reads.
    not_send: PhantomData<*const ()>,
}

impl Guard {
    /// Enters the function of `site`, at the line that stands for its entry.
    pub fn enter(site: &'static Site) -> Self {
        // First the id, which switches the counters on, then their values.
        site.id();
        let record = thread::current();
        let slots = record.slots_of(site);
        record.begin_call();
        let others_live_bytes = record.others_live_bytes();
        let is_outermost = slots.begin(&record.counters);
        slots.lines[0].hits.add(1);
        let line = Cell::new(0);
        Self {
            record,
            slots,
            line,
            others_live_bytes,
            is_outermost,
            not_send: PhantomData,
        }
    }

    /// Goes on to line `index`, and counts that it ran.
    #[inline]
    pub fn line(&self, index: usize) {
        self.resume(index);
        self.slots.lines[index].hits.add(1);
    }

    /// Goes on to line `index`, uncounted: a `loop`, whose rounds are counted.
    #[inline]
    pub fn resume(&self, index: usize) {
        self.settle();
        self.line.set(index);
        if self.is_outermost {
            self.slots.line.set(index as u64);
        }
    }

    /// Returns a local for the start of an inner block: when the block is left,
    /// in whatever way, line `index` goes on, the statement around the block.
    #[inline]
    pub fn block(&self, index: usize) -> Restore<'_> {
        Restore { guard: self, index }
    }

    /// Returns a local for the start of a loop's body: it counts a round on line
    /// `index`, the loop's, which goes on when the body is left.
    #[inline]
    pub fn round(&self, index: usize) -> Restore<'_> {
        self.slots.lines[index].hits.add(1);
        self.block(index)
    }

    /// Returns a local for the end of a block, before its last expression: it is
    /// dropped first, and from then on line `index` runs, the closing brace.
    #[inline]
    pub fn close(&self, index: usize) -> Close<'_> {
        Close { guard: self, index }
    }

    /// Charges the line that ran until now.
    #[inline]
    fn settle(&self) {
        let (index, counters) = (self.line.get(), &self.record.counters);
        let live = self.others_live_bytes.wrapping_add(counters.net_bytes());
        self.slots.lines[index].raise_live(live);
        if self.is_outermost {
            self.slots.charge(index, counters);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _end = EndCall(self.record);
        self.settle();
        self.slots.end(self.is_outermost, &self.record.counters);
        if self.record.is_in_outermost_call() {
            events::call_ended(self.slots, &self.record.counters);
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("site", self.slots.site)
            .field("line", &self.line.get())
            .finish_non_exhaustive()
    }
}

/// Ends the call last, even if a subscriber to its event panics.
struct EndCall(&'static ThreadRecord);

impl Drop for EndCall {
    fn drop(&mut self) {
        self.0.end_call();
    }
}

/// Goes on with a line when it is dropped, after the block's own locals.
#[must_use = "it acts when the block that holds it ends"]
#[derive(Debug)]
pub struct Restore<'a> {
    guard: &'a Guard,
    index: usize,
}

impl Drop for Restore<'_> {
    #[inline]
    fn drop(&mut self) {
        self.guard.resume(self.index);
    }
}

/// Goes on to the closing brace when it is dropped, before the block's locals.
#[must_use = "it acts when the block that holds it ends"]
#[derive(Debug)]
pub struct Close<'a> {
    guard: &'a Guard,
    index: usize,
}

impl Drop for Close<'_> {
    #[inline]
    fn drop(&mut self) {
        self.guard.line(self.index);
    }
}
