//! The guide's tables are what its program prints.
//!
//! The program is the example `guide`, compiled into this test. Its times, and how
//! many bytes the system's realloc moved, are another machine's: all else is
//! compared. `GOLDEN=update` in the environment writes the files anew.

use std::path::Path;
use std::{env, fs};

use alloc_profiler::{Report, report, set_output};

#[path = "../examples/guide.rs"]
mod program;

/// Wide enough for every column, and for the longest line of the program.
const COLUMNS: usize = 164;

/// The columns that depend on the machine.
const CHANCE: [&str; 2] = ["Time", "Copied"];

fn main() {
    set_output([]);
    program::main();
    let report = report();
    assert_golden("guide_classic.txt", &classic(&report), str::to_owned);
    assert_golden("guide_wide.txt", &wide(&report), without_chance);
}

/// Returns the classic table, as the example prints it.
fn classic(report: &Report) -> String {
    report.to_string().replace("tests/../", "")
}

/// Returns the wide report, as the example prints it.
fn wide(report: &Report) -> String {
    report.to_wide(COLUMNS).replace("tests/../", "").replace("guide::program::", "guide::")
}

/// Compares `text` with the golden file `name`, both as far as `look` sees them.
fn assert_golden(name: &str, text: &str, look: impl Fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("GOLDEN").is_some_and(|value| value == "update") {
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    assert_eq!(look(text), look(&golden), "{name} is not what is printed:\n{text}");
}

/// Returns the tables of `text` without the columns that depend on the machine,
/// and without what makes columns as wide as their cells.
fn without_chance(text: &str) -> String {
    let mut lines = Vec::new();
    let mut gaps: Vec<(usize, usize)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let is_header = text.lines().nth(number + 1).is_some_and(|next| next.starts_with('─'));
        if is_header {
            gaps = CHANCE.iter().filter_map(|name| cells(line, name)).collect();
        } else if line.is_empty() {
            gaps.clear();
        }
        let is_kept = |place: usize| !gaps.iter().any(|gap| (gap.0..gap.1).contains(&place));
        let kept = line.chars().enumerate().filter(|(place, c)| is_kept(*place) && *c != '─');
        let kept: String = kept.map(|(_, c)| c).collect();
        lines.push(kept.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    lines.join("\n")
}

/// Returns where the cells of the column `name` begin and end: cells of figures end
/// where their header does.
fn cells(header: &str, name: &str) -> Option<(usize, usize)> {
    let before = &header[..header.find(name)?];
    let columns = |text: &str| text.chars().count();
    Some((columns(before.trim_end()), columns(before) + columns(name)))
}
