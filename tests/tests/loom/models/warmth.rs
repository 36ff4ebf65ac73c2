//! How many heaps are warm: `warm` over `registry`, with room for one.

use super::{all_at_rest, beside, explore, registered, unmap};
use crate::config::WARM_HEAPS_MAX;
use crate::heap::Owned;
use crate::{background, registry, warm};

/// A thread's end.
fn leave(owned: Owned) {
    warm::leave(owned);
    registry::release(owned);
}

/// A thread's life.
fn live() {
    let owned = registered();
    owned.work();
    leave(owned);
}

/// Checks the heaps at rest: only warm ones have blocks, `warm` of them, and there is
/// room for as many again once these are taken.
fn check(warm: std::ops::RangeInclusive<usize>) {
    let heaps = all_at_rest();
    for owned in &heaps {
        assert_eq!(owned.has_cached(), owned.is_warm());
    }
    let count = |heaps: &[Owned]| heaps.iter().filter(|owned| owned.is_warm()).count();
    assert!(warm.contains(&count(&heaps)), "{} are warm", count(&heaps));
    for &owned in &heaps {
        warm::take(owned);
    }
    for &owned in &heaps {
        warm::leave(owned);
    }
    assert_eq!(count(&heaps), heaps.len().min(WARM_HEAPS_MAX), "the count has leaked");
    unmap(heaps);
}

#[test]
fn of_two_threads_that_end_at_once_one_leaves_a_warm_heap() {
    explore(|| {
        let (one, other) = (registered(), registered());
        let (one, other) = (one.heap(), other.heap());
        // SAFETY: each thread has the claim that was taken for it above.
        let end = |heap| move || leave(unsafe { Owned::new(heap) });
        let ((), ()) = beside(end(one), end(other));
        check(1..=1);
    });
}

#[test]
fn a_warm_heap_is_adopted_while_another_thread_ends() {
    explore(|| {
        let (one, other) = (registered(), registered());
        leave(one);
        let ((), ()) = beside(live, move || leave(other));
        check(0..=1);
    });
}

#[test]
fn collect_takes_a_warm_heap_while_others_adopt_and_end() {
    explore(|| {
        leave(registered());
        let ((), ()) = beside(live, background::give_back);
        check(0..=1);
    });
}
