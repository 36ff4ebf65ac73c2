//! Where a function's own tables go, and what its options make of them. The test
//! runs itself as the program.

use std::alloc::System;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use alloc_profiler::{ProfiledAlloc, profile};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Tells the child that it is one.
const CHILD: &str = "STREAMS_CHILD";

#[profile]
fn to_the_report() -> Vec<u8> {
    Vec::with_capacity(1000)
}

#[profile(stream = "stderr", precision = 4)]
fn to_stderr() -> Vec<u8> {
    Vec::with_capacity(3 << 20)
}

#[profile(stream = "tables.txt", each_call)]
fn to_a_file() -> Vec<u8> {
    Vec::with_capacity(2 << 20)
}

#[profile(stream = "no/such/folder/tables.txt")]
fn to_nowhere() -> Vec<u8> {
    Vec::with_capacity(1000)
}

#[profile(backend = "rss", stream = "stdout")]
fn in_pages() -> Vec<u8> {
    let pages = vec![1; 8 << 20];
    pages
}

fn main() {
    if env::var_os(CHILD).is_some() {
        drop([to_the_report(), to_stderr(), to_a_file(), to_a_file(), to_nowhere(), in_pages()]);
        return;
    }
    each_table_goes_to_its_stream();
    off_silences_them_all();
    wide_tables_go_there_too();
    println!("streams: each table went where it should");
}

/// Runs this program in `folder`.
fn run(folder: &Path, setting: &str) -> Output {
    let mut child = Command::new(env::current_exe().unwrap());
    child.current_dir(folder).env(CHILD, "1").env("ALLOC_PROFILER", setting).env_remove("COLUMNS");
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

fn texts(output: &Output) -> [String; 2] {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8(bytes.clone()).unwrap())
}

/// Returns how often the table of the function `name` is in `text`.
fn tables(text: &str, name: &str) -> usize {
    text.matches(&format!("fn {name}() -> Vec<u8> {{\n")).count()
}

/// Checks which functions' tables are in `text`, and how often.
#[track_caller]
fn assert_tables(text: &str, expected: [usize; 5]) {
    let names = ["to_the_report", "to_stderr", "to_a_file", "to_nowhere", "in_pages"];
    assert_eq!(names.map(|name| tables(text, name)), expected, "{text}");
}

fn each_table_goes_to_its_stream() {
    let folder = tempfile::tempdir().unwrap();
    let [stdout, stderr] = texts(&run(folder.path(), "classic"));
    assert_tables(&stdout, [1, 0, 0, 0, 1]);
    // What the system says of whole pages: eight MiB, and what else it touched.
    let row = stdout.lines().find(|line| line.contains("let pages")).unwrap();
    let increment: f64 = row.split_whitespace().nth(3).unwrap().parse().unwrap();
    assert!((7.9..12.0).contains(&increment), "{row}");
    // A file that cannot be written is named, and its table follows.
    assert_tables(&stderr, [0, 1, 0, 1, 0]);
    let named = "alloc_profiler: cannot write to no/such/folder/tables.txt: ";
    assert_eq!(stderr.matches(named).count(), 1, "{stderr}");
    let row = stderr.lines().find(|line| line.contains("with_capacity(3 << 20)")).unwrap();
    assert_eq!(row.split_whitespace().nth(3), Some("3.0000"), "{row}");
    // A table after each call, and one at the exit.
    let path = folder.path().join("tables.txt");
    let file = fs::read_to_string(&path).unwrap();
    assert_tables(&file, [0, 0, 3, 0, 0]);
    let runs: Vec<_> = file
        .lines()
        .filter(|line| line.contains("with_capacity(2 << 20)"))
        .map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            (words[3].to_owned(), words[5].to_owned())
        })
        .collect();
    let pair = |net: &str, runs: &str| (net.to_owned(), runs.to_owned());
    assert_eq!(runs, [pair("2.0", "1"), pair("2.0", "1"), pair("4.0", "2")], "{file}");
    // The next run's tables follow.
    run(folder.path(), "classic");
    assert_tables(&fs::read_to_string(&path).unwrap(), [0, 0, 6, 0, 0]);
}

fn off_silences_them_all() {
    for setting in ["off", "json:report.json"] {
        let folder = tempfile::tempdir().unwrap();
        let output = run(folder.path(), setting);
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
        assert!(!folder.path().join("tables.txt").exists());
    }
}

fn wide_tables_go_there_too() {
    let folder = tempfile::tempdir().unwrap();
    let [stdout, stderr] = texts(&run(folder.path(), "wide"));
    let file = fs::read_to_string(folder.path().join("tables.txt")).unwrap();
    let title = |text: &str, name: &str| text.matches(&format!("streams::{name}\nalloc")).count();
    assert_eq!(title(&stdout, "to_the_report"), 1, "{stdout}");
    assert_eq!(title(&stdout, "to_stderr") + title(&stdout, "to_a_file"), 0, "{stdout}");
    assert_eq!(title(&stderr, "to_stderr"), 1, "{stderr}");
    assert_eq!(title(&file, "to_a_file"), 3, "{file}");
    // The ranks are of all functions, once.
    assert_eq!(stdout.matches("Functions by bytes allocated").count(), 1, "{stdout}");
    assert!(stdout.lines().any(|line| line.ends_with("  streams::to_a_file")), "{stdout}");
    assert!(!file.contains("Functions by") && !stderr.contains("Functions by"));
}
