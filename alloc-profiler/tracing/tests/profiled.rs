//! Beside `#[profile]`, on the same functions: spans and tables agree, and neither
//! disturbs the other.

mod common;

use std::alloc::System;

use alloc_profiler::{ProfiledAlloc, profile};
use common::{bytes, figures, spans};
use tracing::{info_span, instrument};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

#[profile]
#[instrument(skip_all)]
fn outer() -> Box<[u8]> {
    let high = bytes(5000);
    drop(high);
    let held = bytes(100);
    let kept = inner(200);
    drop(held);
    kept
}

#[profile]
#[instrument]
fn inner(n: usize) -> Box<[u8]> {
    let scratch = bytes(1000);
    let kept = bytes(n);
    drop(scratch);
    kept
}

#[profile]
fn spans_within() {
    let low = info_span!("low").entered();
    drop(bytes(10));
    let high = info_span!("high");
    high.in_scope(|| drop(bytes(300)));
    drop(low);
    drop(bytes(20));
}

/// Returns the net bytes and the peak of the line of `function` that has `text`.
#[track_caller]
fn line(function: &str, text: &str) -> (i64, u64) {
    let report = alloc_profiler::report();
    let function = report.function(function).expect("entered").clone();
    let mut lines = function.lines.iter().filter(|line| line.source.contains(text));
    let figures = lines.next().and_then(|line| line.figures).expect("a line with figures");
    (figures.increment_bytes, figures.peak_bytes)
}

#[test]
fn functions_that_are_spans_too() {
    let report = spans(|| drop(outer()));
    assert_eq!(figures(&report, "outer"), (1, 6300, 6100, 5100, 5100, 5000));
    assert_eq!(figures(&report, "outer.inner"), (1, 1200, 1000, 1200, 1000, 1200));
    assert_eq!(line("outer", "let high"), (5000, 5000));
    assert_eq!(line("outer", "let held"), (100, 100));
    assert_eq!(line("outer", "let kept = inner"), (200, 1200));
    assert_eq!(line("inner", "let scratch"), (1000, 1000));
    assert_eq!(line("inner", "let kept"), (200, 200));
}

#[test]
fn spans_in_a_profiled_function() {
    let report = spans(spans_within);
    assert_eq!(figures(&report, "low"), (1, 310, 310, 10, 10, 300));
    assert_eq!(figures(&report, "low.high"), (1, 300, 300, 300, 300, 300));
    assert_eq!(line("spans_within", "drop(bytes(10))"), (0, 10));
    assert_eq!(line("spans_within", "high.in_scope"), (0, 300));
    assert_eq!(line("spans_within", "drop(bytes(20))"), (0, 20));
    // The layer's work between the lines is on none.
    assert_eq!(line("spans_within", "drop(low)"), (0, 0));
}

#[profile]
fn spans_around() {
    let all = info_span!("all").entered();
    drop(bytes(7000));
    let kept = inner(20);
    drop(all);
    drop(kept);
}

#[test]
fn profiled_calls_in_a_span_of_a_profiled_function() {
    drop(bytes(50_000));
    let report = spans(spans_around);
    assert_eq!(figures(&report, "all"), (1, 8020, 8000, 7000, 7000, 7000));
    assert_eq!(figures(&report, "all.inner"), (1, 1020, 1000, 1020, 1000, 1020));
    assert_eq!(line("spans_around", "drop(bytes(7000))"), (0, 7000));
    assert_eq!(line("spans_around", "let kept"), (20, 1020));
}
