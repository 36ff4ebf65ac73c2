//! The report in print: the table of Python's `memory_profiler` 0.61.
//!
//! Same header, rule, columns, blank cells and blank lines, so that whatever
//! reads its tables reads ours. Two things differ on purpose, both in the
//! figures: they are exact, and an increment that rounds to zero is printed
//! `0.0`, where Python's formatting would print `-0.0` for a few bytes freed.

use std::fmt;

use crate::report::{FunctionReport, LineReport, Report};

/// What is printed when nothing was counted.
const NOT_COUNTING: &str = "alloc_profiler: nothing was counted, because the program's global \
                            allocator is not a ProfiledAlloc; declare one with \
                            #[global_allocator]";

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.functions.is_empty() {
            return Ok(());
        }
        if !self.is_counting {
            return writeln!(f, "{NOT_COUNTING}");
        }
        self.functions.iter().try_for_each(|function| function.fmt(f))
    }
}

impl fmt::Display for FunctionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filename: {}\n\n", self.file)?;
        let header = row("Line #", "Mem usage", "Increment", "Occurrences", "Line Contents");
        writeln!(f, "{header}")?;
        writeln!(f, "{}", "=".repeat(header.len()))?;
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        f.write_str("\n\n")
    }
}

impl fmt::Display for LineReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [live, increment, occurrences] = match &self.figures {
            Some(figures) => [
                mebibytes(figures.live_bytes as f64),
                mebibytes(figures.increment_bytes as f64),
                figures.occurrences.to_string(),
            ],
            None => Default::default(),
        };
        let number = self.number.to_string();
        f.write_str(&row(&number, &live, &increment, &occurrences, &self.source))
    }
}

/// Returns one row, by `memory_profiler`'s template.
fn row(number: &str, live: &str, increment: &str, occurrences: &str, source: &str) -> String {
    format!("{number:>6} {live:>12} {increment:>12}  {occurrences:>10}   {source}")
}

/// Returns `bytes` in MiB with one decimal, as `52.0 MiB`.
fn mebibytes(bytes: f64) -> String {
    let number = format!("{:5.1}", bytes / f64::from(1 << 20));
    let number = if number == " -0.0" { "  0.0" } else { &number };
    format!("{number} MiB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::LineFigures;

    fn line(number: u32, source: &str, figures: Option<(i64, u64, u64)>) -> LineReport {
        let figures = figures.map(|(increment_bytes, live_bytes, occurrences)| LineFigures {
            increment_bytes,
            live_bytes,
            occurrences,
            ..LineFigures::default()
        });
        LineReport { number, source: source.to_owned(), figures }
    }

    /// The text that `memory_profiler` 0.61's `show_results` prints for these
    /// figures, its trailing spaces on blank lines included.
    #[test]
    fn the_table_is_memory_profilers_byte_for_byte() {
        let mib = |whole: u64, tenths: u64| (whole << 20) + tenths * (1 << 20) / 10;
        let function = FunctionReport {
            name: "seed::test_func".to_owned(),
            file: "F".to_owned(),
            calls: 1,
            total_bytes: 0,
            lines: vec![
                line(6, "@profile", Some((52 << 20, mib(52, 0), 1))),
                line(7, "", None),
                line(8, "    summary = sum(numbers)", Some((-1000, mib(52, 0) + 41_000, 1))),
                line(9, "    list_to_db = []", Some((20_132_659, mib(71, 1), 100_003))),
                line(10_000_000, "    del x", Some((-(1234 << 20), mib(12_345, 6) + 90_000, 1))),
            ],
            precision: 1,
            ..FunctionReport::default()
        };
        let expected = "\
Filename: F

Line #    Mem usage    Increment  Occurrences   Line Contents
=============================================================
     6     52.0 MiB     52.0 MiB           1   @profile
     7                                         \n     8     52.0 MiB      0.0 MiB           1       summary = sum(numbers)
     9     71.1 MiB     19.2 MiB      100003       list_to_db = []
10000000  12345.7 MiB  -1234.0 MiB           1       del x


";
        assert_eq!(function.to_string(), expected);
    }

    #[test]
    fn a_report_without_counts_says_so_in_one_line() {
        let functions = vec![FunctionReport {
            name: "f".to_owned(),
            file: "F".to_owned(),
            calls: 1,
            total_bytes: 0,
            lines: vec![line(1, "fn f() {}", Some((0, 0, 1)))],
            ..FunctionReport::default()
        }];
        let report = Report { is_counting: false, functions, scopes: Vec::new() };
        assert_eq!(report.to_string(), format!("{NOT_COUNTING}\n"));
    }
}
