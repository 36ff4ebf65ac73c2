//! What holds of the whole heap while all threads rest.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use alloc_core::Stats;

use crate::Oracle;
use crate::place::{Place, classes, ensure};

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
        expected.add(Place::find(live, &stats)?);
    }
    let counted = Tally::of(&stats);
    ensure(expected.allows(&counted), || {
        format!("in use are {expected:?}\nthe stats say {counted:?}")
    })?;
    let classes: usize = classes(&stats).map(|class| class.block_bytes * class.blocks_in_use).sum();
    let sum = classes + stats.big.span_bytes_in_use + stats.big.mapping_bytes_in_use;
    let counted = stats.bytes_in_use();
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

/// How many blocks of which class are in use; of the large tiers, how many and their bytes.
#[derive(Debug, Default)]
struct Tally {
    /// By what a class serves.
    classes: BTreeMap<usize, usize>,
    spans: Large,
    mappings: Large,
}

impl Tally {
    fn add(&mut self, place: Place) {
        match place {
            Place::Class(serves) => *self.classes.entry(serves).or_default() += 1,
            Place::Span(bytes) => self.spans.add(bytes),
            Place::Mapping(bytes) => self.mappings.add(bytes),
        }
    }

    /// What the stats count.
    fn of(stats: &Stats) -> Self {
        let classes = classes(stats).filter(|class| class.blocks_in_use > 0);
        let big = &stats.big;
        Self {
            classes: classes.map(|class| (class.serves, class.blocks_in_use)).collect(),
            spans: Large::of(big.spans_in_use, big.span_bytes_in_use),
            mappings: Large::of(big.mappings_in_use, big.mapping_bytes_in_use),
        }
    }

    /// Whether what the stats count may be this.
    fn allows(&self, counted: &Self) -> bool {
        self.classes == counted.classes
            && self.spans.allows(&counted.spans)
            && self.mappings.allows(&counted.mappings)
    }
}

/// The blocks of a large tier, and their bytes in all as far as they are known.
#[derive(Debug)]
struct Large {
    blocks: usize,
    bytes: RangeInclusive<usize>,
}

impl Default for Large {
    fn default() -> Self {
        Self::of(0, 0)
    }
}

impl Large {
    fn of(blocks: usize, bytes: usize) -> Self {
        Self { blocks, bytes: bytes..=bytes }
    }

    fn add(&mut self, bytes: RangeInclusive<usize>) {
        self.blocks += 1;
        self.bytes = self.bytes.start() + bytes.start()..=self.bytes.end() + bytes.end();
    }

    fn allows(&self, counted: &Self) -> bool {
        self.blocks == counted.blocks && self.bytes.contains(counted.bytes.start())
    }
}
