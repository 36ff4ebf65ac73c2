//! The ledger under the model checker: runs of an owner that revises and of a reader,
//! weak memory included, on the source file that the profiler uses.

#![allow(dead_code, reason = "the file as the profiler has it")]

#[path = "../../src/counting/ledger.rs"]
mod ledger;

mod counting {
    /// Loom's atomics in place of the processor's: see the profiler's `sync`.
    pub(crate) mod sync {
        pub(crate) use loom::hint::spin_loop;
        pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};

        /// A function that makes an atomic: not `const` here.
        macro_rules! const_fn {
            ($($function:tt)+) => { $($function)+ };
        }

        pub(crate) use const_fn;
    }
}

use loom::sync::Arc;
use loom::thread;

use ledger::Ledger;

/// How often a thread that could go on makes way: with more, a model takes minutes.
const PREEMPTIONS: usize = 2;

/// Has one thread read while the owner goes through `steps`, in every run: what is read is
/// the balance before, between or after them, as `(allocated, freed)`.
fn explore(steps: fn(&Ledger), seen: &'static [(u64, u64)]) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(move || {
        let ledger = Arc::new(Ledger::new());
        assert!(!ledger.allocate_anyway(8), "no room yet");
        let reader = {
            let ledger = Arc::clone(&ledger);
            thread::spawn(move || {
                let found = ledger.get();
                let bytes = (found.allocated(), found.freed());
                assert!(seen.contains(&bytes), "{bytes:?} of {found:?}");
                assert_eq!(found.live(), bytes.0.cast_signed() - bytes.1.cast_signed());
                assert!((found.live()..=8).contains(&found.peak()), "{found:?}");
            })
        };
        steps(&ledger);
        reader.join().unwrap();
    });
}

#[test]
fn a_reader_sees_a_balance_before_or_after_a_revision_of_all() {
    explore(|ledger| ledger.revise(ledger.own().with_room(5)), &[(8, 0)]);
}

#[test]
fn a_reader_sees_a_balance_before_or_after_revisions_of_the_peak() {
    let steps = |ledger: &Ledger| {
        ledger.free_anyway(3);
        ledger.lower_peak();
    };
    explore(steps, &[(8, 0), (8, 3)]);
}

#[test]
fn revisions_of_both_kinds_follow_one_another() {
    let steps = |ledger: &Ledger| {
        ledger.free_anyway(3);
        ledger.revise(ledger.own().with_room(5));
    };
    explore(steps, &[(8, 0), (8, 3)]);
}
