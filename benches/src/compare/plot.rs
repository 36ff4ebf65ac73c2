//! The figures as a picture: one small panel a workload.
//!
//! # Design
//! A panel has a row an allocator with two bars: time, with a whisker from the
//! fastest to the slowest round, and peak RSS. A workload that is measured for its
//! memory has the idle RSS in the place of time. Each panel has its own scales,
//! from zero, for workloads differ by orders of magnitude and only allocators are
//! compared. Colour says what an allocator is in the comparison, not which: its
//! name stands beside the bar.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::allocators::Role;
use super::canvas::{Area, Drawn, INK, OURS, PALE_INK, SYSTEM, length, picture, pixels, text};
use super::error::CompareError;
use super::summary::{Figures, Summary};
use crate::workloads::Subject;

/// Panels side by side.
const COLUMNS: usize = 3;
/// All lengths are in pixels of the picture's nominal size.
const PANEL_WIDTH: i32 = 440;
const ROW_HEIGHT: i32 = 18;
/// Above the panels: the title and the machine.
const HEAD_HEIGHT: i32 = 70;
/// Room for the machine's name, however few the panels.
const HEAD_WIDTH: i32 = 760;
/// In a panel above the rows: its name.
const NAME_HEIGHT: i32 = 44;
/// In a panel below the rows.
const GAP_HEIGHT: i32 = 14;
/// Where the bars of a panel begin, and how long they are at most.
const TIME_LEFT: i32 = 92;
const TIME_WIDTH: i32 = 140;
const MEMORY_LEFT: i32 = 300;
const MEMORY_WIDTH: i32 = 70;
/// Whiskers end here if a round was much slower than the median.
const WHISKER_WIDTH: i32 = TIME_WIDTH + 10;

const MEMORY: RGBColor = RGBColor(176, 190, 160);

/// Returns the picture as SVG.
///
/// # Errors
/// [`CompareError::Drawing`], if the backend fails.
pub fn render(summaries: &[Summary], machine: &str) -> Result<String, CompareError> {
    let rows = summaries.iter().map(|summary| summary.results.len()).max().unwrap_or(0);
    let panel_height = NAME_HEIGHT + length(rows) * ROW_HEIGHT + GAP_HEIGHT;
    let lines = length(summaries.len().div_ceil(COLUMNS));
    let columns = length(COLUMNS.min(summaries.len()));
    let size = ((columns * PANEL_WIDTH + 20).max(HEAD_WIDTH), HEAD_HEIGHT + lines * panel_height);
    let subtitle = format!("{machine}; lines from the fastest to the slowest round");
    picture(size, "Time and memory by allocator", &subtitle, |area| {
        for (number, summary) in summaries.iter().enumerate() {
            let (line, column) = (length(number / COLUMNS), length(number % COLUMNS));
            let corner = (10 + column * PANEL_WIDTH, HEAD_HEIGHT + line * panel_height);
            panel(area, summary, corner)?;
        }
        Ok(())
    })
}

fn panel<'a>(area: &Area<'a>, summary: &Summary, (left, top): (i32, i32)) -> Drawn<'a> {
    let largest = |figure: &dyn Fn(&Figures) -> f64| {
        summary.results.iter().map(|(_, figures)| figure(figures)).fold(0.0, f64::max)
    };
    let first = First::of(summary.subject);
    let longest = largest(&|figures| first.middle(figures));
    let fattest = largest(&|figures| figures.peak_rss_kib as f64);
    text(area, summary.name, (left + 10, top + 10), 16, INK, HPos::Left)?;
    let captions = [(first.caption(), TIME_LEFT), ("peak MiB", MEMORY_LEFT)];
    for (caption, offset) in captions {
        text(area, caption, (left + offset, top + 31), 11, PALE_INK, HPos::Left)?;
    }
    for (row, (allocator, figures)) in summary.results.iter().enumerate() {
        let middle = top + NAME_HEIGHT + length(row) * ROW_HEIGHT + ROW_HEIGHT / 2;
        text(area, allocator.key, (left + TIME_LEFT - 8, middle), 12, INK, HPos::Right)?;

        let first_left = left + TIME_LEFT;
        let long = |value: f64| pixels(value / longest, TIME_WIDTH);
        let mut end = long(first.middle(figures));
        bar(area, (first_left, middle), end, colour(allocator.role))?;
        if first == First::Time {
            let slowest = long(figures.max_s).min(WHISKER_WIDTH);
            let whisker = [long(figures.min_s), slowest].map(|x| (first_left + x, middle));
            area.draw(&PathElement::new(whisker, INK.stroke_width(1)))?;
            end = end.max(slowest);
        }
        text(area, &first.label(figures), (first_left + end + 5, middle), 11, INK, HPos::Left)?;

        let memory_left = left + MEMORY_LEFT;
        let memory = pixels(figures.peak_rss_kib as f64 / fattest, MEMORY_WIDTH);
        bar(area, (memory_left, middle), memory, MEMORY)?;
        text(
            area,
            &mib(figures.peak_rss_kib),
            (memory_left + memory + 5, middle),
            11,
            INK,
            HPos::Left,
        )?;
    }
    Ok(())
}

/// What the first of a panel's two bars shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Time,
    IdleMemory,
}

impl First {
    fn of(subject: Subject) -> Self {
        if subject == Subject::Time { Self::Time } else { Self::IdleMemory }
    }

    fn caption(self) -> &'static str {
        match self {
            Self::Time => "seconds, median",
            Self::IdleMemory => "idle MiB",
        }
    }

    fn middle(self, figures: &Figures) -> f64 {
        match self {
            Self::Time => figures.median_s,
            Self::IdleMemory => figures.idle_rss_kib as f64,
        }
    }

    fn label(self, figures: &Figures) -> String {
        match self {
            Self::Time => seconds(figures.median_s),
            Self::IdleMemory => mib(figures.idle_rss_kib),
        }
    }
}

/// A bar to the right of a point, centred on it.
fn bar<'a>(area: &Area<'a>, (x, y): (i32, i32), length: i32, colour: RGBColor) -> Drawn<'a> {
    let half = ROW_HEIGHT / 2 - 3;
    area.draw(&Rectangle::new([(x, y - half), (x + length, y + half)], colour.filled()))
}

fn colour(role: Role) -> RGBColor {
    match role {
        Role::Ours => OURS,
        Role::System => SYSTEM,
        Role::Peer | Role::Profiled | Role::OtherProfiler => RGBColor(94, 140, 190),
        Role::Floor => RGBColor(205, 205, 205),
    }
}

/// Three significant digits, which is more than two runs agree in.
fn seconds(value: f64) -> String {
    if value < 0.1 { format!("{value:.4}") } else { format!("{value:.3}") }
}

fn mib(kib: u64) -> String {
    format!("{:.1}", kib as f64 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::example;
    use super::*;

    #[test]
    fn every_allocator_and_workload_is_named_in_the_picture() {
        let summary = example(&[("pool", 1.0, 300), ("system", 2.0, 100)]);
        let picture = render(&[summary], "a box").expect("drawn");
        assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
        for word in ["list", "pool", "system", "a box"] {
            assert!(picture.contains(word), "{word}");
        }
    }

    #[test]
    fn a_workload_for_memory_has_its_idle_memory_drawn() {
        let summary = example(&[("pool", 1.0, 300 << 10)]);
        let idle = Summary { subject: Subject::GivenBack, ..summary };
        let picture = render(&[idle], "a box").expect("drawn");
        assert!(picture.contains("idle MiB") && !picture.contains("seconds, median"));
        assert!(picture.contains("150.0") && picture.contains("300.0"));
    }

    #[test]
    fn a_workload_that_took_no_time_can_be_drawn() {
        assert!(render(&[example(&[("pool", 0.0, 0)])], "a box").is_ok());
    }
}
