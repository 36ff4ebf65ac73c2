//! Threads that come and go while some of their blocks stay.

use std::collections::VecDeque;
use std::thread;

use rand::RngExt as _;

use super::block::{Block, stamps};
use super::{Context, Measurement, Workload, random};

/// Short-lived threads, a few at a time; each allocates 400 blocks of 16 to 1024
/// bytes and leaves a tenth of them to the main thread, which holds those of the
/// last hundred threads: a server with a thread a request. What a thread's end
/// costs, and whether its heap finds a new owner.
pub(super) const THREAD_CHURN: Workload =
    Workload::new("thread_churn", "short-lived threads whose blocks survive them", thread_churn)
        .with_threads();

/// Blocks that one thread allocates.
const BLOCKS: usize = 400;
/// Survivors that the main thread holds: those of a hundred threads.
const HELD: usize = 100 * BLOCKS / 10;

fn thread_churn(context: &Context) -> Measurement {
    let generations = context.scaled(8000) / context.threads;
    Measurement::of(|| {
        let mut held: VecDeque<Block> = VecDeque::new();
        let mut sum = 0;
        for generation in 0..generations.max(1) {
            let survivors: Vec<Vec<Block>> = thread::scope(|scope| {
                let spawn = |thread| scope.spawn(move || live(generation * 64 + thread));
                let threads: Vec<_> = (0..context.threads).map(spawn).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            });
            held.extend(survivors.into_iter().flatten());
            let surplus = held.len().saturating_sub(HELD);
            sum += stamps(held.drain(..surplus));
        }
        sum + stamps(held)
    })
}

/// The life of one thread; returns the blocks that outlive it.
fn live(stream: usize) -> Vec<Block> {
    let mut random = random(stream);
    let mut blocks: Vec<Block> =
        (0..BLOCKS).map(|number| Block::new(random.random_range(16..=1024), number)).collect();
    let mut number = 0;
    blocks.retain(|_| {
        number += 1;
        number % 10 == 0
    });
    blocks
}
