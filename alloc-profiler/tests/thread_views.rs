//! The view of one thread, which ran a closure whose statement another one ran.

mod common;

use std::alloc::System;
use std::thread;

use alloc_profiler::{ProfiledAlloc, profile};
use common::function;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

#[profile]
fn elsewhere() -> usize {
    let thread = thread::Builder::new().name("elsewhere".into());
    let work = || match bytes(40).len() {
        40 => {
            let block = bytes(9);
            block.len()
        }
        _ => 2,
    };
    thread.spawn(work).unwrap().join().unwrap()
}

#[test]
fn a_threads_view_adds_up() {
    assert_eq!(elsewhere(), 9);
    let function = function("elsewhere");
    let thread = function.threads.iter().find(|thread| thread.name == "elsewhere").unwrap();
    let lines = || thread.figures.iter().flatten();
    assert_eq!(lines().map(|line| line.increment_bytes).sum::<i64>(), thread.total_bytes);
    assert_eq!(lines().map(|line| line.allocated_bytes).sum::<u64>(), 49);
}
