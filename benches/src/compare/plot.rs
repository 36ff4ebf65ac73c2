//! The figures as a picture: one small panel a workload.
//!
//! # Design
//! A panel has a row an allocator with two bars: time, with a whisker from the
//! fastest to the slowest round, and peak RSS. Each panel has its own scales,
//! from zero, for workloads differ by orders of magnitude and only allocators are
//! compared. Colour says what an allocator is in the comparison, not which: its
//! name stands beside the bar.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::allocators::Role;
use super::error::CompareError;
use super::summary::{Figures, Summary};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

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

const INK: RGBColor = RGBColor(40, 40, 40);
const PALE_INK: RGBColor = RGBColor(120, 120, 120);
const MEMORY: RGBColor = RGBColor(176, 190, 160);

/// Returns the picture as SVG.
///
/// # Errors
/// [`CompareError::Drawing`], if the backend fails.
pub fn render(summaries: &[Summary], machine: &str) -> Result<String, CompareError> {
    let mut picture = String::new();
    draw(summaries, machine, &mut picture)
        .map_err(|error| CompareError::Drawing(error.to_string()))?;
    Ok(picture)
}

type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

fn draw<'a>(summaries: &[Summary], machine: &str, picture: &'a mut String) -> Drawn<'a> {
    let rows = summaries.iter().map(|summary| summary.results.len()).max().unwrap_or(0);
    let panel_height = NAME_HEIGHT + length(rows) * ROW_HEIGHT + GAP_HEIGHT;
    let lines = length(summaries.len().div_ceil(COLUMNS));
    let columns = length(COLUMNS.min(summaries.len()));
    let size = ((columns * PANEL_WIDTH + 20).max(HEAD_WIDTH), HEAD_HEIGHT + lines * panel_height);
    let area = SVGBackend::with_string(picture, (size.0.unsigned_abs(), size.1.unsigned_abs()))
        .into_drawing_area();
    area.fill(&WHITE)?;
    text(&area, "Time and memory by allocator", (20, 26), 20, INK, HPos::Left)?;
    let subtitle = format!("{machine}; lines from the fastest to the slowest round");
    text(&area, &subtitle, (20, 50), 13, PALE_INK, HPos::Left)?;
    for (number, summary) in summaries.iter().enumerate() {
        let (line, column) = (length(number / COLUMNS), length(number % COLUMNS));
        let corner = (10 + column * PANEL_WIDTH, HEAD_HEIGHT + line * panel_height);
        panel(&area, summary, corner)?;
    }
    area.present()
}

fn panel<'a>(area: &Area<'a>, summary: &Summary, (left, top): (i32, i32)) -> Drawn<'a> {
    let largest = |figure: fn(&Figures) -> f64| {
        summary.results.iter().map(|(_, figures)| figure(figures)).fold(0.0, f64::max)
    };
    let longest = largest(|figures| figures.median_s);
    let fattest = largest(|figures| figures.peak_rss_kib as f64);
    text(area, summary.name, (left + 10, top + 10), 16, INK, HPos::Left)?;
    let captions = [("seconds, median", TIME_LEFT), ("peak MiB", MEMORY_LEFT)];
    for (caption, offset) in captions {
        text(area, caption, (left + offset, top + 31), 11, PALE_INK, HPos::Left)?;
    }
    for (row, (allocator, figures)) in summary.results.iter().enumerate() {
        let middle = top + NAME_HEIGHT + length(row) * ROW_HEIGHT + ROW_HEIGHT / 2;
        text(area, allocator.key, (left + TIME_LEFT - 8, middle), 12, INK, HPos::Right)?;

        let time_left = left + TIME_LEFT;
        let time = |seconds: f64| pixels(seconds / longest, TIME_WIDTH);
        bar(area, (time_left, middle), time(figures.median_s), colour(allocator.role))?;
        let slowest = time(figures.max_s).min(WHISKER_WIDTH);
        let whisker = [time(figures.min_s), slowest].map(|x| (time_left + x, middle));
        area.draw(&PathElement::new(whisker, INK.stroke_width(1)))?;
        let after = time_left + slowest.max(time(figures.median_s)) + 5;
        text(area, &seconds(figures.median_s), (after, middle), 11, INK, HPos::Left)?;

        let memory_left = left + MEMORY_LEFT;
        let memory = pixels(figures.peak_rss_kib as f64 / fattest, MEMORY_WIDTH);
        bar(area, (memory_left, middle), memory, MEMORY)?;
        let label = format!("{:.1}", figures.peak_rss_kib as f64 / 1024.0);
        text(area, &label, (memory_left + memory + 5, middle), 11, INK, HPos::Left)?;
    }
    Ok(())
}

/// A bar to the right of a point, centred on it.
fn bar<'a>(area: &Area<'a>, (x, y): (i32, i32), length: i32, colour: RGBColor) -> Drawn<'a> {
    let half = ROW_HEIGHT / 2 - 3;
    area.draw(&Rectangle::new([(x, y - half), (x + length, y + half)], colour.filled()))
}

fn text<'a>(
    area: &Area<'a>,
    content: &str,
    at: (i32, i32),
    size: i32,
    colour: RGBColor,
    anchor: HPos,
) -> Drawn<'a> {
    let style = ("sans-serif", size).into_text_style(area).color(&colour);
    area.draw(&Text::new(content, at, style.pos(Pos::new(anchor, VPos::Center))))
}

fn colour(role: Role) -> RGBColor {
    match role {
        Role::Ours => RGBColor(214, 96, 39),
        Role::System => RGBColor(140, 140, 140),
        Role::Peer => RGBColor(94, 140, 190),
        Role::Floor => RGBColor(205, 205, 205),
    }
}

/// Three significant digits, which is more than two runs agree in.
fn seconds(value: f64) -> String {
    if value < 0.1 { format!("{value:.4}") } else { format!("{value:.3}") }
}

/// A share of a length; nothing of it if the share is not a number.
#[expect(clippy::cast_possible_truncation, reason = "saturates, and is clamped by the caller")]
fn pixels(share: f64, of: i32) -> i32 {
    (share * f64::from(of)).round() as i32
}

/// A count of rows or panels as a factor of pixels.
fn length(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
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
    fn a_workload_that_took_no_time_can_be_drawn() {
        assert!(render(&[example(&[("pool", 0.0, 0)])], "a box").is_ok());
    }
}
