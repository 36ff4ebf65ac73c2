//! The system: a scheduler, a futex, and hooks that the models call themselves.

use std::cell::Cell;
use std::ffi::{CStr, c_void};

use loom::sync::{Condvar, Mutex};

use crate::sync::{AtomicU32, Ordering};

loom::lazy_static! {
    /// The kernel's lock around a futex's word, and who waits.
    static ref FUTEX: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
}

std::thread_local! {
    /// Threads started since [`take_started`] was called.
    static STARTED: Cell<usize> = const { Cell::new(0) };
    /// What [`at_thread_exit`] does before it returns, and what it returns.
    static AT_THREAD_EXIT: Cell<fn() -> bool> = const { Cell::new(|| true) };
    static HOOK: Cell<Option<Hook>> = const { Cell::new(None) };
}

/// What runs when a thread ends.
type Hook = unsafe extern "C" fn(*mut c_void);

pub(crate) type ThreadBody = extern "C" fn(*mut c_void) -> *mut c_void;

/// Counts instead of starting: what the thread does, the model does in one of its own.
pub(crate) fn start_thread(_: ThreadBody) -> bool {
    STARTED.set(STARTED.get() + 1);
    true
}

/// Threads started since the last call.
pub(crate) fn take_started() -> usize {
    STARTED.replace(0)
}

/// Waits if `word` is `value`: compared under the lock that `wake` takes, as the kernel
/// compares it.
pub(crate) fn wait_while(word: &AtomicU32, value: u32) {
    let waiting = FUTEX.0.lock().unwrap();
    if word.load(Ordering::Relaxed) == value {
        drop(FUTEX.1.wait(waiting).unwrap());
    }
}

pub(crate) fn wake(_: &AtomicU32) {
    let _waiting = FUTEX.0.lock().unwrap();
    FUTEX.1.notify_one();
}

pub(crate) fn yield_now() {
    loom::thread::yield_now();
}

/// One hook for all threads, which call [`end_thread`].
pub(crate) fn at_thread_exit(hook: Hook) -> bool {
    HOOK.set(Some(hook));
    AT_THREAD_EXIT.get()()
}

/// Ends the calling thread of the model, as far as the allocator is told.
pub(crate) fn end_thread() {
    if let Some(hook) = HOOK.get() {
        // SAFETY: `detach` looks itself whether the thread has a heap, and asks nothing
        // of its argument.
        unsafe { hook(std::ptr::null_mut()) };
    }
}

/// Has [`at_thread_exit`] do this, in the models that the calling thread runs from here on.
pub(crate) fn on_at_thread_exit(answer: fn() -> bool) {
    AT_THREAD_EXIT.set(answer);
}

// No model sleeps, forks or looks at names.

pub(crate) fn sleep(_milliseconds: usize) {}

pub(crate) fn name_thread(_: &CStr) {}

pub(crate) fn on_fork(_: unsafe extern "C" fn(), _: unsafe extern "C" fn()) {}

pub(crate) fn after_fork_in_child(_: unsafe extern "C" fn()) {}
