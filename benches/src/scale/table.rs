//! The curves for people: two rows an allocator, nanoseconds and ratios.

use std::fmt::Write as _;

use super::curves::{Curve, Line};

/// Returns the whole text, without colours, ready to be pasted.
pub fn render(curves: &[Curve], machine: &str) -> String {
    let mut text = format!("{machine}\n");
    for curve in curves {
        text.push('\n');
        block(&mut text, curve);
    }
    text
}

/// One curve's block.
fn block(text: &mut String, curve: &Curve) {
    let target = curve.kind.target().map(|most| format!("; target: worst ≤ {most:.2}"));
    let (title, target) = (curve.kind.title(), target.unwrap_or_default());
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{title}: ns an operation, and ÷ the first{target}");
    let mut heads: Vec<_> = curve.points().map(|point| point.to_string()).collect();
    heads.push("worst".to_owned());
    row(text, curve.kind.axis(), &heads);
    for line in &curve.lines {
        let medians = line.figures.iter().map(|figure| format!("{:.1}", figure.median_ns));
        row(text, line.allocator.key, &medians.collect::<Vec<_>>());
        row(text, "", &ratios(line));
    }
}

/// The ratios of a line, the worst last.
fn ratios(line: &Line) -> Vec<String> {
    line.ratios().chain([line.worst()]).map(|ratio| format!("{ratio:.2}")).collect()
}

/// Appends a line of a name and right-aligned cells.
fn row(text: &mut String, name: &str, cells: &[String]) {
    // Writing to a string cannot fail.
    let _ = write!(text, "  {name:<12}");
    for cell in cells {
        let _ = write!(text, " {cell:>8}");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::curves::tests::example;
    use super::*;

    #[test]
    fn a_block_has_nanoseconds_and_ratios_of_each_allocator() {
        let text = render(&example(), "a box");
        let rows: Vec<Vec<&str>> =
            text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["a", "box"]);
        assert!(text.lines().nth(2).is_some_and(|title| title.ends_with("target: worst ≤ 1.20")));
        assert_eq!(rows[3], ["live", "heap", "1", "MiB", "1", "GiB", "worst"]);
        assert_eq!(rows[4], ["pool", "10.0", "11.0"]);
        assert_eq!(rows[5], ["1.00", "1.10", "1.10"]);
        assert_eq!(rows[6], ["system", "40.0", "41.0"]);
        assert_eq!(text.matches("worst ≤").count(), 1, "one curve has a target");
    }
}
