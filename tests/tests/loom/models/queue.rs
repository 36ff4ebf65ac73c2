//! `remote` alone: the senders, the owner and its claim.

use loom::sync::Arc;
use loom::thread;

use super::{explore, explore_to};
use crate::heap::{collect_from, send_to};
use crate::remote::{Released, RemoteQueue, Sent};
use crate::sync::{AtomicBool, AtomicPtr};

/// A queue that the caller has the claim of.
fn queue() -> Arc<RemoteQueue> {
    let head = AtomicPtr::new(std::ptr::null_mut());
    Arc::new(RemoteQueue::new(head, AtomicBool::new(true)))
}

/// Sends, and tidies the heap if it has no owner; returns what that collected.
fn send(queue: &RemoteQueue, blocks: u64) -> u64 {
    match send_to(queue, blocks) {
        Sent::ToNobody if queue.try_claim() => collect_from(queue) + release(queue),
        _ => 0,
    }
}

/// Gives the claim back as the registry does, and returns what came in between.
fn release(queue: &RemoteQueue) -> u64 {
    let mut blocks = 0;
    while queue.release() == Released::MoreArrived && queue.try_claim() {
        blocks += collect_from(queue);
    }
    blocks
}

fn sender(queue: &Arc<RemoteQueue>, blocks: u64) -> thread::JoinHandle<u64> {
    let queue = Arc::clone(queue);
    thread::spawn(move || send(&queue, blocks))
}

#[test]
fn an_owner_gets_every_run_of_a_sender() {
    explore(|| {
        let queue = queue();
        let sender = sender(&queue, 2);
        let mut blocks = collect_from(&queue) + collect_from(&queue);
        blocks += sender.join().unwrap() + collect_from(&queue);
        assert_eq!(blocks, 2);
    });
}

#[test]
fn an_owner_gets_every_run_of_two_senders() {
    explore(|| {
        let queue = queue();
        let senders = [sender(&queue, 2), sender(&queue, 1)];
        let mut blocks = collect_from(&queue);
        for sender in senders {
            blocks += sender.join().unwrap();
        }
        assert_eq!(blocks + collect_from(&queue), 3);
    });
}

#[test]
fn nothing_is_left_with_a_heap_that_loses_its_owner() {
    explore(|| {
        let queue = queue();
        let sender = sender(&queue, 2);
        // The owner's thread ends.
        let mut blocks = collect_from(&queue) + release(&queue);
        blocks += sender.join().unwrap();
        // Whoever comes last has collected: nobody is needed to come after.
        assert_eq!(blocks, 2);
        assert!(queue.is_empty());
    });
}

#[test]
fn nothing_of_two_senders_is_left_with_a_heap_that_loses_its_owner() {
    explore_to(Some(3), || {
        let queue = queue();
        let senders = [sender(&queue, 1), sender(&queue, 2)];
        let mut blocks = collect_from(&queue) + release(&queue);
        for sender in senders {
            blocks += sender.join().unwrap();
        }
        assert_eq!(blocks, 3);
        assert!(queue.is_empty());
    });
}

#[test]
fn an_adopter_gets_what_the_former_owner_left() {
    explore_to(Some(3), || {
        let queue = queue();
        let sender = sender(&queue, 1);
        let adopter = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                if queue.try_claim() { collect_from(&queue) + release(&queue) } else { 0 }
            })
        };
        let mut blocks = release(&queue);
        blocks += sender.join().unwrap() + adopter.join().unwrap();
        assert_eq!(blocks, 1);
        assert!(queue.is_empty());
    });
}
