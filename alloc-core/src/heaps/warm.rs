//! Heaps that ended threads leave *warm*: with a few blocks of each class in their bins.
//!
//! Where threads come and go, each would begin by filling its bins and end by emptying
//! them into the pools. A warm heap saves its next thread both. What it holds back is
//! bounded, in blocks a class and in heaps, and `collect` takes it.

use crate::config::WARM_HEAPS_MAX;
use crate::heap::Owned;
use crate::sync::{AtomicUsize, Ordering::Relaxed, shared};

shared! {
    /// How many heaps are warm.
    static WARM: AtomicUsize = AtomicUsize::new(0);
}

/// Readies a heap for release: warm, or if enough others are, with nothing in its bins.
pub(crate) fn leave(owned: Owned) {
    if WARM.fetch_add(1, Relaxed) < WARM_HEAPS_MAX {
        owned.heap().set_warm(true);
        owned.trim();
    } else {
        WARM.fetch_sub(1, Relaxed);
        owned.retire();
    }
}

/// Takes a heap, just claimed to be used or emptied, out of the count.
pub(crate) fn take(owned: Owned) {
    if owned.heap().set_warm(false) {
        WARM.fetch_sub(1, Relaxed);
    }
}
