//! `soak` as its users meet it: arguments, exit codes and files. Seconds are too few for
//! memory to settle, so the limit is set where it cannot be met, or not be missed.

mod common;

use std::fs;
use std::process::Output;

use common::{run, stderr};
use serde_json::Value;

/// Runs `soak` with such arguments.
fn soak(arguments: &[&str]) -> Output {
    let binary = env!("CARGO_BIN_EXE_soak");
    run(binary, arguments)
}

/// A run of a few seconds that takes little memory.
const SHORT: [&str; 6] = ["--seconds", "5", "--live", "16MiB", "--threads", "2"];

#[test]
fn a_short_soak_comes_in_all_three_forms() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (json, plot) = (path("soak.json"), path("soak.svg"));
    let rest = ["--limit", "1000", "--json", &json, "--plot", &plot];
    let output = soak(&[&SHORT[..], &rest].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "", "no progress line without a terminal");

    let table = String::from_utf8_lossy(&output.stdout);
    for word in ["40 days of 0.125 s", "2 threads", "RSS ÷ live", "KiB/s"] {
        assert!(table.contains(word), "{table}");
    }
    let document: Value =
        serde_json::from_str(&fs::read_to_string(json).expect("written")).expect("valid JSON");
    let samples = document["samples"].as_array().expect("a list");
    assert!((1..=100).contains(&samples.len()), "{samples:?}");
    let figure = |sample: &Value, name: &str| sample[name].as_u64().expect("a number");
    let live: Vec<u64> = samples.iter().map(|sample| figure(sample, "live_kib")).collect();
    // Every buffer is written in full, so it is resident as long as it is live.
    assert!(samples.iter().any(|sample| figure(sample, "rss_kib") > 4 << 10));
    // What is live is bounded by noon's bytes, tables, visitors, big buffers, and what
    // waits for a slow thread.
    assert!(live.iter().all(|&kib| kib < 64 << 10), "{live:?}");
    assert!(live.iter().any(|&kib| kib > 8 << 10), "{live:?}");
    assert!(document["operations"].as_u64().is_some_and(|operations| operations > 10_000));
    assert!(document["last_half"]["slope_kib_s"].as_f64().is_some());
    assert!(fs::read_to_string(plot).expect("written").starts_with("<svg"));
}

#[test]
fn memory_above_the_limit_is_a_failure_that_shows_its_figures() {
    let output = soak(&[&SHORT[..], &["--limit", "-1000"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).starts_with("error: RSS grew by"), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("RSS in the last 2.5 s"));
}

#[test]
fn bad_arguments_are_refused_in_one_line() {
    let refused = |arguments: &[&str], words: &[&str]| {
        common::assert_refused(&soak(arguments), words);
    };
    refused(&["--seconds", "0"], &["0", "5..=604800"]);
    refused(&["--threads", "0"], &["0", "1..=256"]);
    refused(&["--live", "1KiB"], &["1KiB", "at least 1MiB"]);
    refused(&["--json", "/nowhere/soak.json"], &["/nowhere/soak.json", "No such file"]);
}
