//! Budgets: what `assert_heap!` makes of a block.
//!
//! The block is a function to the recorder, with lines and all, but to no
//! report. It counts on its own thread alone, so tests that run side by side do
//! not meet. At the end its figures are compared with the limits, and where one
//! is broken, the lines that spent most of that figure are named.

use std::fmt::Write as _;

use crate::counting::installed;
use crate::counting::uncounted::Uncounted;
use crate::measuring::measure::HeapUse;
use crate::recording::call::Call;
use crate::recording::frame::{Frame, Outer, Paused};
use crate::recording::probes::Probes;
use crate::recording::site::Site;
use crate::report::{self, FunctionReport, LineFigures};

/// Lines that a failure names, at most.
const MAX_LINES: usize = 5;

/// A figure that can have a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Blocks allocated.
    Allocs,
    /// Bytes allocated.
    Bytes,
    /// Blocks freed.
    Frees,
    /// Bytes freed.
    FreedBytes,
    /// Bytes allocated less bytes freed.
    Leaked,
    /// Blocks allocated less blocks freed.
    LeakedBlocks,
    /// Blocks resized.
    Reallocs,
    /// Bytes copied by that.
    Copied,
    /// The most that the live heap rose above its start.
    Peak,
}

impl Figure {
    fn of(self, heap: &HeapUse) -> i128 {
        match self {
            Self::Allocs => heap.allocated_blocks.into(),
            Self::Bytes => heap.allocated_bytes.into(),
            Self::Frees => heap.freed_blocks.into(),
            Self::FreedBytes => heap.freed_bytes.into(),
            Self::Leaked => heap.net_bytes().into(),
            Self::LeakedBlocks => heap.net_blocks().into(),
            Self::Reallocs => heap.reallocated_blocks.into(),
            Self::Copied => heap.copied_bytes.into(),
            Self::Peak => heap.peak_bytes.into(),
        }
    }

    fn of_line(self, line: &LineFigures) -> i128 {
        match self {
            Self::Allocs => line.allocated_blocks.into(),
            Self::Bytes => line.allocated_bytes.into(),
            Self::Frees => line.freed_blocks.into(),
            Self::FreedBytes => line.freed_bytes.into(),
            Self::Leaked => line.increment_bytes.into(),
            Self::LeakedBlocks => i128::from(line.allocated_blocks) - i128::from(line.freed_blocks),
            Self::Reallocs => line.reallocated_blocks.into(),
            Self::Copied => line.copied_bytes.into(),
            Self::Peak => line.peak_bytes.into(),
        }
    }

    /// Returns what it counts.
    fn unit(self) -> &'static str {
        match self {
            Self::Allocs | Self::Frees | Self::LeakedBlocks | Self::Reallocs => "blocks",
            Self::Bytes | Self::FreedBytes | Self::Leaked | Self::Copied | Self::Peak => "bytes",
        }
    }
}

/// How a figure is compared with its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `==`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
}

/// One limit.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    figure: Figure,
    comparison: Comparison,
    bound: i128,
    text: &'static str,
}

impl Limit {
    /// Returns the limit that `text` spells. A bound beyond what any heap can have
    /// is as good as the largest.
    pub fn new(
        figure: Figure,
        comparison: Comparison,
        bound: impl TryInto<i128>,
        text: &'static str,
    ) -> Self {
        Self { figure, comparison, bound: bound.try_into().unwrap_or(i128::MAX), text }
    }

    fn holds(&self, heap: &HeapUse) -> bool {
        let value = self.figure.of(heap);
        match self.comparison {
            Comparison::AtMost => value <= self.bound,
            Comparison::Below => value < self.bound,
            Comparison::Equal => value == self.bound,
            Comparison::AtLeast => value >= self.bound,
            Comparison::Above => value > self.bound,
        }
    }

    /// Writes what was found instead, and the lines that spent most.
    fn explain(&self, heap: &HeapUse, block: &FunctionReport, text: &mut String) {
        let (figure, found) = (self.figure, self.figure.of(heap));
        let _ = writeln!(text, "  {}: found {found} {}", self.text, figure.unit());
        let mut lines: Vec<_> = (block.lines.iter())
            .filter_map(|line| Some((figure.of_line(line.figures.as_ref()?), line)))
            .filter(|(spent, _)| *spent != 0)
            .collect();
        lines.sort_by_key(|(spent, _)| std::cmp::Reverse(*spent));
        for (spent, line) in lines.iter().take(MAX_LINES) {
            let (file, source) = (&block.file, line.source.trim());
            let _ = writeln!(text, "    {spent} at {file}:{}: {source}", line.number);
        }
    }
}

/// A block that is being measured.
#[derive(Debug)]
pub struct Budget<const N: usize> {
    probes: Probes<Frame>,
    outer: Outer,
    call: Option<Box<Call>>,
    limits: [Limit; N],
}

impl<const N: usize> Budget<N> {
    /// Begins to measure the block of `site`.
    #[must_use]
    pub fn enter(site: &'static Site, limits: [Limit; N]) -> Self {
        let frame = Frame::to_enter(site);
        let outer = frame.begin(Paused::at(0));
        let call = Some(Call::with_lines(frame));
        frame.enter();
        Self { probes: Probes::of(frame), outer, call, limits }
    }

    /// Compares what the block did with the limits.
    ///
    /// # Panics
    ///
    /// Panics if a limit is broken, or if nothing is counted.
    #[track_caller]
    pub fn check(mut self) {
        let frame = self.probes.frame();
        let Some(mut call) = self.call.take() else {
            return;
        };
        call.pause(frame);
        let text = {
            let _uncounted = Uncounted::begin();
            let (heap, lines) = call.take_figures();
            drop(call);
            let broken = || self.limits.iter().filter(|limit| !limit.holds(&heap));
            if !installed::is_installed() {
                Some(String::from(
                    "assert_heap! counts nothing: the global allocator is not a ProfiledAlloc",
                ))
            } else if broken().next().is_some() {
                let block = report::one_call(frame.slots.site, &lines, &heap);
                let mut text = String::from("assert_heap! failed\n");
                broken().for_each(|limit| limit.explain(&heap, &block, &mut text));
                let _ = write!(text, "  in all: {heap}");
                Some(text)
            } else {
                None
            }
        };
        drop(self);
        if let Some(text) = text {
            panic!("{text}");
        }
    }
}

impl<const N: usize> Drop for Budget<N> {
    fn drop(&mut self) {
        let frame = self.probes.frame();
        if let Some(mut call) = self.call.take() {
            call.pause(frame);
            let _uncounted = Uncounted::begin();
            drop(call);
        }
        frame.end(self.outer);
    }
}

impl<const N: usize> Budget<N> {
    /// Returns the probes.
    #[inline]
    pub fn probes(&self) -> Probes<Frame> {
        self.probes
    }
}
