//! The figures beside bytes and counts: peaks, copies, times, threads, what the
//! system says, and measurements of code that is no function.

mod common;

use std::alloc::System;
use std::panic::catch_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use alloc_profiler::{Backend, HeapUse, Measuring, ProfiledAlloc, Sampler, measure, profile};
use common::{expect, figures, function, sum};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Held by the tests whose blocks are big enough for the process's memory to show them.
static BIG_BLOCKS: Mutex<()> = Mutex::new(());

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

/// Has `n` bytes for a while, and keeps none.
fn rises_by(n: usize) {
    let block = bytes(n);
    assert_eq!(block[n - 1], 1);
}

#[profile]
fn peaks() -> Box<[u8]> {
    let kept = bytes(1000);
    rises_by(5000);
    rises_by(3000);
    drop(kept);
    let both = (bytes(10), bytes(20));
    for n in [7, 900, 30] {
        rises_by(n);
    }
    inner_peak();
    both.0
}

#[profile]
fn inner_peak() {
    let kept = bytes(50);
    rises_by(4000);
    drop(kept);
    rises_by(2);
}

#[test]
fn a_peak_inside_a_line_shows() {
    drop(peaks());
    let peaks = function("peaks");
    let peak = |text: &str| figures(&peaks, text).peak_bytes;
    assert_eq!(peak("kept = bytes(1000)"), 1000, "{peaks}");
    assert_eq!((peak("rises_by(5000)"), peak("rises_by(3000)")), (5000, 3000));
    assert_eq!((peak("drop(kept)"), peak("let both")), (0, 30));
    // The most of one round, not the sum.
    assert_eq!((peak("rises_by(n)"), peak("for n in")), (900, 0));
    // The callee's lines have lowered and raised it in between.
    assert_eq!(peak("inner_peak()"), 4050);
    let inner = function("inner_peak");
    assert_eq!(figures(&inner, "rises_by(4000)").peak_bytes, 4000, "{inner}");
    assert_eq!(figures(&inner, "rises_by(2)").peak_bytes, 2);
}

#[profile]
fn unfinished() -> u64 {
    let kept = bytes(100);
    let peak = {
        rises_by(2000);
        unfinished_inside()
    };
    drop(kept);
    peak
}

#[profile]
fn unfinished_inside() -> u64 {
    rises_by(30);
    figures(&function("unfinished"), "unfinished_inside()").peak_bytes
}

#[test]
fn a_line_that_has_not_ended_has_its_peak_so_far() {
    assert_eq!(unfinished(), 30);
    let function = function("unfinished");
    assert_eq!(figures(&function, "rises_by(2000)").peak_bytes, 2000, "{function}");
}

#[profile]
fn recursive_peak(depth: usize) {
    let block = bytes(100);
    if depth > 0 {
        recursive_peak(depth - 1);
    }
    drop(block);
}

#[test]
fn a_recursive_calls_peak_is_its_callers_lines() {
    recursive_peak(4);
    let function = function("recursive_peak");
    assert_eq!(figures(&function, "recursive_peak(depth - 1)").peak_bytes, 400, "{function}");
    assert_eq!(figures(&function, "let block").peak_bytes, 100, "{function}");
}

#[profile]
fn copies() -> Vec<u8> {
    let mut grown = Vec::with_capacity(64);
    grown.resize(64, 1);
    for _ in 0..4 {
        grown.reserve_exact(grown.capacity() + 1);
        grown.resize(grown.capacity(), 1);
    }
    grown.shrink_to(1);
    grown
}

#[test]
fn reallocations_are_counted_and_what_they_copy() {
    drop(copies());
    let function = function("copies");
    let reserve = figures(&function, "reserve_exact");
    assert_eq!((reserve.reallocated_blocks, reserve.allocated_blocks), (4, 0), "{function}");
    // 64, 129, 259 and 519 bytes had to move, where the block could not grow.
    assert!(reserve.copied_bytes <= 64 + 129 + 259 + 519, "{function}");
    assert_eq!(reserve.increment_bytes, 1039 - 64);
    assert_eq!(figures(&function, "grown.resize(64").reallocated_blocks, 0);
}

/// Passes `time`, and does nothing else.
fn passes(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[profile]
fn takes_time() {
    passes(Duration::from_millis(20));
    for _ in 0..20_000 {
        passes(Duration::from_micros(2));
    }
    passes(Duration::ZERO);
}

#[test]
fn lines_are_timed_exactly_or_by_sample() {
    let start = Instant::now();
    takes_time();
    let all = start.elapsed();
    let function = function("takes_time");
    let [once, often, never] =
        ["from_millis(20)", "from_micros(2)", "ZERO"].map(|text| figures(&function, text));
    assert!(!once.is_time_estimated && often.is_time_estimated);
    let time = |line: alloc_profiler::LineFigures| Duration::from_nanos(line.time_ns);
    assert!((Duration::from_millis(20)..=all).contains(&time(once)), "{once:?} of {all:?}");
    // By lot: at least 40 ms in truth, and the estimate is within a factor of two
    // even where the machine pauses the process in a timed run now and then.
    assert!(time(often) > Duration::from_millis(20), "{often:?}");
    assert!(time(often) < 8 * all, "{often:?} of {all:?}");
    assert!(time(never) < time(once), "{never:?}");
}

#[profile]
fn on_threads(n: usize) -> usize {
    let block = bytes(n); //= 231 6
    block.len() //= 0 6
} //= -231 6

#[test]
fn threads_of_one_name_are_one() {
    let run = |name: &str, n: usize| {
        let thread = thread::Builder::new().name(name.to_owned());
        thread.spawn(move || on_threads(n)).unwrap().join().unwrap();
    };
    for n in [1, 10, 100] {
        run("reader", n);
        run("writer", 40);
    }
    expect("on_threads");
    let function = function("on_threads");
    let mut threads: Vec<_> = (function.threads.iter())
        .map(|thread| {
            let line = thread.figures[2].unwrap();
            (thread.name.as_str(), thread.calls, line.allocated_bytes, thread.total_bytes)
        })
        .collect();
    threads.sort_unstable();
    assert_eq!(threads, [("reader", 3, 111, 0), ("writer", 3, 120, 0)]);
    assert_eq!(function.threads[0].figures.len(), function.lines.len());
}

#[profile(backend = "rss", precision = 3)]
fn resident() -> Box<[u8]> {
    let block = bytes(64 << 20);
    drop(bytes(10));
    block
}

#[profile(backend = "uss")]
fn private() -> Box<[u8]> {
    let block = bytes(32 << 20);
    block
}

#[test]
fn the_system_is_asked_where_wanted() {
    let _alone = BIG_BLOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = resident();
    let function = function("resident");
    assert_eq!((function.backend, function.precision), (Backend::Rss, 3));
    let line = figures(&function, "let block");
    assert_eq!(line.increment_bytes, 64 << 20);
    let usage = line.usage.unwrap();
    // Other tests have some KiB meanwhile.
    assert!((40 << 20..100 << 20).contains(&usage.increment_bytes), "{usage:?}");
    assert!(usage.usage_bytes > 64 << 20, "{usage:?}");
    drop(kept);
    drop(private());
    let private = common::function("private");
    let usage = figures(&private, "let block").usage.unwrap();
    assert!((10 << 20..100 << 20).contains(&usage.increment_bytes), "{usage:?}");
    assert_eq!(sum(&private), 32 << 20);
}

#[test]
fn measurements_lie_in_each_other_and_in_profiles() {
    let ((_, inner), outer) = measure(|| {
        rises_by(100);
        let inner = measure(|| (peaks(), bytes(5)));
        rises_by(20);
        inner
    });
    assert_eq!((inner.net_bytes(), inner.peak_bytes), (15, 6000));
    assert_eq!((outer.net_bytes(), outer.peak_bytes), (15, 6000));
    assert_eq!(outer.allocated_bytes, inner.allocated_bytes + 120);
    assert_eq!((inner.net_blocks(), outer.net_blocks()), (2, 2));
}

#[profile]
fn stretch_over_lines() -> (HeapUse, HeapUse) {
    let all = Measuring::begin();
    rises_by(9000);
    let kept = bytes(100);
    let (high, some) = (rises_by(600), Measuring::begin());
    rises_by(500);
    let more = bytes(10);
    inner_peak();
    let (some, low) = (some.end(), rises_by(40));
    rises_by(30);
    let all = all.end();
    drop((kept, more, high, low));
    (some, all)
}

#[test]
fn a_measurement_may_begin_on_one_line_and_end_on_another() {
    rises_by(50_000);
    let ((some, all), around) = measure(stretch_over_lines);
    assert_eq!((some.net_bytes(), some.peak_bytes), (10, 4060));
    assert_eq!((all.net_bytes(), all.peak_bytes), (110, 9000));
    assert_eq!((around.net_bytes(), around.peak_bytes), (0, 9000));
    let function = function("stretch_over_lines");
    for (text, peak) in [
        ("let all = Measuring", 0),
        ("rises_by(9000)", 9000),
        ("rises_by(600)", 600),
        ("rises_by(500)", 500),
        ("inner_peak()", 4050),
        ("rises_by(40)", 40),
        ("rises_by(30)", 30),
        ("all.end()", 0),
    ] {
        assert_eq!(figures(&function, text).peak_bytes, peak, "{text}\n{function}");
    }
}

#[test]
fn memory_is_sampled_while_code_runs() {
    let _alone = BIG_BLOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    let sampler = Sampler::new().interval(Duration::from_millis(2));
    let (kept, usage) = sampler.clone().run(|| {
        let kept = bytes(8 << 20);
        passes(Duration::from_millis(60));
        rises_by(32 << 20);
        kept
    });
    assert_eq!((usage.heap.net_bytes(), usage.heap.peak_bytes), (8 << 20, 40 << 20));
    assert!(usage.samples.len() >= 4, "{usage:?}");
    assert!(usage.samples.iter().any(|sample| sample.bytes >= 8 << 20));
    assert!(usage.samples.windows(2).all(|pair| pair[0].time_s <= pair[1].time_s));
    assert!(usage.increment_bytes() >= 40 << 20, "{usage}");
    drop(kept);
    let stopped = sampler.clone().timeout(Duration::from_millis(1));
    let ((), usage) = stopped.run(|| passes(Duration::from_millis(40)));
    assert_eq!(usage.samples.len(), 2);
    let caught = catch_unwind(|| sampler.run(|| panic!("as asked")));
    assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "as asked");
}
