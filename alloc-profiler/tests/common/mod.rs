//! Expectations written beside the lines that they are about.
//!
//! A line of a profiled function ends in `//= NET RUNS`, the bytes that it must
//! have added and how often it must have run, or in `//= -` if its cells must be
//! blank. Lines that say nothing must have added nothing. After a `{` rustfmt
//! puts a comment on the next line, so one that stands alone is about the line
//! above it.
#![allow(dead_code, reason = "each test binary uses its own part")]

use alloc_profiler::{FunctionReport, LineFigures, LineReport};

/// Returns the figures of the function `name`, as of now.
pub(crate) fn function(name: &str) -> FunctionReport {
    let report = alloc_profiler::report();
    report.function(name).unwrap_or_else(|| panic!("{name} was never entered")).clone()
}

/// Checks every line of `name` against what is written beside it, and that the
/// lines add up to the total.
#[track_caller]
pub(crate) fn expect(name: &str) {
    let function = function(name);
    for (index, line) in function.lines.iter().enumerate() {
        if stands_alone(line) {
            continue;
        }
        let below = function.lines.get(index + 1).filter(|below| stands_alone(below));
        let is_met = match (Expectation::of(below.unwrap_or(line)), line.figures) {
            (Expectation::NothingAdded, figures) => {
                figures.is_none_or(|figures| figures.increment_bytes == 0)
            }
            (Expectation::Blank, figures) => figures.is_none(),
            (Expectation::Figures(net, runs), figures) => figures
                .is_some_and(|found| (found.increment_bytes, found.occurrences) == (net, runs)),
        };
        assert!(is_met, "{name}: {line}: found {:?}\n{function}", line.figures);
    }
    assert_eq!(sum(&function), function.total_bytes, "{function}");
}

/// Returns the sum of the lines' increments.
pub(crate) fn sum(function: &FunctionReport) -> i64 {
    function.lines.iter().filter_map(|line| line.figures).map(|line| line.increment_bytes).sum()
}

/// Returns the figures of the one line whose text contains `text`.
#[track_caller]
pub(crate) fn figures(function: &FunctionReport, text: &str) -> LineFigures {
    let mut found = function.lines.iter().filter(|line| line.source.contains(text));
    let (first, second) = (found.next(), found.next());
    assert!(second.is_none(), "{text} is not unique\n{function}");
    first.and_then(|line| line.figures).unwrap_or_else(|| panic!("{text}: none\n{function}"))
}

fn stands_alone(line: &LineReport) -> bool {
    line.source.trim_start().starts_with("//= ")
}

/// What a line must show.
enum Expectation {
    NothingAdded,
    Blank,
    Figures(i64, u64),
}

impl Expectation {
    /// Returns what is written beside the line.
    fn of(line: &LineReport) -> Self {
        match line.source.split_once("//= ") {
            None => Self::NothingAdded,
            Some((_, "-")) => Self::Blank,
            Some((_, text)) => {
                let (net, runs) = text.split_once(' ').expect("`//= NET RUNS`");
                Self::Figures(net.parse().expect("bytes"), runs.parse().expect("runs"))
            }
        }
    }
}
