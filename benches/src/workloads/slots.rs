//! A working set in which a random block makes room for one of another size: the
//! steady state of a long-running program.

use std::ops::RangeInclusive;

use rand::RngExt as _;

use super::block::{Block, stamps};
use super::{Context, Measurement, Workload, random};

/// 16 to 512 bytes over 10,000 slots, 2.6 MB: the set stays in the second-level
/// cache, so this is the price of the allocator's own paths.
pub(super) const SMALL: Workload =
    Workload::new("slots_small", "random 16–512 B over 10 k live blocks", |context| {
        churn(context, 10_000, 20_000_000, 16..=512)
    });

/// 16 to 144 bytes over a million slots, 80 MB: every block that is touched is
/// cold, so this is the price of locality.
pub(super) const LARGE: Workload =
    Workload::new("slots_large", "random 16–144 B over 1 M live blocks", |context| {
        churn(context, 1_000_000, 2_000_000, 16..=144)
    });

/// Fills the slots, replaces `replacements` blocks at random, and frees the rest
/// in order.
fn churn(
    context: &Context,
    slots: usize,
    replacements: usize,
    sizes: RangeInclusive<usize>,
) -> Measurement {
    let replacements = context.scaled(replacements);
    Measurement::of(|| {
        let mut random = random(0);
        let mut new_block = |number| Block::new(random.random_range(sizes.clone()), number);
        let mut blocks: Vec<Block> = (0..slots).map(&mut new_block).collect();
        let mut picks = super::random(1);
        let mut sum = 0;
        for number in 0..replacements {
            let slot = picks.random_range(0..slots);
            sum += std::mem::replace(&mut blocks[slot], new_block(number)).into_stamp();
        }
        sum + stamps(blocks)
    })
}
