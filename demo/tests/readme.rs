//! The README's tables are what the demo prints.

mod common;

use std::fs;
use std::path::Path;

use common::{DEMO, Run, command};

/// The README's blocks of output that begin with `start`.
fn blocks(start: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(path).expect("the README is there");
    let blocks = readme.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.starts_with(start)).map(str::to_owned).collect()
}

#[test]
fn the_classic_table_is_the_plain_runs() {
    let blocks = blocks("Filename: ");
    assert_eq!(blocks.len(), 1);
    let run: Run = command(DEMO).output().unwrap().into();
    let stdout = run.succeeded().stdout;
    assert!(stdout.starts_with(&blocks[0]), "{}\nis not how this begins:\n{stdout}", blocks[0]);
}

#[test]
fn the_wide_table_is_that_of_the_faults() {
    let blocks = blocks("faults::");
    assert_eq!(blocks.len(), 1);
    let run: Run = command(DEMO).arg("faults").env("COLUMNS", "100").output().unwrap().into();
    let stdout = run.succeeded().stdout;
    // An ellipsis stands for what the README leaves out.
    let parts: Vec<_> = blocks[0].split("…\n").filter(|part| !part.is_empty()).collect();
    assert!(parts.len() > 1, "{parts:?}");
    for part in parts {
        assert!(stdout.contains(part), "{part}\nis not in:\n{stdout}");
    }
}
