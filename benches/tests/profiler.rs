//! `profiler` as its users meet it: arguments, exit codes and files.
//!
//! The workers are those that cargo built for this test, so nothing is compiled
//! while the test runs; nor is any time asserted.

mod common;
#[path = "common/workers.rs"]
mod workers;

use std::fs;
use std::process::{Command, Output};

use common::{run, stderr};
use serde_json::Value;
use workers::workers;

/// Runs `profiler` with such arguments.
fn profiler(arguments: &[&str]) -> Output {
    let binary = env!("CARGO_BIN_EXE_profiler");
    run(binary, arguments)
}

/// The rows that every build has, in their order.
const ROWS: [&str; 18] = [
    "presence",
    "allocation_1",
    "allocation_2",
    "allocation_4",
    "allocation_8",
    "allocation_flat",
    "probe",
    "seed",
    "allocating_line_1",
    "allocating_line_2",
    "allocating_line_4",
    "allocating_line_8",
    "call",
    "closure",
    "poll",
    "seed_attribute",
    "churn_1",
    "churn_2",
];

#[test]
fn a_quick_run_has_every_row_in_both_forms() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let json = folder.path().join("figures.json");
    let mut arguments = vec!["--quick", "--rounds", "1", "--workload", "pairs"];
    arguments.extend(["--workers", workers(), "--json", json.to_str().expect("UTF-8")]);
    let output = profiler(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "", "no progress line without a terminal");

    let table = String::from_utf8_lossy(&output.stdout);
    for word in ["CPU", "what", "measured", "must reach", "met?", "≤ 1.020 ×", "pairs"] {
        assert!(table.contains(word), "{table}");
    }
    assert!(!table.contains("Line #"), "no report of the profiler's own: {table}");
    let document: Value =
        serde_json::from_str(&fs::read_to_string(json).expect("written")).expect("valid JSON");
    let rows = document["rows"].as_array().expect("a list");
    let names: Vec<_> = rows.iter().map(|row| row["name"].as_str().expect("a name")).collect();
    let is_of_dhat = |name: &&str| name.contains("dhat");
    let others: Vec<_> = names.iter().copied().filter(|name| !is_of_dhat(name)).collect();
    assert_eq!(others, ROWS);
    assert_eq!(names.iter().any(is_of_dhat), cfg!(feature = "peers"));
    assert_eq!(table.contains("--features peers"), !cfg!(feature = "peers"));
    for row in rows {
        let what = row["what"].as_str().expect("a text");
        assert!(table.contains(what), "{what}: {table}");
        let [median, min, max] =
            ["median", "min", "max"].map(|name| row[name].as_f64().expect("a number"));
        // The mean of one workload is its ratio, but for rounding.
        assert!(min <= median + 1e-9 && median <= max + 1e-9, "{row}");
        for side in ["without_ns", "with_ns"] {
            let side = &row[side];
            assert!(side.is_null() || side.as_f64().is_some_and(|ns| ns > 0.0), "{row}");
        }
        assert_eq!(row["target"].is_null(), row["is_met"].is_null(), "{row}");
    }
    assert_eq!(document["workloads"][0]["name"], "pairs");
}

#[test]
fn an_output_that_the_environment_asks_for_is_no_workers_report() {
    let binary = env!("CARGO_BIN_EXE_compare");
    let mut command = Command::new(binary);
    command.args(["--quick", "--rounds", "1", "--workload", "seed_profiled"]);
    command.args(["--allocator", "profiled", "--workers", workers()]);
    let output = command.env("ALLOC_PROFILER", "wide").output().expect("the runner starts");
    assert!(output.status.success(), "{}", stderr(&output));
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("seed_profiled") && table.contains("profiled  "), "{table}");
}

#[test]
fn bad_arguments_are_refused_in_one_line() {
    let refused = |arguments: &[&str], words: &[&str]| {
        common::assert_refused(&profiler(arguments), words);
    };
    refused(&["--rounds", "0"], &["0", "1..=1000"]);
    refused(&["--workload", "pears"], &["pears", "pairs"]);
    refused(&["--workload", "empty"], &["empty", "its memory"]);
    refused(&["--json", "/nowhere/x.json"], &["/nowhere/x.json", "No such file"]);
}

#[test]
fn a_worker_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = profiler(&["--workers", folder.path().to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("worker-pool"), "{}", stderr(&output));
}
