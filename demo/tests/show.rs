//! What holds for every job: `--output`, `ALLOC_PROFILER`, `--events`,
//! `--limit-mib`.

mod common;

use std::os::unix::process::ExitStatusExt;

use common::{DEMO, DEMO_SYSTEM, HEADER, Run, bytes, command, read_report, run};
use tempfile::tempdir;

/// The number of the signal by which `abort` ends a process.
const SIGABRT: i32 = 6;

/// What only the wide table has.
const WIDE: &str = "Functions by bytes allocated";

/// The jobs that need no files.
const JOBS: [&[&str]; 4] =
    [&["--count", "1000"], &["faults"], &["faults", "--mended"], &["tasks", "--pages", "3"]];

fn with<'a>(job: &[&'a str], options: &[&'a str]) -> Vec<&'a str> {
    [job, options].concat()
}

#[test]
fn every_job_shows_its_figures_in_every_way() {
    let folder = tempdir().unwrap();
    for (number, job) in JOBS.iter().enumerate() {
        let classic = run(DEMO, with(job, &["--output", "classic"])).succeeded().stdout;
        assert!(classic.contains(HEADER) && !classic.contains(WIDE), "{classic}");
        let wide = run(DEMO, with(job, &["--output", "wide"])).succeeded().stdout;
        assert!(wide.contains(WIDE) && !wide.contains(HEADER), "{wide}");

        let path = folder.path().join(format!("{number}.json"));
        let output = format!("json:{},classic", path.display());
        let both = run(DEMO, with(job, &["--output", &output])).succeeded().stdout;
        assert!(both.contains(HEADER) && !both.contains(WIDE), "{both}");
        assert!(!read_report(&path).functions.is_empty());

        let output = format!("json:{}", path.display());
        let json = run(DEMO, with(job, &["--output", &output])).succeeded().stdout;
        assert!(!json.contains(HEADER) && !json.contains(WIDE), "{json}");
    }
}

#[test]
fn the_environment_goes_before_the_option() {
    let folder = tempdir().unwrap();
    let (named, unnamed) = (folder.path().join("named"), folder.path().join("unnamed"));
    for job in JOBS {
        let env = |value: &str, output: &str| -> String {
            let mut command = command(DEMO);
            command.env("ALLOC_PROFILER", value).args(with(job, &["--output", output]));
            Run::from(command.output().unwrap()).succeeded().stdout
        };
        let wide = env("wide", "classic");
        assert!(wide.contains(WIDE) && !wide.contains(HEADER), "{wide}");
        let off = env("off", &format!("json:{}", unnamed.display()));
        assert!(!off.contains(WIDE) && !off.contains(HEADER), "{off}");
        assert!(!unnamed.exists());
        env(&format!("json:{}", named.display()), "wide");
        assert!(!read_report(&named).functions.is_empty());
    }
}

#[test]
fn a_way_that_is_none_is_refused_by_name() {
    for (value, advice) in [("fancy", "use classic, wide"), ("json:", "json: needs a path")] {
        let run = run(DEMO, ["--output", value]);
        let refusal = run.refusal();
        assert!(refusal.contains(&format!("'{value}'")) && refusal.contains(advice), "{refusal}");
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn a_file_that_cannot_be_written_is_noticed_before_the_run() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("missing/report.json");
    for job in JOBS {
        let output = format!("json:{}", path.display());
        let run = run(DEMO, with(job, &["--output", &output]));
        assert!(run.refusal().contains("missing/report.json\" cannot be written"), "{run:?}");
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn events_are_one_line_a_call_and_cost_the_tables_nothing() {
    for binary in [DEMO, DEMO_SYSTEM] {
        let quiet = run(binary, ["tasks", "--pages", "5", "--bytes"]).succeeded();
        let run = run(binary, ["tasks", "--pages", "5", "--bytes", "--events"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(bytes(&run.stdout), bytes(&quiet.stdout));
        let events: Vec<_> = run.stderr.lines().collect();
        let (spans, calls): (Vec<&str>, Vec<&str>) =
            events.iter().partition(|event| event.contains(" alloc_profiler::span: "));
        // with_capacity, 5 pages of 2 parts, each added, and two searches.
        assert_eq!(calls.len(), 1 + 5 * (1 + 2) + 5 + 2, "{}", run.stderr);
        assert!(calls.iter().all(|call| call.contains(" alloc_profiler: ")), "{}", run.stderr);
        // Five tasks, each with both parts and the page at its peak.
        assert_eq!(spans.len(), 5, "{}", run.stderr);
        for span in spans {
            let is_exact = span.contains(" net_bytes=770 ") && span.contains(" peak_bytes=1540 ");
            assert!(span.contains(" name=\"task\" ") && is_exact, "{span}");
        }
        let pages: Vec<_> = events.iter().filter(|event| event.contains("fetch::page")).collect();
        assert_eq!(pages.len(), 5);
        for event in pages {
            assert!(event.contains(" net_bytes=770 allocated_bytes=1540 "), "{event}");
        }
    }
}

#[test]
fn the_limit_ends_the_run_with_the_line_that_crossed_it() {
    let output = command(DEMO).args(["--limit-mib", "4"]).output().unwrap();
    assert_eq!(output.status.signal(), Some(SIGABRT), "{output:?}");
    let run = Run::from(output);
    // What was recorded until then.
    assert_eq!(run.stdout.matches(HEADER).count(), 1, "{}", run.stdout);
    assert!(!run.stdout.contains("Small block threshold"), "{}", run.stdout);
    let mut lines = run.stderr.lines();
    let first = lines.next().expect("a reason");
    assert!(first.ends_with("has crossed the limit of 4194304 bytes"), "{first}");
    let place = lines.next().expect("a place");
    assert!(place.contains("in demo::numbers::test_func: let list_to_db"), "{place}");
}

#[test]
fn a_limit_out_of_reach_changes_nothing() {
    let limited = run(DEMO, ["--bytes", "--limit-mib", "100000"]).succeeded().stdout;
    assert_eq!(bytes(&limited), bytes(&run(DEMO, ["--bytes"]).succeeded().stdout));
}

#[test]
fn no_limit_at_all_is_refused() {
    for value in ["0", "4MiB", "-1"] {
        let run = run(DEMO, ["--limit-mib", value]);
        assert!(run.refusal().contains(&format!("'{value}'")), "{run:?}");
    }
}
