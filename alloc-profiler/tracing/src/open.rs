//! The spans that are open on the calling thread: entered there, not yet exited.
//!
//! Each has a [`Measuring`] under way, which has what the spans above it do too.
//! Measurements must end in the order opposite to that in which they began, else
//! a peak is charged to the wrong one. Spans need not: a guard may outlive another
//! that came later, and one subscriber may have several layers, which all hear of
//! an exit in the same order as of the enter. So when a span ends that is not the
//! last, those above it are paused, the last first, and then go on.
//!
//! Invariants: every open span's measurement is running, and they began in the
//! order of the stack. What a measurement found was added to its span's figures
//! and taken off the own figures of the span beneath, of the same layer, at once.
//!
//! Nothing here allocates but [`make_room`], which counts for nobody.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use alloc_profiler::{HeapUse, Measuring, uncounted};
use tracing_core::span::Id;

use crate::spent::Spent;

thread_local! {
    static OPEN: Stack = const { Stack(RefCell::new(Vec::new())) };
}

/// Tells layers apart: each has its own spans, and those of different subscribers
/// may have the same ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LayerId(u64);

impl LayerId {
    /// Returns an id that no other layer has.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// The calling thread's open spans, the innermost last.
struct Stack(RefCell<Vec<Open>>);

impl Drop for Stack {
    fn drop(&mut self) {
        // The thread ends. Its spans, if any guard was forgotten, end with it.
        uncounted(|| self.0.take());
    }
}

/// A stay in a span that has not ended.
struct Open {
    layer: LayerId,
    span: Id,
    since: Instant,
    /// What was measured before the last pause.
    spent: Spent,
    /// `None` only during a pause.
    measuring: Option<Measuring>,
}

impl Open {
    /// Stops measuring; returns what was measured since the last pause.
    fn pause(&mut self) -> HeapUse {
        let part = self.measuring.take().map(Measuring::end).unwrap_or_default();
        self.spent.heap.append(&part);
        self.spent.own.add(&part);
        part
    }

    /// Measures on.
    fn go_on(&mut self) {
        self.measuring = Some(Measuring::begin());
    }
}

/// Notes that the calling thread entered `span`.
///
/// A thread whose thread-locals are destroyed already measures nothing.
pub(crate) fn enter(layer: LayerId, span: &Id) {
    uncounted(make_room);
    let _ = OPEN.try_with(|open| {
        let stay = Open {
            layer,
            span: span.clone(),
            since: Instant::now(),
            spent: Spent::default(),
            measuring: Some(Measuring::begin()),
        };
        open.0.borrow_mut().push(stay);
    });
}

fn make_room() {
    let _ = OPEN.try_with(|open| open.0.borrow_mut().reserve(1));
}

/// Notes that the calling thread exited `span`; returns what it spent there since
/// it entered it. `None` if it is still in the span, which it entered twice, or
/// never was.
pub(crate) fn exit(layer: LayerId, span: &Id) -> Option<Spent> {
    OPEN.try_with(|open| leave(&mut open.0.borrow_mut(), layer, span)).ok().flatten()
}

fn leave(open: &mut Vec<Open>, layer: LayerId, span: &Id) -> Option<Spent> {
    let is_it = |stay: &Open| stay.layer == layer && stay.span == *span;
    let place = open.iter().rposition(is_it)?;
    for above in (place..open.len()).rev() {
        let part = open[above].pause();
        let layer = open[above].layer;
        if let Some(beneath) = open[..above].iter_mut().rfind(|stay| stay.layer == layer) {
            beneath.spent.own.take_off(&part);
        }
    }
    let stay = open.remove(place);
    open[place..].iter_mut().for_each(Open::go_on);
    match open.iter_mut().rfind(|stay| is_it(stay)) {
        // The outer stay has the rest already.
        Some(outer) => {
            outer.spent.own.add_own(&stay.spent.own);
            None
        }
        None => Some(Spent { busy: stay.since.elapsed(), ..stay.spent }),
    }
}
