//! The remote queue under the model checker: every interleaving of the senders,
//! the owner and its claim, on the source file that the allocator uses.

/// What the queue's file takes its atomics from: loom's here.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, Ordering, fence};
}

/// The mode, and what hardened mode seals the links with.
mod config {
    pub(crate) const HARDENED: bool = cfg!(feature = "hardened");
}
mod key {
    pub(crate) fn mix(value: u64) -> u64 {
        (value ^ 0x5EC_2E7).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

#[path = "../../alloc-core/src/free_run.rs"]
mod free_run;
#[allow(dead_code, unreachable_pub, reason = "the file as the allocator has it")]
#[path = "../../alloc-core/src/remote.rs"]
mod remote;

use std::ptr::NonNull;

use loom::sync::Arc;
use loom::thread;

use free_run::FreeRun;
use remote::{Released, RemoteQueue, Sent};

/// Explores every run of `model` with at most three preemptions: enough for every
/// known bug of such protocols, and done in seconds instead of hours.
fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

fn queue() -> RemoteQueue {
    let head = loom::sync::atomic::AtomicPtr::new(std::ptr::null_mut());
    RemoteQueue::new(head, loom::sync::atomic::AtomicBool::new(true))
}

fn unlinked() -> FreeRun {
    FreeRun::new(NonNull::dangling(), std::ptr::null_mut(), 0)
}

/// Sends a list of `runs` whose masks are `mask`, as a flush does; tidies the heap
/// if it has no owner, and returns what that collected.
fn send(queue: &RemoteQueue, runs: usize, mask: u64) -> u64 {
    let nodes: Vec<NonNull<FreeRun>> =
        (0..runs).map(|_| NonNull::from(Box::leak(Box::new(unlinked())))).collect();
    for (number, &node) in nodes.iter().enumerate() {
        let next = nodes.get(number + 1).map_or(std::ptr::null_mut(), |next| next.as_ptr());
        // SAFETY: the nodes are this thread's.
        unsafe { node.write(FreeRun::new(node, next, mask)) };
    }
    // SAFETY: linked from first to last, and sent once.
    match unsafe { queue.send(nodes[0], nodes[runs - 1], mask) } {
        Sent::ToNobody if queue.try_claim() => collect(queue) + release(queue),
        _ => 0,
    }
}

/// Takes everything and returns the sum of the masks; the caller has the claim.
fn collect(queue: &RemoteQueue) -> u64 {
    let mut sum = 0;
    let mut next = queue.take_all();
    while let Some(place) = NonNull::new(next) {
        // SAFETY: what was taken is the claim's holder's alone, and a leaked box.
        let run = unsafe { Box::from_raw(place.as_ptr()) };
        let (behind, mask) = run.open(place).expect("as it was sealed");
        sum += mask;
        next = behind;
    }
    sum
}

/// Gives the claim back as the registry does, and returns what came in between.
fn release(queue: &RemoteQueue) -> u64 {
    let mut sum = 0;
    while queue.release() == Released::MoreArrived && queue.try_claim() {
        sum += collect(queue);
    }
    sum
}

#[test]
fn an_owner_gets_every_run_of_two_senders() {
    explore(|| {
        let queue = Arc::new(queue());
        let senders = [1, 10].map(|mask| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || send(&queue, 2, mask))
        });
        let mut sum = collect(&queue);
        for sender in senders {
            sum += sender.join().unwrap();
        }
        sum += collect(&queue);
        assert_eq!(sum, 22);
    });
}

#[test]
fn nothing_is_left_with_a_heap_that_loses_its_owner() {
    explore(|| {
        let queue = Arc::new(queue());
        let senders = [1, 10].map(|mask| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || send(&queue, 1, mask))
        });
        // The owner's thread ends.
        let mut sum = collect(&queue) + release(&queue);
        for sender in senders {
            sum += sender.join().unwrap();
        }
        // Whoever comes last has collected: nobody is needed to come after.
        assert_eq!(sum, 11);
        assert!(queue.is_empty());
    });
}

#[test]
fn an_adopter_gets_what_the_former_owner_left() {
    explore(|| {
        let queue = Arc::new(queue());
        let sender = thread::spawn({
            let queue = Arc::clone(&queue);
            move || send(&queue, 1, 1)
        });
        let adopter = thread::spawn({
            let queue = Arc::clone(&queue);
            move || if queue.try_claim() { collect(&queue) + release(&queue) } else { 0 }
        });
        let mut sum = release(&queue);
        sum += sender.join().unwrap() + adopter.join().unwrap();
        assert_eq!(sum, 1);
        assert!(queue.is_empty());
    });
}
