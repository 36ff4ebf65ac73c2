//! The wide table: all that was measured, fitted to the reader's page.
//!
//! First each function's table, in the order of first entry, then the program:
//! functions ranked, top lines, scopes and advice.

use super::{Look, function, summary};
use crate::render::classic::NOT_COUNTING;
use crate::report::{FunctionReport, Report};

impl Report {
    /// Returns the wide report: for each function all the figures of each line,
    /// then the functions and lines that allocate the most, the scopes, and
    /// [advice](Self::advice). It fits `columns`, by leaving out the least
    /// important figures where they do not, and has no colours.
    ///
    /// The program prints the same with `ALLOC_PROFILER=wide`, as wide as its
    /// terminal and in colour there.
    ///
    /// ```
    /// # use std::alloc::System;
    /// # #[global_allocator]
    /// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
    /// #[alloc_profiler::profile]
    /// fn text() -> String {
    ///     "a".repeat(5000)
    /// }
    ///
    /// text();
    /// let wide = alloc_profiler::report().to_wide(100);
    /// assert!(wide.contains("+4.88 KiB"), "{wide}");
    /// assert!(wide.lines().all(|line| line.chars().count() <= 100));
    /// ```
    pub fn to_wide(&self, columns: usize) -> String {
        program(self, |_| true, Look::plain(columns))
    }
}

/// Returns the report, with tables of those functions that `has_table` names.
pub(crate) fn program(
    report: &Report,
    has_table: impl Fn(&FunctionReport) -> bool,
    look: Look,
) -> String {
    if report.functions.is_empty() && report.scopes.is_empty() {
        return String::new();
    }
    if !report.is_counting {
        return format!("{NOT_COUNTING}\n");
    }
    let mut text = String::new();
    for function in report.functions.iter().filter(|function| has_table(function)) {
        function::write(&mut text, function, look);
    }
    summary::write(&mut text, report, look);
    text
}

/// Returns the table of one function.
pub(crate) fn one_function(function: &FunctionReport, look: Look) -> String {
    let mut text = String::new();
    function::write(&mut text, function, look);
    text
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::samples::{self, assert_golden};

    #[test]
    fn the_wide_report_is_as_the_golden_files_show() {
        let report = samples::program();
        for columns in [80, 140] {
            let plain = report.to_wide(columns);
            assert_golden(&format!("wide_{columns}.txt"), &plain);
            let look = Look { columns, is_coloured: true };
            assert_golden(&format!("wide_{columns}.ansi"), &program(&report, |_| true, look));
        }
    }

    #[test]
    fn no_line_is_wider_than_the_page() {
        let report = samples::program();
        for columns in 60..200 {
            for line in report.to_wide(columns).lines() {
                assert!(line.width() <= columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn continued_and_empty_lines_have_no_figures() {
        let text = samples::program().to_wide(140);
        let line = text.lines().find(|line| line.contains("// One entry")).unwrap();
        let (figures, _) = line.split_once("//").unwrap();
        assert_eq!(figures.trim(), "43");
    }

    #[test]
    fn without_counts_there_is_one_line_and_without_functions_none() {
        let mut report = samples::program();
        report.is_counting = false;
        assert_eq!(report.to_wide(80), format!("{NOT_COUNTING}\n"));
        assert_eq!(samples::report(Vec::new()).to_wide(80), "");
    }
}
