//! `assert_heap!`: limits that hold cost nothing, limits that do not are named
//! with the lines that spent, and tests on other threads do not matter.

use std::alloc::System;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use alloc_profiler::{ProfiledAlloc, assert_heap, profile};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

/// Returns what `work` panics with.
fn failure(work: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(work)).expect_err("it should fail");
    *payload.downcast::<String>().expect("a text")
}

#[test]
fn limits_that_are_kept_return_the_blocks_value() {
    let bound = 3_usize;
    let kept = assert_heap!(allocs <= bound, bytes == 142, frees == 2, freed_bytes < 43, {
        let a = bytes(40);
        let b = bytes(2);
        drop((a, b));
        bytes(100)
    });
    assert_eq!(kept.len(), 100);
    let n = assert_heap!(leaked == -100, leaked_blocks == -1, allocs == 0, {
        let length = kept.len();
        drop(kept);
        length
    });
    assert_eq!(n, 100);
    assert_heap!(reallocs == 1, copied <= 10, peak >= 90, peak <= 100, leaked == 0, {
        let mut v = Vec::<u8>::with_capacity(10);
        v.resize(10, 0);
        v.reserve_exact(80);
    });
}

#[test]
fn a_broken_limit_names_the_lines_that_spent() {
    let text = failure(|| {
        assert_heap!(allocs <= 2, bytes < 900, leaked == 0, {
            let mut all = Vec::with_capacity(3);
            for n in 0..3 {
                all.push(bytes(300 + n));
            }
            drop(all);
        });
    });
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "assert_heap! failed");
    assert_eq!(lines[1], "  allocs <= 2: found 4 blocks");
    assert!(lines[2].starts_with("    3 at ") && lines[2].ends_with(": all.push(bytes(300 + n));"));
    assert!(lines[3].starts_with("    1 at ") && lines[3].contains("with_capacity(3)"), "{text}");
    assert_eq!(lines[4], "  bytes < 900: found 951 bytes");
    assert!(lines[5].starts_with("    303 at ") || lines[5].starts_with("    903 at "), "{text}");
    assert!(lines.last().unwrap().starts_with("  in all: 4 blocks of 951 bytes"), "{text}");
}

#[test]
fn threads_do_not_disturb_each_other() {
    thread::scope(|scope| {
        for n in 1..=8 {
            scope.spawn(move || {
                for _ in 0..1000 {
                    assert_heap!(allocs == 1, bytes == n, peak == n, leaked == 0, {
                        drop(bytes(n));
                    });
                }
            });
        }
    });
}

#[profile]
fn profiled() -> Box<[u8]> {
    let inner = assert_heap!(bytes == 70, peak == 40, {
        drop(bytes(30));
        bytes(40)
    });
    drop(inner);
    bytes(7)
}

#[test]
fn budgets_and_profiles_lie_in_each_other() {
    let kept = assert_heap!(bytes == 77, leaked == 7, peak == 40, { profiled() });
    let report = alloc_profiler::report();
    let function = report.function("profiled").unwrap();
    assert_eq!((function.total_bytes, report.functions.len()), (7, 1), "{report}");
    drop(kept);
}

fn early(n: usize) -> Result<usize, std::num::ParseIntError> {
    let text = n.to_string();
    let value = assert_heap!(allocs == 0, {
        if n > 5 {
            return Ok(0);
        }
        text.parse::<usize>()?
    });
    Ok(value)
}

#[test]
fn a_block_may_leave_its_function() {
    assert_eq!((early(3), early(9)), (Ok(3), Ok(0)));
    assert_heap!(allocs == 1, { drop(bytes(1)) });
}
