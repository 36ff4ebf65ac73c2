//! Giving back what is kept when nobody uses the allocator: the opt-in thread.
//!
//! With `purge_after` set, the slow paths [`note`] that they ran, and the first to do
//! so starts a thread. It sleeps for that long, looks whether anything was noted, and
//! once nothing was for a whole sleep, it gives back what is kept and waits until
//! something is noted again: an idle process has no wake-ups. So memory goes back
//! between one and two sleeps after its last use.
//!
//! One word says it all; a slow path that finds it `BUSY` or `OFF`, as nearly all do,
//! only reads it:
//!
//! ```text
//! UNDECIDED ──note──► BUSY ◄─note── QUIET ──gave back──► ASLEEP ──note, wakes──► BUSY
//!     └─no thread─► OFF  └──looked──▲
//! ```
//!
//! Invariant: outside `OFF` and `UNDECIDED` the process has the thread, or is about
//! to. Who moves the word out of `UNDECIDED` starts it, once, holding no lock; if
//! starting a thread allocates, that finds `BUSY` and goes its way. A fork's child has
//! no such thread: there the word is `UNDECIDED` again.
//!
//! The word is a hint and orders nothing: what is given back is under the supply's
//! and the mappings' locks, and claimed heaps.

use core::ffi::c_void;

use crate::heap::Owned;
use crate::lock::{Guard, Lock};
use crate::sync::{AtomicBool, AtomicU32, Ordering, shared};
use crate::{knobs, os, registry, relief};

/// Nothing was noted yet in this process.
const UNDECIDED: u32 = 0;
/// There is no thread: none is wanted, or none was to be had.
const OFF: u32 = 1;
/// Nothing was noted since the thread looked.
const QUIET: u32 = 2;
/// Something was.
const BUSY: u32 = 3;
/// All is given back, nothing was noted since, and the thread waits.
const ASLEEP: u32 = 4;

shared! {
    static STATE: AtomicU32 = AtomicU32::new(UNDECIDED);

    /// Held by the thread while it gives back.
    static AT_WORK: Lock<()> = Lock::new(());
}

/// Keeps the thread from giving back, for who looks at the heaps at rest.
pub(crate) fn hold_off() -> Guard<'static, ()> {
    AT_WORK.lock()
}

/// Gives back what nobody uses: the free memory of heaps without a thread, and all
/// arenas and mappings kept for reuse.
pub(crate) fn give_back() {
    for_each_released(Owned::purge);
    relief::give_back();
}

/// Has the blocks that ended threads have left in bins go home: their arenas may have passed to
/// another heap (`inherit`), the caller's, say.
pub(crate) fn retire_released() {
    for_each_released(Owned::retire);
}

fn for_each_released(operation: impl Fn(Owned)) {
    for heap in registry::heaps() {
        if let Some(owned) = heap.try_claim() {
            operation(owned);
            registry::release(owned);
        }
    }
}

/// Notes that a slow path runs. The settings are in force, and the caller holds no
/// lock and no heap that it is in the middle of changing.
#[inline]
pub(crate) fn note() {
    let state = STATE.load(Ordering::Relaxed);
    if state != OFF && state != BUSY {
        note_first(state);
    }
}

/// Notes it when nothing was noted since the thread looked; it may look again meanwhile,
/// and even go to sleep.
#[cold]
#[inline(never)]
fn note_first(mut state: u32) {
    while let Err(now) = exchange(state, BUSY) {
        if now == OFF || now == BUSY {
            return;
        }
        state = now;
    }
    match state {
        UNDECIDED => start(),
        ASLEEP => os::wake(&STATE),
        _ => {}
    }
}

fn exchange(from: u32, to: u32) -> Result<u32, u32> {
    STATE.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed)
}

fn change(from: u32, to: u32) -> bool {
    exchange(from, to).is_ok()
}

fn start() {
    shared! {
        /// Whether forks are watched, in this process and those that it is forked from.
        static WATCHING_FORKS: AtomicBool = AtomicBool::new(false);
    }
    if knobs::purge_after_ms() == 0 {
        STATE.store(OFF, Ordering::Relaxed);
        return;
    }
    if !WATCHING_FORKS.swap(true, Ordering::Relaxed) {
        os::after_fork_in_child(forget_thread);
    }
    if !os::start_thread(run) {
        STATE.store(OFF, Ordering::Relaxed);
    }
}

/// Runs in a fork's child.
unsafe extern "C" fn forget_thread() {
    if STATE.load(Ordering::Relaxed) != OFF {
        STATE.store(UNDECIDED, Ordering::Relaxed);
        // The thread may have held it, and is not here to let go.
        AT_WORK.unlock();
    }
}

/// What the thread does.
extern "C" fn run(_: *mut c_void) -> *mut c_void {
    os::name_thread(c"alloc-core");
    loop {
        turn();
    }
}

/// One sleep, and what is done after it.
pub(crate) fn turn() {
    os::sleep(knobs::purge_after_ms());
    if change(BUSY, QUIET) {
        return;
    }
    {
        let _at_work = AT_WORK.lock();
        retire_released();
        give_back();
    }
    if change(QUIET, ASLEEP) {
        while STATE.load(Ordering::Relaxed) == ASLEEP {
            os::wait_while(&STATE, ASLEEP);
        }
    }
}
