//! Spans on one thread and on several: exact figures, in whatever order they are
//! entered and exited.

mod common;

use std::alloc::System;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::thread;

use alloc_profiler::{HeapUse, ProfiledAlloc, measure};
use common::{bytes, figures, spans};
use tracing::{info_span, subscriber};
use tracing_subscriber::prelude::*;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

#[test]
fn parents_have_what_children_did() {
    let report = spans(|| {
        let outer = info_span!("outer").entered();
        let kept = bytes(100);
        drop(bytes(30));
        info_span!("inner").in_scope(|| {
            drop(bytes(1000));
            info_span!("innermost").in_scope(|| drop(bytes(7)));
            drop(bytes(20));
        });
        info_span!("inner").in_scope(|| drop(kept));
        drop(bytes(3));
        drop(outer);
    });
    assert_eq!(figures(&report, "outer"), (1, 1160, 1160, 133, 33, 1100));
    assert_eq!(figures(&report, "outer.inner"), (2, 1027, 1127, 1020, 1120, 1000));
    assert_eq!(figures(&report, "outer.inner.innermost"), (1, 7, 7, 7, 7, 7));
    assert_eq!(report.spans.len(), 3 + 1, "{report}");
    assert_eq!(report.span(&["outer", "inner"]).unwrap().heap.net_bytes(), -100);
}

#[test]
fn stays_add_up_and_peaks_stand_on_what_is_kept() {
    let mut kept = Vec::with_capacity(10);
    let report = spans(|| {
        let span = info_span!("span");
        for _ in 0..10 {
            span.in_scope(|| kept.push(bytes(10)));
            drop(bytes(5000));
        }
        span.in_scope(|| drop(bytes(50)));
        span.in_scope(|| kept.clear());
        span.in_scope(|| drop(bytes(60)));
    });
    assert_eq!(figures(&report, "span"), (1, 210, 210, 210, 210, 150));
}

#[test]
fn what_happens_outside_is_nobodys() {
    let mut before = bytes(10);
    let report = spans(|| {
        let span = info_span!("span");
        before = bytes(20);
        let entered = span.entered();
        let inside = bytes(300);
        let span = entered.exit();
        drop(inside);
        drop(span);
    });
    assert_eq!(figures(&report, "span"), (1, 300, 0, 300, 0, 300));
    assert_eq!(before.len(), 20);
}

#[test]
fn the_layers_memory_is_nobodys() {
    let mut heap = None;
    let report = spans(|| {
        let outer = info_span!("outer").entered();
        let ((), all) = measure(|| {
            for _ in 0..50 {
                let span = info_span!("inner");
                let again = span.clone();
                let (_one, _two) = (span.entered(), again.entered());
                info_span!("innermost").in_scope(|| ());
            }
        });
        heap = Some(all);
        drop(outer);
    });
    assert_eq!(heap, Some(HeapUse::default()));
    assert_eq!(figures(&report, "outer"), (1, 0, 0, 0, 0, 0));
    assert_eq!(figures(&report, "outer.inner.innermost").0, 50);
}

#[test]
fn exits_may_come_in_the_wrong_order() {
    // Something high beforehand, which is nobody's peak.
    drop(bytes(100_000));
    let report = spans(|| {
        let (a, b, c) = (info_span!("a"), info_span!(parent: None, "b"), info_span!("c"));
        let a = a.entered();
        drop(bytes(500));
        let of_a = bytes(1);
        let b = b.entered();
        let of_b = bytes(10);
        let c = c.entered();
        let of_c = bytes(100);
        // Beneath b and c.
        drop(a);
        drop(bytes(2000));
        drop(b);
        drop(bytes(3000));
        drop(c);
        drop((of_a, of_b, of_c));
    });
    assert_eq!(figures(&report, "a"), (1, 611, 500, 501, 500, 500));
    assert_eq!(figures(&report, "b"), (1, 2110, 2000, 10, 0, 2110));
    assert_eq!(figures(&report, "c"), (1, 5100, 5000, 5100, 5000, 3100));
}

#[test]
fn a_span_within_itself_counts_once() {
    let report = spans(|| {
        let span = info_span!("span");
        let _outer = span.enter();
        drop(bytes(10));
        info_span!("child").in_scope(|| {
            span.in_scope(|| drop(bytes(100)));
            drop(bytes(1));
        });
    });
    assert_eq!(figures(&report, "span"), (1, 111, 111, 110, 110, 100));
    assert_eq!(figures(&report, "span.child"), (1, 101, 101, 1, 1, 100));
}

#[test]
fn threads_may_be_in_a_span_at_once() {
    let report = spans(|| {
        let span = info_span!("shared");
        let both_in = Barrier::new(2);
        let subscriber = tracing::dispatcher::get_default(Clone::clone);
        thread::scope(|scope| {
            for n in [100, 2000] {
                let (span, both_in, subscriber) = (span.clone(), &both_in, subscriber.clone());
                scope.spawn(move || {
                    tracing::dispatcher::with_default(&subscriber, || {
                        let child = info_span!(parent: &span, "child");
                        let entered = span.enter();
                        both_in.wait();
                        drop(bytes(n));
                        child.in_scope(|| drop(bytes(n + 1)));
                        both_in.wait();
                        drop(entered);
                    });
                });
            }
        });
    });
    assert_eq!(figures(&report, "shared"), (1, 4202, 4202, 2100, 2100, 2001));
    assert_eq!(figures(&report, "shared.child"), (2, 2102, 2102, 2102, 2102, 2001));
}

#[test]
fn a_panic_leaves_right_figures() {
    let report = spans(|| {
        let outer = info_span!("outer").entered();
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let held = bytes(100);
            let _inner = info_span!("inner").entered();
            let _held = bytes(1000);
            if held.len() == 100 {
                resume_unwind(Box::new(()));
            }
        }));
        assert!(caught.is_err());
        drop(caught);
        drop(bytes(1));
        drop(outer);
        info_span!("after").in_scope(|| drop(bytes(5)));
    });
    let (outer, inner) = (figures(&report, "outer"), figures(&report, "outer.inner"));
    // The machinery allocates in the inner span and frees in the outer one.
    let machinery = inner.1 - 1000;
    assert_eq!(inner, (1, 1000 + machinery, 1000, 1000 + machinery, 1000, 1000 + machinery));
    assert_eq!((outer.1, outer.2), (1101 + machinery, 1101 + machinery));
    assert_eq!((outer.3, outer.4), (101, 101 + machinery));
    assert_eq!(figures(&report, "after"), (1, 5, 5, 5, 5, 5));
}

#[test]
fn a_guard_that_is_forgotten_harms_nobody() {
    let report = spans(|| {
        let subscriber = tracing::dispatcher::get_default(Clone::clone);
        thread::spawn(move || {
            let _default = tracing::dispatcher::set_default(&subscriber);
            std::mem::forget(info_span!("forgotten").entered());
            info_span!("child").in_scope(|| drop(bytes(9)));
        })
        .join()
        .unwrap();
        info_span!("other").in_scope(|| drop(bytes(8)));
    });
    assert_eq!(figures(&report, "forgotten.child"), (1, 9, 9, 9, 9, 9));
    assert_eq!(figures(&report, "other"), (1, 8, 8, 8, 8, 8));
    assert!(report.span(&["forgotten"]).is_none(), "{report}");
}

#[test]
fn two_layers_and_two_subscribers_do_not_mix() {
    let mut inner = None;
    let (first, first_handle) = alloc_profiler_tracing::HeapLayer::with_report();
    let (second, second_handle) = alloc_profiler_tracing::HeapLayer::with_report();
    let two =
        tracing_subscriber::registry().with(first.without_events()).with(second.without_events());
    drop(bytes(100_000));
    subscriber::with_default(two, || {
        common::warm_up();
        let outer = info_span!("outer").entered();
        drop(bytes(10));
        info_span!("inner").in_scope(|| {
            inner = Some(spans(|| info_span!("outer").in_scope(|| drop(bytes(100)))));
        });
        drop(outer);
    });
    let (first, second) = (first_handle.report(), second_handle.report());
    for path in ["outer", "outer.inner"] {
        assert_eq!(figures(&first, path), figures(&second, path), "{path}");
    }
    assert_eq!(figures(&first, "outer").3, 10);
    assert_eq!(figures(&inner.unwrap(), "outer"), (1, 100, 100, 100, 100, 100));
}

#[test]
fn rows_are_ranked_and_printed() {
    let mut report = spans(|| {
        info_span!("small").in_scope(|| {
            drop(bytes(10));
            info_span!("a").in_scope(|| drop(bytes(1)));
            info_span!("b").in_scope(|| drop(bytes(2)));
        });
        info_span!("big").in_scope(|| drop(bytes(1234)));
    });
    report.spans.retain(|span| span.path != ["warm_up"]);
    let paths: Vec<_> = report.spans.iter().map(|span| span.path.join(".")).collect();
    assert_eq!(paths, ["big", "small", "small.b", "small.a"]);
    let text = report.to_string();
    let row = |text: &&str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(row(&lines[0]), ["Net", "Allocated", "Own", "Peak", "Count", "Busy", "Span"]);
    assert_eq!(row(&lines[2])[..5], ["0", "1,234", "1,234", "1,234", "1"]);
    assert!(lines[4].ends_with("    b"), "{text}");
}
