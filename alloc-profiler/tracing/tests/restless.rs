//! A subscriber that enters spans as it is told of others.
//!
//! One test, for the whole process: while any thread has a subscriber of its own,
//! tracing lets no span begin in the course of an event.

mod common;

use std::alloc::System;

use alloc_profiler::{ProfiledAlloc, measure};
use alloc_profiler_tracing::HeapLayer;
use common::{Events, bytes, told};
use tracing::{Event, Subscriber, info_span, subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Enters a span for each event, and allocates.
struct Restless;

impl<S: Subscriber> Layer<S> for Restless {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        // The registry never lets go of a span that closes in the course of another's
        // close, so it should not keep the other's parent open.
        info_span!(parent: None, "restless").in_scope(|| drop(bytes(1000)));
    }
}

#[test]
fn a_subscriber_may_enter_spans_as_it_is_told() {
    let events = Events::default();
    let (layer, handle) = HeapLayer::with_report();
    let registry = tracing_subscriber::registry();
    let subscriber = registry.with(layer).with(Restless).with(events.clone());
    subscriber::set_global_default(subscriber).unwrap();
    common::warm_up();
    let ((), heap) = measure(|| {
        let outer = info_span!("outer").entered();
        info_span!("inner").in_scope(|| drop(bytes(10)));
        drop(outer);
    });
    let seen = told(&events);
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!(seen[1].field("allocated_bytes"), "10");
    assert_eq!((heap.allocated_bytes, heap.peak_bytes), (10, 10));
    // An event of the program's own is no different: its spans are measured.
    info_span!("third").in_scope(|| tracing::info!("event"));
    let report = handle.report();
    let restless = report.span(&["restless"]).expect("a row");
    assert_eq!((restless.count, restless.heap.peak_bytes), (1, 1000), "{report}");
    let third = report.span(&["third"]).unwrap();
    assert!(third.heap.allocated_bytes >= 1000, "{report}");
}
