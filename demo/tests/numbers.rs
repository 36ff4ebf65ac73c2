//! The default run, as a newcomer sees it: the table, its figures, then the
//! allocator's report.

mod common;

use common::{DEMO, DEMO_SYSTEM, HEADER, Run, arena_sections, bytes, command, rows, run};

/// The increments of the three statements: the sum, the maps, the strings.
fn statements(run: &Run) -> [i64; 3] {
    let functions = bytes(&run.stdout);
    assert_eq!(functions.len(), 1, "{functions:?}");
    assert_eq!(functions[0].name, "demo::numbers::test_func");
    assert_eq!(functions[0].sum(), functions[0].total);
    let lines = &functions[0].lines;
    // The attribute's line, the three statements, and the tail.
    assert_eq!(lines.len(), 5, "{lines:?}");
    [lines[1].1, lines[2].1, lines[3].1]
}

#[test]
fn the_table_shows_the_three_statements() {
    for binary in [DEMO, DEMO_SYSTEM] {
        let stdout = run(binary, [""; 0]).succeeded().stdout;
        let start = "Filename: demo/src/numbers.rs\n\n";
        assert!(stdout.starts_with(&format!("{start}{HEADER}")), "{stdout}");
        assert_eq!(stdout.matches(HEADER).count(), 1, "one table: {stdout}");

        let rows = rows(&stdout);
        for (statement, builds) in
            [("let summary", false), ("let list_to_db", true), ("let num_to_str", true)]
        {
            let row = rows
                .iter()
                .find(|row| row.source.trim_start().starts_with(statement))
                .unwrap_or_else(|| panic!("{statement} has no figures: {stdout}"));
            assert_eq!(row.occurrences, 1, "{row:?}");
            assert_eq!(row.increment_mib > 1.0, builds, "{row:?}");
            assert!(builds || row.increment_mib.abs() < 0.05, "{row:?}");
        }
    }
}

#[test]
fn the_allocators_report_follows_and_adds_up() {
    let stdout = run(DEMO, [""; 0]).succeeded().stdout;
    let report = stdout.find("Small block threshold = 512").expect("the report is printed");
    assert!(stdout.find(HEADER).is_some_and(|table| table < report), "{stdout}");

    let sections = arena_sections(&stdout[report..]);
    let (arenas, ..) = sections.first().expect("the small blocks have arenas");
    // 100,000 maps alone take more than 50 arenas of 256 KiB.
    assert!(*arenas > 50, "{stdout}");
    for (arenas, parts, total) in sections {
        assert_eq!((parts, total), (arenas * 262_144, arenas * 262_144), "{stdout}");
    }
}

#[test]
fn the_systems_malloc_says_that_it_has_no_report() {
    let stdout = run(DEMO_SYSTEM, [""; 0]).succeeded().stdout;
    assert!(arena_sections(&stdout).is_empty(), "{stdout}");
    let last = stdout.lines().last().expect("something is printed");
    assert!(last.contains("no report"), "{last}");
}

#[test]
fn both_allocators_are_asked_for_the_same_bytes() {
    let ours = run(DEMO, ["--bytes"]).succeeded();
    let theirs = run(DEMO_SYSTEM, ["--bytes"]).succeeded();
    let [sum, maps, strings] = statements(&ours);
    assert_eq!(sum, 0);
    assert!(maps > 0 && strings > 0, "{}", ours.stdout);
    assert_eq!(bytes(&ours.stdout), bytes(&theirs.stdout));
}

#[test]
fn every_number_costs_the_same_map() {
    let [_, thousand, _] = statements(&run(DEMO, ["--bytes", "--count", "1000"]).succeeded());
    let [_, three, _] = statements(&run(DEMO, ["--bytes", "--count", "3000"]).succeeded());
    // The maps themselves lie in the vector, 48 bytes each at least.
    assert!(thousand > 48_000, "{thousand}");
    assert_eq!(3 * thousand, three);
}

#[test]
fn the_seed_decides_the_bytes() {
    let strings = |seed: &str| {
        statements(&run(DEMO, ["--bytes", "--count", "1000", "--seed", seed]).succeeded())
    };
    assert_eq!(strings("1"), strings("1"));
    assert_eq!(statements(&run(DEMO, ["--bytes"])), statements(&run(DEMO, ["--bytes"])));
}

#[test]
fn no_numbers_take_no_memory() {
    let run = run(DEMO, ["--bytes", "--count", "0"]).succeeded();
    assert_eq!(statements(&run), [0, 0, 0]);
}

#[test]
fn off_silences_the_table_alone() {
    let run: Run = command(DEMO).env("ALLOC_PROFILER", "off").output().unwrap().into();
    let run = run.succeeded();
    assert!(!run.stdout.contains("Line #"), "{}", run.stdout);
    assert!(run.stdout.contains("arenas allocated current"), "{}", run.stdout);
}

#[test]
fn a_senseless_option_is_refused_by_its_name() {
    for (option, value) in [("--count", "many"), ("--count", "99999999999"), ("--seed", "x")] {
        let run = run(DEMO, [option, value]);
        let refusal = run.refusal();
        assert!(refusal.contains(option) && refusal.contains(value), "{refusal}");
        assert!(refusal.ends_with("; see demo --help"), "{refusal}");
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn help_names_the_job_and_the_options() {
    let stdout = run(DEMO, ["--help"]).succeeded().stdout;
    for word in [
        "words",
        "faults",
        "tasks",
        "diff",
        "--count",
        "--seed",
        "--output",
        "--bytes",
        "--events",
        "--limit-mib",
        "ALLOC_PROFILER=off",
        "ALLOC_PROFILER_LIMIT",
        "demo-system",
    ] {
        assert!(stdout.contains(word), "{word}: {stdout}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run: Run = command(DEMO).stdout(full).output().unwrap().into();
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("cannot write to standard output"), "{run:?}");
}
