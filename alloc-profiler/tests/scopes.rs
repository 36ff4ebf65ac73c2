//! Scopes have names, times and peaks, and the whole program's live heap at both
//! ends, other threads' too: so there is no harness here, whose threads allocate.

use std::alloc::System;
use std::thread;

use alloc_profiler::{ProfiledAlloc, timestamp};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

/// Has `n` bytes for a while, and keeps none.
fn rises_by(n: usize) {
    let block = bytes(n);
    assert_eq!(block[n - 1], 1);
}

fn main() {
    scopes_of_one_thread();
    others_memory_counts();
    println!("scopes: all figures are right");
}

fn scopes_of_one_thread() {
    let kept = {
        let _outer = timestamp("outer");
        let kept = bytes(1000);
        {
            let _inner = timestamp("inner");
            rises_by(70_000);
        }
        kept
    };
    let report = alloc_profiler::report();
    let find = |name: &str| report.scopes.iter().find(|scope| scope.name == name).unwrap();
    let (outer, inner) = (find("outer"), find("inner"));
    assert_eq!(inner.peak_bytes, 70_000);
    assert_eq!(outer.peak_bytes, 71_000);
    assert_eq!(outer.end_live_bytes - outer.start_live_bytes, 1000);
    assert_eq!(inner.end_live_bytes, inner.start_live_bytes);
    assert!(outer.start_s <= inner.start_s && inner.end_s <= outer.end_s);
    assert_eq!(outer.thread, "main");
    drop(kept);
}

fn others_memory_counts() {
    let kept = {
        let _scope = timestamp("with a thread");
        thread::spawn(|| bytes(5000)).join().unwrap()
    };
    let report = alloc_profiler::report();
    let scope = report.scopes.iter().find(|scope| scope.name == "with a thread").unwrap();
    let rise = scope.end_live_bytes.checked_sub(scope.start_live_bytes);
    // A thread that ends leaves some bytes to who joined it.
    assert!(rise.is_some_and(|rise| (5000..6000).contains(&rise)), "{scope:?}");
    drop(kept);
}
