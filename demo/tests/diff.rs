//! `demo diff`: two reports compared, and files that are none.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use common::{DEMO, Run, run};
use tempfile::tempdir;

/// Writes the report of a run with `args` to a file in `folder`.
fn written(folder: &Path, name: &str, args: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let output = format!("json:{}", path.display());
    run(DEMO, args.iter().copied().chain(["--output", &output])).succeeded();
    path
}

fn diff(before: &Path, after: &Path) -> Run {
    run(DEMO, [OsStr::new("diff"), before.as_os_str(), after.as_os_str()])
}

#[test]
fn what_grew_is_shown_line_by_line() {
    let folder = tempdir().unwrap();
    let before = written(folder.path(), "before.json", &["--count", "1000"]);
    let after = written(folder.path(), "after.json", &["--count", "3000"]);
    let stdout = diff(&before, &after).succeeded().stdout;
    assert!(stdout.starts_with("demo::numbers::test_func\ndemo/src/numbers.rs\n"), "{stdout}");
    for source in ["(the whole function)", "let list_to_db", "let num_to_str"] {
        let line = stdout.lines().find(|line| line.contains(source)).expect(source);
        assert!(line.trim_start().starts_with('+'), "{line}");
    }
    assert!(!stdout.contains("let summary"), "{stdout}");

    let back = diff(&after, &before).succeeded().stdout;
    let whole = back.lines().find(|line| line.contains("(the whole function)")).unwrap();
    assert!(whole.trim_start().starts_with('-'), "{whole}");
}

#[test]
fn two_runs_alike_have_no_difference() {
    let folder = tempdir().unwrap();
    let one = written(folder.path(), "one.json", &["--count", "100"]);
    let other = written(folder.path(), "other.json", &["--count", "100"]);
    assert_eq!(diff(&one, &other).succeeded().stdout, "nothing changed\n");
}

#[test]
fn other_functions_are_new_and_gone() {
    let folder = tempdir().unwrap();
    let numbers = written(folder.path(), "numbers.json", &["--count", "100"]);
    let faults = written(folder.path(), "faults.json", &["faults"]);
    let stdout = diff(&numbers, &faults).succeeded().stdout;
    let (new, gone) = stdout.split_once("Functions gone").expect("functions are gone");
    assert!(new.starts_with("New functions") && new.contains("faults::join"), "{stdout}");
    assert!(gone.contains("demo::numbers::test_func"), "{stdout}");
}

#[test]
fn what_is_no_report_is_refused_by_name() {
    let folder = tempdir().unwrap();
    let good = written(folder.path(), "good.json", &["--count", "1"]);
    let table = folder.path().join("table.txt");
    fs::write(&table, "Filename: a.rs\n").unwrap();
    let missing = folder.path().join("missing.json");
    for (bad, reason) in [
        (table.as_path(), "not a report of alloc-profiler in JSON"),
        (&missing, "No such file"),
        (folder.path(), "directory"),
    ] {
        for (before, after) in [(good.as_path(), bad), (bad, &good)] {
            let run = diff(before, after);
            let refusal = run.refusal();
            assert!(refusal.starts_with("demo: ") && refusal.contains(reason), "{refusal}");
            assert!(refusal.contains(&format!("{bad:?}")), "{refusal}");
            assert!(refusal.ends_with("name a file that --output json:PATH wrote"), "{refusal}");
            assert_eq!(run.stdout, "");
        }
    }
}

#[test]
fn one_file_is_not_enough() {
    let run = run(DEMO, ["diff", "one.json"]);
    assert!(run.refusal().contains("<AFTER>"), "{run:?}");
}
