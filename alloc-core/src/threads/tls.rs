//! The calling thread's heap.
//!
//! A thread-local slot without a destructor, so that reading it is one instruction and
//! works at any time: before main, in other thread-locals' destructors, after them. It
//! has a pointer to a heap, and whether the thread has exited. A thread is
//! - *new*: the pointer names [`NO_ROOM`], whose bins are empty and full at once,
//!   so both fast paths fail over to the slow path, which attaches a heap;
//! - *attached*: it names the heap that the thread has claimed;
//! - *exited*: it names [`NO_ROOM`] for good, and the slot says so; the few operations
//!   that still come borrow a heap each, so that none is lost with the thread.

#[cfg(all(feature = "initial-exec", target_os = "linux", target_arch = "x86_64"))]
#[path = "tls/initial_exec.rs"]
mod slot;
#[cfg(not(all(feature = "initial-exec", target_os = "linux", target_arch = "x86_64")))]
#[path = "tls/standard.rs"]
mod slot;

use core::ffi::c_void;

use crate::heap::{Owned, ThreadHeap};
use crate::{background, os, registry, warm};

/// The heap of a thread that has none.
static NO_ROOM: ThreadHeap = ThreadHeap::without_room();

/// The calling thread's heap, for `pop` and `push`. They fail if it has none.
#[inline]
pub(crate) fn fast() -> Owned {
    // SAFETY: the pointer names a heap that this thread has claimed, or NO_ROOM.
    unsafe { Owned::new(slot::get()) }
}

/// The calling thread's heap, if it has one.
pub(crate) fn current() -> Option<Owned> {
    let heap = slot::get();
    // SAFETY: this thread has claimed the heap that its pointer names.
    (!core::ptr::eq(heap, &raw const NO_ROOM)).then(|| unsafe { Owned::new(heap) })
}

/// The calling thread's heap, attached now if the thread is new. `None`: the
/// thread has exited, or the system has no memory.
pub(crate) fn attached() -> Option<Owned> {
    current().or_else(|| if slot::has_exited() { None } else { attach() })
}

fn attach() -> Option<Owned> {
    let owned = registry::adopt()?;
    if !os::at_thread_exit(detach) {
        // Nobody would tell us of the thread's end: borrow from now on.
        slot::set_exited();
        let_go(owned);
        return None;
    }
    if let Some(attached) = current() {
        // What was called on the way here has allocated itself.
        let_go(owned);
        return Some(attached);
    }
    slot::set(owned.heap());
    Some(owned)
}

/// Runs at the end of a thread that was attached.
unsafe extern "C" fn detach(_: *mut c_void) {
    if let Some(owned) = current() {
        slot::set_exited();
        slot::set(&NO_ROOM);
        warm::leave(owned);
        registry::release(owned);
        background::note();
    }
}

/// Runs `operation` on a heap borrowed for it. `None`: the system has no memory.
pub(crate) fn borrowed<T>(operation: impl FnOnce(Owned) -> T) -> Option<T> {
    let owned = registry::adopt()?;
    let result = operation(owned);
    let_go(owned);
    Some(result)
}

/// Releases a heap that no thread keeps. It may have been adopted warm: what is in its
/// bins goes back, since it counts as warm no more.
fn let_go(owned: Owned) {
    owned.retire();
    registry::release(owned);
}
