//! Threads that begin, end, and go on after their end: `tls` over all the rest.

use loom::thread;

use super::{all_at_rest, beside, explore, unmap};
use crate::heap::send;
use crate::{background, os, tls};

/// Leaves a model's beginning behind: the background thread is found not to be wanted.
fn begin() {
    background::note();
}

/// A thread that allocates and ends.
fn live() {
    tls::attached().unwrap().work();
    os::end_thread();
}

/// Ends a model in which `blocks` were sent: none is lost, and what is left in bins is
/// in a warm heap's.
fn check(blocks: u64) {
    let heaps = all_at_rest();
    assert_eq!(heaps.iter().map(|owned| owned.collected()).sum::<u64>(), blocks);
    for owned in &heaps {
        assert!(owned.is_warm() || !owned.has_cached());
    }
    assert!(heaps.iter().filter(|owned| owned.is_warm()).count() <= 1);
    unmap(heaps);
}

#[test]
fn two_threads_live_beside_each_other() {
    explore(|| {
        begin();
        let ((), ()) = beside(live, live);
        check(0);
    });
}

#[test]
fn blocks_are_sent_to_a_thread_that_ends() {
    explore(|| {
        begin();
        let heap = tls::attached().unwrap().heap();
        let ((), ()) = beside(move || send(heap, 1), live);
        check(1);
    });
}

#[test]
fn a_thread_ends_while_another_sends_and_a_third_begins() {
    explore(|| {
        begin();
        let heap = tls::attached().unwrap().heap();
        let sender = thread::spawn(move || send(heap, 1));
        let ((), ()) = beside(live, live);
        sender.join().unwrap();
        check(1);
    });
}

#[test]
fn an_ended_thread_borrows_a_heap_while_another_begins() {
    explore(|| {
        begin();
        live();
        let late = || {
            assert!(tls::attached().is_none(), "a thread is attached for good after its end");
            tls::borrowed(crate::heap::Owned::work).unwrap();
        };
        let ((), ()) = beside(live, late);
        check(0);
    });
}

#[test]
fn an_attachment_within_an_attachment_leaves_no_blocks_behind() {
    explore(|| {
        begin();
        // Its heap, warm, is the first to be adopted.
        thread::spawn(live).join().unwrap();
        // As under alloc-preload, where pthread_setspecific may allocate.
        os::on_at_thread_exit(|| {
            os::on_at_thread_exit(|| true);
            tls::attached().unwrap().work();
            true
        });
        live();
        check(0);
    });
}

#[test]
fn a_thread_whose_end_nobody_tells_leaves_no_blocks_behind() {
    explore(|| {
        begin();
        thread::spawn(live).join().unwrap();
        os::on_at_thread_exit(|| false);
        assert!(tls::attached().is_none());
        os::on_at_thread_exit(|| true);
        check(0);
    });
}
