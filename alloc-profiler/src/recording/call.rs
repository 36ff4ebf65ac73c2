//! One call's own figures, for whoever wants them at its end: a subscriber to
//! `tracing` events, or the user who asked for a table after each call.
//!
//! Nobody does, as a rule, so a guard holds none of this but an empty pointer.
//! A call's figures are gathered over its stretches: a function has one, a
//! future one for each time that it is polled, on whatever thread.

use crate::counting::uncounted::Uncounted;
use crate::measuring::measure::{HeapUse, Stretch};
use crate::output;
use crate::recording::events;
use crate::recording::frame::Frame;
use crate::recording::site::Site;
use crate::recording::slots::LineTotals;
use crate::report;

/// One call in progress.
#[derive(Debug)]
pub(crate) struct Call {
    site: &'static Site,
    wants_event: bool,
    /// The lines' own figures, if a table is wanted.
    lines: Option<Lines>,
    stretch: Stretch,
    /// What its finished stretches came to,
    spent: HeapUse,
    /// and how long they took.
    time_ns: u64,
}

impl Call {
    /// Begins a call whose frame has begun, if anybody wants to know.
    #[inline]
    pub(crate) fn begin(frame: Frame) -> Option<Box<Self>> {
        let wants_table = frame.slots.site.options().each_call;
        if wants_table || events::are_wanted() { Self::new(frame, wants_table) } else { None }
    }

    #[cold]
    #[inline(never)]
    fn new(frame: Frame, wants_table: bool) -> Option<Box<Self>> {
        // What a subscriber calls while it is told of a call would have no end.
        if frame.record.is_muted() {
            return None;
        }
        let wants_table = wants_table && frame.is_outermost();
        Some(Self::make(frame, events::are_wanted(), wants_table))
    }

    /// Begins one whose lines are wanted.
    pub(crate) fn with_lines(frame: Frame) -> Box<Self> {
        Self::make(frame, false, true)
    }

    fn make(frame: Frame, wants_event: bool, wants_lines: bool) -> Box<Self> {
        let mut call = {
            let _uncounted = Uncounted::begin();
            Box::new(Self {
                site: frame.slots.site,
                wants_event,
                lines: wants_lines.then(|| Lines::new(frame)),
                stretch: Stretch::begin(frame.record),
                spent: HeapUse::default(),
                time_ns: 0,
            })
        };
        call.resume(frame);
        call
    }

    /// Returns what the call and its lines came to, for the one time.
    pub(crate) fn take_figures(&mut self) -> (HeapUse, Vec<LineTotals>) {
        (self.spent, self.lines.take().map(|lines| lines.totals).unwrap_or_default())
    }

    /// Begins a stretch.
    pub(crate) fn resume(&mut self, frame: Frame) {
        if let Some(lines) = &mut self.lines {
            lines.resume(frame);
        }
        self.stretch = Stretch::begin(frame.record);
    }

    /// Ends a stretch.
    pub(crate) fn pause(&mut self, frame: Frame) {
        if frame.is_outermost() {
            frame.settle();
        }
        let (spent, time_ns) = self.stretch.end(frame.record);
        self.spent.append(&spent);
        self.time_ns += time_ns;
        if let Some(lines) = &mut self.lines {
            lines.pause(frame);
        }
    }

    /// Ends the last stretch, and the call.
    pub(crate) fn end(mut self: Box<Self>, frame: Frame) {
        self.pause(frame);
        self.finish();
    }

    /// Ends a call that is between two stretches.
    pub(crate) fn finish(self: Box<Self>) {
        let _uncounted = Uncounted::begin();
        if let Some(lines) = &self.lines {
            output::print_call(&report::one_call(self.site, &lines.totals, &self.spent));
        }
        if self.wants_event {
            events::call_ended(self.site.name(), &self.spent, self.time_ns);
        }
        // It was not counted when it was made.
        drop(self);
    }
}

/// One call's lines. Sums are differences of the thread's own; the maxima are
/// put aside while the call runs, and put back when it is done or pauses.
#[derive(Debug)]
struct Lines {
    totals: Vec<LineTotals>,
    before: Vec<LineTotals>,
}

impl Lines {
    fn new(frame: Frame) -> Self {
        let none = vec![LineTotals::default(); frame.slots.lines.len()];
        Self { before: none.clone(), totals: none }
    }

    fn resume(&mut self, frame: Frame) {
        for (before, slot) in self.before.iter_mut().zip(frame.slots.lines) {
            *before = slot.totals();
            slot.live_bytes.set(0);
            slot.peak_bytes.set(0);
            slot.usage_bytes.set(0);
        }
    }

    fn pause(&mut self, frame: Frame) {
        for ((total, before), slot) in
            self.totals.iter_mut().zip(&self.before).zip(frame.slots.lines)
        {
            total.add(&slot.totals().since(before));
            slot.live_bytes.raise(before.live_bytes.cast_signed());
            slot.peak_bytes.raise(before.peak_bytes);
            slot.usage_bytes.raise(before.usage_bytes);
        }
    }
}
