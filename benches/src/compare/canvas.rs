//! What pictures are drawn on and with, whatever they show.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::error::CompareError;

/// A picture or a part of it, in pixels of its nominal size.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What every step of the drawing returns.
pub(crate) type Drawn<'a> =
    Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// Text that is read, and lines on top of colour.
pub(crate) const INK: RGBColor = RGBColor(40, 40, 40);
/// Text that explains.
pub(crate) const PALE_INK: RGBColor = RGBColor(120, 120, 120);
/// The one whose figures are in question.
pub(crate) const OURS: RGBColor = RGBColor(214, 96, 39);
/// The system's malloc.
pub(crate) const SYSTEM: RGBColor = RGBColor(140, 140, 140);

/// Lines behind the figures.
pub(crate) const GRID: RGBColor = RGBColor(225, 225, 225);

/// Returns a picture of this size as SVG: white, with a title, a line below it,
/// and what `draw` adds.
///
/// # Errors
/// [`CompareError::Drawing`], if the backend fails.
pub(crate) fn picture(
    (width, height): (i32, i32),
    title: &str,
    subtitle: &str,
    draw: impl for<'a, 'b> FnOnce(&'b Area<'a>) -> Drawn<'a>,
) -> Result<String, CompareError> {
    let mut picture = String::new();
    on(&mut picture, (width, height), title, subtitle, draw)
        .map_err(|error| CompareError::Drawing(error.to_string()))?;
    Ok(picture)
}

fn on<'a>(
    picture: &'a mut String,
    (width, height): (i32, i32),
    title: &str,
    subtitle: &str,
    draw: impl for<'b> FnOnce(&'b Area<'a>) -> Drawn<'a>,
) -> Drawn<'a> {
    let size = (width.unsigned_abs(), height.unsigned_abs());
    let area = SVGBackend::with_string(picture, size).into_drawing_area();
    area.fill(&WHITE)?;
    text(&area, title, (20, 26), 20, INK, HPos::Left)?;
    text(&area, subtitle, (20, 50), 13, PALE_INK, HPos::Left)?;
    draw(&area)?;
    area.present()
}

/// Writes a line of text, centred on the point's height.
pub(crate) fn text<'a>(
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

/// Returns a share of a length; nothing of it if the share is not a number.
#[expect(clippy::cast_possible_truncation, reason = "saturates, and is clamped by the caller")]
pub(crate) fn pixels(share: f64, of: i32) -> i32 {
    (share * f64::from(of)).round() as i32
}

/// Returns a count of rows or panels as a factor of pixels.
pub(crate) fn length(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Returns the distance of grid lines that are round numbers, and how many of
/// them it takes to reach the largest figure: 2 to 5.
pub(crate) fn grid_steps(most: f64) -> (f64, i32) {
    let decade = 10_f64.powf((most / 5.0).max(f64::MIN_POSITIVE).log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * decade);
    let step = round.into_iter().find(|step| step * 5.0 >= most).unwrap_or(decade * 10.0);
    let steps = (1..5).find(|&steps| step * f64::from(steps) >= most).unwrap_or(5);
    (step, steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_of_round_numbers_and_reaches_the_largest_figure() {
        assert_eq!(grid_steps(9.0), (2.0, 5));
        assert_eq!(grid_steps(10.0), (2.0, 5));
        assert_eq!(grid_steps(30.0), (10.0, 3));
        assert_eq!(grid_steps(240.0), (50.0, 5));
        let (step, steps) = grid_steps(0.0);
        assert!(step > 0.0 && steps >= 1);
    }
}
