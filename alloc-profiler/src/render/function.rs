//! One function of the wide report: its heading, its lines, its threads.
//!
//! A line's bar is its share of the bytes that the function's lines allocated.
//! Lines without figures have blank cells.

use std::fmt::Write;

use super::grid::{self, Cell, Column, Grid};
use super::{Look, bytes, count, signed_bytes, styles, units};
use crate::report::{FunctionReport, LineFigures, LineReport};

/// Cells of a bar.
const BAR_CELLS: usize = 8;

/// A tab in a source line.
const TAB: &str = "    ";

/// The line table's columns; those of the highest rank are left out first.
const LINES: &[Column] = &[
    Column::number("Line", 0),
    Column::number("Live after", 7),
    Column::number("Net", 0),
    Column::number("Allocated", 0),
    Column::number("Freed", 6),
    Column::number("Peak inside", 3),
    Column::number("Allocs", 2),
    Column::number("Copied", 8),
    Column::number("Hits", 1),
    Column::number("Time", 5),
    Column::text("Share", 4),
    Column::text("Source", 0),
];

const THREADS: &[Column] = &[
    Column::number("Calls", 0),
    Column::number("Net", 0),
    Column::number("Allocated", 0),
    Column::text("Thread", 0),
];

/// Adds the function's tables to `text`, with a blank line after each.
pub(super) fn write(text: &mut String, function: &FunctionReport, look: Look) {
    write_heading(text, function, look);
    let whole = allocated_bytes(figures_of(function));
    let indent = common_indent(&function.lines);
    let mut lines = Grid::new(LINES);
    function.lines.iter().for_each(|line| lines.push(line_row(line, whole, indent)));
    lines.write(text, look);
    text.push('\n');
    if function.threads.len() > 1 {
        write_threads(text, function, look);
    }
}

/// Returns the figures of the lines that have some.
pub(super) fn figures_of(function: &FunctionReport) -> impl Iterator<Item = &LineFigures> {
    function.lines.iter().filter_map(|line| line.figures.as_ref())
}

/// Returns the sum of the bytes allocated.
pub(super) fn allocated_bytes<'a>(figures: impl Iterator<Item = &'a LineFigures>) -> u64 {
    figures.fold(0, |sum, figures| sum.saturating_add(figures.allocated_bytes))
}

/// Returns the largest peak inside one line.
pub(super) fn peak_bytes(function: &FunctionReport) -> u64 {
    figures_of(function).map(|figures| figures.peak_bytes).max().unwrap_or(0)
}

/// Returns a source line with tabs as blanks.
fn source(line: &LineReport) -> String {
    line.source.replace('\t', TAB)
}

/// Returns how many blanks all lines begin with that are not blank: a method is
/// shown as if it were no one's.
fn common_indent(lines: &[LineReport]) -> usize {
    let sources = lines.iter().map(source).filter(|source| !source.trim().is_empty());
    sources.map(|source| source.len() - source.trim_start().len()).min().unwrap_or(0)
}

/// Returns a cell for bytes; none are there, but not looked for.
fn bytes_cell(value: u64) -> Cell {
    Cell::styled(bytes(value), if value == 0 { styles::FAINT } else { styles::PLAIN })
}

/// Returns a cell for bytes that stay, or were given back.
pub(super) fn net_cell(value: i64) -> Cell {
    let style = match value {
        0 => styles::FAINT,
        1.. => styles::MORE,
        _ => styles::LESS,
    };
    Cell::styled(signed_bytes(value), style)
}

/// Writes who the function is, and its calls, net and largest peak.
fn write_heading(text: &mut String, function: &FunctionReport, look: Look) {
    let name = grid::cut_start(&function.name, look.columns);
    grid::write_styled(text, &name, styles::TITLE, look.is_coloured);
    text.push('\n');
    let first_line = function.lines.first().map_or(0, |line| line.number);
    text.push_str(&grid::cut_start(&format!("{}:{first_line}", function.file), look.columns));
    text.push('\n');
    let mut facts = String::new();
    let calls = if function.calls == 1 { "call" } else { "calls" };
    let _ = write!(
        facts,
        "{} {calls}, net {}, largest peak {}",
        count(function.calls),
        signed_bytes(function.total_bytes),
        bytes(peak_bytes(function)),
    );
    text.push_str(&grid::cut(&facts, look.columns));
    text.push_str("\n\n");
}

/// Returns one line's cells; `whole` is what the function allocated, `indent` what
/// its lines begin with.
fn line_row(line: &LineReport, whole: u64, indent: usize) -> [Cell; LINES.len()] {
    let number = Cell::styled(line.number.to_string(), styles::FAINT);
    let mut row: [Cell; LINES.len()] = Default::default();
    if let Some(figures) = &line.figures {
        let time = units::time(figures.time_ns, figures.is_time_estimated);
        let bar = units::bar(figures.allocated_bytes, whole, BAR_CELLS);
        row = [
            Cell::default(),
            bytes_cell(figures.live_bytes),
            net_cell(figures.increment_bytes),
            bytes_cell(figures.allocated_bytes),
            bytes_cell(figures.freed_bytes),
            bytes_cell(figures.peak_bytes),
            count(figures.allocated_blocks).into(),
            bytes_cell(figures.copied_bytes),
            count(figures.occurrences).into(),
            time.into(),
            Cell::styled(bar, styles::BAR),
            Cell::default(),
        ];
    }
    row[0] = number;
    // A blank line may be shorter.
    row[LINES.len() - 1] = source(line).get(indent..).unwrap_or_default().into();
    row
}

fn write_threads(text: &mut String, function: &FunctionReport, look: Look) {
    let mut threads = Grid::new(THREADS);
    for thread in &function.threads {
        threads.push([
            count(thread.calls).into(),
            net_cell(thread.total_bytes),
            bytes(allocated_bytes(thread.figures.iter().flatten())).into(),
            thread.name.as_str().into(),
        ]);
    }
    threads.write(text, look);
    text.push('\n');
}
