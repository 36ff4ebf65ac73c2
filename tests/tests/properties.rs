//! Properties of every sequence of heap operations, on random ones: see `sequences`.
//!
//! A failing sequence is shrunk to a short one and printed. Each runs in a child process,
//! with a heap that nobody has used before, so that one that breaks the heap, or ends the
//! process, fails the same way when it is tried again.

use std::fmt::Write as _;

use alloc_core::PoolAlloc;
use proptest::prelude::{ProptestConfig, Strategy, any, prop};
use proptest::test_runner::{TestCaseError, TestError, TestRunner};
use sequences::{SPARE, STEP_BYTES, Step, at_once, in_child, in_turn};

/// Random sequences of each kind.
const CASES: u32 = 64;
/// Steps of a sequence at most.
const STEPS_MAX: usize = 200;
/// A failing sequence is shrunk for so long at most.
const SHRINK_MAX_MS: u32 = 60_000;

#[test]
fn invariants_hold_after_each_step() {
    hold(in_turn);
}

#[test]
fn invariants_hold_when_threads_that_ran_at_once_rest() {
    hold(at_once);
}

/// Runs random sequences, and shrinks the first that fails.
fn hold(run: fn(PoolAlloc, &[Step])) {
    let config = ProptestConfig {
        cases: CASES,
        // As many as the time allows; the very highest number means four times the cases.
        max_shrink_iters: u32::MAX - 1,
        max_shrink_time: SHRINK_MAX_MS,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let step = any::<[u8; STEP_BYTES]>().prop_map(Step::from_bytes);
    let steps = prop::collection::vec(step, 0..STEPS_MAX);
    let spare = any::<bool>();
    let outcome = |spare, steps: &[Step]| {
        in_child(|| run(if spare { SPARE } else { PoolAlloc::new() }, steps))
    };
    let property =
        |(spare, steps): (_, Vec<_>)| outcome(spare, &steps).map_err(TestCaseError::fail);
    match TestRunner::new(config).run(&(spare, steps), property) {
        Ok(()) => {}
        Err(TestError::Fail(reason, (spare, steps))) => {
            let fails = |steps: &[Step]| outcome(spare, steps).is_err();
            let steps = without_needless(steps, fails);
            panic!("{reason}\nafter these steps, spare: {spare}{}", listed(&steps));
        }
        Err(aborted) => panic!("{aborted}"),
    }
}

/// The steps less those without which a sequence fails as well. (Simpler steps that came
/// about while others were shrunk: a vector is shortened first, and not again.)
fn without_needless(mut steps: Vec<Step>, fails: impl Fn(&[Step]) -> bool) -> Vec<Step> {
    loop {
        let before = steps.len();
        for number in (0..before).rev() {
            let mut fewer = steps.clone();
            fewer.remove(number);
            if fails(&fewer) {
                steps = fewer;
            }
        }
        if steps.len() == before {
            return steps;
        }
    }
}

fn listed(steps: &[Step]) -> String {
    steps.iter().fold(String::new(), |mut list, step| {
        let _ = write!(list, "\n  {step:?}");
        list
    })
}
