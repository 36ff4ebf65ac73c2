//! The protocols between threads under the model checker: every interleaving, weak
//! memory included, on the source files that the allocator uses.
//!
//! `remote`, `registry`, `warm`, `tls`, `lock` and `background` are the allocator's own
//! files. They find loom's atomics in `sync`, and in place of what lies below them a
//! `heap` that counts instead of allocating, an `os` with a futex of loom's parts, and
//! smaller limits. `models` runs them: first the parts, then a thread's whole life.
//!
//! A heap's own fields are cells that loom watches: two threads that use one at once, or
//! one that does not see what the last one wrote, end the model.

#![allow(
    clippy::cast_possible_truncation,
    dead_code,
    unexpected_cfgs,
    unreachable_pub,
    reason = "the files as the allocator has them"
)]

/// The allocator's thread-locals: one a thread of the model.
macro_rules! thread_local {
    ($(static $name:ident: $type:ty = const $value:block;)+) => {
        $(loom::thread_local! { static $name: $type = $value; })+
    };
}

#[path = "../../../alloc-core/src/threads/background.rs"]
mod background;
#[path = "../../../alloc-core/src/heaps/free_run.rs"]
mod free_run;
#[path = "../../../alloc-core/src/base/lock.rs"]
mod lock;
#[path = "../../../alloc-core/src/heaps/registry.rs"]
mod registry;
#[path = "../../../alloc-core/src/heaps/remote.rs"]
mod remote;
#[path = "../../../alloc-core/src/threads/tls.rs"]
mod tls;
#[path = "../../../alloc-core/src/heaps/warm.rs"]
mod warm;

#[allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "the real heap's signatures")]
mod heap;
mod models;
mod os;
mod sync;

/// The geometry, as small as it can be: races for the last place are likely.
mod config {
    pub(crate) const WARM_HEAPS_MAX: usize = 1;
    pub(crate) const HARDENED: bool = cfg!(feature = "hardened");
}

/// What hardened mode seals links with.
mod key {
    pub(crate) fn mix(value: u64) -> u64 {
        (value ^ 0x5EC_2E7).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// The settings in force.
mod knobs {
    use std::cell::Cell;

    std::thread_local! {
        static PURGE_AFTER_MS: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn purge_after_ms() -> usize {
        PURGE_AFTER_MS.get()
    }

    /// For the models that the calling thread runs from here on.
    pub(crate) fn set_purge_after_ms(milliseconds: usize) {
        PURGE_AFTER_MS.set(milliseconds);
    }
}

/// What is kept outside the heaps: nothing.
mod relief {
    pub(crate) fn give_back() {}
}

/// Its lock, which forks take.
mod supply {
    use crate::lock::Lock;

    loom::lazy_static! {
        pub(crate) static ref LOCKED: Lock<()> = Lock::new(());
    }
}

/// Its lock, which forks take.
mod mapping {
    use crate::lock::Lock;

    loom::lazy_static! {
        pub(crate) static ref KEPT: Lock<()> = Lock::new(());
    }
}
