//! Who has which heap: `registry` over `remote`'s claim.

use loom::thread;

use super::{all_at_rest, beside, explore, registered, unmap};
use crate::heap::{Owned, ThreadHeap, send};
use crate::registry;
use crate::remote::Released;

/// A heap adopted and used; the thread keeps it.
fn adopt_and_work() -> &'static ThreadHeap {
    let owned = registered();
    owned.work();
    owned.heap()
}

/// A thread's life with a heap.
fn adopt_and_release() {
    let owned = registered();
    owned.work();
    registry::release(owned);
}

fn collected(heaps: &[Owned]) -> u64 {
    heaps.iter().map(|owned| owned.collected()).sum()
}

#[test]
fn two_threads_never_adopt_the_same_heap() {
    explore(|| {
        let released = registered();
        registry::release(released);
        let (one, other) = beside(adopt_and_work, adopt_and_work);
        assert!(!std::ptr::eq(one, other));
        let heaps: Vec<_> = registry::heaps().collect();
        assert_eq!(heaps.len(), 2);
        assert!(heaps.iter().any(|&heap| std::ptr::eq(heap, released.heap())), "it is used again");
        for heap in heaps {
            assert!(heap.try_claim().is_none());
            assert_eq!(heap.remote.release(), Released::Empty);
        }
        unmap(all_at_rest());
    });
}

#[test]
fn heaps_registered_at_once_are_both_seen_whole() {
    explore(|| {
        // Before the threads, so that they are the only ones to publish anything.
        assert_eq!(registry::heaps().count(), 0);
        let register = || thread::spawn(|| registered().heap());
        let threads = [register(), register()];
        // Loom ends the model where this meets a heap before its fields.
        assert!(registry::heaps().filter(|heap| heap.remote.is_empty()).count() <= 2);
        for thread in threads {
            let heap = thread.join().unwrap();
            assert!(registry::heaps().any(|listed| std::ptr::eq(listed, heap)));
            assert_eq!(heap.remote.release(), Released::Empty);
        }
        unmap(all_at_rest());
    });
}

#[test]
fn a_heap_released_at_any_time_serves_the_next() {
    explore(|| {
        let released = registered();
        released.work();
        let ((), ()) = beside(adopt_and_release, move || registry::release(released));
        let next = registered();
        next.work();
        assert!(registry::heaps().count() <= 2);
        registry::release(next);
        unmap(all_at_rest());
    });
}

#[test]
fn blocks_sent_during_a_release_are_collected() {
    explore(|| {
        let owned = registered();
        let heap = owned.heap();
        let ((), ()) = beside(
            // The second one may come after the releaser has claimed the heap again.
            move || {
                send(heap, 1);
                send(heap, 1);
            },
            move || {
                owned.work();
                registry::release(owned);
            },
        );
        let heaps = all_at_rest();
        assert_eq!(collected(&heaps), 2);
        unmap(heaps);
    });
}

#[test]
fn blocks_of_two_senders_to_a_heap_without_a_thread_are_collected() {
    explore(|| {
        let owned = registered();
        let heap = owned.heap();
        registry::release(owned);
        let ((), ()) = beside(move || send(heap, 1), move || send(heap, 2));
        let heaps = all_at_rest();
        assert_eq!(collected(&heaps), 3);
        unmap(heaps);
    });
}

#[test]
fn blocks_sent_between_a_release_and_an_adoption_are_collected() {
    explore(|| {
        let owned = registered();
        let heap = owned.heap();
        let sender = thread::spawn(move || send(heap, 1));
        let ((), ()) = beside(adopt_and_release, move || registry::release(owned));
        sender.join().unwrap();
        let heaps = all_at_rest();
        assert_eq!(collected(&heaps), 1);
        unmap(heaps);
    });
}
