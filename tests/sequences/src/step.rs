//! [`Step`]: one operation of one thread, and what eight bytes say of it.
//!
//! Every eight bytes are a step, and a smaller byte means something simpler: a lower
//! thread, one block instead of many, a smaller size, the usual alignment. So what
//! shrinks bytes shrinks sequences.
//!
//! Sizes are drawn by tier, since evenly drawn ones would nearly all be of the biggest;
//! and from the few around a tier's bounds.

use std::alloc::Layout;
use std::ops::RangeInclusive;

/// Bytes of an encoded step.
pub const STEP_BYTES: usize = 8;
/// Threads that take part.
pub const THREADS: usize = 4;

/// The alignment that most layouts have.
const USUAL_ALIGN_BYTES: usize = 8;
/// The biggest alignment: more than a region's, so that it takes a mapping.
const ALIGN_MAX_SHIFT: u32 = 22;
/// Blocks of one step at most.
const COUNT_MAX: usize = 256;

/// Sizes from which a step draws, the simplest first; how many of 256 draws are of each.
const SIZES: [(u8, RangeInclusive<usize>); 8] = [
    (128, 1..=512),
    (64, 513..=8 << 10),
    (32, (8 << 10) + 1..=128 << 10),
    (16, (128 << 10) + 1..=512 << 10),
    (3, (512 << 10) + 1..=4 << 20),
    (1, (32 << 20) - 8..=(32 << 20) + 8),
    (6, 505..=520),
    (6, (128 << 10) - 8..=(128 << 10) + 8),
];
const _: () = {
    let (mut sum, mut index) = (0, 0);
    while index < SIZES.len() {
        sum += SIZES[index].0 as usize;
        index += 1;
    }
    assert!(sum == 256, "every draw is of one range");
};

/// What a thread does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Allocates so many blocks of a layout.
    Alloc {
        /// Of this layout.
        layout: Layout,
        /// Whether as memory that is zero.
        zeroed: bool,
        /// How many.
        count: usize,
    },
    /// Frees blocks, each `stride`-th of the live ones from `pick` on, `count` in all.
    Free {
        /// The first: a number that is taken modulo the live blocks.
        pick: usize,
        /// How many.
        count: usize,
        /// Which: all of them, or every second, …
        stride: usize,
        /// Whether by address alone.
        at: bool,
    },
    /// Resizes a block, with its layout.
    Realloc {
        /// Which, as above.
        pick: usize,
        /// Its new size.
        size: usize,
    },
    /// Resizes a block as collections do, its alignment included.
    Resize {
        /// Which, as above.
        pick: usize,
        /// Its new layout.
        layout: Layout,
        /// Whether new bytes are to be zero.
        zeroed: bool,
    },
    /// Resizes a block by address alone.
    ResizeAt {
        /// Which, as above.
        pick: usize,
        /// Its new size.
        size: usize,
    },
    /// Gives back what is kept.
    Collect,
    /// Ends the thread; another one takes its place.
    EndThread,
}

/// One operation of one thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which thread, below [`THREADS`].
    pub thread: usize,
    /// What it does.
    pub operation: Operation,
}

impl Step {
    /// The step that these bytes stand for.
    ///
    /// # Examples
    ///
    /// ```
    /// use sequences::{Operation, Step};
    ///
    /// let step = Step::from_bytes([1, 240, 0, 0, 0, 0, 0, 0]);
    /// assert_eq!(step, Step { thread: 1, operation: Operation::Collect });
    /// ```
    pub fn from_bytes(bytes: [u8; STEP_BYTES]) -> Self {
        let [thread, kind, arguments @ ..] = bytes;
        let thread = usize::from(thread) % THREADS;
        let operation = match (kind, arguments) {
            (0..104, [draw, high, low, align, many, zeroed]) => Operation::Alloc {
                layout: layout(draw, [high, low], align),
                zeroed: zeroed % 4 == 3,
                count: count(many),
            },
            (104..184, [high, low, many, stride, at, _]) => Operation::Free {
                pick: number([high, low]),
                count: count(many),
                stride: 1 + usize::from(stride) % 8,
                at: at % 4 == 3,
            },
            (184..208, [high, low, draw, place @ .., _]) => {
                Operation::Realloc { pick: number([high, low]), size: size(draw, place) }
            }
            (208..224, [which, draw, high, low, align, zeroed]) => Operation::Resize {
                pick: usize::from(which),
                layout: layout(draw, [high, low], align),
                zeroed: zeroed % 2 == 1,
            },
            (224..240, [high, low, draw, place @ .., _]) => {
                Operation::ResizeAt { pick: number([high, low]), size: size(draw, place) }
            }
            (240..244, _) => Operation::Collect,
            (244..=255, _) => Operation::EndThread,
        };
        Self { thread, operation }
    }

    /// The steps that bytes stand for; up to seven at their end are left out.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(sequences::Step::all_of(&[0; 39]).len(), 4);
    /// ```
    pub fn all_of(bytes: &[u8]) -> Vec<Self> {
        bytes.as_chunks().0.iter().copied().map(Self::from_bytes).collect()
    }
}

fn number(bytes: [u8; 2]) -> usize {
    usize::from(u16::from_be_bytes(bytes))
}

/// Mostly one, else up to [`COUNT_MAX`].
fn count(byte: u8) -> usize {
    const MANY: u8 = 192;
    match byte.checked_sub(MANY) {
        None => 1,
        Some(many) => (usize::from(many) + 1) * COUNT_MAX / usize::from(u8::MAX - MANY + 1),
    }
}

/// A size of the range that `draw` says, as far into it as `place` says.
fn size(draw: u8, place: [u8; 2]) -> usize {
    let mut below = 0;
    let range = SIZES.iter().find_map(|(draws, range)| {
        below += usize::from(*draws);
        (usize::from(draw) < below).then_some(range)
    });
    let (least, most) = range.map_or((1, 1), |range| (*range.start(), *range.end()));
    least + number(place) * (most - least) / usize::from(u16::MAX)
}

fn layout(draw: u8, place: [u8; 2], align: u8) -> Layout {
    const ODD: u8 = 200;
    let align = match align.checked_sub(ODD) {
        None => USUAL_ALIGN_BYTES,
        Some(odd) => 1 << (u32::from(odd) % (ALIGN_MAX_SHIFT + 1)),
    };
    Layout::from_size_align(size(draw, place), align).expect("far below the bounds of a layout")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_reach_both_ends_of_each_range() {
        let mut draw = 0;
        for (draws, range) in SIZES {
            for last in [draw, draw + usize::from(draws) - 1] {
                let last = u8::try_from(last).unwrap();
                assert_eq!(size(last, [0, 0]), *range.start());
                assert_eq!(size(last, [0xFF, 0xFF]), *range.end());
            }
            draw += usize::from(draws);
        }
    }

    #[test]
    fn alignments_and_counts_reach_their_bounds() {
        let aligns: Vec<usize> =
            (0..=u8::MAX).map(|byte| layout(0, [0, 0], byte).align()).collect();
        assert!((0..=ALIGN_MAX_SHIFT).all(|shift| aligns.contains(&(1 << shift))));
        let counts: Vec<usize> = (0..=u8::MAX).map(count).collect();
        assert_eq!((counts[0], counts[255], counts.iter().max()), (1, COUNT_MAX, Some(&COUNT_MAX)));
    }
}
