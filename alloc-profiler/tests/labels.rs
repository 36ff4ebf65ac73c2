//! `break` and `continue` with labels: what goes on is what they go to.

mod common;

use std::alloc::System;

use alloc_profiler::{ProfiledAlloc, profile};
use common::expect;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

#[profile]
fn labelled_block(c: bool) -> Box<[u8]> {
    let value = bytes('a: {
        //= 11 1
        let n = 10;
        if c {
            break 'a n + 1;
        }
        n
    });
    value
}

#[test]
fn after_a_labelled_block() {
    drop(labelled_block(true));
    expect("labelled_block");
}

#[profile]
fn labelled_loop() -> usize {
    let mut kept = 0;
    'outer: for block in (0..3).map(|i| bytes(100 + i)) {
        //= 0 4
        for i in 0..3 {
            let scratch = bytes(10); //= 60 6
            if i == 1 {
                kept += block.len();
                continue 'outer; //= -30 3
            }
            kept += scratch.len();
        } //= -30 3
        kept += 1;
    }
    kept
}

#[test]
fn continue_with_a_label() {
    labelled_loop();
    expect("labelled_loop");
}
