//! The models, and what they share.

mod adoption;
mod background;
mod exit;
mod inheritance;
mod lock;
mod queue;
mod warmth;

use loom::thread::{self, JoinHandle};

use crate::heap::{Owned, ThreadHeap};
use crate::registry;

/// Explores every run of `model`.
fn explore(model: impl Fn() + Sync + Send + 'static) {
    explore_to(None, model);
}

/// Explores every run of `model` that switches from a thread that could go on at most
/// `preemptions` times: enough for every known bug of such protocols, and done in
/// seconds where all runs take hours.
fn explore_to(preemptions: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(model);
}

/// Runs `one` beside `other`, in the calling thread, to the end of both.
fn beside<T: 'static, U>(one: impl FnOnce() -> T + 'static, other: impl FnOnce() -> U) -> (T, U) {
    let one: JoinHandle<T> = thread::spawn(one);
    let other = other();
    (one.join().unwrap(), other)
}

/// A new heap, registered and claimed by the caller, while all others are claimed.
fn registered() -> Owned {
    registry::adopt().unwrap()
}

/// All heaps, claimed by the caller, once all other threads have ended.
///
/// # Panics
/// When somebody has not given a heap back, or blocks wait where nobody would come.
fn all_at_rest() -> Vec<Owned> {
    let at_rest = |heap: &'static ThreadHeap| {
        assert!(heap.remote.is_empty(), "blocks are lost");
        heap.try_claim().expect("the heap was not given back")
    };
    registry::heaps().map(at_rest).collect()
}

/// Ends a model: unmaps the heaps, which it alone can do.
fn unmap(heaps: Vec<Owned>) {
    for owned in heaps {
        // SAFETY: made by `map` from a box; no thread is left that knows it.
        drop(unsafe { Box::from_raw(std::ptr::from_ref(owned.heap()).cast_mut()) });
    }
}
