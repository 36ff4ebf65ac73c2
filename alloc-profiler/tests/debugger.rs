//! A debugger steps through a profiled function as through the bare one: line by
//! line, and never back to the attribute in between.
//!
//! The test runs gdb on itself. Without gdb it says so, and shows nothing.

use std::alloc::System;
use std::env;
use std::hint::black_box;
use std::process::Command;

use alloc_profiler::ProfiledAlloc;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// The environment variable that makes this the program to step through.
const STEPPED: &str = "DEBUGGER_STEPPED";

mod plain {
    pub(super) const FIRST_LINE: u32 = line!() + 1;
    #[inline(never)]
    pub(super) fn work(n: usize) -> usize {
        let mut sum = n;
        for x in 0..2 {
            if x == 1 {
                sum += x;
                continue;
            }
            sum += 2;
        }
        let add = |y: usize| {
            let z = y + 1;
            z * 2
        };
        sum += add(3);
        match sum {
            0 => 1,
            _ => sum,
        }
    }
}

mod profiled {
    pub(super) const FIRST_LINE: u32 = line!() + 2;
    #[alloc_profiler::profile]
    #[inline(never)]
    pub(super) fn work(n: usize) -> usize {
        let mut sum = n;
        for x in 0..2 {
            if x == 1 {
                sum += x;
                continue;
            }
            sum += 2;
        }
        let add = |y: usize| {
            let z = y + 1;
            z * 2
        };
        sum += add(3);
        match sum {
            0 => 1,
            _ => sum,
        }
    }
}

/// From the line before a function, or its attribute's, to its last.
const LINES: u32 = 21;

/// Returns the lines on which gdb stops in `debugger::MODULE::work`, from the one
/// before it on, each once as long as it stays there.
fn steps(module: &str, first_line: u32) -> Option<Vec<u32>> {
    let mut gdb = Command::new("gdb");
    gdb.args(["-batch", "-nx", "-ex"]).arg(format!("break debugger::{module}::work"));
    gdb.args(["-ex", "run"]);
    (0..80).for_each(|_| {
        gdb.args(["-ex", "next"]);
    });
    let output = gdb.arg(env::current_exe().unwrap()).env(STEPPED, "1").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("Breakpoint 1"), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let number = |line: &str| line.split_once(char::is_whitespace)?.0.parse::<u32>().ok();
    let mut lines: Vec<_> = text.lines().filter_map(number).collect();
    // After the function's end gdb goes on where it was called.
    let body = first_line - 1..first_line - 1 + LINES;
    lines.retain(|line| body.contains(line));
    lines.dedup();
    Some(lines.iter().map(|line| line - (first_line - 1)).collect())
}

fn main() {
    if env::var_os(STEPPED).is_some() {
        assert_eq!(black_box(plain::work(2)), black_box(profiled::work(2)));
        return;
    }
    let Some(plain) = steps("plain", plain::FIRST_LINE) else {
        println!("debugger: there is no gdb here, so nothing was stepped through");
        return;
    };
    let profiled = steps("profiled", profiled::FIRST_LINE).expect("gdb was there");
    assert!(plain.len() > 8, "{plain:?}");
    assert!(plain.iter().all(|line| profiled.contains(line)), "{plain:?}\n{profiled:?}");
    // Were the probes at the attribute, every other stop would be outside the body.
    assert!(profiled.len() <= 2 * plain.len(), "{plain:?}\n{profiled:?}");
    // The guard is made and dropped there, and nothing else is.
    let body = &profiled[1..profiled.len() - 2];
    assert!(body.iter().all(|line| *line > 1), "{profiled:?}");
    println!("debugger: {} lines stepped through, {} when profiled", plain.len(), profiled.len());
}
