//! The thread's slot, as the standard library has thread-locals.

use core::cell::Cell;

use super::NO_ROOM;
use crate::heap::ThreadHeap;

thread_local! {
    static HEAP: Cell<&'static ThreadHeap> = const { Cell::new(&NO_ROOM) };
    static EXITED: Cell<bool> = const { Cell::new(false) };
}

/// The calling thread's pointer.
#[inline]
pub(super) fn get() -> &'static ThreadHeap {
    HEAP.with(Cell::get)
}

/// Changes it.
pub(super) fn set(heap: &'static ThreadHeap) {
    HEAP.with(|pointer| pointer.set(heap));
}

/// Whether the calling thread has exited.
pub(super) fn has_exited() -> bool {
    EXITED.with(Cell::get)
}

/// Says that it has.
pub(super) fn set_exited() {
    EXITED.with(|exited| exited.set(true));
}
