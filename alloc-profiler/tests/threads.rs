//! Figures are exact whatever threads do: run at once, end, free each other's
//! blocks, or run profiled code in their very last destructors.

mod common;

use std::alloc::System;
use std::cell::RefCell;
use std::sync::Barrier;
use std::sync::mpsc;
use std::thread;

use alloc_profiler::{ProfiledAlloc, profile};
use common::{expect, figures, function, sum};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

#[profile]
fn shared_work(rounds: usize) -> usize {
    let mut sum = 0;
    for i in 0..rounds {
        //= 0 80008
        let block = bytes(100); //= 8000000 80000
        sum += block.len() * i; //= 0 80000
    } //= -8000000 80000
    sum //= 0 8
}

#[test]
fn threads_at_once_merge_without_loss() {
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                shared_work(10_000);
            });
        }
    });
    expect("shared_work");
    assert_eq!(function("shared_work").calls, 8);
}

#[profile]
fn short_lived() -> Box<[u8]> {
    let scratch = bytes(7); //= 14000 2000
    let kept = bytes(scratch.len() + 1); //= 16000 2000
    kept //= 0 2000
} //= -14000 2000

#[test]
fn threads_that_come_and_go_lose_nothing() {
    for _ in 0..500 {
        let kept = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(short_lived)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(kept.len(), 4);
    }
    expect("short_lived");
}

#[profile]
fn produce(to: &mpsc::SyncSender<Box<[u8]>>) {
    for _ in 0..100 {
        let block = bytes(64); //= 6400 100
        to.send(block).unwrap();
    }
}

#[profile]
fn consume(from: &mpsc::Receiver<Box<[u8]>>) {
    for _ in 0..100 {
        let block = from.recv().unwrap();
        drop(block); //= -6400 100
    }
}

#[test]
fn who_frees_is_who_is_credited() {
    let (to, from) = mpsc::sync_channel(4);
    thread::scope(|scope| {
        scope.spawn(move || produce(&to));
        scope.spawn(move || consume(&from));
    });
    // The channel may allocate when a thread waits; the blocks are exact.
    assert_eq!(figures(&function("produce"), "bytes(64)").increment_bytes, 6400);
    assert_eq!(figures(&function("consume"), "drop(block)").increment_bytes, -6400);
    for name in ["produce", "consume"] {
        let function = function(name);
        assert_eq!(sum(&function), function.total_bytes, "{function}");
    }
}

#[profile]
fn waits(ready: &Barrier, go_on: &Barrier) {
    let block = bytes(40_000); //= 40000 1
    ready.wait(); //= 0 1
    go_on.wait(); //= 0 1
    drop(block); //= -40000 1
}

#[test]
fn a_report_reads_what_other_threads_are_at() {
    let (ready, go_on) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| waits(&ready, &go_on));
        ready.wait();
        let meanwhile = function("waits");
        assert_eq!(figures(&meanwhile, "let block").increment_bytes, 40_000);
        assert_eq!((meanwhile.total_bytes, sum(&meanwhile)), (40_000, 40_000));
        go_on.wait();
    });
    expect("waits");
    assert_eq!(function("waits").total_bytes, 0);
}

#[profile]
fn sees_the_others() -> usize {
    let small = bytes(1);
    small.len()
}

#[test]
fn mem_usage_holds_what_other_threads_have() {
    // First, so that counting is on when the other thread allocates.
    sees_the_others();
    let (ready, go_on) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            let big = bytes(64 << 20);
            ready.wait();
            go_on.wait();
            drop(big);
        });
        ready.wait();
        // On a new thread, which looks at the others for the first time.
        scope.spawn(sees_the_others).join().unwrap();
        go_on.wait();
    });
    let live = figures(&function("sees_the_others"), "small = ").live_bytes;
    assert!(live >= 64 << 20, "{live}");
}

#[profile]
fn in_a_destructor() -> Box<[u8]> {
    let scratch = bytes(11); //= 2200 200
    bytes(scratch.len() * 2) //= 4400 200
} //= -2200 200

/// Runs profiled code when its thread's locals are destroyed.
struct Last(#[expect(dead_code, reason = "held to be dropped")] Box<[u8]>);

impl Drop for Last {
    fn drop(&mut self) {
        assert_eq!(in_a_destructor().len(), 22);
    }
}

thread_local! {
    static BEFORE: RefCell<Option<Last>> = const { RefCell::new(None) };
    static AFTER: RefCell<Option<Last>> = const { RefCell::new(None) };
}

#[profile]
fn touches_nothing() {}

#[test]
fn destructors_of_a_thread_are_counted_in_any_order() {
    for _ in 0..100 {
        let thread = thread::spawn(|| {
            // One is registered before the profiler's own local, one after it;
            // either runs on one side of it when the thread ends.
            BEFORE.with(|last| last.replace(None));
            touches_nothing();
            AFTER.with(|last| last.replace(Some(Last(bytes(5)))));
            BEFORE.with(|last| last.replace(Some(Last(bytes(5)))));
        });
        thread.join().unwrap();
    }
    expect("in_a_destructor");
    assert_eq!(function("touches_nothing").calls, 100);
}

#[test]
fn reports_and_work_go_on_side_by_side() {
    #[profile]
    fn busy(rounds: usize) {
        for i in 0..rounds {
            let block = bytes(16 + i % 5);
            assert_eq!(block.len(), 16 + i % 5);
        }
    }
    thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(|| busy(50_000))).collect();
        while workers.iter().any(|worker| !worker.is_finished()) {
            let report = alloc_profiler::report();
            let text = report.to_string();
            assert!(text.is_empty() || text.contains("Line #"));
        }
    });
    let busy = function("busy");
    assert_eq!((busy.calls, busy.total_bytes, sum(&busy)), (2, 0, 0));
    assert_eq!(figures(&busy, "let block").occurrences, 100_000);
    assert_eq!(figures(&busy, "let block").allocated_bytes, 2 * 10_000 * (16 + 17 + 18 + 19 + 20));
}
