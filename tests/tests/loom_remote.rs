//! The remote queue under the model checker: every interleaving of the senders,
//! the owner and its claim, on the source file that the allocator uses.

/// What the queue's file takes its atomics from: loom's here.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, Ordering, fence};
}

#[allow(dead_code, unreachable_pub, reason = "the file as the allocator has it")]
#[path = "../../alloc-core/src/remote.rs"]
mod remote;

use std::ptr::NonNull;

use loom::sync::Arc;
use loom::thread;

use remote::{FreeRun, Released, RemoteQueue, Sent};

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

/// Sends a list of `runs` whose masks are `mask`, as a flush does; tidies the heap
/// if it has no owner, and returns what that collected.
fn send(queue: &RemoteQueue, runs: usize, mask: u64) -> u64 {
    let nodes: Vec<NonNull<FreeRun>> = (0..runs)
        .map(|_| NonNull::from(Box::leak(Box::new(FreeRun { next: std::ptr::null_mut(), mask }))))
        .collect();
    for pair in nodes.windows(2) {
        // SAFETY: the nodes are this thread's.
        unsafe { (*pair[0].as_ptr()).next = pair[1].as_ptr() };
    }
    // SAFETY: linked from first to last, and sent once.
    match unsafe { queue.send(nodes[0], nodes[runs - 1]) } {
        Sent::ToNobody if queue.try_claim() => collect(queue) + release(queue),
        _ => 0,
    }
}

/// Takes everything and returns the sum of the masks; the caller has the claim.
fn collect(queue: &RemoteQueue) -> u64 {
    let mut sum = 0;
    let mut next = queue.take_all();
    while let Some(run) = NonNull::new(next) {
        // SAFETY: what was taken is the claim's holder's alone, and a leaked box.
        let run = unsafe { Box::from_raw(run.as_ptr()) };
        sum += run.mask;
        next = run.next;
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
