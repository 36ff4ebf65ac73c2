//! `compare` as its users meet it: arguments, exit codes, files, and workers that
//! misbehave.
//!
//! The workers are those that cargo built for this test, or shell scripts, so
//! nothing is compiled while the test runs.

mod common;
#[path = "common/workers.rs"]
mod workers;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use common::{run, stderr};
use serde_json::Value;
use workers::workers;

/// Runs `compare` with such arguments.
fn compare(arguments: &[&str]) -> Output {
    let binary = env!("CARGO_BIN_EXE_compare");
    run(binary, arguments)
}

/// Runs `compare` on one allocator's fake worker, a shell script.
fn compare_script(script: &str) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let worker = folder.path().join("worker-system");
    fs::write(&worker, format!("#!/bin/sh\n{script}\n")).expect("writable");
    fs::set_permissions(&worker, fs::Permissions::from_mode(0o755)).expect("ours");
    let place = folder.path().to_str().expect("a path in UTF-8");
    compare(&["--workers", place, "--workload", "list", "--allocator", "system", "--rounds", "2"])
}

/// Checks that `compare` refuses the arguments with one line that has all these words.
#[track_caller]
fn assert_refused(arguments: &[&str], words: &[&str]) {
    common::assert_refused(&compare(arguments), words);
}

#[test]
fn pairs_run_to_figures_in_all_three_forms() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (json, plot) = (path("figures.json"), path("figures.svg"));
    let mut arguments = vec!["--quick", "--workload", "pairs", "--rounds", "1"];
    arguments.extend(["--allocator", "pool", "--allocator", "system", "--allocator", "bump"]);
    arguments.extend(["--workers", workers(), "--json", &json, "--plot", &plot]);
    let output = compare(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "", "no progress line without a terminal");

    let table = String::from_utf8_lossy(&output.stdout);
    let document: Value =
        serde_json::from_str(&fs::read_to_string(json).expect("written")).expect("valid JSON");
    assert!(document["machine"].is_string());
    let workloads = document["workloads"].as_array().expect("a list");
    assert_eq!(workloads.len(), 1);
    assert_eq!(workloads[0]["name"], "pairs");
    for key in ["pool", "system", "bump"] {
        assert!(table.lines().any(|line| line.trim_start().starts_with(key)), "{table}");
        let figures = workloads[0]["results"][key].as_object().expect("an object");
        let mut names: Vec<_> = figures.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["idle_rss_kib", "max_s", "median_s", "min_s", "peak_rss_kib"]);
        assert!(figures.values().all(|figure| figure.as_f64().is_some_and(|value| value > 0.0)));
    }
    assert!(fs::read_to_string(plot).expect("written").starts_with("<svg"));
}

#[test]
fn memory_given_back_is_shown_in_percent_of_the_peak() {
    let mut arguments = vec!["--quick", "--workload", "idle_mib", "--workload", "empty"];
    arguments.extend(["--allocator", "pool", "--allocator", "system", "--workers", workers()]);
    let output = compare(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let table = String::from_utf8_lossy(&output.stdout);
    for word in ["memory given back", "idle_mib", "idle ÷ peak", " %", "empty", "+0 KiB"] {
        assert!(table.contains(word), "{table}");
    }
    assert!(!table.contains("÷ fastest"), "no figures of time alone: {table}");
}

#[test]
fn bad_arguments_are_refused_in_one_line() {
    assert_refused(&["--workload", "pears"], &["pears", "pairs", "lru_minute"]);
    assert_refused(&["--allocator", "dlmalloc"], &["dlmalloc", "pool", "system"]);
    assert_refused(&["--rounds", "0"], &["0", "1..=1000"]);
    assert_refused(&["--rounds", "many"], &["many"]);
    assert_refused(&["--threads", "-1"], &["-1"]);
    assert_refused(&["--jsom", "x"], &["--jsom"]);
    assert_refused(&["--allocator", "bump", "--workload", "list"], &["bump", "list", "pairs"]);
}

#[test]
fn a_file_that_cannot_be_written_is_named_before_anything_runs() {
    // No workers there: were anything run first, that would be the complaint.
    let arguments = ["--workers", "/nowhere", "--json", "/nowhere/figures.json"];
    assert_refused(&arguments, &["/nowhere/figures.json", "No such file"]);
    assert_refused(&["--workers", "/nowhere", "--plot", "/"], &["cannot write /:"]);
}

#[test]
fn help_lists_workloads_and_allocators() {
    let output = compare(&["--help"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    for word in ["lru_minute", "producer_consumer", "pool, system", "--quick"] {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn a_worker_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = folder.path().to_str().expect("UTF-8");
    for (workload, binary) in [("list", "worker-system"), ("empty", "empty-system")] {
        let arguments = ["--workers", place, "--allocator", "system", "--workload", workload];
        let output = compare(&arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(binary), "{}", stderr(&output));
    }
}

#[test]
fn a_worker_that_crashes_is_named_with_its_signal_and_last_words() {
    let output = compare_script("echo 'free(): invalid pointer' >&2; kill -ABRT $$");
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1));
    for word in ["worker-system", "list", "SIGABRT", "invalid pointer"] {
        assert!(text.contains(word), "{text}");
    }
    assert!(output.stdout.is_empty(), "no figures after a crash");
}

#[test]
fn checksums_that_differ_fail_the_comparison() {
    let report = r#"{"seconds":0.5,"checksum":'$$',"peak_rss_kib":100,"idle_rss_kib":null}"#;
    let output = compare_script(&format!("echo '{report}'"));
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("checksums of list differ"), "{text}");
    assert!(output.stdout.is_empty(), "no figures that nobody should trust");
}
