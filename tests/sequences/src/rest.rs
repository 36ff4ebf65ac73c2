//! What holds of the whole heap while all threads rest.

use std::collections::BTreeMap;

use alloc_core::{Block, ClassStats, Stats, Tier, block_of};

use crate::{Live, Oracle};

/// The smallest unit of a span, and of a mapping.
const GRANULE_BYTES: usize = 16 << 10;
/// The biggest alignment of a block of a class.
const CLASS_ALIGN_MAX_BYTES: usize = 4 << 10;
/// The same where its blocks are whole granules, or so long that their slabs are wide.
const COLOUR_BYTES: usize = 128;
const WIDE_FROM_BYTES: usize = 64 << 10;

/// Checks that the heap's invariants hold, and that it holds the oracle's blocks and no
/// others: each is known to `block_of` and no longer than it need be, and the stats count
/// them, class by class.
///
/// # Errors
/// What is wrong, in words.
pub(crate) fn check(oracle: &Oracle) -> Result<(), String> {
    alloc_core::check().map_err(|violation| violation.to_string())?;
    let stats = alloc_core::stats();
    let mut expected = Tally::default();
    for live in oracle.iter() {
        expected.add(find(live, &stats)?);
    }
    let counted = Tally::of(&stats);
    if counted != expected {
        return Err(format!("in use are {expected:?}\nthe stats say {counted:?}"));
    }
    let (sum, counted) = (expected.bytes(), stats.bytes_in_use());
    ensure(sum == counted, || format!("{sum} bytes are in use, the stats say {counted}"))
}

/// Checks that nothing is in use, and nothing kept.
///
/// # Errors
/// What is, in words.
pub(crate) fn check_empty() -> Result<(), String> {
    let stats = alloc_core::stats();
    let nothing = (stats.bytes_in_use(), stats.bytes_mapped()) == (0, 0);
    ensure(nothing, || format!("all is freed and collected, and yet:\n{stats}"))
}

/// The block that the allocator knows where `live` is.
fn find(live: &Live, stats: &Stats) -> Result<Block, String> {
    let (start, layout) = (live.start(), live.layout());
    let found = block_of(start).ok_or_else(|| format!("{live:?} is no block"))?;
    let fits = found.start.as_ptr().cast_const() == start && found.bytes >= layout.size();
    ensure(fits, || format!("{live:?} is {found:?}"))?;
    let last = block_of(start.wrapping_add(layout.size() - 1));
    ensure(last == Some(found), || format!("{live:?} is {found:?}, its last byte in {last:?}"))?;
    let class = class_bytes(live, stats);
    let is_short = match found.tier {
        Tier::Small | Tier::Slab => class == Some(found.bytes),
        // A large block that only its address knows may stay one up to half its length.
        Tier::Span | Tier::Mapping if live.is_by_address() => {
            found.bytes <= (2 * layout.size()).next_multiple_of(GRANULE_BYTES)
        }
        Tier::Span => {
            class.is_none() && found.bytes == layout.size().next_multiple_of(GRANULE_BYTES)
        }
        // Kept mappings may be longer by an eighth, and so may those that were shrunk.
        Tier::Mapping => {
            let most = layout.size() + layout.size() / 7;
            class.is_none() && found.bytes <= most.next_multiple_of(GRANULE_BYTES)
        }
    };
    ensure(is_short, || format!("{live:?} has a block of its own size in {found:?}"))?;
    Ok(found)
}

/// Bytes of the smallest class that serves a block's layout, by linear search; `None`: it
/// is large.
fn class_bytes(live: &Live, stats: &Stats) -> Option<usize> {
    let layout = live.layout();
    let fits = |&bytes: &usize| bytes >= layout.size() && bytes.is_multiple_of(layout.align());
    classes(stats)
        .map(|class| class.block_bytes)
        .find(fits)
        .filter(|&bytes| layout.align() <= align_max_bytes(bytes))
}

/// The biggest alignment that blocks of a class of so many bytes have.
fn align_max_bytes(class_bytes: usize) -> usize {
    let is_coloured = class_bytes.is_multiple_of(GRANULE_BYTES) || class_bytes >= WIDE_FROM_BYTES;
    if is_coloured { COLOUR_BYTES } else { CLASS_ALIGN_MAX_BYTES }
}

fn classes(stats: &Stats) -> impl Iterator<Item = &ClassStats> {
    stats.classes.iter().chain(&stats.big.slabs)
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}

/// How many blocks of which size are in use; of the large tiers, how many and their
/// bytes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    /// By bytes of a block.
    classes: BTreeMap<usize, usize>,
    spans: (usize, usize),
    mappings: (usize, usize),
}

impl Tally {
    fn add(&mut self, block: Block) {
        let large = match block.tier {
            Tier::Small | Tier::Slab => {
                *self.classes.entry(block.bytes).or_default() += 1;
                return;
            }
            Tier::Span => &mut self.spans,
            Tier::Mapping => &mut self.mappings,
        };
        *large = (large.0 + 1, large.1 + block.bytes);
    }

    /// What the stats count.
    fn of(stats: &Stats) -> Self {
        let classes = classes(stats).filter(|class| class.blocks_in_use > 0);
        let big = &stats.big;
        Self {
            classes: classes.map(|class| (class.block_bytes, class.blocks_in_use)).collect(),
            spans: (big.spans_in_use, big.span_bytes_in_use),
            mappings: (big.mappings_in_use, big.mapping_bytes_in_use),
        }
    }

    fn bytes(&self) -> usize {
        let classes = self.classes.iter().map(|(bytes, blocks)| bytes * blocks).sum::<usize>();
        classes + self.spans.1 + self.mappings.1
    }
}
