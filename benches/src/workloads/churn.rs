//! The loop on which profilers are compared: blocks of `slots_small`'s sizes, a random
//! one of which makes room for another at each turn.
//!
//! # Design
//! An operation is a block allocated and one freed. Each thread has its own blocks, so
//! that whatever one thread costs another is the profiler's doing. All begin at once,
//! when each has done a twentieth of its work to warm up; time is taken from the first
//! one's start to the last one's end.

use std::mem;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use rand::RngExt as _;

use super::block::{Block, stamps};
use super::{Context, Measurement, Workload, random};
use crate::twins::twins;

/// The loop as it is.
pub(crate) const CHURN: Workload =
    Workload::new("churn", "each thread replaces 16–512 B over 4 k blocks", |context| {
        on_threads(context, plain::churn)
    })
    .with_threads()
    .on_request();

/// The same with the attribute: an allocating and a freeing line a turn.
pub(crate) const CHURN_PROFILED: Workload =
    Workload::new("churn_profiled", "the same in a profiled function", |context| {
        on_threads(context, profiled::churn)
    })
    .with_threads()
    .on_request();

/// Live blocks of each thread, about a megabyte.
const SLOTS: usize = 4096;

twins! { plain profiled
    pub(super) fn churn(stream: usize, replacements: usize) -> u64 {
        let mut sizes = random(2 * stream);
        let mut picks = random(2 * stream + 1);
        let mut new_block = |number| Block::new(sizes.random_range(16..=512), number);
        let mut blocks: Vec<Block> = (0..SLOTS).map(&mut new_block).collect();
        let mut sum = 0;
        for number in 0..replacements {
            let block = new_block(number);
            let old = mem::replace(&mut blocks[picks.random_range(0..SLOTS)], block);
            sum += old.into_stamp();
        }
        sum + stamps(blocks)
    }
}

fn on_threads(context: &Context, churn: fn(usize, usize) -> u64) -> Measurement {
    let replacements = context.scaled(3_000_000);
    let all_warm = Barrier::new(context.threads);
    let live = |thread| {
        let warm_up = churn(thread, replacements / 20);
        all_warm.wait();
        let start = Instant::now();
        let sum = warm_up + churn(thread, replacements);
        (start, Instant::now(), sum)
    };
    let lives: Vec<(Instant, Instant, u64)> = thread::scope(|scope| {
        let live = &live;
        let threads: Vec<_> =
            (0..context.threads).map(|thread| scope.spawn(move || live(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let start = lives.iter().map(|life| life.0).min();
    let end = lives.iter().map(|life| life.1).max();
    let seconds = start.zip(end).map_or(0.0, |(start, end)| (end - start).as_secs_f64());
    let checksum = lives.iter().map(|life| life.2).sum();
    let operations = (SLOTS + replacements) * context.threads;
    Measurement { seconds, checksum, costs: None }.per_operation(operations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_read_the_same_back() {
        assert_eq!(profiled::churn(1, 5000), plain::churn(1, 5000));
        assert!(plain::churn(1, 5001) > plain::churn(1, 5000));
    }
}
