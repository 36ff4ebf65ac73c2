//! Frames: a function's progress on one thread, and the probes that move it on.
//!
//! A [`Frame`] is the pair of a thread's record and its slots of one site, found
//! once by a guard and then passed by value. A probe charges what the thread
//! counted since the last probe to the line that ran until now, and goes on to
//! the next line. It takes no lock, allocates nothing and searches nothing: it
//! compares two counts, and does more only if they moved.
//!
//! Only the outermost activation charges. Inner ones, of a recursive function,
//! count how often their lines run; all else that they do is the outermost
//! one's line that called them.
//!
//! Locals that act when they are dropped ([`Block`], [`Round`], [`Close`]) catch
//! what no probe can follow: the end of a block that has a value, `?`, a panic,
//! and the drops at the closing brace.

use std::fmt;
use std::marker::PhantomData;

use crate::clock;
use crate::site::Site;
use crate::slots::{NEVER, SiteSlots};
use crate::thread::{self, ThreadRecord};
use crate::usage;

/// What a `continue`, `break` or `return` leaves. The locals that it drops on
/// its way are charged to its own line, so the blocks on the way restore nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Leaving {
    /// Nothing: the body runs on.
    Nothing = 0,
    /// A loop's round, and the blocks in it.
    Round = 1,
    /// The function.
    Call = 2,
}

/// What an activation found, and puts back when it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outer {
    leaving: u64,
}

/// A function's progress on the calling thread.
#[derive(Clone, Copy)]
pub struct Frame {
    pub(crate) record: &'static ThreadRecord,
    pub(crate) slots: &'static SiteSlots,
    /// It stays on the thread whose record it has.
    not_send: PhantomData<*const ()>,
}

impl Frame {
    /// Returns the calling thread's frame of `site`.
    #[inline]
    pub(crate) fn of(site: &'static Site) -> Self {
        // First the id, which switches the counters on, then their values.
        site.id();
        let record = thread::current();
        Self { record, slots: record.slots_of(site), not_send: PhantomData }
    }

    /// Returns the frame of the calling thread that is about to enter `site`.
    #[inline]
    pub(crate) fn to_enter(site: &'static Site) -> Self {
        site.id();
        let record = thread::current_for_calls();
        Self { record, slots: record.slots_of(site), not_send: PhantomData }
    }

    /// Returns whether an activation of the function is running.
    #[inline]
    pub(crate) fn is_running(self) -> bool {
        self.slots.depth.get() > 0
    }

    /// Returns whether the running activation charges its lines.
    #[inline]
    pub(crate) fn is_outermost(self) -> bool {
        self.slots.depth.get() == 1
    }

    /// Begins an activation, which goes on at `line` if it is the outermost.
    #[inline]
    pub(crate) fn begin(self, line: Paused) -> Outer {
        let Self { record, slots, .. } = self;
        record.begin_call();
        let outer = self.stop_leaving();
        slots.depth.add(1);
        if self.is_outermost() {
            let now = record.counters.get();
            slots.entry.set(&now);
            slots.charged.set(&now);
            slots.seen_bytes[0].set(now.allocated_bytes);
            slots.seen_bytes[1].set(now.freed_bytes);
            slots.level.set(record.calls());
            let live = now.net_bytes();
            slots.outer_peak_bytes.set(record.counters.lower_peak());
            slots.peak_bytes.set(live);
            if slots.asks_the_system() {
                usage::begin(slots);
            }
            self.go_on(line);
        }
        outer
    }

    /// Begins the first line of an activation, and counts that it ran.
    #[inline]
    pub(crate) fn enter(self) {
        self.slots.lines[0].hits.add(1);
        if self.is_outermost() {
            self.start(0);
        }
    }

    /// Begins what leaves nothing, inside of what may.
    #[inline]
    pub(crate) fn stop_leaving(self) -> Outer {
        let outer = Outer { leaving: self.leaving() };
        self.leave(Leaving::Nothing);
        outer
    }

    /// Goes on with what was being left.
    #[inline]
    pub(crate) fn leave_again(self, outer: Outer) {
        self.slots.leaving.set(outer.leaving);
    }

    /// Ends an activation.
    #[inline]
    pub(crate) fn end(self, outer: Outer) {
        let Self { record, slots, .. } = self;
        if self.is_outermost() {
            self.settle();
            slots.total.add(&record.counters.get().since(&slots.entry.get()));
            record.counters.set_peak(slots.outer_peak_bytes.get());
            record.counters.raise_peak(slots.peak_bytes.get());
        }
        slots.depth.add(u64::MAX);
        self.leave_again(outer);
        record.end_call();
    }

    /// Closes the books on activations that will never end, because their
    /// thread has: it called `process::exit`, say.
    pub(crate) fn abandon(record: &'static ThreadRecord, slots: &'static SiteSlots) {
        let frame = Self { record, slots, not_send: PhantomData };
        if frame.is_running() {
            slots.depth.set(1);
            frame.end(Outer { leaving: Leaving::Nothing as u64 });
        }
    }

    /// Goes on to line `index`, and counts that it ran.
    #[inline]
    pub(crate) fn line(self, index: usize) {
        self.resume(index);
        self.slots.lines[index].hits.add(1);
    }

    /// Goes on to line `index`, uncounted.
    #[inline]
    pub(crate) fn resume(self, index: usize) {
        self.leave(Leaving::Nothing);
        if self.is_outermost() {
            self.settle();
            self.start(index);
        }
    }

    /// Makes line `index` the one in force.
    #[inline]
    fn start(self, index: usize) {
        self.slots.line.set(index as u64);
        if self.slots.lines[index].clock.is_due() {
            self.start_clock(index);
        }
    }

    #[cold]
    #[inline(never)]
    fn start_clock(self, index: usize) {
        let runs = self.slots.lines[index].clock.begin(self.record.lots.next());
        self.time_from_now(runs);
    }

    /// Times the line in force from now on, for `runs` runs.
    fn time_from_now(self, runs: u64) {
        self.slots.timed_runs.set(runs);
        self.slots.seen_bytes[0].set(NEVER);
        self.slots.timed_since_ns.set(clock::nanoseconds());
    }

    /// Charges the line that ran until now.
    #[inline]
    pub(crate) fn settle(self) {
        let Self { record, slots, .. } = self;
        let [allocated, freed] = record.counters.bytes();
        let net = allocated.wrapping_sub(freed).cast_signed();
        slots.current_line().live_bytes.raise(record.others_live_bytes().wrapping_add(net));
        // No block comes or goes without bytes: if these stand still, all does.
        if allocated != slots.seen_bytes[0].get() || freed != slots.seen_bytes[1].get() {
            self.charge();
        }
    }

    #[cold]
    #[inline(never)]
    fn charge(self) {
        let Self { record, slots, .. } = self;
        let (line, now, before) =
            (slots.current_line(), record.counters.get(), slots.charged.get());
        line.counts.add(&now.since(&before));
        slots.charged.set(&now);
        let peak = record.counters.lower_peak();
        line.peak_bytes.raise(peak.wrapping_sub(before.net_bytes()).max(0).cast_unsigned());
        slots.peak_bytes.raise(peak);
        slots.seen_bytes[0].set(now.allocated_bytes);
        slots.seen_bytes[1].set(now.freed_bytes);
        let since = slots.timed_since_ns.get();
        if since != 0 {
            line.clock.add(since, slots.timed_runs.get());
            slots.timed_since_ns.set(0);
        }
        if slots.asks_the_system() {
            usage::charge(slots);
        }
    }

    /// Stops the line in force, which will go on later; returns what
    /// [`go_on`](Self::go_on) must know.
    #[inline]
    pub(crate) fn pause(self) -> Paused {
        let timed_runs =
            if self.slots.timed_since_ns.get() == 0 { 0 } else { self.slots.timed_runs.get() };
        self.settle();
        Paused { index: self.slots.current_index(), timed_runs }
    }

    /// Makes a line that was paused the one in force again.
    #[inline]
    pub(crate) fn go_on(self, paused: Paused) {
        self.slots.line.set(paused.index as u64);
        if paused.timed_runs != 0 {
            self.time_from_now(paused.timed_runs);
        }
    }

    #[inline]
    fn leaving(self) -> u64 {
        self.slots.leaving.get()
    }

    #[inline]
    fn leave(self, leaving: Leaving) {
        self.slots.leaving.set(leaving as u64);
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("site", self.slots.site)
            .field("depth", &self.slots.depth.get())
            .finish_non_exhaustive()
    }
}

/// A line that was stopped and will go on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Paused {
    /// The line's index.
    pub(crate) index: usize,
    /// The runs that it is timed for, or zero.
    timed_runs: u64,
}

impl Paused {
    /// Returns the line of `index`, not timed.
    pub(crate) fn at(index: usize) -> Self {
        Self { index, timed_runs: 0 }
    }
}

/// What leads to the calling thread's frame.
pub trait Find: Copy {
    /// Returns the calling thread's frame.
    fn frame(self) -> Frame;
}

impl Find for Frame {
    #[inline]
    fn frame(self) -> Frame {
        self
    }
}

/// Finds the frame of a site anew each time: for code that may go on on another
/// thread.
#[derive(Clone, Copy, Debug)]
pub struct Wandering(&'static Site);

impl Find for Wandering {
    #[inline]
    fn frame(self) -> Frame {
        Frame::of(self.0)
    }
}

/// The probes: what the attribute's calls are made on.
#[derive(Clone, Copy, Debug)]
pub struct Probes<F>(F);

impl Probes<Wandering> {
    /// Returns the probes of `site` for code that may change threads.
    #[inline]
    pub fn wandering(site: &'static Site) -> Self {
        Self(Wandering(site))
    }
}

impl Probes<Frame> {
    /// Returns the probes of `frame`.
    #[inline]
    pub(crate) fn of(frame: Frame) -> Self {
        Self(frame)
    }
}

impl<F: Find> Probes<F> {
    /// Returns the calling thread's frame.
    #[inline]
    pub(crate) fn frame(self) -> Frame {
        self.0.frame()
    }

    /// Goes on to line `index`, and counts that it ran.
    #[inline]
    pub fn line(self, index: usize) {
        self.frame().line(index);
    }

    /// Goes on to line `index`, uncounted: a `loop`, whose rounds are counted.
    #[inline]
    pub fn resume(self, index: usize) {
        self.frame().resume(index);
    }

    /// Goes before a `continue` or `break` of the innermost loop.
    #[inline]
    pub fn leave_round(self) {
        self.frame().leave(Leaving::Round);
    }

    /// Goes before a `return`.
    #[inline]
    pub fn leave_call(self) {
        self.frame().leave(Leaving::Call);
    }

    /// Returns a local for the start of an inner block: when the block is done,
    /// line `index` goes on, the statement around the block.
    #[inline]
    pub fn block(self, index: usize) -> Block<F> {
        Block { probes: self, index }
    }

    /// Returns a local for the start of a loop's body: it counts a round on line
    /// `index`, the loop's, which goes on when the round is done.
    #[inline]
    pub fn round(self, index: usize) -> Round<F> {
        self.frame().slots.lines[index].hits.add(1);
        Round { probes: self, index }
    }

    /// Returns a local for the end of a block, before its last expression: it is
    /// dropped first, and from then on line `index` runs, the closing brace.
    #[inline]
    pub fn close(self, index: usize) -> Close<F> {
        Close { probes: self, index }
    }
}

/// Goes on with the statement around a block when it is dropped, after the
/// block's own locals.
#[must_use = "it acts when the block that holds it ends"]
#[derive(Debug)]
pub struct Block<F: Find> {
    probes: Probes<F>,
    index: usize,
}

impl<F: Find> Drop for Block<F> {
    #[inline]
    fn drop(&mut self) {
        let frame = self.probes.frame();
        if frame.leaving() == Leaving::Nothing as u64 {
            frame.resume(self.index);
        }
    }
}

/// Goes on with the loop when it is dropped, after the body's own locals.
#[must_use = "it acts when the block that holds it ends"]
#[derive(Debug)]
pub struct Round<F: Find> {
    probes: Probes<F>,
    index: usize,
}

impl<F: Find> Drop for Round<F> {
    #[inline]
    fn drop(&mut self) {
        let frame = self.probes.frame();
        if frame.leaving() != Leaving::Call as u64 {
            frame.resume(self.index);
        }
    }
}

/// Goes on to the closing brace when it is dropped, before the block's locals.
#[must_use = "it acts when the block that holds it ends"]
#[derive(Debug)]
pub struct Close<F: Find> {
    probes: Probes<F>,
    index: usize,
}

impl<F: Find> Drop for Close<F> {
    #[inline]
    fn drop(&mut self) {
        let frame = self.probes.frame();
        if frame.leaving() == Leaving::Nothing as u64 {
            frame.line(self.index);
        }
    }
}
