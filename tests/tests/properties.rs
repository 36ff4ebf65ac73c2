//! Properties of every sequence of heap operations, on random ones: see `sequences`.
//!
//! A failing sequence is shrunk to a short one and printed. Each runs in a child process,
//! with a heap that nobody has used before, so that one that breaks the heap, or ends the
//! process, fails the same way when it is tried again.

use alloc_core::PoolAlloc;
use proptest::prelude::{ProptestConfig, Strategy, any, prop};
use proptest::test_runner::{TestCaseError, TestRunner};
use sequences::{SPARE, STEP_BYTES, Step, at_once, in_child, in_turn};

/// A failing sequence is shrunk for so long at most.
const SHRINK_MAX_MS: u32 = 60_000;

#[test]
fn invariants_hold_after_each_step() {
    hold(in_turn, 64);
}

#[test]
fn invariants_hold_when_threads_that_ran_at_once_rest() {
    hold(at_once, 64);
}

/// Runs `cases` random sequences, and shrinks the first that fails.
fn hold(run: fn(PoolAlloc, &[Step]), cases: u32) {
    let config = ProptestConfig {
        cases,
        max_shrink_iters: u32::MAX - 1,
        max_shrink_time: SHRINK_MAX_MS,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let steps = prop::collection::vec(any::<[u8; STEP_BYTES]>().prop_map(Step::from_bytes), 0..200);
    let pools = prop::bool::ANY.prop_map(|spare| if spare { SPARE } else { PoolAlloc::new() });
    let property =
        |(pool, steps): (_, Vec<_>)| in_child(|| run(pool, &steps)).map_err(TestCaseError::fail);
    if let Err(failure) = TestRunner::new(config).run(&(pools, steps), property) {
        panic!("{failure}");
    }
}
