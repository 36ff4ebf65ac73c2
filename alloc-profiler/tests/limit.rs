//! The limit, and tables after each call. The test runs itself as the program:
//! each scenario is a process of its own.

use std::alloc::System;
use std::env;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};
use std::sync::Barrier;
use std::thread;

use alloc_profiler::{AtLimit, ProfiledAlloc, profile, set_limit};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// The environment variable that tells a child what to do.
const SCENARIO: &str = "LIMIT_SCENARIO";

const MIB: usize = 1 << 20;

#[profile]
fn fills(mib: usize) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for _ in 0..mib {
        all.push(vec![1; MIB]);
    }
    all
}

#[profile]
fn crumbs(kib: usize) -> Vec<Vec<u8>> {
    let mut all = Vec::with_capacity(kib);
    for _ in 0..kib {
        all.push(vec![1; 1 << 10]);
    }
    all
}

#[profile]
fn outer(mib: usize) -> usize {
    let kept = fills(mib);
    kept.len()
}

#[profile(each_call, name = "by name", stream = "stderr")]
fn each(n: usize) -> Vec<u8> {
    let scratch = vec![0_u8; n * MIB];
    scratch[..MIB].to_vec()
}

fn main() {
    match env::var(SCENARIO) {
        Ok(scenario) => run(&scenario),
        Err(_) => check_all(),
    }
}

fn run(scenario: &str) {
    match scenario {
        "fills" => assert_eq!(outer(20), 20),
        "in code" => {
            set_limit(10 * MIB as u64, AtLimit::Abort);
            outer(20);
        }
        "goes on" => {
            set_limit(10 * MIB as u64, AtLimit::GoOn);
            assert_eq!(outer(20) + outer(20), 40);
        }
        "below" => {
            set_limit(10 * MIB as u64, AtLimit::Abort);
            for _ in 0..50 {
                assert_eq!(outer(9), 9);
            }
        }
        "threads" => {
            set_limit(10 * MIB as u64, AtLimit::Abort);
            let kept = fills(4);
            thread::spawn(|| fills(4).len()).join().unwrap();
            thread::spawn(|| outer(7)).join().unwrap();
            drop(kept);
        }
        "running" => {
            // It counts already, and has room for what it allocates until the limit is set.
            let limit_is_set = Barrier::new(2);
            thread::scope(|scope| {
                scope.spawn(|| {
                    crumbs(16);
                    limit_is_set.wait();
                    limit_is_set.wait();
                    crumbs(20 << 10).len()
                });
                limit_is_set.wait();
                set_limit(512 << 10, AtLimit::Abort);
                limit_is_set.wait();
            });
        }
        "no function" => {
            set_limit(10 * MIB as u64, AtLimit::Trap);
            drop(vec![1_u8; 20 * MIB]);
        }
        "each call" => {
            each(1);
            each(3);
        }
        other => panic!("no scenario {other}"),
    }
}

/// Runs a scenario with `ALLOC_PROFILER_LIMIT` as given.
fn output(scenario: &str, limit: Option<&str>) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(SCENARIO, scenario).env_remove("ALLOC_PROFILER");
    match limit {
        Some(limit) => command.env("ALLOC_PROFILER_LIMIT", limit),
        None => command.env_remove("ALLOC_PROFILER_LIMIT"),
    };
    command.output().unwrap()
}

/// Checks that a scenario ends by `signal`, and says the report and the lines.
fn stops(scenario: &str, limit: Option<&str>, signal: i32, lines: &[&str]) {
    let output = output(scenario, limit);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(signal), "{scenario}: {error}");
    let crossed = "has crossed the limit of 10485760 bytes\n";
    assert_eq!(error.matches(crossed).count(), 1, "{scenario}: {error}");
    let (_, stack) = error.split_once(crossed).unwrap();
    assert_eq!(stack.lines().count(), lines.len(), "{scenario}: {error}");
    for (found, expected) in stack.lines().zip(lines) {
        assert!(found.contains(expected), "{scenario}: {found}, not {expected}");
    }
    let report = String::from_utf8_lossy(&output.stdout);
    if lines.len() > 1 {
        assert!(report.contains("all.push(vec![1; MIB]);"), "{scenario}: {report}");
    }
}

fn check_all() {
    let (abort, trap) = (libc::SIGABRT, libc::SIGTRAP);
    let fill =
        ["in limit::fills: all.push(vec![1; MIB]);", "in limit::outer: let kept = fills(mib);"];
    stops("in code", None, abort, &fill);
    stops("fills", Some("10MiB"), abort, &fill);
    stops("fills", Some("10240k:trap"), trap, &fill);
    stops("threads", None, abort, &fill);
    stops("no function", None, trap, &["in no profiled function of thread main"]);
    a_running_thread_learns_of_the_limit_at_its_next_line();
    // The environment goes before the program.
    stops("goes on", Some("10485760:abort"), abort, &fill);

    let goes_on = output("goes on", None);
    let error = String::from_utf8_lossy(&goes_on.stderr);
    assert!(goes_on.status.success(), "{error}");
    assert_eq!(error.matches("has crossed").count(), 1, "{error}");

    for (scenario, limit) in [("below", None), ("fills", None), ("fills", Some("1GiB"))] {
        let output = output(scenario, limit);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && error.is_empty(), "{scenario}: {error}");
    }

    let wrong = output("fills", Some("ten"));
    let error = String::from_utf8_lossy(&wrong.stderr);
    assert!(wrong.status.success() && error.lines().count() == 1, "{error}");
    assert!(error.contains("ALLOC_PROFILER_LIMIT=ten is no limit; use a size such as"), "{error}");

    each_call_has_a_table_of_its_own();
    println!("limit: all scenarios passed");
}

fn a_running_thread_learns_of_the_limit_at_its_next_line() {
    let output = output("running", None);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{error}");
    let (live, stack) = error.split_once(" bytes has crossed the limit of 524288 bytes\n").unwrap();
    let live: usize = live.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((524_289..=524_288 + 1024).contains(&live), "{error}");
    assert!(stack.contains("in limit::crumbs: all.push(vec![1; 1 << 10]);"), "{error}");
}

fn each_call_has_a_table_of_its_own() {
    let output = output("each call", None);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    // One after each call, and one at exit.
    let tables: Vec<_> = error.split("Filename: ").skip(1).collect();
    assert_eq!(tables.len(), 3, "{error}");
    for (table, (increment, calls)) in tables.iter().zip([("1.0", 1), ("3.0", 1), ("4.0", 2)]) {
        let line = table.lines().find(|line| line.contains("let scratch")).unwrap();
        let cells: Vec<_> = line.split_whitespace().collect();
        assert_eq!((cells[3], cells[5]), (increment, calls.to_string().as_str()), "{table}");
    }
    // Beside a kept MiB, what is live during the call: not the other call's.
    assert!(tables[0].contains("  2.0 MiB") && !tables[0].contains("  4.0 MiB"), "{error}");
}
