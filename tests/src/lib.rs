//! What the cross-crate tests share: a naive oracle over live blocks (from `sequences`),
//! and the kernel's own figures of this process.
//!
//! The tests are binaries of one `#[test]` each where they look at a whole heap:
//! a `#[global_allocator]` is one per binary, and `alloc_core::check` wants the
//! other threads at rest.

use std::process::Command;

pub use sequences::{Live, Oracle};

/// The README's example, compiled and run with the other documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// Runs `threads` threads of `body`, numbered from 0, and returns once they have
/// ended for good.
///
/// Leaving a scope waits for the closures only; joining a handle waits for the
/// thread-local destructors too, where a heap retires. After this, the heaps rest.
///
/// # Panics
/// When one of the threads does.
pub fn run_threads(threads: usize, body: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        let body = &body;
        let running: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || body(thread))).collect();
        for thread in running {
            thread.join().expect("the thread did not panic");
        }
    });
}

/// Runs a test of the calling binary, one that is marked as ignored, in a process of its
/// own with these environment variables; returns what it printed.
///
/// # Panics
/// When the test does not pass.
pub fn run_in_child(test: &str, variables: &[(&str, &str)]) -> String {
    let this = std::env::current_exe().expect("a path");
    let output = Command::new(this)
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .envs(variables.iter().copied())
        .output()
        .expect("it starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    let passed = output.status.success() && printed.contains("1 passed");
    assert!(passed, "{test} {variables:?}: {:?}\n{printed}{errors}", output.status);
    printed
}

/// Forks; the child ends at once with what `in_child` says, and the parent waits for it.
/// Returns whether all went well. The child has only the calling thread.
pub fn fork_and_wait(in_child: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child runs the caller's closure, which is what is tested, and ends.
    let process = unsafe { libc::fork() };
    if process == 0 {
        let is_sound = in_child();
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(i32::from(!is_sound)) };
    }
    let mut status = 1;
    // SAFETY: a place for the status of a child of this process.
    let waited = unsafe { libc::waitpid(process, &raw mut status, 0) };
    process > 0 && waited == process && status == 0
}

/// Bytes of memory resident for this process, as the kernel counts them.
///
/// # Panics
/// When `/proc/self` cannot be read.
pub fn resident_bytes() -> u64 {
    let status = procfs::process::Process::myself().and_then(|process| process.status());
    status.expect("/proc/self/status").vmrss.expect("VmRSS") * 1024
}

/// Bytes resident for this process now, from its page tables: the counter behind
/// [`resident_bytes`], which is cheaper to read, may lag by some hundred KiB.
///
/// # Panics
/// When `/proc/self` cannot be read.
pub fn exact_resident_bytes() -> u64 {
    let rollup = procfs::process::Process::myself().and_then(|process| process.smaps_rollup());
    let rollup = rollup.expect("/proc/self/smaps_rollup").memory_map_rollup;
    let map = rollup.iter().next().expect("one map");
    map.extension.map["Rss"]
}

/// The most bytes that were ever resident for this process at once.
///
/// # Panics
/// When `/proc/self` cannot be read.
pub fn peak_resident_bytes() -> u64 {
    let status = procfs::process::Process::myself().and_then(|process| process.status());
    status.expect("/proc/self/status").vmhwm.expect("VmHWM") * 1024
}

/// Threads of this process with that name.
///
/// # Panics
/// When `/proc/self` cannot be read.
pub fn threads_named(name: &str) -> usize {
    let threads = std::fs::read_dir("/proc/self/task").expect("/proc/self/task");
    // One that has ended meanwhile has no name any more.
    threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok())
        .filter(|comm| comm.trim_end() == name)
        .count()
}

/// The slope of a line through `values`, one a second, by least squares: how
/// much they grow per second.
pub fn slope_per_second(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let (mean_x, mean_y) = ((count - 1.0) / 2.0, values.iter().sum::<f64>() / count);
    let deviations = values.iter().enumerate().map(|(x, y)| (x as f64 - mean_x, y - mean_y));
    let (above, below) =
        deviations.fold((0.0, 0.0), |(above, below), (x, y)| (above + x * y, below + x * x));
    above / below
}
