//! A [`ReportDiff`] in print: a table for each function that changed, what is new
//! and what is gone. It is as wide as its lines are.

use std::fmt;

use super::{FunctionDiff, Growth, LineDiff, ReportDiff};
use crate::render::{self, Cell, Column, Grid, Look};

const COLUMNS: &[Column] = &[
    Column::number("Allocated", 0),
    Column::number("a call", 0),
    Column::number("Net", 0),
    Column::number("Peak", 0),
    Column::number("Allocs", 0),
    Column::number("a call", 0),
    Column::number("Line", 0),
    Column::text("Source", 0),
];

const FUNCTIONS: &[Column] = &[
    Column::number("Calls", 0),
    Column::number("Allocated", 0),
    Column::number("Net", 0),
    Column::number("Peak", 0),
    Column::number("Allocs", 0),
    Column::text("Function", 0),
];

impl fmt::Display for ReportDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing changed\n");
        }
        self.changed.iter().try_for_each(|function| function.fmt(f))?;
        for (title, functions) in [("New functions", &self.new), ("Functions gone", &self.gone)] {
            if !functions.is_empty() {
                write!(f, "{title}\n\n{}\n", list(functions))?;
            }
        }
        Ok(())
    }
}

/// The function's name, file and calls, then what changed: all of it, and by line.
impl fmt::Display for FunctionDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Growth { before, after } = self.growth;
        write!(f, "{}\n{}\n", self.name, self.file)?;
        let (before, after) = (render::count(before.calls), render::count(after.calls));
        write!(f, "calls: {before} before, {after} after\n\n")?;
        let mut table = Grid::new(COLUMNS);
        table.push(row(&self.growth, String::new(), "(the whole function)"));
        for line in &self.lines {
            table.push(row(&line.growth, numbers(line), line.source.trim_end()));
        }
        writeln!(f, "{}", text(&table))
    }
}

/// Returns the line's number in both builds, as `7→9` where it moved.
fn numbers(line: &LineDiff) -> String {
    match (line.number_before, line.number_after) {
        (Some(before), Some(after)) if before == after => after.to_string(),
        (Some(before), Some(after)) => format!("{before}→{after}"),
        (None, Some(after)) => format!("new {after}"),
        (Some(before), None) => format!("gone {before}"),
        (None, None) => String::new(),
    }
}

fn row(growth: &Growth, numbers: String, source: &str) -> [Cell; COLUMNS.len()] {
    #[expect(clippy::cast_possible_truncation, reason = "shown with three digits, and saturates")]
    let whole = |mean: f64| mean.round() as i64;
    [
        render::signed_bytes(growth.allocated_bytes()).into(),
        render::signed_bytes(whole(growth.allocated_bytes_per_call())).into(),
        render::signed_bytes(growth.net_bytes()).into(),
        render::signed_bytes(growth.peak_bytes()).into(),
        render::signed_count(growth.allocated_blocks()).into(),
        mean_blocks(growth.allocated_blocks_per_call()).into(),
        numbers.into(),
        source.into(),
    ]
}

/// Returns the mean with a sign and one decimal, if it has one.
fn mean_blocks(mean: f64) -> String {
    let text = format!("{mean:+.1}");
    match text.strip_suffix(".0") {
        Some("+0" | "-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

fn list(functions: &[FunctionDiff]) -> String {
    let mut table = Grid::new(FUNCTIONS);
    for function in functions {
        let Growth { before, after } = function.growth;
        let cost = if before.calls > 0 { before } else { after };
        table.push([
            render::count(cost.calls).into(),
            render::bytes(cost.allocated_bytes).into(),
            render::signed_bytes(cost.net_bytes).into(),
            render::bytes(cost.peak_bytes).into(),
            render::count(cost.allocated_blocks).into(),
            function.name.as_str().into(),
        ]);
    }
    text(&table)
}

fn text(table: &Grid<'_>) -> String {
    let mut text = String::new();
    table.write(&mut text, Look::plain(usize::MAX));
    text
}
