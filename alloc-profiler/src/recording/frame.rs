//! Frames: a function's progress on one thread, and the probes that move it on.
//!
//! A [`Frame`] is the pair of a thread's record and its slots of one site, found
//! once by a guard and then passed by value. A probe charges what the thread
//! counted since the last probe to the line that ran until now, and goes on to
//! the next line. It takes no lock, allocates nothing and searches nothing: it
//! compares one word, which says whether anything moved, and does more only then,
//! or if somebody has set that word to have it look. What a function called in
//! between has charged to its own lines has moved for the caller, too.
//!
//! Only the outermost activation charges. Inner ones, of a recursive function,
//! count how often their lines run; all else that they do is the outermost
//! one's line that called them.

use std::fmt;
use std::marker::PhantomData;

use crate::clock;
use crate::counting::thread::{self, ThreadRecord};
use crate::recording::site::Site;
use crate::recording::slots::{LineSlot, SiteSlots};
use crate::recording::usage;

/// What is left if the block that runs is left now. The locals that a `continue`,
/// `break`, `return` or `?` drops on its way are charged to its own line, so the
/// blocks on the way restore nothing. Numbers between the last two are as many more
/// rounds and labelled blocks: a label leaves more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Leaving {
    /// More than the block, whatever it is: a statement runs that is not its last.
    More = 0,
    /// The block alone: its last statement runs.
    Block = 1,
    /// A loop's round, and the blocks in it.
    Round = 2,
    /// The function.
    Call = u32::MAX,
}

/// What an activation found, and puts back when it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outer {
    leaving: u32,
}

impl Outer {
    /// Returns what is put back to leave what `leaving` says.
    pub(crate) const fn of(leaving: Leaving) -> Self {
        Self { leaving: leaving as u32 }
    }
}

/// A function's progress on the calling thread.
#[derive(Clone, Copy)]
pub struct Frame {
    pub(crate) record: &'static ThreadRecord,
    pub(crate) slots: &'static SiteSlots,
    /// The slots' lines, so that they need not be looked up at each probe.
    pub(super) lines: &'static [LineSlot],
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
        Self::new(record, record.slots_of(site))
    }

    /// Returns the frame of the calling thread that is about to enter `site`.
    #[inline]
    pub(crate) fn to_enter(site: &'static Site) -> Self {
        site.id();
        let record = thread::current_for_calls();
        Self::new(record, record.slots_of(site))
    }

    #[inline]
    fn new(record: &'static ThreadRecord, slots: &'static SiteSlots) -> Self {
        Self { record, slots, lines: slots.lines, not_send: PhantomData }
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
            let now = record.counters.own();
            slots.entry.set(&now);
            slots.charged.set(&now);
            slots.level.set(record.calls());
            slots.outer_peak_bytes.set(record.counters.lower_peak());
            slots.peak_bytes.set(now.net_bytes());
            self.look();
            if slots.asks_the_system() {
                usage::begin(self);
            }
            self.go_on(line);
        } else {
            slots.unsettle();
        }
        outer
    }

    /// Begins the first line of an activation, and counts that it ran.
    #[inline]
    pub(crate) fn enter(self) {
        let line = &self.slots.lines[0];
        let is_timed = line.clock.begin_run();
        if self.is_outermost() {
            self.start(line, is_timed);
        } else {
            line.clock.pass_over();
        }
    }

    /// Begins what leaves nothing, inside of what may.
    #[inline]
    pub(crate) fn stop_leaving(self) -> Outer {
        let outer = self.what_is_left();
        self.leave(Leaving::Block);
        outer
    }

    /// Returns what is being left, for [`leave_again`](Self::leave_again).
    #[inline]
    pub(crate) fn what_is_left(self) -> Outer {
        Outer { leaving: self.slots.leaving() }
    }

    /// Goes on with what was being left.
    #[inline]
    pub(crate) fn leave_again(self, outer: Outer) {
        self.slots.leave(outer.leaving);
    }

    /// Ends an activation.
    #[inline]
    pub(crate) fn end(self, outer: Outer) {
        let Self { record, slots, .. } = self;
        if self.is_outermost() {
            self.settle();
            let muted = record.is_muted();
            let end = if muted { slots.charged.get() } else { record.counters.own() };
            let spent = end.since(&slots.entry.get());
            slots.total.add(&spent);
            let peak = slots.outer_peak_bytes.get().max(slots.peak_bytes.get());
            record.counters.set_peak(peak);
        }
        slots.depth.add(u64::MAX);
        self.leave_again(outer);
        record.end_call();
    }

    /// Charges the peak on the line that runs on the thread of `record`, if one does,
    /// since somebody is about to lower it. In uncounted work it is not the line's,
    /// and will be put back.
    pub(crate) fn note_peak(record: &ThreadRecord) {
        if record.is_muted() {
            return;
        }
        if let Some(slots) = record.innermost() {
            let peak = record.counters.peak_bytes();
            let rise = peak.wrapping_sub(slots.charged.net_bytes());
            slots.current_line().peak_bytes.raise(rise.max(0).cast_unsigned());
            slots.peak_bytes.raise(peak);
        }
    }

    /// Closes the books on activations that will never end, because their
    /// thread has: it called `process::exit`, say.
    pub(crate) fn abandon(record: &'static ThreadRecord, slots: &'static SiteSlots) {
        let frame = Self::new(record, slots);
        if frame.is_running() {
            record.forget_calls(slots.depth.get() - 1);
            slots.depth.set(1);
            frame.end(Outer::of(Leaving::Block));
        }
    }

    /// Goes on to line `index`, and counts that it ran.
    ///
    /// All that is rare is a call at the end, so that nothing is saved for it.
    #[inline]
    pub(crate) fn line(self, index: usize) {
        let line = &self.lines[index];
        let is_timed = line.clock.begin_run();
        if self.is_settled() {
            self.slots.go_to(index);
            self.start(line, is_timed);
        } else {
            Self::settle_and_start(self.record, self.slots, index, true);
        }
    }

    /// Goes on to line `index`, uncounted.
    #[inline]
    pub(crate) fn resume(self, index: usize) {
        let line = &self.lines[index];
        if self.is_settled() {
            self.slots.go_to(index);
            self.start(line, line.clock.is_timed());
        } else {
            Self::settle_and_start(self.record, self.slots, index, false);
        }
    }

    /// Counts a run of line `index`, a loop's round, which goes on only later.
    #[inline]
    pub(crate) fn count_round(self, index: usize) {
        let clock = &self.lines[index].clock;
        clock.begin_run();
        if !self.is_outermost() {
            clock.pass_over();
        }
    }

    // What is rarely called takes the frame in parts: whole it would be written to
    // memory for it at each probe.
    #[cold]
    #[inline(never)]
    fn settle_and_start(
        record: &'static ThreadRecord,
        slots: &'static SiteSlots,
        index: usize,
        is_run: bool,
    ) {
        let frame = Self::new(record, slots);
        let clock = &slots.lines[index].clock;
        if frame.is_outermost() {
            frame.charge(slots.current_line());
            slots.go_to(index);
            frame.start(&slots.lines[index], clock.is_timed());
        } else {
            frame.leave(Leaving::More);
            if is_run {
                clock.pass_over();
            }
        }
    }

    /// Begins a stretch of the line in force.
    #[inline]
    fn start(self, line: &'static LineSlot, is_timed: bool) {
        if is_timed || self.slots.live_bytes.get() > line.live_bytes.get() {
            Self::watch(self.record, self.slots, line, is_timed);
        }
    }

    /// Sees to it that the end of `line`, which begins, is noted: it is timed, or
    /// it has not yet ended with so much live.
    #[cold]
    #[inline(never)]
    fn watch(
        record: &'static ThreadRecord,
        slots: &'static SiteSlots,
        line: &'static LineSlot,
        is_timed: bool,
    ) {
        slots.unsettle();
        if is_timed {
            Self::new(record, slots).time_from_now(line.clock.weight(record.lots.next()));
        }
    }

    /// Times the line in force from now on, for `runs` runs.
    fn time_from_now(self, runs: u64) {
        self.slots.unsettle();
        self.slots.timed_runs.set(runs);
        self.slots.timed_since_ns.set(clock::nanoseconds());
    }

    /// Charges the line that ran until now. For the outermost activation.
    pub(crate) fn settle(self) {
        let line = self.slots.current_line();
        if self.is_settled() {
            line.live_bytes.raise(self.slots.live_bytes.get());
        } else {
            self.charge(line);
        }
    }

    /// Charges `line`, the one in force, with what moved.
    #[inline]
    fn charge(self, line: &LineSlot) {
        let Self { record, slots, .. } = self;
        if record.is_muted() {
            // The counters will be put back to what they were when this began, and
            // what came before it is still to be charged.
            slots.unsettle();
        } else {
            record.counters.heed();
            let before = slots.charged.net_bytes();
            line.counts.add_since(&slots.charged, &record.counters.own());
            let peak = record.counters.lower_peak();
            line.peak_bytes.raise(peak.wrapping_sub(before).max(0).cast_unsigned());
            slots.peak_bytes.raise(peak);
            self.look();
        }
        let since = slots.timed_since_ns.get();
        if since != 0 {
            line.clock.add(since, slots.timed_runs.get());
            slots.timed_since_ns.set(0);
        }
        if slots.asks_the_system() {
            usage::charge(self);
        }
        line.live_bytes.raise(slots.live_bytes.get());
    }

    /// Notes what the thread has counted.
    #[inline]
    fn look(self) {
        let Self { record, slots, .. } = self;
        slots.settled_at.set(record.counters.moves());
        let own = record.counters.own_net_bytes();
        slots.live_bytes.set(record.others_live_bytes().wrapping_add(own));
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
        self.slots.go_back_to(paused.index);
        if paused.timed_runs != 0 {
            self.time_from_now(paused.timed_runs);
        }
    }

    /// Returns whether nothing moved since a line of the outermost activation was
    /// last charged, and it need not be charged for another reason. No inner
    /// activation has this.
    #[inline]
    fn is_settled(self) -> bool {
        self.slots.settled_at.get() == self.record.counters.moves()
    }

    #[inline]
    pub(super) fn is_leaving(self, leaving: Leaving) -> bool {
        self.slots.leaving() == leaving as u32
    }

    #[inline]
    pub(super) fn leave(self, leaving: Leaving) {
        self.slots.leave(leaving as u32);
    }

    /// Leaves `count` loops' rounds and labelled blocks, at least one.
    #[inline]
    pub(super) fn leave_rounds(self, count: u32) {
        self.slots.leave(Leaving::Round as u32 - 1 + count);
    }

    /// Has left one of several rounds and labelled blocks, if that is what it leaves.
    #[inline]
    pub(super) fn leave_one_round_less(self) {
        let leaving = self.slots.leaving();
        if leaving > Leaving::Round as u32 && leaving < Leaving::Call as u32 {
            self.slots.leave(leaving - 1);
        }
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
