//! A lock for the slow paths: arenas' supply and the mapping cache.
//!
//! `std::sync::Mutex` may allocate on some systems and poisons; this one spins
//! a little and then yields the processor. It is held for a few hundred
//! instructions or one system call, never while user code runs. Around `fork`
//! all locks are taken in the parent (see `os::on_fork`), so that the child
//! never finds one held by a thread that it does not have.

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};

use crate::os;
use crate::sync::{AtomicBool, Ordering, const_fn, spin_loop};

/// Turns of busy waiting before the processor is given up.
const SPINS: u32 = 64;

/// A value behind a spin-then-yield lock.
pub(crate) struct Lock<T> {
    held: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached only through a `Guard`, and `held` admits one at
// a time; its acquire pairs with the release in `unlock`.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    const_fn! {
        pub(crate) fn new(value: T) -> Self {
            Self { held: AtomicBool::new(false), value: UnsafeCell::new(value) }
        }
    }

    /// The value, once no other thread holds it.
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        self.acquire();
        Guard(self)
    }

    /// Takes the lock without a guard; [`Lock::unlock`] gives it back.
    pub(crate) fn acquire(&self) {
        let mut spins = 0;
        // Acquire: sees what the holder before wrote (pairs with `unlock`).
        // An exchange that fails writes nothing.
        while self.held.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            if spins < SPINS {
                spins += 1;
                spin_loop();
            } else {
                os::yield_now();
            }
        }
    }

    /// Gives back a lock that [`Lock::acquire`] took.
    pub(crate) fn unlock(&self) {
        // Release: what was written under the lock is seen by the next holder.
        self.held.store(false, Ordering::Release);
    }
}

/// Access to a locked value; dropping it unlocks.
pub(crate) struct Guard<'a, T>(&'a Lock<T>);

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this guard holds the lock, so no `&mut` to the value exists
        // but through it.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard holds the lock and is borrowed mutably.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.0.unlock();
    }
}
