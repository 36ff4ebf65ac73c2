//! What is printed when a program ends. The test runs itself as the program:
//! each scenario is a way to end, in a process of its own.

use std::alloc::System;
use std::env;
use std::io::{Read, Write};
use std::process::{self, Command, Output, Stdio};
use std::thread;

use alloc_profiler::{ProfiledAlloc, profile};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// The environment variable that tells a child how to end.
const SCENARIO: &str = "EXIT_SCENARIO";

#[profile]
fn work(n: usize) -> Vec<u8> {
    // Five MiB a call.
    let kept = vec![1; n * (5 << 20)];
    kept
}

/// Returns the table of `work` as it must be printed, byte for byte.
fn table(calls: usize, live: &str, increment: &str) -> String {
    let first = line!() - LINES_ABOVE;
    format!(
        "\
Filename: alloc-profiler/tests/exit.rs

Line #    Mem usage    Increment  Occurrences   Line Contents
=============================================================
{0:6}      0.0 MiB      0.0 MiB           {calls}   #[profile]
{1:6}                                         fn work(n: usize) -> Vec<u8> {{
{2:6}                                             // Five MiB a call.
{3:6} {live:>8} MiB {increment:>8} MiB           {calls}       let kept = vec![1; n * (5 << 20)];
{4:6} {live:>8} MiB      0.0 MiB           {calls}       kept
{5:6}                                         }}


",
        first,
        first + 1,
        first + 2,
        first + 3,
        first + 4,
        first + 5,
    )
}

/// From the line numbers in `table` up to the attribute of `work`.
const LINES_ABOVE: u32 = 9;

fn main() {
    match env::var(SCENARIO) {
        Ok(scenario) => end_by(&scenario),
        Err(_) => check_all(),
    }
}

/// Ends the program in one way.
fn end_by(scenario: &str) {
    match scenario {
        "return" => drop(work(1)),
        "nothing profiled" => {}
        "exit" => {
            drop(work(1));
            process::exit(3);
        }
        "exit inside" => exits_inside(),
        "panic" => {
            drop(work(1));
            panic!("as asked");
        }
        "thread" => {
            thread::spawn(|| drop(work(1))).join().unwrap();
        }
        "stdout locked" => {
            drop(work(1));
            let (to, from) = std::sync::mpsc::channel();
            thread::spawn(move || {
                let _lock = std::io::stdout().lock();
                to.send(()).unwrap();
                loop {
                    thread::park();
                }
            });
            from.recv().unwrap();
        }
        "print first" => {
            drop(work(1));
            println!("before");
            alloc_profiler::print_report();
            println!("after");
        }
        "print twice" => {
            drop(work(1));
            alloc_profiler::print_report();
            drop(work(1));
        }
        "big output" => {
            drop(work(1));
            // Far more than a pipe holds, so the reader has closed it by the end.
            let _ = std::io::stdout().write_all(&vec![b'x'; 1 << 20]);
        }
        other => panic!("no scenario {other}"),
    }
}

#[profile]
fn exits_inside() {
    let block = vec![1_u8; 3 << 20];
    leaves(block.len());
}

fn leaves(len: usize) {
    let block = vec![2_u8; 2 << 20];
    process::exit(i32::from(len < block.len()));
}

/// Runs this program as `scenario`.
fn run(scenario: &str, setting: Option<&str>) -> Output {
    let output = child(scenario, setting).output().unwrap();
    assert!(output.stderr.is_empty() || setting.is_some() || scenario == "panic", "{output:?}");
    output
}

fn child(scenario: &str, setting: Option<&str>) -> Command {
    let mut child = Command::new(env::current_exe().unwrap());
    child.env(SCENARIO, scenario).env_remove("ALLOC_PROFILER").env_remove("RUST_BACKTRACE");
    if let Some(setting) = setting {
        child.env("ALLOC_PROFILER", setting);
    }
    child
}

#[track_caller]
fn assert_prints(scenario: &str, code: i32, expected: &str) {
    let output = run(scenario, None);
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{scenario}");
    assert_eq!(output.status.code(), Some(code), "{scenario}");
}

fn check_all() {
    let once = table(1, "5.0", "5.0");
    assert_prints("return", 0, &once);
    assert_prints("exit", 3, &once);
    assert_prints("panic", 101, &once);
    assert_prints("thread", 0, &once);
    assert_prints("stdout locked", 0, &once);
    assert_prints("nothing profiled", 0, "");
    assert_prints("print first", 0, &format!("before\n{once}after\n"));
    assert_prints("print twice", 0, &format!("{once}{}", table(2, "5.0", "10.0")));
    an_unfinished_call_is_in_the_report();
    settings_are_obeyed();
    a_closed_pipe_is_no_error();
    println!("exit: all scenarios passed");
}

fn an_unfinished_call_is_in_the_report() {
    let output = run("exit inside", None);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("      3.0 MiB      3.0 MiB           1       let block"), "{text}");
    assert!(text.contains("      5.0 MiB      2.0 MiB           1       leaves("), "{text}");
}

fn settings_are_obeyed() {
    let once = table(1, "5.0", "5.0");
    for value in ["", "on", "classic"] {
        let output = run("return", Some(value));
        assert_eq!(String::from_utf8_lossy(&output.stdout), once, "{value:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
    for scenario in ["return", "print twice"] {
        let output = run(scenario, Some("off"));
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    }
    let output = run("return", Some("sideways"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), once);
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "alloc_profiler: ALLOC_PROFILER=sideways makes no sense: \"sideways\" is unknown; use \
         classic, wide, json:PATH or off, several with commas between (the classic table is \
         printed)\n",
    );
    assert!(output.status.success());
}

fn a_closed_pipe_is_no_error() {
    let mut child =
        child("big output", None).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 1];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
