//! Without `ProfiledAlloc` as the global allocator there is nothing to show, and
//! the report says so instead of showing zeros.

use alloc_profiler::profile;

#[profile]
fn work() -> Vec<u8> {
    vec![1; 1000]
}

#[test]
fn a_report_of_zeros_is_never_shown() {
    assert!(!alloc_profiler::report().is_counting);
    assert_eq!(alloc_profiler::report().to_string(), "");
    work();
    let report = alloc_profiler::report();
    assert!(!report.is_counting);
    assert_eq!(report.function("work").unwrap().calls, 1);
    let text = report.to_string();
    assert!(text.starts_with("alloc_profiler: nothing was counted"), "{text}");
    assert_eq!(text.lines().count(), 1);
}
