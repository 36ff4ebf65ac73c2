//! `scale` as its users meet it: arguments, exit codes and files.
//!
//! The workers are those that cargo built for this test, so nothing is compiled
//! while the test runs.

mod common;
#[path = "common/workers.rs"]
mod workers;

use std::fs;
use std::process::Output;

use common::{run, stderr};
use serde_json::Value;
use workers::workers;

/// Runs `scale` with such arguments.
fn scale(arguments: &[&str]) -> Output {
    let binary = env!("CARGO_BIN_EXE_scale");
    run(binary, arguments)
}

/// Checks that `scale` refuses the arguments with one line that has all these words.
#[track_caller]
fn assert_refused(arguments: &[&str], words: &[&str]) {
    common::assert_refused(&scale(arguments), words);
}

#[test]
fn small_curves_come_in_all_three_forms() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (json, plot) = (path("curves.json"), path("curves.svg"));
    let mut arguments = vec!["--quick", "--rounds", "1", "--max-heap", "4MiB"];
    arguments.extend(["--max-threads", "2", "--allocator", "pool", "--allocator", "system"]);
    arguments.extend(["--workers", workers(), "--json", &json, "--plot", &plot]);
    let output = scale(&arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "", "no progress line without a terminal");

    let table = String::from_utf8_lossy(&output.stdout);
    for word in ["live heap", "1 MiB", "4 MiB", "threads", "worst", "pool", "system"] {
        assert!(table.contains(word), "{table}");
    }
    let document: Value =
        serde_json::from_str(&fs::read_to_string(json).expect("written")).expect("valid JSON");
    let curves = document["curves"].as_array().expect("a list");
    let names: Vec<_> = curves.iter().map(|curve| curve["name"].as_str()).collect();
    assert_eq!(names, [Some("heap_window"), Some("heap_anywhere"), Some("threads")]);
    for curve in curves {
        for key in ["pool", "system"] {
            let results = &curve["results"][key];
            assert!(results["worst_ratio"].as_f64().is_some_and(|ratio| ratio >= 1.0));
            let points = results["points"].as_array().expect("a list");
            assert_eq!(points.len(), 2);
            let cost = |point: &Value| point["median_ns"].as_f64();
            assert!(points.iter().all(|point| cost(point).is_some_and(|cost| cost > 0.0)));
        }
    }
    assert!(fs::read_to_string(plot).expect("written").starts_with("<svg"));
}

#[test]
fn bad_arguments_are_refused_in_one_line() {
    assert_refused(&["--allocator", "dlmalloc"], &["dlmalloc", "pool", "system"]);
    assert_refused(&["--allocator", "bump"], &["bump", "never frees"]);
    assert_refused(&["--rounds", "0"], &["0", "1..=1000"]);
    assert_refused(&["--max-heap", "much"], &["much", "8GiB"]);
    assert_refused(&["--max-heap", "1KiB"], &["1KiB", "at least 1MiB"]);
    assert_refused(&["--max-threads", "0"], &["0", "1..=256"]);
}

#[test]
fn a_file_that_cannot_be_written_is_named_before_anything_runs() {
    let arguments = ["--workers", "/nowhere", "--json", "/nowhere/curves.json"];
    assert_refused(&arguments, &["/nowhere/curves.json", "No such file"]);
}
