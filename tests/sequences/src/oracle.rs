//! [`Oracle`]: every block in use, and that no two overlap.

use std::collections::BTreeMap;

use crate::Live;

/// Every block in use: the naive oracle of what may overlap.
///
/// Blocks are numbered in the order in which they came, whatever their addresses, so
/// that the same numbers pick the same blocks in every run.
///
/// # Examples
///
/// ```
/// use std::alloc::{Layout, System};
/// use sequences::{Live, Oracle};
///
/// let mut oracle = Oracle::default();
/// for seed in 0..10 {
///     oracle.insert(Live::alloc(&System, Layout::new::<u64>(), seed));
/// }
/// for live in oracle.take_some(0, 5, 2).into_iter().chain(oracle.into_live()) {
///     live.free(&System);
/// }
/// ```
#[derive(Debug, Default)]
pub struct Oracle {
    live: Vec<Live>,
    /// Where each block ends, by where it starts.
    ends: BTreeMap<usize, usize>,
    bytes: usize,
}

impl Oracle {
    /// Notes a block.
    ///
    /// # Panics
    /// When it overlaps one in use.
    pub fn insert(&mut self, live: Live) {
        let start = live.start().addr();
        let end = start + live.layout().size();
        if let Some((other, other_end)) = self.ends.range(..end).next_back() {
            assert!(
                *other_end <= start,
                "{live:?} overlaps the block from {other:#x} to {other_end:#x}"
            );
        }
        self.ends.insert(start, end);
        self.bytes += live.layout().size();
        self.live.push(live);
    }

    /// Takes a block out: number `pick`, modulo how many there are.
    pub fn take(&mut self, pick: usize) -> Option<Live> {
        let live = self.live.remove(pick.checked_rem(self.live.len())?);
        self.forget(&live);
        Some(live)
    }

    /// Takes up to `count` blocks out: number `pick`, modulo how many there are, and
    /// each `stride`-th from there to the last.
    pub fn take_some(&mut self, pick: usize, count: usize, stride: usize) -> Vec<Live> {
        let first = pick.checked_rem(self.live.len()).unwrap_or(0);
        let mut number = 0;
        let is_taken = |_: &mut Live| {
            number += 1;
            (number - 1) % stride == 0
        };
        let taken: Vec<Live> = self.live.extract_if(first.., is_taken).take(count).collect();
        for live in &taken {
            self.forget(live);
        }
        taken
    }

    fn forget(&mut self, live: &Live) {
        self.ends.remove(&live.start().addr());
        self.bytes -= live.layout().size();
    }

    /// The blocks.
    pub fn iter(&self) -> impl Iterator<Item = &Live> {
        self.live.iter()
    }

    /// Blocks in use.
    pub fn len(&self) -> usize {
        self.live.len()
    }

    /// Whether no block is in use.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// Bytes that they were asked for with.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes every block out.
    pub fn into_live(self) -> impl Iterator<Item = Live> {
        self.live.into_iter()
    }
}
