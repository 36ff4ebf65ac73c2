//! Ways in which a report is given out, chosen by the environment or in code. The
//! test runs itself as the program, in a process for each choice.

use std::alloc::System;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output as Outcome};

use alloc_profiler::{Output, ProfiledAlloc, Report, profile, set_output};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// The environment variable that tells a child what to choose in code.
const CHOICE: &str = "OUTPUTS_CHOICE";

#[profile]
fn work() -> Vec<u8> {
    let kept = vec![1; 3 << 10];
    kept
}

fn main() {
    match env::var(CHOICE) {
        Ok(choice) => work_after(&choice),
        Err(_) => check_all(),
    }
}

/// Works as a program that chose its output so.
fn work_after(choice: &str) {
    match choice {
        "" => {}
        "wide" => set_output([Output::Wide]),
        "nothing" => set_output([]),
        path => {
            set_output([Output::Json(path.into())]);
            // What was chosen is a place, wherever the program goes.
            env::set_current_dir("/").unwrap();
        }
    }
    drop(work());
    assert_no_cost();
}

/// Printing is not the program's: it leaves no trace in the figures.
fn assert_no_cost() {
    let figures = || {
        let report = alloc_profiler::report();
        report.function("prints").and_then(|function| function.lines[2].figures).unwrap()
    };
    prints();
    let figures = figures();
    assert_eq!((figures.allocated_bytes, figures.freed_bytes), (0, 0), "{figures:?}");
}

#[profile]
fn prints() {
    alloc_profiler::print_report();
}

/// Runs this program in `folder` with a choice in code and one in the environment.
fn run(folder: &Path, choice: &str, setting: Option<&str>) -> Outcome {
    let mut child = Command::new(env::current_exe().unwrap());
    child.current_dir(folder).env(CHOICE, choice).env_remove("COLUMNS");
    match setting {
        Some(setting) => child.env("ALLOC_PROFILER", setting),
        None => child.env_remove("ALLOC_PROFILER"),
    };
    let outcome = child.output().unwrap();
    assert!(outcome.status.success(), "{outcome:?}");
    outcome
}

fn stdout(outcome: &Outcome) -> String {
    String::from_utf8(outcome.stdout.clone()).unwrap()
}

fn is_classic(text: &str) -> bool {
    text.contains("Line #    Mem usage    Increment  Occurrences   Line Contents\n")
}

fn is_wide(text: &str) -> bool {
    text.contains("Functions by bytes allocated\n")
}

fn check_all() {
    let folder = tempfile::tempdir().unwrap();
    the_environment_chooses(folder.path());
    the_code_chooses_if_the_environment_does_not(folder.path());
    what_cannot_be_written_costs_nothing_else(folder.path());
    a_pipe_is_a_page_without_colours();
    println!("outputs: all choices did as they say");
}

fn the_environment_chooses(folder: &Path) {
    for (setting, classic, wide, json) in [
        ("classic", true, false, false),
        ("wide", false, true, false),
        ("wide,json:out.json", false, true, true),
        ("json:out.json", false, false, true),
        ("json:out.json, classic, wide", true, true, true),
        ("off", false, false, false),
    ] {
        let outcome = run(folder, "", Some(setting));
        let text = stdout(&outcome);
        assert!(outcome.stderr.is_empty(), "{setting}: {outcome:?}");
        assert_eq!(is_classic(&text), classic, "{setting}: {text}");
        assert_eq!(is_wide(&text), wide, "{setting}: {text}");
        assert_eq!(text.is_empty(), !classic && !wide, "{setting}: {text}");
        assert_json(&folder.join("out.json"), json, setting);
    }
}

/// Checks the file, and removes it.
#[track_caller]
fn assert_json(path: &Path, is_there: bool, setting: &str) {
    assert_eq!(path.exists(), is_there, "{setting}");
    if is_there {
        let report = Report::from_json(&fs::read_to_string(path).unwrap()).unwrap();
        let work = report.function("work").unwrap();
        assert_eq!((work.calls, work.total_bytes), (1, 3072), "{setting}");
        fs::remove_file(path).unwrap();
    }
}

fn the_code_chooses_if_the_environment_does_not(folder: &Path) {
    for setting in [None, Some(""), Some("on")] {
        assert!(is_wide(&stdout(&run(folder, "wide", setting))), "{setting:?}");
        assert!(run(folder, "nothing", setting).stdout.is_empty(), "{setting:?}");
        assert!(run(folder, "code.json", setting).stdout.is_empty(), "{setting:?}");
        assert_json(&folder.join("code.json"), true, "in code");
    }
    assert!(is_classic(&stdout(&run(folder, "wide", Some("classic")))));
    assert!(run(folder, "wide", Some("off")).stdout.is_empty());
    let outcome = run(folder, "wide", Some("wide,off"));
    let text = String::from_utf8(outcome.stderr.clone()).unwrap();
    assert!(text.contains("ALLOC_PROFILER=wide,off makes no sense: off goes alone;"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(is_classic(&stdout(&outcome)) && !is_wide(&stdout(&outcome)), "{outcome:?}");
}

fn what_cannot_be_written_costs_nothing_else(folder: &Path) {
    let path = folder.join("no/such/folder/out.json");
    let outcome = run(folder, "", Some("json:no/such/folder/out.json,wide,json:good.json"));
    let text = String::from_utf8(outcome.stderr.clone()).unwrap();
    // Once when the report is printed, and once more at the exit, of other figures.
    for line in text.lines() {
        let expected = format!("alloc_profiler: cannot write {}: ", path.display());
        assert!(line.starts_with(&expected), "{line}");
    }
    assert!(!text.is_empty());
    assert!(is_wide(&stdout(&outcome)));
    assert_json(&folder.join("good.json"), true, "beside a bad path");
}

fn a_pipe_is_a_page_without_colours() {
    for (columns, width) in [(None, 120), (Some("80"), 80), (Some("many"), 120)] {
        let mut child = Command::new(env::current_exe().unwrap());
        child.env(CHOICE, "").env("ALLOC_PROFILER", "wide").env_remove("COLUMNS");
        if let Some(columns) = columns {
            child.env("COLUMNS", columns);
        }
        let text = stdout(&child.output().unwrap());
        assert!(!text.contains('\u{1b}'), "{text}");
        // As wide as it may be, less what one column more would have taken.
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!((width - 14..=width).contains(&widest), "{columns:?}: {widest}\n{text}");
    }
}
