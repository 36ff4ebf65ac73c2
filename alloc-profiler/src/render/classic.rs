//! The classic table: that of Python's `memory_profiler` 0.61.
//!
//! Same header, rule, columns, blank cells and blank lines, so that whatever
//! reads its tables reads ours. Two things differ on purpose, both in the
//! figures: they are exact, and an increment that rounds to zero is printed
//! `0.0`, where Python's formatting would print `-0.0` for a few bytes freed.

use std::fmt;

use crate::options::Backend;
use crate::report::{FunctionReport, LineReport, Report, Usage};

/// What is printed when nothing was counted.
pub(crate) const NOT_COUNTING: &str = "alloc_profiler: nothing was counted, because the program's global \
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
            writeln!(f, "{}", line_row(line, self.backend, self.precision))?;
        }
        f.write_str("\n\n")
    }
}

/// The line's row with the heap's figures and one decimal, whatever its function
/// was told.
impl fmt::Display for LineReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&line_row(self, Backend::Heap, 1))
    }
}

/// Returns the row of `line`. Where the system was to say what is in use, and did
/// not, the cells are blank: the heap's figures would be read as its.
fn line_row(line: &LineReport, backend: Backend, precision: u8) -> String {
    let usage = line.figures.as_ref().and_then(|figures| match backend {
        Backend::Heap => Some(Usage {
            increment_bytes: figures.increment_bytes,
            usage_bytes: figures.live_bytes,
        }),
        _ => figures.usage,
    });
    let [in_use, increment] = usage.map_or_else(Default::default, |usage| {
        [usage.usage_bytes as f64, usage.increment_bytes as f64]
            .map(|bytes| mebibytes(bytes, precision))
    });
    let occurrences = line.figures.map_or_else(String::new, |line| line.occurrences.to_string());
    row(&line.number.to_string(), &in_use, &increment, &occurrences, &line.source)
}

/// Returns one row, by `memory_profiler`'s template.
fn row(number: &str, in_use: &str, increment: &str, occurrences: &str, source: &str) -> String {
    format!("{number:>6} {in_use:>12} {increment:>12}  {occurrences:>10}   {source}")
}

/// Returns `bytes` in MiB with so many decimals, as `52.0 MiB`.
fn mebibytes(bytes: f64, precision: u8) -> String {
    let precision = usize::from(precision);
    let width = precision + 4;
    let mut number = format!("{:width$.precision$}", bytes / f64::from(1 << 20));
    if number.bytes().all(|byte| b" -0.".contains(&byte)) {
        // A few bytes freed: zero has no sign.
        number = format!("{:width$.precision$}", 0.0);
    }
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
    fn precision_widens_the_numbers_as_memory_profiler_does() {
        // Python: '{:{}.{}f} MiB'.format(bytes / 2**20, p + 4, p)
        for (bytes, precision, text) in [
            (54_525_952.0, 0, "  52 MiB"),
            (54_525_952.0, 1, " 52.0 MiB"),
            (54_525_953.0, 4, " 52.0000 MiB"),
            (54_525_953.0, 6, " 52.000001 MiB"),
            (-54_525_953.0, 6, "-52.000001 MiB"),
            (-1000.0, 2, "  0.00 MiB"),
            (-1000.0, 3, " -0.001 MiB"),
            (-1000.0, 0, "   0 MiB"),
        ] {
            assert_eq!(mebibytes(bytes, precision), text, "{bytes} {precision}");
        }
        let line = line(1, "a", Some((1 << 20, 3 << 20, 1)));
        let function = FunctionReport { lines: vec![line], precision: 3, ..Default::default() };
        let expected = "     1    3.000 MiB    1.000 MiB           1   a";
        assert_eq!(function.to_string().lines().nth(4), Some(expected));
    }

    #[test]
    fn another_backend_shows_what_the_system_said() {
        let mut asked = line(1, "a", Some((1 << 20, 3 << 20, 7)));
        let mut silent = asked.clone();
        silent.source = "b".to_owned();
        asked.figures.as_mut().unwrap().usage =
            Some(Usage { increment_bytes: -(2 << 20), usage_bytes: 90 << 20 });
        let function = FunctionReport {
            lines: vec![asked, silent],
            precision: 1,
            backend: Backend::Pss,
            ..Default::default()
        };
        let text = function.to_string();
        let rows: Vec<_> = text.lines().skip(4).take(2).collect();
        assert_eq!(rows[0], "     1     90.0 MiB     -2.0 MiB           7   a");
        assert_eq!(rows[1], format!("     1 {0:12} {0:12}  {1:>10}   b", "", 7));
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
