//! A program that was big and is small again: what stays resident of a gibibyte.
//!
//! # Design
//! Blocks belong, by the toss of a coin, to one of two owners, so that the two
//! lie mixed on every page. The first owner's die in any order, as connections and
//! sessions do; then the second's in the order of their birth, as what is held in
//! a table does. No page is free as a whole before most of the heap is dead.
//!
//! # Invariants
//! - Every page of every block is touched, so the peak is what was asked for.
//! - Nothing is allocated once the first block has been freed.

use std::ops::RangeInclusive;

use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::block::{Block, stamps};
use super::{Context, Measurement, Subject, Workload, random};

/// 16 to 512 bytes: strings, nodes, small structs; four million of them.
pub(super) const SMALL: Workload =
    Workload::new("idle_small", "1 GiB of blocks of 16–512 B, built and freed", |context| {
        build_and_free(context, 16..=512)
    })
    .measured_for(Subject::GivenBack);

/// 64 KiB: the buffers of connections.
pub(super) const KIB: Workload =
    Workload::new("idle_kib", "1 GiB of buffers of 64 KiB, built and freed", |context| {
        build_and_free(context, 64 << 10..=64 << 10)
    })
    .measured_for(Subject::GivenBack);

/// 4 MiB: images, files, columns of a table.
pub(super) const MIB: Workload =
    Workload::new("idle_mib", "1 GiB of buffers of 4 MiB, built and freed", |context| {
        build_and_free(context, 4 << 20..=4 << 20)
    })
    .measured_for(Subject::GivenBack);

fn build_and_free(context: &Context, sizes: RangeInclusive<usize>) -> Measurement {
    let mean_bytes = usize::midpoint(*sizes.start(), *sizes.end());
    let blocks = (context.scaled(1 << 30) / mean_bytes).max(1);
    Measurement::of(|| {
        let mut random = random(0);
        // Room for all, lest growth copy an owner's table: what is not used of
        // the tables does not become resident.
        let mut any_order: Vec<Block> = Vec::with_capacity(blocks);
        let mut in_order: Vec<Block> = Vec::with_capacity(blocks);
        for number in 0..blocks {
            let owner = if random.random() { &mut any_order } else { &mut in_order };
            owner.push(Block::new(random.random_range(sizes.clone()), number));
        }
        any_order.shuffle(&mut random);
        stamps(any_order) + stamps(in_order)
    })
}
