//! Lines that run in uncounted work: what they do counts for nobody.

mod common;

use std::alloc::System;

use alloc_profiler::{ProfiledAlloc, profile, uncounted};
use common::{expect, function};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

#[profile]
fn uncounted_part() -> usize {
    let before = bytes(10); //= 10 1
    let n = uncounted(|| {
        let scratch = bytes(1000); //= 0 1
        inner(scratch.len()) //= 0 1
    });
    let after = bytes(20); //= 20 1
    before.len() + n + after.len() //= 0 1
} //= -30 1

#[profile]
fn inner(n: usize) -> usize {
    let scratch = bytes(n); //= 0 1
    scratch.len() //= 0 1
}

#[test]
fn uncounted_work_in_a_closure_with_lines() {
    assert_eq!(uncounted_part(), 1030);
    let function = function("uncounted_part");
    let lines = || function.lines.iter().filter_map(|line| line.figures);
    assert_eq!(lines().map(|line| line.allocated_bytes).sum::<u64>(), 30, "{function}");
    assert_eq!(lines().map(|line| line.freed_blocks).sum::<u64>(), 2, "{function}");
    assert_eq!(lines().map(|line| line.peak_bytes).max(), Some(20), "{function}");
    expect("uncounted_part");
    expect("inner");
}
