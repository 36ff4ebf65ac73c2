//! Runs the binaries and reads what they print: the line table, the lines of
//! `--bytes`, the allocator's report.

// Each test binary compiles this module anew and uses its part of it.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use alloc_profiler::Report;

/// Over our allocator.
pub(crate) const DEMO: &str = env!("CARGO_BIN_EXE_demo");
/// Over the system's malloc.
pub(crate) const DEMO_SYSTEM: &str = env!("CARGO_BIN_EXE_demo-system");

/// The table's header, up to the rows.
pub(crate) const HEADER: &str = "\
Line #    Mem usage    Increment  Occurrences   Line Contents
=============================================================
";

/// What a finished process left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the output is text");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Run {
    /// The run itself, if it succeeded and had nothing to complain of.
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        self
    }

    /// The one line on standard error of a run that refused what it was given.
    pub(crate) fn refusal(&self) -> &str {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        self.stderr.trim_end()
    }
}

/// A command for `binary`, free of what the tests' own environment says.
pub(crate) fn command(binary: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(binary);
    command.env_remove("ALLOC_PROFILER").env_remove("ALLOC_PROFILER_LIMIT").env_remove("COLUMNS");
    command
}

/// Runs `binary` with `args`.
pub(crate) fn run<S: AsRef<OsStr>>(binary: &str, args: impl IntoIterator<Item = S>) -> Run {
    command(binary).args(args).output().expect("the binary starts").into()
}

/// Returns the report that a run wrote to `path`.
pub(crate) fn read_report(path: &Path) -> Report {
    let text = fs::read_to_string(path).expect("the report was written");
    Report::from_json(&text).expect("it is a report")
}

/// A row of the table that has figures.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) increment_mib: f64,
    pub(crate) occurrences: u64,
    pub(crate) source: String,
}

/// The rows with figures of every table in `stdout`, cut at the columns of
/// `'{0:>6} {1:>12} {2:>12}  {3:>10}   {4:<}'`.
pub(crate) fn rows(stdout: &str) -> Vec<Row> {
    let mib = |cell: &str| cell.trim().strip_suffix(" MiB")?.parse::<f64>().ok();
    let row = |line: &str| {
        line.get(..6)?.trim().parse::<u32>().ok()?;
        mib(line.get(7..19)?)?;
        Some(Row {
            increment_mib: mib(line.get(20..32)?)?,
            occurrences: line.get(34..44)?.trim().parse().ok()?,
            source: line.get(47..)?.to_owned(),
        })
    };
    stdout.lines().filter_map(row).collect()
}

/// What `--bytes` says of one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bytes {
    pub(crate) name: String,
    pub(crate) lines: Vec<(u32, i64)>,
    pub(crate) total: i64,
}

impl Bytes {
    /// The sum over the lines, to hold against the total.
    pub(crate) fn sum(&self) -> i64 {
        self.lines.iter().map(|(_, bytes)| bytes).sum()
    }
}

/// The functions that `--bytes` lists in `stdout`.
pub(crate) fn bytes(stdout: &str) -> Vec<Bytes> {
    let number = |text: &str| text.strip_suffix(" bytes")?.parse::<i64>().ok();
    let mut functions: Vec<Bytes> = Vec::new();
    for line in stdout.lines() {
        if let Some(name) = line.strip_prefix("Bytes: ") {
            functions.push(Bytes { name: name.to_owned(), lines: Vec::new(), total: 0 });
        } else if let Some(total) = line.strip_prefix("total: ").and_then(number) {
            functions.last_mut().expect("a total follows its function").total = total;
        } else if let Some((line, increment)) =
            line.strip_prefix("line ").and_then(|rest| rest.split_once(": "))
        {
            let line = line.parse().expect("a line has a number");
            let increment = number(increment).expect("an increment is in bytes");
            functions
                .last_mut()
                .expect("a line follows its function")
                .lines
                .push((line, increment));
        }
    }
    functions
}

/// The sections of the allocator's report that account for arenas: for each
/// the number of arenas, the bytes in its parts, and its Total.
pub(crate) fn arena_sections(stdout: &str) -> Vec<(u64, u64, u64)> {
    let mut sections = Vec::new();
    let mut open: Option<(u64, u64)> = None;
    for (label, value) in stdout.lines().filter_map(|line| line.split_once('=')) {
        let Ok(value) = value.trim().replace(',', "").parse::<u64>() else { continue };
        if let Some((arenas, _)) = label.split_once(" arenas * 262144 bytes/arena") {
            let arenas = arenas.parse().expect("arenas are counted");
            assert_eq!(value, arenas * 262_144, "{label}");
            open = Some((arenas, 0));
        } else if label.trim() == "Total" {
            sections.extend(open.take().map(|(arenas, parts)| (arenas, parts, value)));
        } else if let Some((_, parts)) = &mut open {
            *parts += value;
        }
    }
    sections
}
