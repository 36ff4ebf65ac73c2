//! The program as a whole: functions ranked, top lines, scopes, advice.
//!
//! Figures are inclusive of callees, so a function that calls another profiled
//! one has its bytes too: the tables rank, they do not add up.

use std::cmp::Reverse;

use super::function::{allocated_bytes, figures_of, net_cell, peak_bytes};
use super::grid::{self, Cell, Column, Grid};
use super::{Look, bytes, count, styles, units};
use crate::report::{FunctionReport, LineFigures, LineReport, Report};

/// How many of the program's lines are listed.
const TOP_LINES: usize = 10;

/// What goes before the lines of a piece of advice.
const INDENT: &str = "  ";

const FUNCTIONS: &[Column] = &[
    Column::number("Calls", 2),
    Column::number("Net", 1),
    Column::number("Allocated", 0),
    Column::number("Peak", 3),
    Column::number("Time", 4),
    Column::path("Function"),
];

const LINES: &[Column] = &[
    Column::number("Allocated", 0),
    Column::number("Net", 1),
    Column::number("Allocs", 2),
    Column::number("Hits", 3),
    Column::text("Place", 0),
    Column::text("Source", 0),
];

const SCOPES: &[Column] = &[
    Column::number("Live before", 3),
    Column::number("Live after", 2),
    Column::number("Net", 0),
    Column::number("Peak", 0),
    Column::number("Time", 1),
    Column::text("Thread", 4),
    Column::text("Scope", 0),
];

/// Adds the sections that have something to say, with a blank line after each.
pub(super) fn write(text: &mut String, report: &Report, look: Look) {
    if !report.functions.is_empty() {
        write_functions(text, &report.functions, look);
    }
    write_lines(text, &report.functions, look);
    if !report.scopes.is_empty() {
        write_scopes(text, report, look);
    }
    write_advice(text, report, look);
}

fn write_title(text: &mut String, title: &str, look: Look) {
    grid::write_styled(text, &grid::cut(title, look.columns), styles::TITLE, look.is_coloured);
    text.push_str("\n\n");
}

fn write_functions(text: &mut String, functions: &[FunctionReport], look: Look) {
    let mut ranked: Vec<_> = functions
        .iter()
        .map(|function| (allocated_bytes(figures_of(function)), function))
        .collect();
    ranked.sort_by_key(|&(allocated, _)| Reverse(allocated));
    let mut table = Grid::new(FUNCTIONS);
    for (allocated, function) in ranked {
        let time_ns = figures_of(function).map(|figures| figures.time_ns).sum();
        let is_estimated = figures_of(function).any(|figures| figures.is_time_estimated);
        table.push([
            count(function.calls).into(),
            net_cell(function.total_bytes),
            bytes(allocated).into(),
            bytes(peak_bytes(function)).into(),
            units::time(time_ns, is_estimated).into(),
            function.name.as_str().into(),
        ]);
    }
    write_title(text, "Functions by bytes allocated", look);
    table.write(text, look);
    text.push('\n');
}

/// Lists the lines that allocated the most, if any did.
fn write_lines(text: &mut String, functions: &[FunctionReport], look: Look) {
    let mut lines: Vec<(&FunctionReport, &LineReport, LineFigures)> = functions
        .iter()
        .flat_map(|function| function.lines.iter().map(move |line| (function, line)))
        .filter_map(|(function, line)| Some((function, line, line.figures?)))
        .filter(|(_, _, figures)| figures.allocated_bytes > 0)
        .collect();
    if lines.is_empty() {
        return;
    }
    lines.sort_by_key(|(_, _, figures)| Reverse(figures.allocated_bytes));
    let mut table = Grid::new(LINES);
    for (function, line, figures) in lines.into_iter().take(TOP_LINES) {
        let place = format!("{}:{}", short_file(&function.file), line.number);
        table.push([
            bytes(figures.allocated_bytes).into(),
            net_cell(figures.increment_bytes),
            count(figures.allocated_blocks).into(),
            count(figures.occurrences).into(),
            Cell::styled(place, styles::FAINT),
            line.source.trim_start().into(),
        ]);
    }
    write_title(text, "Top lines by bytes allocated", look);
    table.write(text, look);
    text.push('\n');
}

/// Returns the file's name without its folders.
fn short_file(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

fn write_scopes(text: &mut String, report: &Report, look: Look) {
    let mut table = Grid::new(SCOPES);
    for scope in &report.scopes {
        let net = scope.end_live_bytes.wrapping_sub(scope.start_live_bytes).cast_signed();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates: a clock that was set back reads as zero"
        )]
        let time_ns = ((scope.end_s - scope.start_s) * 1e9).round() as u64;
        table.push([
            bytes(scope.start_live_bytes).into(),
            bytes(scope.end_live_bytes).into(),
            net_cell(net),
            bytes(scope.peak_bytes).into(),
            units::time(time_ns, false).into(),
            scope.thread.as_str().into(),
            scope.name.as_str().into(),
        ]);
    }
    write_title(text, "Scopes", look);
    table.write(text, look);
    text.push('\n');
}

/// Writes what to do, if there is something: the place, its text, the advice.
fn write_advice(text: &mut String, report: &Report, look: Look) {
    let all = report.advice();
    if all.is_empty() {
        return;
    }
    write_title(text, "Advice: bytes to save", look);
    for advice in all {
        let saved = format!("up to {} at ", bytes(advice.saved_bytes));
        let place = format!("{}:{}", advice.file, advice.line);
        let place = grid::cut_start(&place, look.columns.saturating_sub(saved.len()));
        text.push_str(&saved);
        grid::write_styled(text, &place, styles::ADVICE, look.is_coloured);
        text.push('\n');
        for line in [advice.source.trim_start(), &advice.pattern.to_string()] {
            let line = grid::cut(line, look.columns.saturating_sub(INDENT.len()));
            text.extend([INDENT, &line, "\n"]);
        }
    }
    text.push('\n');
}
