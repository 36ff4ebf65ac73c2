//! `#[profile]` on every function of real crates: their own suites pass as before.
//!
//! The work is `tests/crates/run`'s. Where crates.io cannot be reached, this says so
//! and passes.

use std::process::{Command, Output};

/// What the script ends with when the sources cannot be had.
const OUT_OF_REACH: i32 = 3;

/// Runs the script with `arguments`.
fn run(arguments: &[&str]) -> Output {
    Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/run"))
        .args(arguments)
        .output()
        .expect("bash runs the script")
}

#[test]
fn real_crates_pass_their_own_tests_with_the_attribute_on_every_function() {
    let output = run(&[]);
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(OUT_OF_REACH) {
        println!("skipped: {}", said.trim_end());
        return;
    }
    let did = String::from_utf8_lossy(&output.stdout);
    println!("{did}");
    assert!(output.status.success(), "{}:\n{did}\n{said}", output.status);
    let suites = did.lines().filter(|line| line.ends_with(" functions recorded")).count();
    assert!(suites >= 3, "{suites} suites ran:\n{did}");
}

#[test]
fn an_unknown_crate_is_refused_by_its_name() {
    let output = run(&["no-such-crate"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("'no-such-crate' is not in tests/crates/suites.txt"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
