//! The figures for people: what was measured against what it must reach, then what else
//! was, then the workloads behind the first row.

use std::fmt::Write as _;

use super::presence::Presence;
use super::rows::{Row, Target, Unit};

/// Returns the whole text, without colours, ready to be pasted.
pub fn render(rows: &[Row], presence: Option<&Presence>, machine: &str) -> String {
    let mut text = format!("{machine}\n\n");
    let head = ["measured", "min", "max", "must reach", "met?", "without", "with"];
    line(&mut text, "what", &head.map(str::to_owned));
    let (judged, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.target.is_some());
    for row in judged {
        line(&mut text, &row.what, &cells(row));
    }
    text += "for information\n";
    for row in others {
        line(&mut text, &row.what, &cells(row));
    }
    text += "ns: what profiling adds to a step, without and with it; medians of the rounds, min \
             and max are rounds too\n\
             the first row: the geometric mean of the workloads, min and max are workloads, each the\n\
             median of its rounds' ratios\n";
    if let Some(presence) = presence {
        text.push('\n');
        workloads(&mut text, presence);
    }
    if !cfg!(feature = "peers") {
        text += "\ndhat is left out: it comes with --features peers\n";
    }
    text
}

/// A row's cells, in the order of the head.
fn cells(row: &Row) -> [String; 7] {
    let number = |value: f64| match row.unit {
        Unit::Ns => format!("{value:.2} ns"),
        Unit::Ratio => format!("{value:.3} ×"),
    };
    let target = match row.target {
        Some(Target::AtMost(most)) => format!("≤ {}", number(most)),
        Some(Target::AtLeast(least)) => format!("≥ {}", number(least)),
        None => String::new(),
    };
    let met = row.is_met().map_or("", |met| if met { "yes" } else { "no" });
    let side = |place: usize| row.sides_ns.map_or(String::new(), |sides| duration(sides[place]));
    let figure = row.figure;
    let [median, min, max] = [figure.median, figure.min, figure.max].map(number);
    [median, min, max, target, met.to_owned(), side(0), side(1)]
}

/// A step's time, in a unit that leaves few digits.
fn duration(ns: f64) -> String {
    if ns < 1e6 { format!("{ns:.2} ns") } else { format!("{:.2} ms", ns / 1e6) }
}

/// The workloads on which the profiler's presence was measured.
fn workloads(text: &mut String, presence: &Presence) {
    let head = ["÷ pool", "pool s", "profiled s"].map(str::to_owned);
    line(text, "present, nothing profiled: medians", &head);
    for times in &presence.workloads {
        let seconds = |value: f64| format!("{value:.4}");
        let ratio = format!("{:.3} ×", times.ratio);
        let cells = [ratio, seconds(times.without_s), seconds(times.with_s)];
        line(text, times.name, &cells);
    }
}

/// Appends a line of a text and right-aligned cells.
fn line(text: &mut String, name: &str, cells: &[String]) {
    let mut row = format!("  {name:<54}");
    for cell in cells {
        // Writing to a string cannot fail.
        let _ = write!(row, " {cell:>10}");
    }
    text.push_str(row.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::rows;
    use super::super::rows::tests::{pairs, presence};
    use super::*;

    #[test]
    fn each_row_has_a_line_with_its_verdict() {
        let presence = presence();
        let rows = rows::of(&pairs(1.0, true), Some(&presence));
        let text = render(&rows, Some(&presence), "a box");
        let found = |what: &str| {
            let line = text.lines().find(|line| line.trim_start().starts_with(what));
            let cells = line.expect(what).split_whitespace().collect::<Vec<_>>().join(" ");
            cells[what.len()..].trim_start().to_owned()
        };
        for row in &rows {
            found(&row.what);
        }
        assert!(found("present, nothing profiled: compare").contains("1.100 × 1.000 × 1.200 ×"));
        assert!(found("present, nothing profiled: compare").ends_with("≤ 1.020 × no"));
        let probe = "1.00 ns 1.00 ns 101.00 ns ≤ 2.00 ns yes 10.00 ns 11.00 ns";
        assert_eq!(found("a line that allocates nothing"), probe);
        let call = "1.00 ns 1.00 ns 101.00 ns 10.00 ns 11.00 ns";
        assert_eq!(found("a call: entered, one line, left"), call);
        assert_eq!(found("pairs"), "1.210 × 1.0000 1.2100");
    }

    #[test]
    fn columns_stand_below_one_another() {
        let rows = rows::of(&pairs(1.0, true), None);
        let text = render(&rows, None, "a box");
        let ends: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("  "))
            .map(|line| line.chars().take(67).collect::<String>())
            .collect();
        assert_eq!(ends.len(), rows.len() + 1);
        for end in ends {
            let is_right = end.ends_with("ns") || end.ends_with('×') || end.ends_with("measured");
            assert!(is_right, "{end}");
        }
    }

    #[test]
    fn long_times_are_shown_in_milliseconds() {
        assert_eq!(duration(999.994), "999.99 ns");
        assert_eq!(duration(12_345_678.0), "12.35 ms");
    }
}
