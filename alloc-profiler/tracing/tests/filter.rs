//! A filter that switches every span off: nothing is counted, not even begun.
//!
//! One test, since counting is the whole process's.

mod common;

use std::alloc::System;

use alloc_profiler::ProfiledAlloc;
use alloc_profiler_tracing::HeapLayer;
use common::{Events, bytes};
use tracing::{info_span, subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::prelude::*;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

fn run(filter: &str) -> (alloc_profiler_tracing::HeapReport, usize) {
    let (layer, handle) = HeapLayer::with_report();
    let events = Events::default();
    let registry = tracing_subscriber::registry().with(EnvFilter::new(filter));
    subscriber::with_default(registry.with(layer).with(events.clone()), || {
        let _outer = info_span!("outer").entered();
        info_span!("inner").in_scope(|| drop(bytes(10)));
    });
    (handle.report(), events.seen().len())
}

/// Returns whether the profiler has begun to count.
fn is_counting() -> bool {
    alloc_profiler::report().is_counting
}

#[test]
fn off_counts_nothing() {
    let (report, events) = run("off");
    assert_eq!((report.spans.len(), report.is_counting, events), (0, false, 0));
    assert_eq!(report.to_string(), "");
    assert!(!is_counting());
    // Spans, but not the layer's events.
    let (report, events) = run("info");
    assert_eq!((report.spans.len(), report.is_counting, events), (2, true, 0));
    assert!(is_counting());
    let (report, events) = run("info,alloc_profiler=debug");
    assert_eq!((report.spans.len(), events), (2, 2));
}
