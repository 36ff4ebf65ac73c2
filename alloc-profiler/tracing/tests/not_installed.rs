//! Without a `ProfiledAlloc` there is nothing to charge, and the report says so.

mod common;

use common::{bytes, spans};
use tracing::info_span;

#[test]
fn a_report_says_that_nothing_is_counted() {
    let report = spans(|| info_span!("span").in_scope(|| drop(bytes(10))));
    assert!(!report.is_counting);
    assert_eq!(common::figures(&report, "span"), (1, 0, 0, 0, 0, 0));
    let text = report.to_string();
    assert!(text.starts_with("alloc_profiler_tracing: nothing is counted, because"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}
