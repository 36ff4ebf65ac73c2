//! What the tests share: blocks of a known size, spans' figures in short, and a
//! layer that notes the events it sees.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use alloc_profiler_tracing::{HeapLayer, HeapReport, ReportHandle};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

/// Returns a block of exactly `n` bytes.
pub(crate) fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

/// Runs `work` under a subscriber of its own; returns what its spans came to.
///
/// The registry's own memory for as many spans as the tests have open at once is
/// there before.
pub(crate) fn spans(work: impl FnOnce()) -> HeapReport {
    let (layer, handle) = HeapLayer::with_report();
    let subscriber = tracing_subscriber::registry().with(layer.without_events());
    tracing::subscriber::with_default(subscriber, || {
        warm_up();
        work();
    });
    handle.report()
}

/// Has the registry allocate what it keeps for later spans.
pub(crate) fn warm_up() {
    let spans: Vec<_> = (0..64).map(|_| tracing::info_span!("warm_up")).collect();
    let guards: Vec<_> = spans.iter().map(tracing::Span::enter).collect();
    drop(guards);
}

/// A span's figures: count, allocated, freed, own allocated, own freed, peak.
pub(crate) type Figures = (u64, u64, u64, u64, u64, u64);

/// Returns the figures of the spans of `path`, names with dots between.
#[track_caller]
pub(crate) fn figures(report: &HeapReport, path: &str) -> Figures {
    let names: Vec<_> = path.split('.').collect();
    let span = report.span(&names).unwrap_or_else(|| panic!("no span {path}\n{report}"));
    let (heap, own) = (&span.heap, &span.own);
    (
        span.count,
        heap.allocated_bytes,
        heap.freed_bytes,
        own.allocated_bytes,
        own.freed_bytes,
        heap.peak_bytes,
    )
}

/// Sets a subscriber with a heap layer for the whole process; returns the handle.
pub(crate) fn for_all_threads() -> ReportHandle {
    let (layer, handle) = HeapLayer::with_report();
    tracing_subscriber::registry().with(layer).init();
    handle
}

/// An event as a subscriber sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) target: String,
    /// The name of the span in whose context it is.
    pub(crate) parent: Option<&'static str>,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

impl Seen {
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }
}

/// A layer that notes events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<Seen>>>);

impl Events {
    /// Returns those seen so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }
}

impl<S> Layer<S> for Events
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut seen = Seen {
            target: event.metadata().target().to_owned(),
            parent: context.event_span(event).map(|span| span.name()),
            ..Seen::default()
        };
        event.record(&mut seen);
        self.0.lock().unwrap().push(seen);
    }
}

/// Returns the events that tell of spans, but for those of the warm-up.
pub(crate) fn told(events: &Events) -> Vec<Seen> {
    let mut seen = events.seen();
    seen.retain(|event| event.target == "alloc_profiler::span");
    seen.retain(|event| event.field("name") != "\"warm_up\"");
    seen
}
