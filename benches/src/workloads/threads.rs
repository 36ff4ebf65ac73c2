//! Threads that free what other threads allocated.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread;

use crossbeam_utils::Backoff;
use rand::RngExt as _;

use super::block::{Block, stamps};
use super::{Context, Measurement, Workload, random};

/// After Larson and Krishnan's server simulation: each thread replaces random
/// blocks of 16 to 512 bytes in 1,000 slots, then ends and leaves its live slots
/// to a thread of the next generation, which frees them as it goes.
pub(super) const LARSON: Workload =
    Workload::new("larson", "threads replace blocks and pass the live ones on", larson)
        .with_threads();

/// One thread only allocates boxes of 64 bytes, another only frees them: a
/// pipeline. Boxes travel 512 at a time, and who waits for the other spins, so that the
/// channel costs little. (A consumer that slept would have the producer wake it by a
/// system call, which takes as long as 512 boxes do: whose frees are quick would be slow.)
pub(super) const PRODUCER_CONSUMER: Workload =
    Workload::new("producer_consumer", "one thread allocates, the other frees", producer_consumer)
        .with_threads();

/// 8 bytes to 16 KiB, small ones more often, in 1,000 slots a thread; a quarter
/// of the replaced blocks is freed by the next thread: a server whose requests
/// change hands.
pub(super) const MIXED_CROSS_FREE: Workload = Workload::new(
    "mixed_cross_free",
    "8 B–16 KiB, a quarter freed by another thread",
    mixed_cross_free,
)
.with_threads();

/// Live blocks that each thread works on.
const SLOTS: usize = 1000;

fn larson(context: &Context) -> Measurement {
    const GENERATIONS: usize = 20;
    let replacements = context.scaled(400_000);
    Measurement::of(|| {
        let mut sum = 0;
        let mut sets: Vec<Vec<Block>> = (0..context.threads).map(|_| Vec::new()).collect();
        for generation in 0..GENERATIONS {
            // The next thread gets the set that this one leaves.
            sets.rotate_left(1);
            let results = thread::scope(|scope| {
                let spawn = |(thread, set)| {
                    let stream = generation * context.threads + thread;
                    scope.spawn(move || replace_at_random(set, replacements, stream))
                };
                let threads: Vec<_> = sets.drain(..).enumerate().map(spawn).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            });
            let results: Vec<(u64, Vec<Block>)> = results;
            for (freed, set) in results {
                sum += freed;
                sets.push(set);
            }
        }
        sum + stamps(sets.into_iter().flatten())
    })
}

/// Replaces random blocks of a set; returns the stamps of what was freed, and
/// the set.
fn replace_at_random(mut set: Vec<Block>, replacements: usize, stream: usize) -> (u64, Vec<Block>) {
    let mut random = random(stream);
    let mut freed = 0;
    for number in 0..replacements {
        let block = Block::new(random.random_range(16..=512), number);
        if set.len() < SLOTS {
            set.push(block);
        } else {
            let slot = random.random_range(0..SLOTS);
            freed += std::mem::replace(&mut set[slot], block).into_stamp();
        }
    }
    (freed, set)
}

fn producer_consumer(context: &Context) -> Measurement {
    /// Batches under way: a megabyte of boxes, as a slow reader would find.
    const QUEUE: usize = 32;
    // Two threads are one producer and one consumer; one thread cannot be.
    let pipelines = (context.threads / 2).max(1);
    let batches = context.scaled(10_000) as u64;
    Measurement::of(|| {
        thread::scope(|scope| {
            let pipeline = |_| {
                let (sender, receiver) = sync_channel(QUEUE);
                scope.spawn(move || produce(batches, &sender));
                scope.spawn(move || consume(&receiver))
            };
            let consumers: Vec<_> = (0..pipelines).map(pipeline).collect();
            let sums = consumers.into_iter().map(|thread| thread.join().expect("no panic"));
            sums.fold(0, u64::wrapping_add)
        })
    })
}

/// Boxes that travel together.
type Batch = Vec<Box<[u64; 8]>>;

/// Sends so many batches of new boxes.
fn produce(batches: u64, sender: &SyncSender<Batch>) {
    const BATCH: u64 = 512;
    for batch in 0..batches {
        let mut boxes = (0..BATCH).map(|number| Box::new([batch ^ number; 8])).collect();
        let backoff = Backoff::new();
        while let Err(unsent) = sender.try_send(boxes) {
            let TrySendError::Full(unsent) = unsent else { return };
            boxes = unsent;
            backoff.snooze();
        }
    }
}

/// Frees the boxes that arrive, until there are no more; returns the sum of a word of each.
fn consume(receiver: &Receiver<Batch>) -> u64 {
    let mut sum = 0;
    let mut backoff = Backoff::new();
    loop {
        match receiver.try_recv() {
            Ok(boxes) => {
                sum = boxes.into_iter().map(|boxed| boxed[7]).fold(sum, u64::wrapping_add);
                backoff = Backoff::new();
            }
            Err(TryRecvError::Empty) => backoff.snooze(),
            Err(TryRecvError::Disconnected) => return sum,
        }
    }
}

/// Blocks on their way to a thread that will free them.
type Mailbox = Mutex<Vec<Block>>;

fn mixed_cross_free(context: &Context) -> Measurement {
    let replacements = context.scaled(3_000_000);
    Measurement::of(|| {
        let mailboxes: Vec<Mailbox> = (0..context.threads).map(|_| Mailbox::default()).collect();
        let freed: u64 = thread::scope(|scope| {
            let spawn = |thread: usize| {
                let own = &mailboxes[thread];
                let next = &mailboxes[(thread + 1) % context.threads];
                scope.spawn(move || exchange(own, next, replacements, thread))
            };
            let threads: Vec<_> = (0..context.threads).map(spawn).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        let left =
            mailboxes.into_iter().flat_map(|mailbox| mailbox.into_inner().expect("no panic"));
        freed + stamps(left)
    })
}

/// One thread's part: replaces blocks, sends a quarter of the old ones to the
/// `next` mailbox and frees what it finds in its `own`. Returns the stamps of all
/// that it freed.
fn exchange(own: &Mailbox, next: &Mailbox, replacements: usize, stream: usize) -> u64 {
    /// Blocks that are sent together.
    const BATCH: usize = 64;
    /// Blocks that may wait in a mailbox: bounds the memory if a thread is slow.
    const WAITING: usize = 1024;
    let mut random = random(stream);
    let mut set: Vec<Block> = Vec::with_capacity(SLOTS);
    let mut outgoing = Vec::with_capacity(BATCH);
    let mut freed = 0;
    for number in 0..replacements {
        // A random power of two, and a random length up to the next: small blocks
        // are common, large ones take the space.
        let power = 8_usize << random.random_range(0..11);
        let bytes = power + random.random_range(0..=power);
        let block = Block::new(bytes.min(16 << 10), number);
        if set.len() < SLOTS {
            set.push(block);
            continue;
        }
        let old = std::mem::replace(&mut set[random.random_range(0..SLOTS)], block);
        if number % 4 != 0 {
            freed += old.into_stamp();
            continue;
        }
        outgoing.push(old);
        if outgoing.len() == BATCH {
            let mut waiting = next.lock().expect("no panic");
            if waiting.len() < WAITING {
                waiting.append(&mut outgoing);
            }
            drop(waiting);
            freed += stamps(outgoing.drain(..));
            let incoming = std::mem::take(&mut *own.lock().expect("no panic"));
            freed += stamps(incoming);
        }
    }
    freed + stamps(outgoing) + stamps(set)
}
