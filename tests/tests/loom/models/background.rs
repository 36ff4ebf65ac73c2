//! `background`: one thread is started, and a note always wakes it.

use super::{beside, explore, explore_to};
use crate::{background, knobs, os};

/// The thread, once it has looked: nothing was noted since.
fn begin_quiet() {
    background::note();
    background::turn();
}

#[test]
fn of_two_first_notes_one_starts_the_thread() {
    knobs::set_purge_after_ms(1);
    explore(|| {
        let ((), ()) = beside(background::note, background::note);
        assert_eq!(os::take_started(), 1);
    });
}

#[test]
fn a_note_wakes_the_thread_whenever_it_goes_to_sleep() {
    knobs::set_purge_after_ms(1);
    explore(|| {
        begin_quiet();
        // The thread's turn ends unless a wake-up is lost: then loom finds a deadlock.
        let ((), ()) = beside(background::turn, background::note);
    });
}

#[test]
fn two_notes_at_once_wake_the_thread() {
    knobs::set_purge_after_ms(1);
    explore_to(Some(3), || {
        begin_quiet();
        let other = loom::thread::spawn(background::note);
        let ((), ()) = beside(background::turn, background::note);
        other.join().unwrap();
    });
}
