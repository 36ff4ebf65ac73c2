//! The report in print: a row for each path, each below its parent's, its name
//! indented by as many steps as it has parents above.

use std::collections::HashSet;
use std::fmt;

use crate::counting::NOT_COUNTING;
use crate::report::{HeapReport, SpanReport};

/// Columns of figures, which stand before the span's name.
const FIGURES: usize = 6;

const HEADER: [&str; FIGURES] = ["Net", "Allocated", "Own", "Peak", "Count", "Busy"];

/// Bytes, with commas at the thousands; empty if no span has closed.
impl fmt::Display for HeapReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.spans.is_empty() {
            return Ok(());
        }
        if !self.is_counting {
            return writeln!(f, "{NOT_COUNTING}");
        }
        let paths: HashSet<&[&str]> = self.spans.iter().map(|span| &*span.path).collect();
        let rows: Vec<_> =
            self.spans.iter().map(|span| (figures(span), label(&span.path, &paths))).collect();
        let widths: [usize; FIGURES] = std::array::from_fn(|column| {
            let widest = rows.iter().map(|(figures, _)| figures[column].chars().count()).max();
            HEADER[column].len().max(widest.unwrap_or(0))
        });
        let names = rows.iter().map(|(_, label)| label.chars().count()).max().unwrap_or(0);
        let rule = widths.iter().map(|width| width + 2).sum::<usize>() + names.max("Span".len());
        write_row(f, &widths, &HEADER, "Span")?;
        writeln!(f, "{}", "=".repeat(rule))?;
        rows.iter().try_for_each(|(figures, label)| write_row(f, &widths, figures, label))
    }
}

fn write_row(
    f: &mut fmt::Formatter<'_>,
    widths: &[usize; FIGURES],
    figures: &[impl fmt::Display; FIGURES],
    label: &str,
) -> fmt::Result {
    for (figure, &width) in figures.iter().zip(widths) {
        write!(f, "{figure:>width$}  ")?;
    }
    writeln!(f, "{label}")
}

fn figures(span: &SpanReport) -> [String; FIGURES] {
    let sign = if span.heap.net_bytes() < 0 { "-" } else { "" };
    [
        format!("{sign}{}", grouped(span.heap.net_bytes().unsigned_abs())),
        grouped(span.heap.allocated_bytes),
        grouped(span.own.allocated_bytes),
        grouped(span.heap.peak_bytes),
        grouped(span.count),
        format!("{:.1?}", span.busy),
    ]
}

/// Returns the name to print: that of the span, behind those of its parents that
/// have no row themselves.
fn label(path: &[&str], paths: &HashSet<&[&str]>) -> String {
    let parents: Vec<_> =
        (1..path.len()).filter(|&length| paths.contains(&path[..length])).collect();
    let named = parents.last().copied().unwrap_or(0);
    format!("{}{}", "  ".repeat(parents.len()), path[named..].join(" > "))
}

/// Returns the number with commas at the thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn span(path: &[&'static str], net: i64, allocated: u64, own: u64) -> SpanReport {
        let mut span = SpanReport { path: path.to_vec(), count: 2, ..SpanReport::default() };
        span.heap.allocated_bytes = allocated;
        span.heap.freed_bytes = allocated.wrapping_sub(net.cast_unsigned());
        span.heap.peak_bytes = allocated / 2;
        span.own.allocated_bytes = own;
        span.busy = Duration::from_micros(1500);
        span
    }

    #[test]
    fn rows_stand_below_their_parents() {
        let spans = vec![
            span(&["request"], -12, 1_234_567, 67),
            span(&["request", "parse"], 1000, 1_234_500, 1_234_500),
            span(&["server", "accept"], 0, 999, 999),
            span(&["server", "accept", "read"], 0, 0, 0),
        ];
        let report = HeapReport { is_counting: true, spans };
        let expected = "  Net  Allocated        Own     Peak  Count   Busy  Span
===================================================================
  -12  1,234,567         67  617,283      2  1.5ms  request
1,000  1,234,500  1,234,500  617,250      2  1.5ms    parse
    0        999        999      499      2  1.5ms  server > accept
    0          0          0        0      2  1.5ms    read
";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn a_table_of_zeros_is_not_printed() {
        assert_eq!(HeapReport::default().to_string(), "");
        let report = HeapReport { is_counting: false, spans: vec![span(&["a"], 0, 0, 0)] };
        assert_eq!(report.to_string(), format!("{NOT_COUNTING}\n"));
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
