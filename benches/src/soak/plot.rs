//! The soak as a picture: RSS and live bytes over time, and the trend of the last half.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::day::DAYS;
use super::load::{Sample, Soak};
use super::trend::Trend;
use crate::compare::canvas::{
    Area, Drawn, GRID, INK, OURS, PALE_INK, SYSTEM, grid_steps, picture, pixels, text,
};
use crate::compare::error::CompareError;

/// All lengths are in pixels of the picture's nominal size.
const WIDTH: i32 = 960;
const LEFT: i32 = 60;
const TOP: i32 = 90;
const PLOT_WIDTH: i32 = WIDTH - LEFT - 30;
const PLOT_HEIGHT: i32 = 280;
const BOTTOM: i32 = TOP + PLOT_HEIGHT;
const HEIGHT: i32 = BOTTOM + 80;
/// From one label of the axis to the next.
const LABELLED_DAYS: usize = 4;
/// From one entry of the legend to the next.
const LEGEND_WIDTH: i32 = 120;

/// Returns the picture as SVG.
///
/// # Errors
/// [`CompareError::Drawing`], if the backend fails.
pub fn render(soak: &Soak, trend: &Trend, machine: &str) -> Result<String, CompareError> {
    let title = format!("{} seconds of a load whose days are all alike", soak.seconds);
    picture((WIDTH, HEIGHT), &title, machine, |area| draw(area, soak, trend))
}

fn draw<'a>(area: &Area<'a>, soak: &Soak, trend: &Trend) -> Drawn<'a> {
    let most_kib = soak.samples.iter().map(|sample| sample.rss_kib.max(sample.live_kib)).max();
    let (step_mib, steps) = grid_steps(most_kib.unwrap_or(0) as f64 / 1024.0);
    let most_kib = step_mib * f64::from(steps) * 1024.0;
    let seconds = f64::from(soak.seconds);
    let at = |at_s: f64, kib: f64| {
        (LEFT + pixels(at_s / seconds, PLOT_WIDTH), BOTTOM - pixels(kib / most_kib, PLOT_HEIGHT))
    };

    text(area, "MiB", (LEFT - 6, TOP - 16), 11, PALE_INK, HPos::Right)?;
    for number in 0..=steps {
        let mib = step_mib * f64::from(number);
        let (x, y) = at(0.0, mib * 1024.0);
        area.draw(&PathElement::new([(x, y), (x + PLOT_WIDTH, y)], GRID.stroke_width(1)))?;
        text(area, &mib.to_string(), (x - 6, y), 11, PALE_INK, HPos::Right)?;
    }
    for day in (0..=DAYS).step_by(LABELLED_DAYS) {
        let at_s = seconds * f64::from(day) / f64::from(DAYS);
        let (x, y) = at(at_s, 0.0);
        area.draw(&PathElement::new([(x, y), (x, TOP)], GRID.stroke_width(1)))?;
        text(area, &at_s.to_string(), (x, y + 12), 10, INK, HPos::Center)?;
    }
    let middle = LEFT + PLOT_WIDTH / 2;
    text(
        area,
        "seconds; four days from line to line",
        (middle, BOTTOM + 30),
        11,
        PALE_INK,
        HPos::Center,
    )?;

    let line = |kib: fn(&Sample) -> u64, colour: RGBColor| {
        let places = soak.samples.iter().map(|sample| at(sample.at_s, kib(sample) as f64));
        area.draw(&PathElement::new(places.collect::<Vec<_>>(), colour.stroke_width(2)))
    };
    line(|sample| sample.live_kib, SYSTEM)?;
    line(|sample| sample.rss_kib, OURS)?;
    let rise_kib = trend.slope_kib_s * trend.half_s / 2.0;
    let ends = [(seconds - trend.half_s, -rise_kib), (seconds, rise_kib)];
    let ends = ends.map(|(at_s, rise_kib)| at(at_s, trend.mean_kib + rise_kib));
    area.draw(&PathElement::new(ends, INK.stroke_width(1)))?;

    let slope = format!(
        "RSS from day to day, last half: {:+.2} KiB/s, {:+.2} % ± {:.2} of its mean",
        trend.slope_kib_s,
        trend.growth_percent(),
        trend.growth_error_percent()
    );
    let legend = [("RSS", OURS), ("live bytes", SYSTEM), (slope.as_str(), INK)];
    for ((name, colour), number) in legend.into_iter().zip(0..) {
        let (x, y) = (LEFT + number * LEGEND_WIDTH, BOTTOM + 56);
        area.draw(&PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)))?;
        text(area, name, (x + 24, y), 12, INK, HPos::Left)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::trend::tests::example;
    use super::*;

    #[test]
    fn both_lines_and_the_trend_are_named_in_the_picture() {
        let soak = example(10.0, 0.0);
        let picture = render(&soak, &Trend::of(&soak), "a box").expect("drawn");
        assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
        for word in ["RSS", "live bytes", "+10.00 KiB/s, +1.90 %", "a box", "600 seconds"] {
            assert!(picture.contains(word), "{word}");
        }
    }
}
