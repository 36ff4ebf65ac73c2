//! What to do when the system has no memory: give back what is kept, and ask again.
//!
//! A region that holds a few blocks, or is kept for reuse, takes addresses that may be
//! all that is left to a process with a limit (`RLIMIT_AS`, `vm.overcommit_memory` = 2).

use crate::{mapping, os, supply};

/// What `ask` returns, asked a second time, after all that is kept was given back, if it
/// is nothing the first time.
#[inline]
pub(crate) fn insist<T>(ask: impl Fn() -> Option<T>) -> Option<T> {
    ask().or_else(|| {
        give_back();
        ask()
    })
}

/// Gives back all that the ground layer keeps.
#[cold]
pub(crate) fn give_back() {
    supply::purge_all();
    mapping::unmap_kept();
    os::unmap_leftovers();
}
