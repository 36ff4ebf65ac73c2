//! Two builds of one program, compared to the byte.
#![expect(clippy::float_cmp, reason = "the means are exact in binary")]

use super::*;
use crate::samples::{KIB, assert_golden, freed, function, grown, kept, report};

fn before() -> Report {
    report(vec![
        function(
            "app::load",
            "src/app.rs",
            10,
            2,
            &[
                ("fn load() {", Some(kept(2, 0, 0))),
                ("    let a = read();", Some(kept(2, 2 * KIB, 2))),
                ("    let old = parse();", Some(kept(2, 100, 2))),
                ("    sort(&a);", Some(freed(2, 500, 4))),
                ("}", None),
            ],
        ),
        function("app::same", "src/app.rs", 30, 1, &[("same();", Some(kept(1, 7, 1)))]),
        function("app::shrinks", "src/app.rs", 40, 1, &[("s();", Some(kept(1, 9000, 1)))]),
        function("app::gone", "src/app.rs", 50, 3, &[("g();", Some(kept(3, 3 * KIB, 6)))]),
    ])
}

fn after() -> Report {
    report(vec![
        function("app::shrinks", "src/app.rs", 45, 1, &[("s();", Some(kept(1, 1000, 1)))]),
        function(
            "app::load",
            "src/app.rs",
            12,
            4,
            &[
                ("fn load() {", Some(kept(4, 0, 0))),
                ("    // A comment moves what follows.", None),
                ("    let a = read();", Some(kept(4, 4 * KIB, 4))),
                ("    let new = parse_all();", Some(grown(4, 16 * KIB, 4))),
                ("    sort(&a);", Some(freed(2, 500, 4))),
                ("}", None),
            ],
        ),
        function("app::same", "src/app.rs", 35, 1, &[("same();", Some(kept(1, 7, 1)))]),
        function("app::new", "src/app.rs", 60, 1, &[("n();", Some(kept(1, 10 * KIB, 1)))]),
    ])
}

#[test]
fn functions_match_by_name_and_come_by_growth() {
    let diff = before().diff(&after());
    let names = |functions: &[FunctionDiff]| -> Vec<String> {
        functions.iter().map(|function| function.name.clone()).collect()
    };
    assert_eq!(names(&diff.changed), ["app::load", "app::shrinks"]);
    assert_eq!(names(&diff.new), ["app::new"]);
    assert_eq!(names(&diff.gone), ["app::gone"]);
    assert_eq!(diff.changed[1].growth.allocated_bytes(), -8000);
    assert_eq!(diff.new[0].growth.allocated_bytes(), 10_240);
    assert_eq!(diff.gone[0].growth.allocated_bytes(), -3072);
}

#[test]
fn lines_match_by_text() {
    let diff = before().diff(&after());
    let load = &diff.changed[0];
    let found: Vec<_> = load
        .lines
        .iter()
        .map(|line| {
            let places = (line.number_before, line.number_after);
            (line.source.trim(), places, line.growth.allocated_bytes())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("let new = parse_all();", (None, Some(15)), 31_744),
            ("let a = read();", (Some(11), Some(14)), 2048),
            ("let old = parse();", (Some(12), None), -100),
        ]
    );
    let read = load.lines[1].growth;
    assert_eq!((read.net_bytes(), read.peak_bytes(), read.allocated_blocks()), (2048, 0, 2));
    assert_eq!(read.allocated_bytes_per_call(), 0.0);
    assert_eq!(load.growth.allocated_bytes(), 31_744 + 2048 - 100);
    assert_eq!(load.growth.net_bytes(), 16_384 + 2048 - 100);
    assert_eq!(load.growth.peak_bytes(), 8192 - 1024);
    assert_eq!(load.growth.allocated_blocks(), 1);
    let a_call = f64::from(4096 + 31_744 + 500) / 4.0 - f64::from(2048 + 100 + 500) / 2.0;
    assert_eq!(load.growth.allocated_bytes_per_call(), a_call);
    assert_eq!(load.growth.allocated_blocks_per_call(), 9.0 / 4.0 - 8.0 / 2.0);
    assert_eq!(load.growth.net_bytes_per_call(), (16_384.0 + 4096.0) / 4.0 - 2148.0 / 2.0);
}

#[test]
fn functions_of_one_name_match_in_order() {
    let one = |bytes| function("f", "f.rs", 1, 1, &[("f();", Some(kept(1, bytes, 1)))]);
    let diff = report(vec![one(10), one(20)]).diff(&report(vec![one(10), one(25), one(30)]));
    assert_eq!(diff.changed.len(), 1);
    assert_eq!(diff.changed[0].growth.allocated_bytes(), 5);
    assert_eq!(diff.new.len(), 1);
    assert_eq!(diff.new[0].growth.after.allocated_bytes, 30);
    assert!(diff.gone.is_empty());
}

#[test]
fn a_report_in_print() {
    assert_golden("diff.txt", &before().diff(&after()).to_string());
    let nothing = before().diff(&before());
    assert!(nothing.is_empty());
    assert_eq!(nothing.to_string(), "nothing changed\n");
}
