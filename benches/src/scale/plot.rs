//! The curves as a picture: one panel a kind.
//!
//! # Design
//! A panel's points stand side by side at equal distances, since each is several
//! times the one before; costs go up from zero, so that a flat line means what it
//! shows. Ours is drawn last, on top. The legend below has each allocator's worst
//! ratio.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::curves::{Curve, Line};
use crate::compare::allocators::{Allocator, Role};
use crate::compare::canvas::{
    Area, Drawn, GRID, INK, OURS, PALE_INK, SYSTEM, grid_steps, length, picture, pixels, text,
};
use crate::compare::error::CompareError;

/// All lengths are in pixels of the picture's nominal size.
const PANEL_WIDTH: i32 = 440;
/// Room for the machine's name, however few the panels.
const HEAD_WIDTH: i32 = 760;
/// Above the panels: the title and the machine.
const HEAD_HEIGHT: i32 = 70;
/// In a panel left of the axis: the costs; above it: the panel's name.
const PLOT_LEFT: i32 = 50;
const PLOT_TOP: i32 = 48;
const PLOT_WIDTH: i32 = PANEL_WIDTH - PLOT_LEFT - 30;
const PLOT_HEIGHT: i32 = 220;
/// Below the axis: the points' names and the axis' own.
const AXIS_HEIGHT: i32 = 52;
/// Below that: two allocators a row.
const LEGEND_ROW_HEIGHT: i32 = 18;
const LEGEND_WIDTH: i32 = 180;

/// For the peers, in their order.
const PEERS: [RGBColor; 4] = [
    RGBColor(70, 120, 180),
    RGBColor(90, 150, 80),
    RGBColor(140, 100, 170),
    RGBColor(190, 150, 50),
];

/// Returns the picture as SVG.
///
/// # Errors
/// [`CompareError::Drawing`], if the backend fails.
pub fn render(curves: &[Curve], machine: &str) -> Result<String, CompareError> {
    let rows = curves.iter().map(|curve| curve.lines.len().div_ceil(2)).max().unwrap_or(0);
    let legend_height = length(rows) * LEGEND_ROW_HEIGHT;
    let width = (length(curves.len()) * PANEL_WIDTH + 20).max(HEAD_WIDTH);
    let height = HEAD_HEIGHT + PLOT_TOP + PLOT_HEIGHT + AXIS_HEIGHT + legend_height + 20;
    let title = "How the cost of an operation grows";
    picture((width, height), title, machine, |area| {
        for (number, curve) in curves.iter().enumerate() {
            panel(area, curve, (10 + length(number) * PANEL_WIDTH, HEAD_HEIGHT))?;
        }
        Ok(())
    })
}

fn panel<'a>(area: &Area<'a>, curve: &Curve, (left, top): (i32, i32)) -> Drawn<'a> {
    text(area, curve.kind.title(), (left + 10, top + 10), 13, INK, HPos::Left)?;
    text(area, "ns", (left + PLOT_LEFT - 6, top + 31), 11, PALE_INK, HPos::Right)?;
    let (x, bottom) = (left + PLOT_LEFT, top + PLOT_TOP + PLOT_HEIGHT);
    let figures = curve.lines.iter().flat_map(|line| &line.figures);
    let (step_ns, steps) = grid_steps(figures.map(|figure| figure.median_ns).fold(0.0, f64::max));
    let most_ns = step_ns * f64::from(steps);
    for number in 0..=steps {
        let y = bottom - PLOT_HEIGHT * number / steps;
        area.draw(&PathElement::new([(x, y), (x + PLOT_WIDTH, y)], GRID.stroke_width(1)))?;
        let digits = usize::from(step_ns < 1.0);
        let label = format!("{:.digits$}", step_ns * f64::from(number));
        text(area, &label, (x - 6, y), 11, PALE_INK, HPos::Right)?;
    }

    let points: Vec<_> = curve.points().collect();
    let distance = PLOT_WIDTH / length(points.len()).max(1);
    let at = |number: usize| x + distance / 2 + length(number) * distance;
    for (number, point) in points.iter().enumerate() {
        text(area, &point.to_string(), (at(number), bottom + 12), 10, INK, HPos::Center)?;
    }
    let middle = x + PLOT_WIDTH / 2;
    text(area, curve.kind.axis(), (middle, bottom + 30), 11, PALE_INK, HPos::Center)?;

    let ours_last = [false, true].into_iter().flat_map(|is_ours| {
        let lines = curve.lines.iter();
        lines.filter(move |line| (line.allocator.role == Role::Ours) == is_ours)
    });
    for line in ours_last {
        let colour = colour(line.allocator);
        let place = |(number, cost_ns): (usize, f64)| {
            (at(number), bottom - pixels(cost_ns / most_ns, PLOT_HEIGHT))
        };
        let costs_ns = line.figures.iter().map(|figure| figure.median_ns);
        let places: Vec<_> = costs_ns.enumerate().map(place).collect();
        for &place in &places {
            area.draw(&Circle::new(place, 3, colour.filled()))?;
        }
        area.draw(&PathElement::new(places, colour.stroke_width(2)))?;
    }
    legend(area, &curve.lines, (x, bottom + AXIS_HEIGHT))
}

/// Names and worst ratios, two a row.
fn legend<'a>(area: &Area<'a>, lines: &[Line], (left, top): (i32, i32)) -> Drawn<'a> {
    for (number, line) in lines.iter().enumerate() {
        let x = left + length(number % 2) * LEGEND_WIDTH;
        let y = top + length(number / 2) * LEGEND_ROW_HEIGHT;
        let dash = [(x, y), (x + 18, y)];
        area.draw(&PathElement::new(dash, colour(line.allocator).stroke_width(2)))?;
        let label = format!("{}, worst ÷ first {:.2}", line.allocator.key, line.worst());
        text(area, &label, (x + 24, y), 11, INK, HPos::Left)?;
    }
    Ok(())
}

/// The allocator's colour: of those beside ours and the system's, one each.
fn colour(allocator: Allocator) -> RGBColor {
    let peers = crate::compare::allocators::ALL.iter().filter(|one| one.role == Role::Peer);
    let mut coloured = peers.zip(PEERS.into_iter().cycle());
    match allocator.role {
        Role::Ours => OURS,
        Role::System => SYSTEM,
        _ => coloured.find(|&(&one, _)| one == allocator).map_or(INK, |(_, colour)| colour),
    }
}

#[cfg(test)]
mod tests {
    use super::super::curves::tests::example;
    use super::*;

    #[test]
    fn every_allocator_point_and_curve_is_named_in_the_picture() {
        let picture = render(&example(), "a box").expect("drawn");
        assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
        for word in ["pool, worst", "system, worst", "1 GiB", "threads", "live heap", "a box"] {
            assert!(picture.contains(word), "{word}");
        }
    }

    #[test]
    fn nothing_can_be_drawn() {
        assert!(render(&[], "a box").is_ok());
    }
}
