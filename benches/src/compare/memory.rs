//! The table's part on memory: what is given back, and what a process takes that
//! allocates nothing.
//!
//! # Design
//! These workloads have a section of their own, because what counts in them are
//! other figures: the idle RSS, beside the peak or beside the system's. Their
//! seconds are shown, since to give back costs time, and enter no mean.

use std::fmt::Write as _;

use super::allocators::Role;
use super::summary::{Figures, Summary};
use super::table::{line, mib, seconds};
use crate::workloads::Subject;

/// What of its peak may stay resident of a heap that was freed, in percent.
const MOST_IDLE_PERCENT: f64 = 5.0;
/// What a process may take beyond one with the system's malloc.
const MOST_EXTRA_KIB: u64 = 256;

/// Returns the section on these workloads, none of which is measured for its time.
pub fn render(summaries: &[&Summary]) -> String {
    let mut text = format!(
        "memory given back, one second after everything was freed; \
         targets: idle ≤ {MOST_IDLE_PERCENT} % of peak, \
         empty ≤ system + {MOST_EXTRA_KIB} KiB\n"
    );
    for summary in summaries {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}: {}", summary.name, summary.about);
        if summary.subject == Subject::Process {
            process(&mut text, summary);
        } else {
            given_back(&mut text, summary);
        }
    }
    text
}

/// The rows of a workload that gives memory back.
fn given_back(text: &mut String, summary: &Summary) {
    line(text, "", &["peak RSS", "idle RSS", "idle ÷ peak", "seconds"]);
    for (allocator, figures) in &summary.results {
        let share = format!("{:.1} %", idle_percent(figures));
        let (peak, idle) = (mib(figures.peak_rss_kib), mib(figures.idle_rss_kib));
        line(text, allocator.key, &[&peak, &idle, &share, &seconds(figures.median_s)]);
    }
}

/// The rows of a workload that allocates nothing.
fn process(text: &mut String, summary: &Summary) {
    line(text, "", &["peak RSS", "idle RSS", "− system"]);
    let system = summary.of(Role::System);
    for (allocator, figures) in &summary.results {
        let extra = system.map_or_else(
            || "–".to_owned(),
            |system| {
                let extra = figures.idle_rss_kib.checked_signed_diff(system.idle_rss_kib);
                format!("{:+} KiB", extra.unwrap_or(i64::MAX))
            },
        );
        let (peak, idle) = (mib(figures.peak_rss_kib), mib(figures.idle_rss_kib));
        line(text, allocator.key, &[&peak, &idle, &extra]);
    }
}

/// The idle RSS in percent of the peak.
fn idle_percent(figures: &Figures) -> f64 {
    100.0 * figures.idle_rss_kib as f64 / figures.peak_rss_kib as f64
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::example;
    use super::*;

    fn rows(summary: &Summary) -> Vec<Vec<String>> {
        let text = render(&[summary]);
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        text.lines().map(words).collect()
    }

    fn summary(subject: Subject) -> Summary {
        let results = [("pool", 1.0, 1024), ("system", 2.0, 2048)];
        Summary { subject, ..example(&results) }
    }

    #[test]
    fn what_is_given_back_is_shown_in_percent_of_the_peak() {
        let rows = rows(&summary(Subject::GivenBack));
        assert_eq!(rows[3], ["pool", "1.0", "MiB", "0.5", "MiB", "50.0", "%", "1.0000"]);
    }

    #[test]
    fn an_empty_process_is_compared_with_the_systems() {
        let rows = rows(&summary(Subject::Process));
        assert_eq!(rows[3], ["pool", "1.0", "MiB", "0.5", "MiB", "-512", "KiB"]);
        assert_eq!(rows[4], ["system", "2.0", "MiB", "1.0", "MiB", "+0", "KiB"]);
    }
}
