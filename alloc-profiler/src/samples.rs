//! Reports for tests: figures of a program that was never run.

use std::{env, fs, iter};

use crate::options::Backend;
use crate::report::{
    FunctionReport, LineFigures, LineReport, Report, ScopeReport, ThreadReport, Usage,
};

pub(crate) const KIB: u64 = 1 << 10;
pub(crate) const MIB: u64 = 1 << 20;

/// Checks that `text` is what the file `name` of tests/golden holds; with
/// `GOLDEN=update` in the environment it is written there.
#[track_caller]
pub(crate) fn assert_golden(name: &str, text: &str) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if env::var_os("GOLDEN").is_some_and(|value| value == "update") {
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    assert!(text == expected, "{path} differs; now it is\n{text}");
}

/// Returns figures of a line that ran `occurrences` times and asked for
/// `allocated_bytes` in `blocks`, all of them kept.
pub(crate) fn kept(occurrences: u64, allocated_bytes: u64, blocks: u64) -> LineFigures {
    LineFigures {
        increment_bytes: allocated_bytes.cast_signed(),
        peak_bytes: allocated_bytes / occurrences.max(1),
        occurrences,
        allocated_bytes,
        allocated_blocks: blocks,
        ..LineFigures::default()
    }
}

/// Returns the same, all of them given back on the line.
pub(crate) fn freed(occurrences: u64, allocated_bytes: u64, blocks: u64) -> LineFigures {
    LineFigures {
        increment_bytes: 0,
        freed_bytes: allocated_bytes,
        freed_blocks: blocks,
        ..kept(occurrences, allocated_bytes, blocks)
    }
}

/// Returns figures of a line that made one block and resized it to
/// `final_bytes` by doubling, `steps` times, each time to another address.
pub(crate) fn grown(occurrences: u64, final_bytes: u64, steps: u32) -> LineFigures {
    let on_the_way: u64 = (1..=steps).map(|step| final_bytes >> step).sum();
    LineFigures {
        increment_bytes: final_bytes.cast_signed(),
        peak_bytes: final_bytes / 2,
        freed_bytes: on_the_way,
        reallocated_blocks: steps.into(),
        copied_bytes: on_the_way,
        ..kept(occurrences, final_bytes + on_the_way, 1)
    }
}

/// Returns the function `name` of `file`, whose lines begin at `first_line`.
pub(crate) fn function(
    name: &str,
    file: &str,
    first_line: u32,
    calls: u64,
    lines: &[(&str, Option<LineFigures>)],
) -> FunctionReport {
    let total_bytes = lines.iter().filter_map(|(_, figures)| *figures).map(|f| f.increment_bytes);
    FunctionReport {
        name: name.to_owned(),
        file: file.to_owned(),
        calls,
        total_bytes: total_bytes.sum(),
        lines: iter::zip(first_line.., lines)
            .map(|(number, (source, figures))| LineReport {
                number,
                source: (*source).to_owned(),
                figures: *figures,
            })
            .collect(),
        precision: 1,
        ..FunctionReport::default()
    }
}

/// Returns a report of `functions`.
pub(crate) fn report(functions: Vec<FunctionReport>) -> Report {
    Report { is_counting: true, functions, scopes: Vec::new() }
}

/// Returns a report in which each field of each type is there.
pub(crate) fn small() -> Report {
    let usage = Some(Usage { increment_bytes: -4096, usage_bytes: 5 * MIB });
    let figures = LineFigures {
        live_bytes: 2 * MIB,
        time_ns: 1234,
        is_time_estimated: true,
        usage,
        ..grown(3, 4096, 2)
    };
    let lines = [("fn f() {", None), ("    g();", Some(figures))];
    let mut function = function("small::f", "src/small.rs", 7, 3, &lines);
    function.backend = Backend::Rss;
    function.threads.push(ThreadReport {
        name: "main".to_owned(),
        calls: 3,
        total_bytes: 4096,
        figures: vec![None, Some(LineFigures { usage: None, ..figures })],
    });
    let mut report = report(vec![function]);
    report.scopes.push(ScopeReport {
        name: "load".to_owned(),
        thread: "main".to_owned(),
        start_s: 1_700_000_000.5,
        end_s: 1_700_000_001.25,
        start_live_bytes: 0,
        end_live_bytes: 2 * MIB,
        peak_bytes: 3 * MIB,
    });
    report
}

/// Adds the live heap after the line and the time, `~` if `is_estimated`.
fn with(figures: LineFigures, live_bytes: u64, time_ns: u64, is_estimated: bool) -> LineFigures {
    LineFigures { live_bytes, time_ns, is_time_estimated: is_estimated, ..figures }
}

/// Returns a program of three functions, one of them run by two threads, with
/// one line for each pattern that advice knows.
pub(crate) fn program() -> Report {
    let mut report = report(vec![index(), page(), checksum()]);
    report.scopes = vec![ScopeReport {
        name: "start".to_owned(),
        thread: "main".to_owned(),
        start_s: 1_700_000_000.0,
        end_s: 1_700_000_001.5,
        start_live_bytes: 10 * MIB,
        end_live_bytes: 21 * MIB,
        peak_bytes: 18 * MIB,
    }];
    report
}

/// Returns a function of two threads, whose lines clone, grow a `Vec` and make
/// temporaries.
fn index() -> FunctionReport {
    let mut index = function(
        "shop::index::build",
        "src/index.rs",
        41,
        2,
        &[
            ("#[profile]", Some(with(kept(2, 0, 0), 10 * MIB, 150, false))),
            ("pub fn build(names: &[String]) -> Vec<String> {", None),
            ("    // One entry a name, in lower case.", None),
            ("    let mut all = Vec::new();", Some(with(kept(2, 0, 0), 10 * MIB, 90, false))),
            ("    for name in names {", Some(with(kept(200_008, 0, 0), 28 * MIB, 2_345_678, true))),
            (
                "        let key = name.trim().to_owned();",
                Some(with(kept(200_006, 5 * MIB, 200_006), 28 * MIB, 18_500_000, true)),
            ),
            (
                "        all.push(key);",
                Some(with(grown(200_006, 6 * MIB, 15), 28 * MIB, 12_345_678, true)),
            ),
            ("    }", None),
            (
                "    all.sort_by_key(|name| name.to_lowercase());",
                Some(with(freed(2, 3 * MIB, 3_400_000), 21 * MIB, 1_250_000_000, false)),
            ),
            ("    all", Some(with(kept(2, 0, 0), 21 * MIB, 80, false))),
            ("}", None),
        ],
    );
    index.threads = vec![
        thread("main", 1, 7 * MIB, index.lines.len()),
        thread("index-worker-1", 1, 4 * MIB, index.lines.len()),
    ];
    index
}

/// Returns a method that joins a string in a loop.
fn page() -> FunctionReport {
    function(
        "shop::page::<impl shop::page::Page for shop::Front>::render",
        "src/page.rs",
        7,
        1,
        &[
            ("    #[profile]", Some(with(kept(1, 0, 0), 21 * MIB, 70, false))),
            ("    fn render(&self, rows: &[Row]) -> String {", None),
            (
                "        let mut text = String::new();",
                Some(with(kept(1, 0, 0), 21 * MIB, 60, false)),
            ),
            ("        for row in rows {", Some(with(kept(501, 0, 0), 21 * MIB, 51_000, true))),
            (
                "            text = format!(\"{text}<tr><td>{}</td><td>{}</td></tr>\", row.name, row.price);",
                Some(with(
                    LineFigures {
                        increment_bytes: (24 * KIB).cast_signed(),
                        freed_bytes: 6 * MIB - 24 * KIB,
                        freed_blocks: 499,
                        peak_bytes: 24 * KIB,
                        ..kept(500, 6 * MIB, 500)
                    },
                    21 * MIB + 24 * KIB,
                    740_000,
                    true,
                )),
            ),
            ("        }", None),
            ("        text", Some(with(kept(1, 0, 0), 21 * MIB + 24 * KIB, 50, false))),
            (
                "    }",
                Some(with(
                    LineFigures {
                        increment_bytes: -512,
                        freed_bytes: 512,
                        freed_blocks: 1,
                        ..kept(1, 0, 0)
                    },
                    21 * MIB,
                    45,
                    false,
                )),
            ),
        ],
    )
}

/// Returns a function, indented by tabs, that reads a file into a buffer of its
/// own each time.
fn checksum() -> FunctionReport {
    function(
        "shop::checksum",
        "src/main.rs",
        90,
        1_000,
        &[
            ("#[profile]", Some(with(kept(1000, 0, 0), 21 * MIB, 70_000, true))),
            ("fn checksum(path: &Path) -> io::Result<u64> {", None),
            (
                "\tlet digest = digest(&fs::read(path)?);",
                Some(with(freed(1000, 64 * KIB * 1000, 1000), 21 * MIB, 65_432_100, true)),
            ),
            ("\tOk(digest)", Some(with(kept(1000, 0, 0), 21 * MIB, 60_000, true))),
            ("}", None),
        ],
    )
}

fn thread(name: &str, calls: u64, allocated_bytes: u64, lines: usize) -> ThreadReport {
    let mut figures = vec![None; lines];
    figures[5] = Some(kept(100_003, allocated_bytes, 100_003));
    ThreadReport {
        name: name.to_owned(),
        calls,
        total_bytes: allocated_bytes.cast_signed(),
        figures,
    }
}
