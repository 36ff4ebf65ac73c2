//! Buffers from a kibibyte to megabytes: above the small size classes.

use std::hint::black_box;
use std::ops::RangeInclusive;

use rand::RngExt as _;

use super::block::{Block, stamps};
use super::{Context, Measurement, Workload, random};

/// 1 to 128 KiB over 256 slots: what readers, writers and codecs hold.
pub(super) const KIB: Workload =
    Workload::new("kib_buffers", "random 1–128 KiB buffers over 256 slots", |context| {
        replace(context, 256, 1_000_000, 1 << 10..=128 << 10)
    });

/// 1 to 8 MiB over 8 slots: images, frames, file contents.
pub(super) const MIB: Workload =
    Workload::new("mib_buffers", "random 1–8 MiB buffers over 8 slots", |context| {
        replace(context, 8, 1200, 1 << 20..=8 << 20)
    });

/// Zeroed buffers of 4 KiB to 4 MiB, of which one page in four is used: hash
/// tables, bit maps, sparse arrays. Who knows fresh pages to be zero need not
/// write them.
pub(super) const ZEROED: Workload =
    Workload::new("zeroed", "zeroed 4 KiB–4 MiB buffers, sparsely used", zeroed);

fn replace(
    context: &Context,
    slots: usize,
    replacements: usize,
    sizes: RangeInclusive<usize>,
) -> Measurement {
    let replacements = context.scaled(replacements);
    Measurement::of(|| {
        let mut random = random(0);
        let mut set: Vec<Block> = Vec::with_capacity(slots);
        let mut sum = 0;
        for number in 0..replacements {
            let block = Block::new(random.random_range(sizes.clone()), number);
            if set.len() < slots {
                set.push(block);
            } else {
                let slot = random.random_range(0..slots);
                // The new one is made first, as when a buffer is re-read.
                sum += std::mem::replace(&mut set[slot], block).into_stamp();
            }
        }
        sum + stamps(set)
    })
}

fn zeroed(context: &Context) -> Measurement {
    /// Words between two that are used: four pages.
    const STRIDE: usize = 4 * 4096 / size_of::<u64>();
    const SLOTS: usize = 16;
    let rounds = context.scaled(4000);
    Measurement::of(|| {
        let mut random = random(0);
        let mut set: Vec<Vec<u64>> = vec![Vec::new(); SLOTS];
        let mut sum = 0_u64;
        for round in 0..rounds {
            // A random power of two, and a random length up to the next.
            let power = 512_usize << random.random_range(0..10);
            let words = power + random.random_range(0..power);
            let mut buffer = black_box(vec![0_u64; words]);
            for word in buffer.iter_mut().step_by(STRIDE) {
                // Adds, so that a buffer that was not zero spoils the checksum.
                *word += round as u64 + 1;
                sum = sum.wrapping_add(*word);
            }
            set[round % SLOTS] = buffer;
        }
        sum
    })
}
