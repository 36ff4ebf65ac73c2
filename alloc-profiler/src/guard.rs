//! The guard and its probes: what the attribute puts into a function's body.
//!
//! [`Guard`] is the body's first local, so it is dropped last. A probe,
//! [`Guard::line`], charges what the thread counted since the last probe to the
//! line that ran until now, and goes on to the next line. It takes no lock,
//! allocates nothing and searches nothing. Locals that act when they are dropped
//! ([`Block`], [`Round`], [`Close`]) catch what no probe can follow: the end of a
//! block that has a value, `?`, a panic, and the drops at the closing brace.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use crate::events;
use crate::site::Site;
use crate::slots::{Activation, LineSlot, SiteSlots};
use crate::thread::{self, ThreadRecord};

/// What a `continue`, `break` or `return` leaves. The locals that it drops on
/// its way are charged to its own line, so the blocks on the way restore nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    /// Nothing: the body runs on.
    Nothing,
    /// A loop's round, and the blocks in it.
    Round,
    /// The function.
    Call,
}

/// One activation of a profiled function.
pub struct Guard {
    record: &'static ThreadRecord,
    slots: &'static SiteSlots,
    lines: &'static [LineSlot],
    /// The line that runs now.
    line: Cell<&'static LineSlot>,
    /// The thread's bytes, allocated and freed, when a line was last charged.
    charged: Cell<[u64; 2]>,
    /// The live heap of the rest of the program, in bytes.
    others_live_bytes: i64,
    /// What is being left since the last probe.
    leaving: Cell<Leaving>,
    /// How this activation stands among those of the function on this thread.
    activation: Activation,
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
        let entry = &slots.lines[0];
        entry.hits.add(1);
        Self {
            record,
            slots,
            lines: slots.lines,
            line: Cell::new(entry),
            charged: Cell::new(record.counters.bytes()),
            others_live_bytes: record.others_live_bytes(),
            leaving: Cell::new(Leaving::Nothing),
            activation: slots.begin(&record.counters),
            not_send: PhantomData,
        }
    }

    /// Goes on to line `index`, and counts that it ran.
    #[inline]
    pub fn line(&self, index: usize) {
        self.resume(index);
        self.line.get().hits.add(1);
    }

    /// Goes on to line `index`, uncounted: a `loop`, whose rounds are counted.
    #[inline]
    pub fn resume(&self, index: usize) {
        self.settle();
        self.leaving.set(Leaving::Nothing);
        self.line.set(&self.lines[index]);
        self.slots.line.set(index as u64);
    }

    /// Goes before a `continue` or `break` of the innermost loop.
    #[inline]
    pub fn leave_round(&self) {
        self.leaving.set(Leaving::Round);
    }

    /// Goes before a `return`.
    #[inline]
    pub fn leave_call(&self) {
        self.leaving.set(Leaving::Call);
    }

    /// Returns a local for the start of an inner block: when the block is done,
    /// line `index` goes on, the statement around the block.
    #[inline]
    pub fn block(&self, index: usize) -> Block<'_> {
        Block { guard: self, index }
    }

    /// Returns a local for the start of a loop's body: it counts a round on line
    /// `index`, the loop's, which goes on when the round is done.
    #[inline]
    pub fn round(&self, index: usize) -> Round<'_> {
        self.lines[index].hits.add(1);
        Round { guard: self, index }
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
        let [allocated, freed] = self.record.counters.bytes();
        let net = allocated.wrapping_sub(freed).cast_signed();
        self.line.get().raise_live(self.others_live_bytes.wrapping_add(net));
        // No block comes or goes without bytes: if these stand still, all does.
        let [charged_allocated, charged_freed] = self.charged.get();
        if allocated != charged_allocated || freed != charged_freed {
            self.charge();
        }
    }

    #[cold]
    #[inline(never)]
    fn charge(&self) {
        self.charged.set(self.record.counters.bytes());
        if self.activation == Activation::Outermost {
            self.slots.charge(self.line.get(), &self.record.counters);
        }
    }

    #[inline(never)]
    fn leave(&self) {
        let _end = EndCall(self.record);
        self.settle();
        self.slots.end(self.activation, &self.record.counters);
        if self.record.is_in_outermost_call() {
            events::call_ended(self.slots, &self.record.counters);
        }
    }
}

impl Drop for Guard {
    #[inline]
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("site", self.slots.site)
            .field("activation", &self.activation)
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

/// Goes on with the statement around a block when it is dropped, after the
/// block's own locals.
#[must_use = "it acts when the block that holds it ends"]
#[derive(Debug)]
pub struct Block<'a> {
    guard: &'a Guard,
    index: usize,
}

impl Drop for Block<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.guard.leaving.get() == Leaving::Nothing {
            self.guard.resume(self.index);
        }
    }
}

/// Goes on with the loop when it is dropped, after the body's own locals.
#[must_use = "it acts when the block that holds it ends"]
#[derive(Debug)]
pub struct Round<'a> {
    guard: &'a Guard,
    index: usize,
}

impl Drop for Round<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.guard.leaving.get() != Leaving::Call {
            self.guard.resume(self.index);
        }
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
        if self.guard.leaving.get() == Leaving::Nothing {
            self.guard.line(self.index);
        }
    }
}
