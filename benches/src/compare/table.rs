//! The figures for people: one block a workload, then the means over all that are
//! measured for their time, then the memory given back.

use std::fmt::Write as _;

use super::allocators::{Allocator, Role};
use super::memory;
use super::summary::{Ratios, Spread, Summary, spread};
use crate::workloads::Subject;

/// Returns the whole text, without colours, ready to be pasted.
pub fn render(summaries: &[Summary], machine: &str) -> String {
    let (timed, others): (Vec<_>, Vec<_>) =
        summaries.iter().partition(|summary| summary.subject == Subject::Time);
    let mut text = format!("{machine}\n");
    for summary in &timed {
        text += "\n";
        text += &workload(summary);
    }
    if timed.len() > 1 {
        text += "\n";
        text += &means(&timed);
    }
    if !others.is_empty() {
        text += "\n";
        text += &memory::render(&others);
    }
    text
}

/// What a pair may cost under ours, over what it costs under the floor.
const MOST_OVER_FLOOR: f64 = 1.3;

/// What ours may take inside the profiler with nothing profiled, over what it takes
/// alone.
pub(crate) const MOST_OVER_OURS: f64 = 1.02;

/// One workload's block.
fn workload(summary: &Summary) -> String {
    let mut text = format!("{}: {}\n", summary.name, summary.about);
    line(
        &mut text,
        "",
        &["median s", "min s", "max s", "÷ fastest", "÷ system", "peak RSS", "idle RSS"],
    );
    for (allocator, figures) in &summary.results {
        let Ratios { fastest_rival, system, .. } = summary.ratios(figures);
        let cells = [
            seconds(figures.median_s),
            seconds(figures.min_s),
            seconds(figures.max_s),
            ratio(fastest_rival),
            ratio(system),
            mib(figures.peak_rss_kib),
            mib(figures.idle_rss_kib),
        ];
        line(&mut text, allocator.key, &cells.each_ref().map(String::as_str));
    }
    if let (Some(ours), Some(floor)) = (summary.of(Role::Ours), summary.of(Role::Floor)) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  pool takes {:.2} of the time of one that never frees",
            ours.median_s / floor.median_s
        );
    }
    text
}

/// The line of the means on a workload that the floor ran too.
fn over_floor(summary: &Summary) -> Option<String> {
    let (ours, floor) = (summary.of(Role::Ours)?, summary.of(Role::Floor)?);
    let ratio = ours.median_s / floor.median_s;
    Some(format!("{}: pool ÷ bump {ratio:.2}, target ≤ {MOST_OVER_FLOOR:.2}\n", summary.name))
}

/// The line of what the profiler's presence costs, if that was measured.
fn over_ours(summaries: &[&Summary]) -> Option<String> {
    let profiled = allocators(summaries).into_iter().find(|one| one.role == Role::Profiled)?;
    let Spread { mean, worst } = spread(summaries, profiled, |ratios| ratios.ours)?;
    let target = format!("target ≤ {MOST_OVER_OURS:.2}");
    Some(format!("profiled ÷ pool {mean:.3} in geometric mean, {target}; worst {worst:.3}\n"))
}

/// The block over all workloads.
fn means(summaries: &[&Summary]) -> String {
    let mut text = format!("geometric mean over {} workloads, and the worst\n", summaries.len());
    line(&mut text, "", &["÷ fastest", "worst", "÷ system", "worst", "RSS ÷ leanest", "worst"]);
    for allocator in allocators(summaries) {
        let columns: [fn(Ratios) -> Option<f64>; 3] =
            [|ratios| ratios.fastest_rival, |ratios| ratios.system, |ratios| ratios.leanest_peer];
        let cells: Vec<String> = columns
            .into_iter()
            .flat_map(|column| {
                let spread: Option<Spread> = spread(summaries, allocator, column);
                [ratio(spread.map(|spread| spread.mean)), ratio(spread.map(|spread| spread.worst))]
            })
            .collect();
        line(&mut text, allocator.key, &cells.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text += "÷ fastest: time over the fastest of all but pool and bump; \
            RSS ÷ leanest: peak over the leanest of all but pool and system\n";
    text.extend(over_ours(summaries));
    text.extend(summaries.iter().filter_map(|summary| over_floor(summary)));
    text
}

/// All but the floor that ran anything, in their order.
fn allocators(summaries: &[&Summary]) -> Vec<Allocator> {
    let mut found = Vec::new();
    for (allocator, _) in summaries.iter().flat_map(|summary| summary.results.iter()) {
        if allocator.role != Role::Floor && !found.contains(allocator) {
            found.push(*allocator);
        }
    }
    found
}

/// Appends a line of a name and right-aligned cells.
pub(super) fn line(text: &mut String, name: &str, cells: &[&str]) {
    // Writing to a string cannot fail.
    let _ = write!(text, "  {name:<12}");
    for cell in cells {
        let _ = write!(text, " {cell:>13}");
    }
    text.push('\n');
}

pub(super) fn seconds(value: f64) -> String {
    format!("{value:.4}")
}

fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
}

pub(super) fn mib(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::example;
    use super::*;

    #[test]
    fn a_block_has_a_row_an_allocator() {
        let summary = example(&[("pool", 1.0, 2048), ("system", 2.0, 1024), ("bump", 0.5, 512)]);
        let text = render(&[summary], "a box");
        let rows: Vec<Vec<&str>> =
            text.lines().map(|line| line.split_whitespace().collect()).collect();
        let pool =
            ["pool", "1.0000", "0.5000", "2.0000", "0.50", "0.50", "2.0", "MiB", "1.0", "MiB"];
        assert_eq!(rows[4], pool);
        assert_eq!(rows[5][..5], ["system", "2.0000", "1.0000", "4.0000", "1.00"]);
        assert!(text.contains("pool takes 2.00 of the time"), "{text}");
        assert!(!text.contains("geometric"), "one workload has no mean");
    }

    #[test]
    fn memory_has_a_section_of_its_own_after_the_means() {
        let timed = || example(&[("pool", 1.3, 1), ("system", 2.0, 1), ("bump", 1.0, 1)]);
        let idle = Summary { subject: Subject::GivenBack, ..timed() };
        let text = render(&[timed(), idle, timed()], "a box");
        assert!(text.contains("geometric mean over 2 workloads"), "{text}");
        assert!(text.contains("list: pool ÷ bump 1.30, target ≤ 1.30\n"), "{text}");
        let (_, section) = text.split_once("memory given back").expect("a section");
        assert!(section.contains("idle ÷ peak") && !section.contains("÷ fastest"), "{section}");
    }

    #[test]
    fn the_profilers_presence_is_shown_over_ours_alone() {
        let workload = || example(&[("pool", 1.0, 1), ("profiled", 1.25, 1)]);
        let text = render(&[workload(), workload()], "a box");
        let line = "profiled ÷ pool 1.250 in geometric mean, target ≤ 1.02; worst 1.250\n";
        assert!(text.contains(line), "{text}");
        let text = render(&[example(&[("pool", 1.0, 1)]), example(&[("pool", 1.0, 1)])], "a box");
        assert!(!text.contains("profiled"), "{text}");
    }

    #[test]
    fn the_means_come_after_the_workloads() {
        let text = render(&[example(&[("pool", 1.0, 1)]), example(&[("pool", 1.0, 1)])], "a box");
        let means = text.split("geometric mean").nth(1).expect("a block of means");
        let pool = means.lines().find(|line| line.contains("pool")).expect("a row");
        assert_eq!(pool.matches('–').count(), 6, "nobody to compare with: {pool}");
    }
}
