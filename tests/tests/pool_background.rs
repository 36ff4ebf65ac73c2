//! With `purge_after`, an idle process gives back all that is kept, without a call:
//! once it is idle, once more after new work, and in a fork's child.

use std::time::{Duration, Instant};

use alloc_core::{PoolAlloc, stats};
use integration_tests::{fork_and_wait, threads_named};

const IDLE: Duration = Duration::from_millis(100);
/// Twice the idleness is promised; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new().purge_after(IDLE);

#[test]
fn an_idle_process_keeps_nothing() {
    for _ in 0..3 {
        work_until_some_is_kept();
        assert!(all_is_given_back(), "{} bytes are still kept\n{}", kept(), stats());
    }
    // What an ended thread has left.
    std::thread::spawn(work_until_some_is_kept).join().unwrap();
    assert!(all_is_given_back(), "{} bytes are still kept\n{}", kept(), stats());
    assert_eq!(threads_named("alloc-core"), 1);
    a_child_of_fork_gives_back();
    alloc_core::check().unwrap();
}

/// Builds and frees blocks of every tier; once more if it took so long that the
/// memory has gone back already.
fn work_until_some_is_kept() {
    loop {
        let small: Vec<Box<[u8; 200]>> = (0..100_000).map(|_| Box::new([1; 200])).collect();
        let big: Vec<Vec<u8>> = (0..10).map(|_| vec![1; 300_000]).collect();
        drop((small, big));
        if kept() > 0 {
            return;
        }
    }
}

fn kept() -> usize {
    let stats = stats();
    stats.bytes_kept
}

/// Sleeps and looks, which no slow path has a part in.
fn all_is_given_back() -> bool {
    let start = Instant::now();
    while kept() > 0 && start.elapsed() < PATIENCE {
        std::thread::sleep(IDLE / 4);
    }
    kept() == 0
}

fn a_child_of_fork_gives_back() {
    let is_sound = fork_and_wait(|| {
        work_until_some_is_kept();
        all_is_given_back() && threads_named("alloc-core") == 1
    });
    assert!(is_sound, "the child kept memory, or had no thread to give it back");
}
