//! Whether an operation costs more the more is live.
//!
//! # Design
//! The heap is filled to so many bytes of live blocks, small ones mostly, some of
//! a few KiB. Two figures follow:
//! - *In a window*: the youngest blocks are freed and allocated anew, a batch at a
//!   time, while all others stay. The window is in the cache whatever the heap's
//!   size, so what grows is what the allocator itself does.
//! - *Anywhere*: random blocks of the whole heap make room for others. The block,
//!   its entry in the program's table and the allocator's notes on it are out of
//!   the cache as soon as the heap is; no allocator can have this curve flat.
//!
//! What is live at the end is left to the end of the process: to free gigabytes
//! takes seconds, and what that costs is another workload's question.
//!
//! # Invariants
//! - Sizes come from a table that is made before the clock starts.
//! - What is live is the same before, between and after the two, but for the
//!   sizes' random differences.

use std::time::Instant;

use rand::RngExt as _;
use rand::rngs::SmallRng;

use super::block::{Block, stamps};
use super::{Context, Costs, Measurement, Workload, random};

/// A point of the first two curves of `scale`, which says how much is live.
pub(crate) const SCALE_HEAP: Workload =
    Workload::new("scale_heap", "replacements beside a live heap; 1 GiB here", scale_heap)
        .on_request();

/// Blocks that are freed together, then allocated together.
const BATCH: usize = 64;
/// Batches of the window: 2,048 blocks, of which one line each is touched.
const BATCHES: usize = 32;
/// Sizes to take in turn; a power of two.
const SIZES: usize = 4096;

fn scale_heap(context: &Context) -> Measurement {
    let live_bytes = context.live_bytes.unwrap_or_else(|| context.scaled(1 << 30));
    let replacements = context.scaled(10_000_000).next_multiple_of(BATCH);
    let scattered = context.scaled(2_000_000);
    let sizes = sizes();
    let mut blocks = filled(live_bytes);
    let mut window = split_window(&mut blocks);

    // Once through the window unmeasured: the blocks of a fresh heap lie in order.
    let mut sum = replace_batches(&mut window, &sizes, BATCH * BATCHES);
    let start = Instant::now();
    sum += replace_batches(&mut window, &sizes, replacements);
    let seconds = start.elapsed().as_secs_f64();

    let start = Instant::now();
    sum += replace_anywhere(&mut blocks, &sizes, scattered);
    let anywhere_seconds = start.elapsed().as_secs_f64();

    std::mem::forget((blocks, window));
    let nanoseconds = |seconds: f64, operations: usize| seconds * 1e9 / operations as f64;
    let costs = Costs {
        operation_ns: nanoseconds(seconds, replacements),
        anywhere_ns: Some(nanoseconds(anywhere_seconds, scattered)),
    };
    Measurement { seconds, checksum: sum, costs: Some(costs) }
}

/// A block's size: 16 to 512 bytes, or in one case of 64, which is a third of all
/// bytes, 1 to 32 KiB, small ones of these more often.
fn size(random: &mut SmallRng) -> usize {
    if random.random_range(0..64) == 0 {
        let power = 1024 << random.random_range(0..5);
        power + random.random_range(0..=power)
    } else {
        random.random_range(16..=512)
    }
}

fn sizes() -> Vec<usize> {
    let mut random = random(1);
    (0..SIZES).map(|_| size(&mut random)).collect()
}

/// Returns blocks of so many bytes in all, and no fewer than two.
fn filled(live_bytes: usize) -> Vec<Block> {
    // Counted first: a table that grows would leave holes of its own.
    let mut random = random(0);
    let (mut bytes, mut count) = (0, 0);
    while bytes < live_bytes || count < 2 {
        bytes += size(&mut random);
        count += 1;
    }
    let mut random = super::random(0);
    (0..count).map(|number| Block::new(size(&mut random), number)).collect()
}

/// Takes the youngest blocks out of the heap, half of it at most.
fn split_window(blocks: &mut Vec<Block>) -> Vec<Vec<Block>> {
    let youngest = (BATCH * BATCHES).min(blocks.len() / 2);
    let mut youngest = blocks.split_off(blocks.len() - youngest).into_iter();
    let batch = |_| youngest.by_ref().take(BATCH).collect();
    (0..BATCHES).map(batch).collect()
}

/// Frees a random batch of the window and allocates another in its place, until
/// so many blocks were replaced. Returns the stamps of what was freed.
fn replace_batches(window: &mut [Vec<Block>], sizes: &[usize], replacements: usize) -> u64 {
    let mut picks = random(2);
    let mut sum = 0;
    for first in (0..replacements).step_by(BATCH) {
        let batch = &mut window[picks.random_range(0..BATCHES)];
        sum += stamps(batch.drain(..));
        batch
            .extend((first..first + BATCH).map(|number| Block::new(sizes[number % SIZES], number)));
    }
    sum
}

/// Replaces random blocks. Returns the stamps of what was freed.
fn replace_anywhere(blocks: &mut [Block], sizes: &[usize], replacements: usize) -> u64 {
    let mut picks = random(3);
    let mut sum = 0;
    for number in 0..replacements {
        let slot = picks.random_range(0..blocks.len());
        let block = Block::new(sizes[number % SIZES], number);
        sum += std::mem::replace(&mut blocks[slot], block).into_stamp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_small_mostly_and_never_beyond_32_kib() {
        let sizes = sizes();
        assert!(sizes.iter().all(|bytes| (16..=32 << 10).contains(bytes)));
        let small = sizes.iter().filter(|&&bytes| bytes <= 512).count();
        assert!(small > SIZES * 9 / 10 && small < SIZES, "{small}");
    }

    #[test]
    fn the_window_is_part_of_the_heap_and_at_most_half_of_it() {
        for live_bytes in [0, 100_000, 4 << 20] {
            let mut blocks = filled(live_bytes);
            let count = blocks.len();
            let window: usize = split_window(&mut blocks).iter().map(Vec::len).sum();
            assert_eq!(window + blocks.len(), count);
            assert!((1..=BATCH * BATCHES).contains(&window) && window <= blocks.len(), "{window}");
        }
    }

    #[test]
    fn both_costs_are_measured() {
        let context = Context { live_bytes: Some(200_000), ..Context::tiny(1) };
        let costs = scale_heap(&context).costs.expect("a point");
        assert!(costs.operation_ns > 0.0 && costs.anywhere_ns.is_some_and(|cost| cost > 0.0));
    }
}
