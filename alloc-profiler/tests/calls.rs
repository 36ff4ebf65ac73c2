//! A line that calls has what its callee does, once.
//!
//! Each test runs a function whose lines say what they must show; see `common`.

mod common;

use std::alloc::System;
use std::panic::{AssertUnwindSafe, catch_unwind};

use alloc_profiler::{ProfiledAlloc, profile};
use common::{expect, figures, function, sum};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

#[profile]
fn outer(n: usize) -> Vec<Box<[u8]>> {
    let mut all = Vec::with_capacity(n); //= 160 1
    for _ in 0..n {
        //= 0 11
        all.push(inner(12)); //= 120 10
    }
    all
}

#[profile]
fn inner(n: usize) -> Box<[u8]> {
    let scratch = bytes(1000); //= 10000 10
    let result = bytes(n); //= 120 10
    drop(scratch); //= -10000 10
    result //= 0 10
}

#[test]
fn nested_functions_have_each_their_own_table() {
    let all = outer(10);
    expect("outer");
    expect("inner");
    assert_eq!(function("inner").calls, 10);
    assert_eq!(function("inner").total_bytes, 120);
    assert_eq!(function("outer").total_bytes, 280);
    drop(all);
}

struct Tree {
    _data: Box<[u8]>,
    children: Vec<Tree>,
}

#[profile]
fn recursive(depth: usize) -> Tree {
    let data = bytes(10); //= 10 15
    let mut children = Vec::new(); //= 0 15
    if depth > 0 {
        //= 0 15
        children.reserve_exact(2); //= 80 7
        children.push(recursive(depth - 1)); //= 310 7
        children.push(recursive(depth - 1)); //= 310 7
    }
    Tree { _data: data, children } //= 0 15
}

#[test]
fn recursion_counts_bytes_once_and_calls_all() {
    assert_eq!(size_of::<Tree>(), 40);
    let tree = recursive(3);
    expect("recursive");
    let recursive = function("recursive");
    // 15 nodes of 10 bytes; 7 of them hold two children of 40 bytes.
    assert_eq!((recursive.calls, recursive.total_bytes), (15, 15 * 10 + 7 * 80));
    assert_eq!(tree.children.len(), 2);
}

#[profile]
fn panics(n: usize) -> usize {
    let a = bytes(300); //= 600 2
    let b = may_panic(n); //= -300 2
    a.len() + b //= 0 1
} //= -300 1

fn may_panic(n: usize) -> usize {
    // A payload without a heap block, so that nothing outlives the unwinding.
    if n == 0 { std::panic::resume_unwind(Box::new(())) } else { n }
}

#[test]
fn a_panic_leaves_right_figures() {
    let caught = catch_unwind(AssertUnwindSafe(|| panics(0)));
    assert!(caught.is_err());
    let first = function("panics");
    let leak = first.total_bytes;
    assert_eq!(sum(&first), leak);
    assert_eq!(figures(&first, "let a").increment_bytes, 300);
    // What the panic machinery itself keeps until it is caught.
    assert!((0..200).contains(&leak), "{first}");
    drop(caught);
    assert_eq!(panics(1), 301);
    let second = function("panics");
    assert_eq!((second.calls, second.total_bytes), (2, leak));
    assert_eq!(figures(&second, "let a").occurrences, 2);
}

#[profile]
#[expect(clippy::boxed_local, clippy::needless_pass_by_value, reason = "the point")]
fn takes(block: Box<[u8]>) -> usize {
    block.len() //= 0 1
}

#[profile]
fn gives() -> usize {
    let block = bytes(77); //= 77 1
    takes(block) //= -77 1
}

#[test]
fn arguments_drop_on_the_callers_line() {
    assert_eq!(gives(), 77);
    expect("takes");
    expect("gives");
}
