//! The thread's pointer to its heap, as the standard library has thread-locals.

use core::cell::Cell;

use super::NO_ROOM;
use crate::heap::ThreadHeap;

thread_local! {
    static HEAP: Cell<&'static ThreadHeap> = const { Cell::new(&NO_ROOM) };
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
