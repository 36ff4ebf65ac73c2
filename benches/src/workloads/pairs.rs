//! The shortest life of a block, and no block at all.

use std::hint::black_box;

use super::{Context, Measurement, Subject, Workload};

/// 50 million boxes of 32 bytes, each dropped before the next is made: what an
/// allocator costs at the very least, and all that some temporaries ever see.
pub(super) const PAIRS: Workload =
    Workload::new("pairs", "50 M boxes of 32 B, each dropped at once", pairs).with_floor();

/// Nothing: the resident set of a process that has this allocator and no use for
/// it. Its seconds mean nothing.
pub(super) const EMPTY: Workload =
    Workload::new("empty", "nothing at all: what the process itself takes", empty)
        .measured_for(Subject::Process);

/// Pairs between two rewinds of an allocator that never frees: 8 KiB of blocks,
/// which the first-level cache holds.
const BATCH: usize = 256;

fn pairs(context: &Context) -> Measurement {
    let batches = context.scaled(50_000_000 / BATCH);
    if let Some(region) = context.region {
        (region.open)(BATCH * size_of::<[u64; 4]>());
    }
    Measurement::of(|| {
        let mut sum = 0_u64;
        for batch in 0..batches {
            for pair in 0..BATCH {
                // `black_box` sees the box, so the pair cannot be optimised away.
                let boxed = black_box(Box::new([pair as u64; 4]));
                sum = sum.wrapping_add(boxed[batch % 4]);
            }
            if let Some(region) = context.region {
                // SAFETY: since `open` this thread has made only the boxes above,
                // and each was dropped in its turn of the loop.
                unsafe { (region.rewind)() };
            }
        }
        sum
    })
}

fn empty(_: &Context) -> Measurement {
    Measurement::of(|| 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_all_pairs() {
        let context = Context::tiny(1);
        let batches = context.scaled(50_000_000 / BATCH) as u64;
        let batch = BATCH as u64;
        assert_eq!(pairs(&context).checksum, batches * batch * (batch - 1) / 2);
    }
}
