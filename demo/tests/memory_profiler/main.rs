//! Python's `memory_profiler` and the demo's table: one function, one form.
//!
//! The demo's default job is the seed's function in Rust. What the real tool prints
//! for the function in Python is recorded in `tests/memory_profiler/sample.txt`, by the
//! script beside it. One parser reads both tables, and the script's output of today
//! where the tool can be had.

#[path = "../common/mod.rs"]
mod common;
mod table;

use std::process::Command;

use common::{DEMO, run};
use table::{Row, Table};

/// What the real tool printed.
const SAMPLE: &str = include_str!("../../../tests/memory_profiler/sample.txt");
/// Prints it anew.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/memory_profiler/run");
/// What the script ends with when there is no Python, or no way to its packages.
const OUT_OF_REACH: i32 = 3;

/// What the function's three statements set.
const STATEMENTS: [&str; 3] = ["summary", "list_to_db", "num_to_str"];

/// Returns the row that sets `name`: `name = …` in Python, `let name = …` in Rust.
fn statement<'a>(table: &'a Table, name: &str) -> &'a Row<'a> {
    let sets = |row: &&Row| {
        let code = row.source.trim_start();
        let code = code.strip_prefix("let ").unwrap_or(code);
        code.strip_prefix(name).is_some_and(|rest| rest.starts_with(" = "))
    };
    let mut rows = table.rows.iter().filter(sets);
    let row = rows.next().unwrap_or_else(|| panic!("no row sets {name}: {table:?}"));
    assert!(rows.next().is_none(), "{name} is set twice: {table:?}");
    row
}

/// Checks what every table of the function must show, whoever printed it.
fn check(table: &Table) {
    let [first, signature, ..] = table.rows.as_slice() else {
        panic!("there are rows for the attribute and the signature: {table:?}");
    };
    assert!(first.source.ends_with("profile") || first.source.ends_with("profile]"), "{first:?}");
    assert_eq!(first.figures.expect("the first row has figures").occurrences, 1);
    assert!(signature.source.contains("test_func") && signature.figures.is_none(), "{signature:?}");
    for (number, row) in (first.number..).zip(&table.rows) {
        assert_eq!(row.number, number, "{table:?}");
    }

    for name in STATEMENTS {
        let row = statement(table, name);
        let figures = row.figures.unwrap_or_else(|| panic!("{row:?} has no figures"));
        assert!(row.source.starts_with("    ") && figures.occurrences > 0, "{row:?}");
        // A usage is of the whole process, an increment of the line. The lists take memory.
        assert!(figures.usage.value >= figures.increment.value, "{row:?}");
        assert!(figures.increment.value > 0.1 || name == "summary", "{row:?}");
    }
}

#[test]
fn our_table_has_the_form_of_the_recorded_one() {
    let theirs = Table::first_in(SAMPLE).unwrap();
    let stdout = run(DEMO, [""; 0]).succeeded().stdout;
    let ours = Table::first_in(&stdout).unwrap();
    check(&theirs);
    check(&ours);
    assert_eq!(theirs.file, "tests/memory_profiler/seed.py");
    assert_eq!(ours.file, "demo/src/numbers.rs");
    assert_eq!(theirs.decimals, ours.decimals);
}

#[test]
fn the_real_memory_profiler_still_prints_the_recorded_form() {
    let output = Command::new(SCRIPT).output().expect("bash runs the script");
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(OUT_OF_REACH) {
        println!("skipped: {}", said.trim_end());
        return;
    }
    assert!(output.status.success(), "{}: {said}", output.status);
    let stdout = String::from_utf8(output.stdout).expect("the output is text");
    let (today, recorded) = (Table::first_in(&stdout).unwrap(), Table::first_in(SAMPLE).unwrap());
    check(&today);
    assert_eq!((today.file, today.decimals), (recorded.file, recorded.decimals));
    let form = |table: &Table| -> Vec<_> {
        let cells = |row: &Row| (row.number, row.source.to_owned(), row.figures.is_some());
        table.rows.iter().map(cells).collect()
    };
    assert_eq!(form(&today), form(&recorded));
}

/// The parser could not tell our table from the real one if it took anything.
#[test]
fn a_table_of_another_form_is_refused() {
    for (part, other) in [
        ("Filename: ", "Filename "),
        (".py\n\nLine", ".py\nLine"),
        ("Line #    Mem usage", "Line #   Mem usage"),
        ("Occurrences   Line", "Occurrences  Line"),
        ("=\n", "\n"),
        ("=\n", "==\n"),
        ("     7 ", "    7 "),
        ("     7 ", "7      "),
        ("     7 ", "     x "),
        ("51.8 MiB     51.8 MiB", "51.8 MiB    51.8 MiB"),
        ("51.8 MiB     51.8 MiB", "51.8 MiB    51.80 MiB"),
        ("51.8 MiB     51.8 MiB", "51.8 MiB     51.8 KiB"),
        ("51.8 MiB     51.8 MiB", "51.8 MiB             "),
        ("51.8 MiB     51.8 MiB", "51.8 MiB       51 MiB"),
        ("51.8 MiB     51.8 MiB", "51.8 MiB     +1.8 MiB"),
        ("  1   @profile", " 1    @profile"),
        ("  1   @profile", "1.0   @profile"),
        ("  1   @profile", "  1  @profile"),
        ("  1   @profile", "      @profile"),
        ("\n\n\n", "\n"),
        ("\n\n\n", "\n\n"),
        ("\n\n\n", "\n\nmore\n"),
    ] {
        let text = SAMPLE.replacen(part, other, 1);
        assert_ne!(text, SAMPLE, "{part:?} is in the sample");
        let parsed = Table::first_in(&text);
        assert!(parsed.is_err(), "{part:?} as {other:?}: {parsed:?}");
    }
}
