//! `demo faults`: what the four functions cost, the advice on each, and what
//! mending them saves.

mod common;

use std::path::Path;

use alloc_profiler::{Growth, Pattern, Report};
use common::{DEMO, DEMO_SYSTEM, Run, bytes, read_report, run};
use tempfile::tempdir;

const FAULTY: &[&str] = &["faults"];
const MENDED: &[&str] = &["faults", "--mended"];

/// Runs a version with its report in the file `path` of its own.
fn report(binary: &str, version: &[&str], path: &Path) -> Report {
    let output = format!("json:{}", path.display());
    run(binary, version.iter().copied().chain(["--output", &output])).succeeded();
    read_report(path)
}

/// What is printed before the first table.
fn answers(run: &Run) -> &str {
    run.stdout.split("\n\n").next().expect("the answers come first")
}

#[test]
fn each_fault_gets_its_advice_and_what_is_mended_gets_none() {
    let folder = tempdir().unwrap();
    let faulty = report(DEMO, FAULTY, &folder.path().join("faulty.json"));
    let found: Vec<_> =
        faulty.advice().into_iter().map(|advice| (advice.function, advice.pattern)).collect();
    for (function, pattern) in [
        ("faults::join", Pattern::JoinedInLoop),
        ("faults::squares", Pattern::GrownStepByStep),
        ("faults::distinct", Pattern::ClonedInLoop),
        ("faults::vowels", Pattern::FreedOnSameLine),
    ] {
        assert!(found.contains(&(function.to_owned(), pattern)), "{function}: {found:?}");
    }
    assert_eq!(found.len(), 4, "{found:?}");

    let mended = report(DEMO, MENDED, &folder.path().join("mended.json"));
    assert_eq!(mended.advice(), []);
}

#[test]
fn the_wide_table_is_the_default_and_ends_in_the_advice() {
    let stdout = run(DEMO, FAULTY).succeeded().stdout;
    for text in [
        "Peak inside",
        "Functions by bytes allocated",
        "Top lines by bytes allocated",
        "Advice: bytes to save",
        "grown step by step: size it by with_capacity or reserve",
        "joined in a loop: with_capacity once",
        "cloned in a loop: borrow",
        "freed on the same line: keep one buffer",
    ] {
        assert!(stdout.contains(text), "{text}: {stdout}");
    }
    let mended = run(DEMO, MENDED).succeeded().stdout;
    assert!(mended.contains("Peak inside") && !mended.contains("Advice"), "{mended}");
}

#[test]
fn both_versions_give_the_same_answers() {
    let (faulty, mended) = (run(DEMO, FAULTY).succeeded(), run(DEMO, MENDED).succeeded());
    assert_eq!(answers(&faulty), answers(&mended));
    assert!(answers(&faulty).starts_with("20000 squares, 1000 of them joined"), "{faulty:?}");
}

#[test]
fn both_allocators_are_asked_for_the_same_bytes() {
    for version in [FAULTY, MENDED] {
        let increments = |binary| {
            let args = version.iter().copied().chain(["--bytes"]);
            bytes(&run(binary, args).succeeded().stdout)
        };
        let ours = increments(DEMO);
        assert_eq!(ours.len(), 4, "{ours:?}");
        assert_eq!(ours, increments(DEMO_SYSTEM));
        for function in ours {
            assert_eq!(function.sum(), function.total, "{function:?}");
        }
    }
}

#[test]
fn what_was_saved_is_known_to_the_byte() {
    let folder = tempdir().unwrap();
    let faulty = report(DEMO, FAULTY, &folder.path().join("faulty.json"));
    let mended = report(DEMO, MENDED, &folder.path().join("mended.json"));
    let diff = faulty.diff(&mended);
    assert!(diff.new.is_empty() && diff.gone.is_empty(), "{diff}");
    let growth = |name: &str| -> Growth {
        let found = diff.changed.iter().find(|function| function.name == name);
        found.unwrap_or_else(|| panic!("{name} did not change: {diff}")).growth
    };

    // 4, 8, … 16384, 32768 squares of 8 bytes; mended, one block of 20,000.
    let squares = growth("faults::squares");
    assert_eq!(squares.before.allocated_bytes, 8 * (4 + 8 * (8192 - 1)));
    assert_eq!((squares.after.allocated_bytes, squares.after.allocated_blocks), (160_000, 1));

    // 5,000 names, "Anna No. 0" to "Anna No. 499" ten times over, each copied.
    let name_bytes = 10 * (10 * 10 + 90 * 11 + 400 * 12);
    let vowels = growth("faults::vowels");
    assert_eq!(vowels.before.allocated_bytes, name_bytes);
    assert_eq!((vowels.before.allocated_blocks, vowels.after.allocated_blocks), (5_000, 0));
    // The set itself has 8192 entries, of a String or of a &str.
    let distinct = growth("faults::distinct");
    let entry_bytes = i64::try_from(size_of::<String>() - size_of::<&str>()).unwrap();
    let saved = i64::try_from(name_bytes).unwrap() + 8192 * entry_bytes;
    assert_eq!((distinct.allocated_bytes(), distinct.allocated_blocks()), (-saved, -5_000));

    // A text of each length on the way, against one.
    let join = growth("faults::join");
    assert!(join.before.allocated_bytes > 1_000_000, "{join:?}");
    assert_eq!((join.after.allocated_bytes, join.after.allocated_blocks), (8_000, 1));
}
