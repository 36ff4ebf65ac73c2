//! [`Report::diff`]: what changed between two runs, of two builds, say.
//!
//! Functions are matched by name, and lines by their text within the function,
//! in order (Myers' diff): line numbers move between builds, text says what a
//! line is. A line that was edited is one that went and one that came. Of several
//! functions of one name the first is matched with the first, and so on.
//!
//! Invariant: what is in a [`ReportDiff`] differs; what is equal is left out.

mod print;

use std::cmp::Reverse;
use std::collections::HashMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::report::{FunctionReport, LineFigures, LineReport, Report};

/// What one function or line cost in one report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cost {
    /// Calls of the function.
    pub calls: u64,
    /// Bytes asked for.
    pub allocated_bytes: u64,
    /// Bytes asked for less bytes given back.
    pub net_bytes: i64,
    /// The largest peak inside a line.
    pub peak_bytes: u64,
    /// Blocks asked for.
    pub allocated_blocks: u64,
}

/// What one function or line cost in both reports; zero where it was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Growth {
    /// In the earlier report,
    pub before: Cost,
    /// and in the later one.
    pub after: Cost,
}

/// One line that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineDiff {
    /// Its number in the earlier report; `None` if it is new.
    pub number_before: Option<u32>,
    /// Its number in the later report; `None` if it is gone.
    pub number_after: Option<u32>,
    /// Its text, as in the later report if it is there.
    pub source: String,
    /// Its cost.
    pub growth: Growth,
}

/// One function that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionDiff {
    /// Its path.
    pub name: String,
    /// Its source file, that of the later report if it is there.
    pub file: String,
    /// Its cost, over all its lines.
    pub growth: Growth,
    /// The lines that changed, what grew most first.
    pub lines: Vec<LineDiff>,
}

/// What changed between two reports; see [`Report::diff`].
///
/// Its [`Display`](std::fmt::Display) is a table for each function that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportDiff {
    /// Functions in both reports that changed, what grew most first.
    pub changed: Vec<FunctionDiff>,
    /// Functions that only the later report has, the dearest first.
    pub new: Vec<FunctionDiff>,
    /// Functions that only the earlier report has, the dearest first.
    pub gone: Vec<FunctionDiff>,
}

impl Report {
    /// Returns what changed from this report to a `later` one, of another build,
    /// say, or of the same run some time on. Growth is in bytes allocated, over
    /// all calls; the figures per call are there too, for runs of other lengths.
    ///
    /// ```
    /// # use std::alloc::System;
    /// # #[global_allocator]
    /// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
    /// #[alloc_profiler::profile]
    /// fn work(n: usize) -> Vec<u8> {
    ///     Vec::with_capacity(n)
    /// }
    ///
    /// work(100);
    /// let before = alloc_profiler::report();
    /// work(500);
    /// let diff = before.diff(&alloc_profiler::report());
    /// let growth = diff.changed[0].growth;
    /// assert_eq!(growth.allocated_bytes(), 500);
    /// assert_eq!(growth.allocated_bytes_per_call(), 200.0);
    /// assert!(diff.new.is_empty() && diff.gone.is_empty());
    /// ```
    #[must_use]
    pub fn diff(&self, later: &Self) -> ReportDiff {
        let mut diff = ReportDiff::default();
        let mut before = by_name(self);
        for (key, after) in in_order(later) {
            match before.remove(&key) {
                Some(before) => diff.changed.extend(both(before, after)),
                None => {
                    diff.new.push(one(after, |after| Growth { before: Cost::default(), after }));
                }
            }
        }
        let gone = in_order(self).filter(|(key, _)| before.contains_key(key));
        diff.gone = gone
            .map(|(_, before)| one(before, |before| Growth { before, after: Cost::default() }))
            .collect();
        diff.changed.sort_by_key(|function| Reverse(function.growth.allocated_bytes()));
        diff.new.sort_by_key(|function| Reverse(function.growth.after.allocated_bytes));
        diff.gone.sort_by_key(|function| Reverse(function.growth.before.allocated_bytes));
        diff
    }
}

impl ReportDiff {
    /// Returns whether nothing changed.
    ///
    /// ```
    /// let report = alloc_profiler::report();
    /// assert!(report.diff(&report).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.new.is_empty() && self.gone.is_empty()
    }
}

/// Differences are after less before; see [`Report::diff`] for an example.
impl Growth {
    /// Returns by how many bytes what was allocated grew.
    pub fn allocated_bytes(&self) -> i64 {
        change(self.before.allocated_bytes, self.after.allocated_bytes)
    }

    /// Returns by how many bytes the net grew.
    pub fn net_bytes(&self) -> i64 {
        self.after.net_bytes.wrapping_sub(self.before.net_bytes)
    }

    /// Returns by how many bytes the peak grew.
    pub fn peak_bytes(&self) -> i64 {
        change(self.before.peak_bytes, self.after.peak_bytes)
    }

    /// Returns by how many the blocks allocated grew.
    pub fn allocated_blocks(&self) -> i64 {
        change(self.before.allocated_blocks, self.after.allocated_blocks)
    }

    /// Returns by how many bytes a call's mean of what was allocated grew.
    pub fn allocated_bytes_per_call(&self) -> f64 {
        self.per_call(|cost| cost.allocated_bytes as f64)
    }

    /// Returns by how many bytes a call's mean net grew.
    pub fn net_bytes_per_call(&self) -> f64 {
        self.per_call(|cost| cost.net_bytes as f64)
    }

    /// Returns by how many a call's mean of blocks allocated grew.
    pub fn allocated_blocks_per_call(&self) -> f64 {
        self.per_call(|cost| cost.allocated_blocks as f64)
    }

    /// No calls cost nothing a call.
    fn per_call(&self, figure: impl Fn(&Cost) -> f64) -> f64 {
        let mean = |cost: &Cost| figure(cost) / cost.calls.max(1) as f64;
        mean(&self.after) - mean(&self.before)
    }
}

fn change(before: u64, after: u64) -> i64 {
    after.wrapping_sub(before).cast_signed()
}

impl Cost {
    fn of_line(calls: u64, figures: Option<&LineFigures>) -> Self {
        let Some(figures) = figures else {
            return Self { calls, ..Self::default() };
        };
        Self {
            calls,
            allocated_bytes: figures.allocated_bytes,
            net_bytes: figures.increment_bytes,
            peak_bytes: figures.peak_bytes,
            allocated_blocks: figures.allocated_blocks,
        }
    }

    fn of_function(function: &FunctionReport) -> Self {
        let figures = function.lines.iter().filter_map(|line| line.figures.as_ref());
        let lines = figures.map(|figures| Self::of_line(function.calls, Some(figures)));
        let sum = lines.fold(Self::default(), |sum, line| Self {
            allocated_bytes: sum.allocated_bytes.saturating_add(line.allocated_bytes),
            peak_bytes: sum.peak_bytes.max(line.peak_bytes),
            allocated_blocks: sum.allocated_blocks.saturating_add(line.allocated_blocks),
            ..sum
        });
        Self { calls: function.calls, net_bytes: function.total_bytes, ..sum }
    }
}

/// A function's name, and how many of that name came before it.
type Key<'a> = (&'a str, usize);

fn in_order(report: &Report) -> impl Iterator<Item = (Key<'_>, &FunctionReport)> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    report.functions.iter().map(move |function| {
        let count = seen.entry(&function.name).or_default();
        *count += 1;
        ((function.name.as_str(), *count - 1), function)
    })
}

fn by_name(report: &Report) -> HashMap<Key<'_>, &FunctionReport> {
    in_order(report).collect()
}

/// Returns a function that one report has, without its lines.
fn one(function: &FunctionReport, growth: impl Fn(Cost) -> Growth) -> FunctionDiff {
    FunctionDiff {
        name: function.name.clone(),
        file: function.file.clone(),
        growth: growth(Cost::of_function(function)),
        lines: Vec::new(),
    }
}

/// Returns a function that both reports have, if it changed.
fn both(before: &FunctionReport, after: &FunctionReport) -> Option<FunctionDiff> {
    let mut lines: Vec<_> = matched(&before.lines, &after.lines)
        .into_iter()
        .map(|(old, new)| LineDiff {
            number_before: old.map(|line| line.number),
            number_after: new.map(|line| line.number),
            source: new.or(old).map(|line| line.source.clone()).unwrap_or_default(),
            growth: Growth {
                before: Cost::of_line(before.calls, old.and_then(|line| line.figures.as_ref())),
                after: Cost::of_line(after.calls, new.and_then(|line| line.figures.as_ref())),
            },
        })
        .filter(|line| {
            Cost { calls: 0, ..line.growth.before } != Cost { calls: 0, ..line.growth.after }
        })
        .collect();
    lines.sort_by_key(|line| Reverse(line.growth.allocated_bytes()));
    let growth = Growth { before: Cost::of_function(before), after: Cost::of_function(after) };
    let is_changed = growth.before != growth.after || !lines.is_empty();
    is_changed.then(|| FunctionDiff {
        name: after.name.clone(),
        file: after.file.clone(),
        growth,
        lines,
    })
}

/// Returns the lines in order, each with its counterpart if it has one.
fn matched<'a>(
    before: &'a [LineReport],
    after: &'a [LineReport],
) -> Vec<(Option<&'a LineReport>, Option<&'a LineReport>)> {
    let texts = |lines: &'a [LineReport]| -> Vec<&'a str> {
        lines.iter().map(|line| line.source.trim()).collect()
    };
    let ops = capture_diff_slices(Algorithm::Myers, &texts(before), &texts(after));
    let mut pairs = Vec::with_capacity(before.len().max(after.len()));
    for op in ops {
        let (old, new) = (&before[op.old_range()], &after[op.new_range()]);
        if let DiffOp::Equal { .. } = op {
            pairs.extend(old.iter().zip(new).map(|(old, new)| (Some(old), Some(new))));
        } else {
            pairs.extend(old.iter().map(|line| (Some(line), None)));
            pairs.extend(new.iter().map(|line| (None, Some(line))));
        }
    }
    pairs
}

#[cfg(test)]
mod tests;
