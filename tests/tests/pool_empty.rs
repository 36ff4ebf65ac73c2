//! An empty program under `PoolAlloc` takes at most 256 KiB more memory than under the
//! system's malloc.
//!
//! One binary for both, so that its code and the libraries' weigh the same: its global
//! allocator is the one or the other, as an environment variable says when the process
//! first allocates. Without the test harness, whose threads are no empty program.

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use alloc_core::PoolAlloc;
use integration_tests::exact_resident_bytes;

/// Set in the children; its value does not matter.
const CHILD: &str = "POOL_EMPTY_CHILD";
/// Set where the system's malloc is wanted.
const SYSTEM: &std::ffi::CStr = c"POOL_EMPTY_SYSTEM";

const MOST_BYTES: u64 = 256 << 10;
/// Runs of each, in turns; a process's resident set differs by some hundred KiB from run to
/// run, with what else of its files lies in memory around the pages that it touches.
const RUNS: usize = 61;

/// `PoolAlloc`, or the system's malloc if the environment says so.
struct Either {
    pool: PoolAlloc,
    chosen: AtomicU8,
}

#[global_allocator]
static GLOBAL: Either = Either { pool: PoolAlloc::new(), chosen: AtomicU8::new(UNDECIDED) };

const UNDECIDED: u8 = 0;
const POOL: u8 = 1;
const SYSTEM_MALLOC: u8 = 2;

impl Either {
    fn is_pool(&self) -> bool {
        if self.chosen.load(Ordering::Relaxed) == UNDECIDED {
            // SAFETY: the name is a valid string; nothing changes the environment.
            let value = unsafe { libc::getenv(SYSTEM.as_ptr()) };
            let choice = if value.is_null() { POOL } else { SYSTEM_MALLOC };
            self.chosen.store(choice, Ordering::Relaxed);
        }
        self.chosen.load(Ordering::Relaxed) == POOL
    }
}

// SAFETY: every call goes to one of two allocators, in a process always to the same.
unsafe impl GlobalAlloc for Either {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.is_pool() {
            // SAFETY: the caller's contract.
            unsafe { self.pool.alloc(layout) }
        } else {
            // SAFETY: the caller's contract.
            unsafe { System.alloc(layout) }
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.is_pool() {
            // SAFETY: the caller's contract; the block is this allocator's.
            unsafe { self.pool.dealloc(block, layout) }
        } else {
            // SAFETY: as above.
            unsafe { System.dealloc(block, layout) }
        }
    }
}

fn main() {
    if std::env::var_os(CHILD).is_some() {
        println!("{}", exact_resident_bytes());
        return;
    }
    let (mut pool, mut system): (Vec<u64>, Vec<u64>) =
        (0..RUNS).map(|_| (child(false), child(true))).unzip();
    pool.sort_unstable();
    system.sort_unstable();
    let (pool, system) = (pool[RUNS / 2], system[RUNS / 2]);
    println!(
        "empty program: {} KiB under PoolAlloc, {} KiB under malloc",
        pool >> 10,
        system >> 10
    );
    assert!(pool <= system + MOST_BYTES, "{pool} bytes, under malloc {system}");
}

/// The resident set of an empty process.
fn child(system: bool) -> u64 {
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command.env(CHILD, "1");
    if system {
        command.env(SYSTEM.to_str().expect("a valid name"), "1");
    }
    let output = command.output().expect("the child runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("a number").trim().parse().expect("a number")
}
