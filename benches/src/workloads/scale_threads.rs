//! Whether an operation costs more the more threads there are.
//!
//! # Design
//! Each thread replaces small blocks in slots of its own; a sixteenth of the old
//! blocks goes to the next thread, which frees them. A mailbox holds a bounded
//! number of blocks. Whoever finds it full waits for its owner: else the share
//! that others free would depend on who is running, and threads that outnumber
//! the cores would do less of it. The bound is wide enough for a thread to run for
//! a millisecond or two at a time, so that few operations find the cache cold.
//!
//! Time is taken from the first thread's start to the last one's end, when all
//! have filled their slots: what threads themselves cost is another workload's
//! question.
//!
//! # Invariants
//! - A thread empties its own mailbox before it waits for another. So of all that
//!   wait the last has made room for the one before it, and never do all wait.
//! - A mailbox whose owner has ended takes nothing: the sender frees the blocks.

use std::sync::{Barrier, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use rand::RngExt as _;

use super::block::{Block, stamps};
use super::{Context, Costs, Measurement, Workload, random};

/// A point of the third curve of `scale`, which says how many threads there are.
pub(crate) const SCALE_THREADS: Workload = Workload::new(
    "scale_threads",
    "each thread replaces 16–512 B, a sixteenth freed by the next",
    scale_threads,
)
.with_threads()
.on_request();

/// Live blocks of each thread.
const SLOTS: usize = 1000;
/// One of so many replaced blocks is freed by the next thread.
const SHARE: usize = 16;
/// Blocks that are sent together.
const BATCH: usize = 64;
/// Blocks that may wait in a mailbox.
const WAITING: usize = 64 * BATCH;

fn scale_threads(context: &Context) -> Measurement {
    let replacements = context.scaled(1_000_000);
    let mailboxes: Vec<Mailbox> = (0..context.threads).map(|_| Mailbox::default()).collect();
    let all_filled = Barrier::new(context.threads);
    let lives: Vec<Life> = thread::scope(|scope| {
        let spawn = |thread: usize| {
            let own = &mailboxes[thread];
            let next = &mailboxes[(thread + 1) % context.threads];
            let all_filled = &all_filled;
            scope.spawn(move || live(own, next, all_filled, replacements, thread))
        };
        let threads: Vec<_> = (0..context.threads).map(spawn).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let start = lives.iter().map(|life| life.start).min();
    let end = lives.iter().map(|life| life.end).max();
    let seconds = start.zip(end).map_or(0.0, |(start, end)| (end - start).as_secs_f64());
    let operations = replacements * context.threads;
    let operation_ns = seconds * 1e9 / operations as f64;
    Measurement {
        seconds,
        checksum: lives.iter().map(|life| life.sum).sum(),
        costs: Some(Costs { operation_ns, anywhere_ns: None }),
    }
}

/// What one thread did.
struct Life {
    /// When it began to replace blocks.
    start: Instant,
    /// When it had replaced all.
    end: Instant,
    /// The stamps of all that it freed.
    sum: u64,
}

/// Blocks on their way to the thread that will free them.
#[derive(Default)]
struct Mailbox {
    waiting: Mutex<Waiting>,
    /// Signalled when its owner has taken what was waiting.
    emptied: Condvar,
}

/// What is in a mailbox.
struct Waiting {
    blocks: Vec<Block>,
    has_ended: bool,
}

impl Default for Waiting {
    /// Nothing, with room for all that may come.
    fn default() -> Self {
        Self { blocks: Vec::with_capacity(WAITING), has_ended: false }
    }
}

impl Mailbox {
    /// Returns whether a batch would find room, or nobody to wait for.
    fn has_room(waiting: &Waiting) -> bool {
        waiting.has_ended || waiting.blocks.len() + BATCH <= WAITING
    }

    /// Puts the batch in, if there is room; leaves it with the caller if the owner
    /// has ended. Returns `false` if it is full.
    fn send(&self, batch: &mut Vec<Block>) -> bool {
        let mut waiting = self.waiting.lock().expect("no panic");
        if waiting.has_ended {
            return true;
        }
        let has_room = Self::has_room(&waiting);
        if has_room {
            waiting.blocks.append(batch);
        }
        has_room
    }

    /// Waits until there may be room.
    fn wait(&self) {
        let waiting = self.waiting.lock().expect("no panic");
        let is_full = |waiting: &mut Waiting| !Self::has_room(waiting);
        drop(self.emptied.wait_while(waiting, is_full).expect("no panic"));
    }

    /// Exchanges what is waiting for the empty `spare`.
    fn receive(&self, spare: &mut Vec<Block>) {
        std::mem::swap(&mut self.waiting.lock().expect("no panic").blocks, spare);
        self.emptied.notify_one();
    }

    /// Takes nothing any more; returns what is waiting.
    fn close(&self) -> Vec<Block> {
        let mut waiting = self.waiting.lock().expect("no panic");
        waiting.has_ended = true;
        let blocks = std::mem::take(&mut waiting.blocks);
        drop(waiting);
        self.emptied.notify_one();
        blocks
    }
}

/// One thread's part.
fn live(
    own: &Mailbox,
    next: &Mailbox,
    all_filled: &Barrier,
    replacements: usize,
    stream: usize,
) -> Life {
    let mut random = random(stream);
    let mut new_block = |number| Block::new(random.random_range(16..=512), number);
    let mut set: Vec<Block> = (0..SLOTS).map(&mut new_block).collect();
    let mut picks = super::random(stream + (1 << 16));
    let mut outgoing = Vec::with_capacity(BATCH);
    let mut incoming = Vec::with_capacity(WAITING);
    let mut sum = 0;
    all_filled.wait();
    let start = Instant::now();
    for number in 0..replacements {
        let slot = picks.random_range(0..SLOTS);
        let old = std::mem::replace(&mut set[slot], new_block(number));
        if number % SHARE != 0 {
            sum += old.into_stamp();
            continue;
        }
        outgoing.push(old);
        if outgoing.len() == BATCH {
            let mut is_sent = next.send(&mut outgoing);
            own.receive(&mut incoming);
            sum += stamps(incoming.drain(..));
            while !is_sent {
                next.wait();
                is_sent = next.send(&mut outgoing);
            }
            // What is left: the next thread has ended.
            sum += stamps(outgoing.drain(..));
        }
    }
    sum += stamps(own.close()) + stamps(outgoing);
    let end = Instant::now();
    Life { start, end, sum: sum + stamps(set) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads::Scale;

    fn batch() -> Vec<Block> {
        (0..BATCH).map(|number| Block::new(16, number)).collect()
    }

    #[test]
    fn a_full_mailbox_takes_nothing_until_it_is_emptied() {
        let mailbox = Mailbox::default();
        for _ in 0..WAITING / BATCH {
            assert!(mailbox.send(&mut batch()));
        }
        let mut more = batch();
        assert!(!mailbox.send(&mut more));
        assert_eq!(more.len(), BATCH);
        let mut received = Vec::new();
        mailbox.receive(&mut received);
        assert_eq!(received.len(), WAITING);
        mailbox.wait();
        assert!(mailbox.send(&mut more) && more.is_empty());
    }

    #[test]
    fn a_closed_mailbox_leaves_the_batch_with_its_sender() {
        let mailbox = Mailbox::default();
        assert!(mailbox.send(&mut batch()));
        assert_eq!(mailbox.close().len(), BATCH);
        let mut late = batch();
        assert!(mailbox.send(&mut late));
        assert_eq!(late.len(), BATCH);
        mailbox.wait();
    }

    #[test]
    fn threads_that_outnumber_the_cores_all_end() {
        let context = Context { scale: Scale::Quick, ..Context::tiny(12) };
        let costs = scale_threads(&context).costs.expect("a point");
        assert!(costs.operation_ns > 0.0 && costs.anywhere_ns.is_none());
    }
}
