//! `lock`: one holder at a time, who sees what the last one wrote.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::explore;
use crate::lock::Lock;

/// A number whose uses loom watches: unordered ones end the model.
type Watched = UnsafeCell<u32>;

fn add_one(lock: &Lock<Watched>) {
    // SAFETY: loom's own check is what this tests.
    lock.lock().with_mut(|number| unsafe { *number += 1 });
}

#[test]
fn holders_follow_one_another() {
    explore(|| {
        let lock = Arc::new(Lock::new(Watched::new(0)));
        let other = {
            let lock = Arc::clone(&lock);
            thread::spawn(move || {
                add_one(&lock);
                add_one(&lock);
            })
        };
        add_one(&lock);
        other.join().unwrap();
        // SAFETY: as above.
        assert_eq!(lock.lock().with(|number| unsafe { *number }), 3);
    });
}

#[test]
fn a_lock_taken_without_a_guard_is_given_back_whole() {
    explore(|| {
        let lock = Arc::new(Lock::new(Watched::new(0)));
        let forking = {
            let lock = Arc::clone(&lock);
            // As around a fork.
            thread::spawn(move || {
                lock.acquire();
                lock.unlock();
            })
        };
        add_one(&lock);
        forking.join().unwrap();
        // SAFETY: as above.
        assert_eq!(lock.lock().with(|number| unsafe { *number }), 1);
    });
}
