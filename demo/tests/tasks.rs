//! `demo tasks`: async functions on many threads, to the byte, and each thread's
//! part.

mod common;

use alloc_profiler::{FunctionReport, Report};
use common::{DEMO, DEMO_SYSTEM, bytes, read_report, run};
use tempfile::tempdir;

/// Bytes of one page's head, body and whole: lines of 22.
const HEAD: i64 = 10 * 22;
const BODY: i64 = 25 * 22;
const PAGE: i64 = HEAD + BODY;

fn report(pages: u32, workers: u32) -> Report {
    let folder = tempdir().unwrap();
    let path = folder.path().join("report.json");
    let (pages, workers) = (pages.to_string(), workers.to_string());
    let output = format!("json:{}", path.display());
    run(DEMO, ["tasks", "--pages", &pages, "--workers", &workers, "--output", &output]).succeeded();
    read_report(&path)
}

fn function<'a>(report: &'a Report, name: &str) -> &'a FunctionReport {
    report.function(name).unwrap_or_else(|| panic!("{name} was never entered"))
}

/// The increment of the line that holds `text`.
fn increment(function: &FunctionReport, text: &str) -> i64 {
    let line = function.lines.iter().find(|line| line.source.contains(text)).expect(text);
    line.figures.expect(text).increment_bytes
}

#[test]
fn every_task_is_charged_its_own_bytes_on_whatever_thread() {
    for workers in [1, 2, 5] {
        let report = report(60, workers);
        let page = function(&report, "fetch::page");
        assert_eq!((page.calls, page.total_bytes), (60, 60 * PAGE), "{workers} workers: {page}");
        assert_eq!(increment(page, "let head"), 60 * HEAD);
        assert_eq!(increment(page, "let body"), 60 * BODY);
        assert_eq!(increment(page, "let mut text"), 60 * PAGE);
        assert_eq!(page.lines.last().unwrap().figures.unwrap().increment_bytes, -60 * PAGE);

        let part = function(&report, "fetch::part");
        assert_eq!((part.calls, part.total_bytes), (120, 60 * PAGE), "{workers} workers: {part}");
        let wait = part.lines.iter().find(|line| line.source.contains(".await")).unwrap();
        let wait = wait.figures.unwrap();
        assert_eq!((wait.occurrences, wait.allocated_bytes, wait.freed_bytes), (60 * 35, 0, 0));
    }
}

#[test]
fn the_threads_add_up_to_the_whole() {
    let report = report(60, 3);
    for name in ["fetch::page", "fetch::part", "Archive::lines_ending"] {
        let function = function(&report, name);
        let sum: i64 = function.threads.iter().map(|thread| thread.total_bytes).sum();
        assert_eq!(sum, function.total_bytes, "{name}");
        let calls: u64 = function.threads.iter().map(|thread| thread.calls).sum();
        assert_eq!(calls, function.calls, "{name}");
    }
    for thread in &function(&report, "fetch::part").threads {
        assert!(thread.name.starts_with("worker-"), "{}", thread.name);
    }
}

#[test]
fn each_searching_thread_has_its_share() {
    let report = report(10, 3);
    let function = function(&report, "Archive::lines_ending");
    let mut shares: Vec<_> = (function.threads.iter())
        .map(|thread| (thread.name.as_str(), thread.calls, thread.total_bytes))
        .collect();
    shares.sort_unstable();
    // A page gives one String, which stands in the vector, with 21 bytes on the heap.
    let share = |pages: usize| i64::try_from(pages * (size_of::<String>() + 21)).unwrap();
    let expected =
        [("search-0", 1, share(4)), ("search-1", 1, share(4)), ("search-2", 1, share(2))];
    assert_eq!(shares, expected);
}

#[test]
fn the_impl_blocks_methods_are_profiled_but_for_the_skipped_ones() {
    let report = report(5, 1);
    let methods: Vec<_> = (report.functions.iter())
        .filter_map(|function| function.name.rsplit_once("Archive::").map(|(_, name)| name))
        .collect();
    assert_eq!(methods, ["with_capacity", "add", "lines_ending"]);
}

#[test]
fn the_runs_three_parts_are_scopes() {
    let report = report(5, 2);
    let names: Vec<_> = report.scopes.iter().map(|scope| scope.name.as_str()).collect();
    assert_eq!(names, ["start the runtime", "load", "search"]);
    for scope in &report.scopes {
        assert_eq!(scope.thread, "main");
        assert!(scope.start_s <= scope.end_s, "{scope:?}");
    }
}

#[test]
fn both_allocators_are_asked_for_the_same_bytes() {
    let ours = bytes(&run(DEMO, ["tasks", "--bytes"]).succeeded().stdout);
    let theirs = bytes(&run(DEMO_SYSTEM, ["tasks", "--bytes"]).succeeded().stdout);
    assert_eq!(ours.len(), 5, "{ours:?}");
    assert_eq!(ours, theirs);
}

#[test]
fn the_wide_table_lists_threads_and_scopes() {
    let stdout = run(DEMO, ["tasks", "--workers", "2"]).succeeded().stdout;
    let shown = ["100 pages of 77000 bytes, 100 lines found", "search-0", "search-1", "Scopes"];
    for text in shown {
        assert!(stdout.contains(text), "{text}: {stdout}");
    }
}

#[test]
fn no_pages_are_no_mistake() {
    let stdout = run(DEMO, ["tasks", "--pages", "0"]).succeeded().stdout;
    assert!(stdout.starts_with("0 pages of 0 bytes, 0 lines found\n"), "{stdout}");
}
