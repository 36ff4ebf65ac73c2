//! All heaps, and who has them.
//!
//! A heap is made when a thread needs one and none is free; it is never unmapped.
//! When its thread ends it is *released*; the next thread *adopts* it whole, with
//! its arenas and partly used pools, as far as others have not taken them over (`inherit`). While nobody has it, a thread that frees a
//! block of it tidies it on the spot (see `remote`), so that memory does not wait
//! for the next thread.

use crate::heap::{Owned, ThreadHeap};
use crate::remote::Released;
use crate::sync::{AtomicPtr, Ordering, shared};
use crate::{mapping, os, supply, warm};

shared! {
    /// The heap registered last; each links to the one before.
    static NEWEST: AtomicPtr<ThreadHeap> = AtomicPtr::new(core::ptr::null_mut());
}

/// A heap for the calling thread: a released one, or a new one. `None` when the
/// system has no memory.
pub(crate) fn adopt() -> Option<Owned> {
    let released = heaps().find_map(ThreadHeap::try_claim).inspect(|&owned| warm::take(owned));
    released.or_else(register_new)
}

/// Claims heaps that nobody has and that are `wanted`, one after the other, until `visit`
/// says true of one; releases each as it was. Returns whether one did.
pub(crate) fn visit_released(
    wanted: impl Fn(&'static ThreadHeap) -> bool,
    mut visit: impl FnMut(Owned) -> bool,
) -> bool {
    heaps().filter(|heap| !heap.remote.is_claimed() && wanted(heap)).any(|heap| {
        heap.try_claim().is_some_and(|owned| {
            let is_last = visit(owned);
            release(owned);
            is_last
        })
    })
}

fn register_new() -> Option<Owned> {
    let owned = ThreadHeap::map()?;
    let heap = core::ptr::from_ref(owned.heap()).cast_mut();
    let mut newest = NEWEST.load(Ordering::Relaxed);
    loop {
        owned.heap().next.store(newest, Ordering::Relaxed);
        // Release: publishes the heap's fields (pairs with `heaps`).
        match NEWEST.compare_exchange_weak(newest, heap, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => break,
            Err(now) => newest = now,
        }
    }
    // From the process's first heap on there are locks to keep.
    os::on_fork(before_fork, after_fork);
    Some(owned)
}

/// Lets another thread have this heap. Little or nothing is in its bins: see `warm`.
pub(crate) fn release(owned: Owned) {
    let heap = owned.heap();
    let mut released = heap.remote.release();
    while released == Released::MoreArrived {
        let Some(owned) = heap.try_claim() else {
            return;
        };
        owned.collect();
        owned.give_empty_arenas();
        released = heap.remote.release();
    }
}

/// Collects what was sent to a heap that nobody has.
#[cold]
pub(crate) fn tidy(heap: &'static ThreadHeap) {
    if let Some(owned) = heap.try_claim() {
        owned.collect();
        owned.give_empty_arenas();
        release(owned);
    }
}

/// Every heap, newest first.
pub(crate) fn heaps() -> impl Iterator<Item = &'static ThreadHeap> {
    // Acquire: pairs with the release in `register_new`; the links behind the
    // first were published with it.
    let newest = NEWEST.load(Ordering::Acquire);
    // SAFETY: heaps are registered initialised and live forever.
    core::iter::successors(unsafe { newest.as_ref() }, |heap| {
        // SAFETY: as above.
        unsafe { heap.next.load(Ordering::Relaxed).as_ref() }
    })
}

/// In the order in which they nest: none of them is taken under another.
unsafe extern "C" fn before_fork() {
    supply::LOCKED.acquire();
    mapping::KEPT.acquire();
}

unsafe extern "C" fn after_fork() {
    mapping::KEPT.unlock();
    supply::LOCKED.unlock();
}
