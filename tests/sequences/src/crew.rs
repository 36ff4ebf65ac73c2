//! The threads that run a sequence.
//!
//! Each worker waits for operations and says when it has run them, so whoever has heard
//! of all of them knows that the heaps rest. A worker's thread is joined when a sequence
//! ends it: to its very end, where its heap retires.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use alloc_core::PoolAlloc;

use crate::model::Model;
use crate::{Operation, Step, THREADS};

/// Steps of a sequence between two rests, when the threads run at once.
const STEPS_AT_ONCE: usize = 64;

/// Runs a sequence a step at a time, and checks the whole heap after each.
///
/// All other threads of the process leave `PoolAlloc` alone meanwhile.
///
/// # Panics
/// When something is wrong. The heap is of no use then: see [`in_child`](crate::in_child).
///
/// # Examples
///
/// ```
/// use alloc_core::PoolAlloc;
/// use sequences::{Step, in_turn};
///
/// let bytes: Vec<u8> = (0..=255).collect();
/// in_turn(PoolAlloc::new(), &Step::all_of(&bytes));
/// ```
pub fn in_turn(pool: PoolAlloc, steps: &[Step]) {
    let mut crew = Crew::new(pool);
    for (number, step) in steps.iter().enumerate() {
        crew.workers[step.thread].run(std::slice::from_ref(&step.operation));
        let checked = crew.model.check_at_rest();
        checked.unwrap_or_else(|wrong| panic!("after step {number}, {step:?}: {wrong}"));
    }
    crew.finish();
}

/// Runs a sequence, each thread its own steps beside the others, and checks the whole
/// heap whenever they rest: after every 64 steps.
///
/// All other threads of the process leave `PoolAlloc` alone meanwhile.
///
/// # Panics
/// As for [`in_turn`].
///
/// # Examples
///
/// ```
/// use alloc_core::PoolAlloc;
/// use sequences::{Step, at_once};
///
/// let bytes: Vec<u8> = (0..=255).collect();
/// at_once(PoolAlloc::new(), &Step::all_of(&bytes));
/// ```
pub fn at_once(pool: PoolAlloc, steps: &[Step]) {
    let mut crew = Crew::new(pool);
    for (number, steps) in steps.chunks(STEPS_AT_ONCE).enumerate() {
        std::thread::scope(|scope| {
            for (thread, worker) in crew.workers.iter_mut().enumerate() {
                let own = steps.iter().filter(|step| step.thread == thread);
                let operations: Vec<_> = own.map(|step| step.operation.clone()).collect();
                scope.spawn(move || worker.run(&operations));
            }
        });
        let checked = crew.model.check_at_rest();
        let first = number * STEPS_AT_ONCE;
        checked.unwrap_or_else(|wrong| panic!("after the 64 steps from {first} on: {wrong}"));
    }
    crew.finish();
}

/// The threads, and what they work on.
struct Crew {
    model: Arc<Model>,
    workers: [Worker; THREADS],
}

impl Crew {
    fn new(pool: PoolAlloc) -> Self {
        let model = Arc::new(Model::new(pool));
        let workers = std::array::from_fn(|_| Worker::start(Arc::clone(&model)));
        Self { model, workers }
    }

    /// Ends the threads one after the other, and checks what each leaves behind; then
    /// frees what is left.
    fn finish(self) {
        for worker in self.workers {
            worker.end();
            let checked = self.model.check_at_rest();
            checked.unwrap_or_else(|wrong| panic!("after a thread's end: {wrong}"));
        }
        self.model.finish().unwrap_or_else(|wrong| panic!("at the end: {wrong}"));
    }
}

/// A thread that runs operations when it is told to.
struct Worker {
    model: Arc<Model>,
    thread: JoinHandle<()>,
    orders: Sender<Vec<Operation>>,
    done: Receiver<()>,
}

impl Worker {
    fn start(model: Arc<Model>) -> Self {
        let (orders, ordered) = channel::<Vec<Operation>>();
        let (say_done, done) = channel();
        let shared = Arc::clone(&model);
        let thread = std::thread::spawn(move || {
            for operations in ordered {
                for operation in &operations {
                    shared.run(operation);
                }
                // Nobody listens any more: then the orders end as well.
                let _ = say_done.send(());
            }
        });
        Self { model, thread, orders, done }
    }

    /// Runs operations to their end, each on the thread that is the worker's then.
    fn run(&mut self, operations: &[Operation]) {
        for part in operations.split_inclusive(|operation| *operation == Operation::EndThread) {
            // If the thread has panicked, `end` says so.
            let ordered = self.orders.send(part.to_vec()).is_ok();
            let done = ordered && self.done.recv().is_ok();
            if !done || part.ends_with(&[Operation::EndThread]) {
                let successor = Self::start(Arc::clone(&self.model));
                std::mem::replace(self, successor).end();
            }
        }
    }

    /// Ends the thread, to its very end.
    fn end(self) {
        drop(self.orders);
        if let Err(panic) = self.thread.join() {
            resume_unwind(panic);
        }
    }
}
