//! "Mem usage" follows the whole program's live heap, to the byte.
//!
//! Without the test harness: the figure counts what all threads have, and the
//! harness's own allocate when they please.

mod common;

use std::alloc::System;

use alloc_profiler::{ProfiledAlloc, profile};
use common::{figures, function};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

#[profile]
fn statements() -> Box<[u8]> {
    let kept = bytes(1001);
    let scratch = bytes(70);
    drop(scratch);
    kept
}

fn main() {
    let kept = statements();
    let function = function("statements");
    let live = |text| figures(&function, text).live_bytes;
    assert_eq!(live("let kept") - live("#[profile]"), 1001, "{function}");
    assert_eq!(live("let scratch") - live("drop(scratch)"), 70, "{function}");
    drop(kept);
    println!("the live heap is exact");
}
