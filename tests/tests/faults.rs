//! What must not end a program: no memory, locked memory, forks, new processes and execs
//! beside busy threads, threads by the thousand whose thread-locals allocate while they
//! end.

use std::alloc::{GlobalAlloc as _, Layout};
use std::cell::RefCell;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;

use alloc_core::PoolAlloc;
use integration_tests::{fork_and_wait, run_in_child};

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

/// A size of each tier, and between.
const SIZES: [usize; 8] = [16, 100, 512, 2000, 60_000, 200_000, 3 << 20, 40 << 20];

#[test]
fn without_memory_null_comes_back_and_the_program_goes_on() {
    run_in_child("child_out_of_memory", &[]);
}

#[test]
fn a_thousand_forks_beside_busy_threads() {
    run_in_child("child_forks", &[]);
}

#[test]
fn new_processes_beside_busy_threads() {
    run_in_child("child_spawns", &[]);
}

#[test]
fn a_hundred_execs_beside_busy_threads() {
    run_in_child("child_execs", &[("EXECS_LEFT", "100")]);
}

#[test]
fn ten_thousand_threads_whose_thread_locals_allocate() {
    run_in_child("child_threads", &[]);
}

#[test]
fn memory_that_was_locked_reads_zero_again() {
    run_in_child("child_locked_memory", &[]);
}

/// A locked page cannot be given back to the system: secrets, audio buffers and whole
/// programs are locked, and freed without a thought.
#[test]
#[ignore = "run by the tests above, as a child"]
fn child_locked_memory() {
    // Below the 64 KiB that every user may lock.
    const LOCKED_BYTES: usize = 32 << 10;
    for size in [100_000, 200_000, 3 << 20, 40 << 20] {
        let layout = Layout::from_size_align(size, 16).unwrap();
        // What keeps the memory around it from being unmapped as a whole.
        let beside = vec![1_u8; 200_000];
        // SAFETY: the layout is not empty.
        let block = unsafe { GLOBAL.alloc(layout) };
        // SAFETY: a block of that size.
        unsafe { block.write_bytes(0xA5, size) };
        // SAFETY: locking changes no byte.
        let locked = unsafe { libc::mlock(block.cast(), LOCKED_BYTES) };
        assert_eq!(locked, 0, "{}", std::io::Error::last_os_error());
        // SAFETY: allocated above with this layout.
        unsafe { GLOBAL.dealloc(block, layout) };
        alloc_core::collect();
        // SAFETY: the layout is not empty.
        let again = unsafe { GLOBAL.alloc_zeroed(layout) };
        // SAFETY: a block of that size, which reads zero.
        let bytes = unsafe { std::slice::from_raw_parts(again, size) };
        let first = bytes.iter().position(|&byte| byte != 0);
        assert_eq!(first, None, "{size} bytes, the same block: {}", again == block);
        // SAFETY: allocated above with this layout.
        unsafe { GLOBAL.dealloc(again, layout) };
        drop(beside);
    }
    alloc_core::check().unwrap();
}

/// Limits this process's addresses to so many bytes more than it has.
fn limit_addresses(more: u64) {
    let pages = procfs::process::Process::myself().unwrap().statm().unwrap().size;
    let bytes = pages * procfs::page_size() + more;
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a valid limit.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
}

#[test]
#[ignore = "run by the tests above, as a child"]
fn child_out_of_memory() {
    // Room for the lists of blocks, and for what this test itself needs.
    let mut blocks: Vec<(*mut u8, Layout)> = Vec::with_capacity(1 << 20);
    for size in SIZES {
        limit_addresses(200 << 20);
        let layout = Layout::from_size_align(size, 16).unwrap();
        // Touched in part: it is the addresses that run out.
        while blocks.len() < blocks.capacity() {
            // SAFETY: the layout is not empty.
            let block = unsafe { GLOBAL.alloc(layout) };
            if block.is_null() {
                break;
            }
            // SAFETY: a block of at least 16 bytes.
            unsafe { block.write_bytes(0xA5, 16) };
            blocks.push((block, layout));
        }
        let taken = blocks.len();
        assert!(taken == blocks.capacity() || taken * size > 20 << 20, "{taken} of {size} bytes");
        let mut none: Vec<u8> = Vec::new();
        assert!(none.try_reserve(1 << 30).is_err());
        // What cannot grow stays as it was.
        let (last, layout) = blocks[taken - 1];
        // SAFETY: a live block of that layout; the new size is a valid one.
        let grown = unsafe { GLOBAL.realloc(last, layout, 1 << 30) };
        assert!(grown.is_null());
        // SAFETY: still live, as it was written.
        assert_eq!(unsafe { last.read() }, 0xA5);
        alloc_core::check().unwrap();
        for (block, layout) in blocks.drain(..) {
            // SAFETY: allocated above with this layout.
            unsafe { GLOBAL.dealloc(block, layout) };
        }
        alloc_core::check().unwrap();
        // The program goes on: all tiers serve again.
        for size in SIZES {
            let again = vec![1_u8; size];
            assert_eq!(again.iter().map(|&byte| usize::from(byte)).sum::<usize>(), size);
        }
        alloc_core::collect();
    }
    let stats = alloc_core::stats();
    let big = (stats.big.spans_in_use, stats.big.mappings_in_use, stats.bytes_kept);
    assert_eq!(big, (1, 0, 0), "the test's list alone: {stats}");
}

/// Allocates and frees from every tier; returns what it read back.
fn visit_all_tiers(seed: u8) -> usize {
    let texts: Vec<Vec<u8>> = SIZES.iter().map(|&size| vec![seed; size.min(300_000)]).collect();
    let many: Vec<String> =
        (0..200).map(|number| "x".repeat(number * usize::from(seed) % 600)).collect();
    texts.iter().map(|text| usize::from(text[text.len() / 2])).sum::<usize>() + many.len()
}

/// Threads that allocate and free until they are stopped.
struct Busy {
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl Busy {
    /// Starts some; returns once each of them is at work.
    fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let started = Arc::new(Barrier::new(4));
        let threads = (1..4).map(|seed| {
            let (stop, started) = (Arc::clone(&stop), Arc::clone(&started));
            std::thread::spawn(move || {
                visit_all_tiers(seed);
                started.wait();
                while !stop.load(Ordering::Relaxed) {
                    visit_all_tiers(seed);
                }
            })
        });
        let threads = threads.collect();
        started.wait();
        Self { threads, stop }
    }

    fn stop_and_check(self) {
        self.stop.store(true, Ordering::Relaxed);
        // To their very end: `check` wants the heaps at rest.
        for thread in self.threads {
            thread.join().unwrap();
        }
        alloc_core::check().unwrap();
    }
}

#[test]
#[ignore = "run by the tests above, as a child"]
fn child_forks() {
    let busy = Busy::start();
    for round in 0..1000_u32 {
        let is_sound = fork_and_wait(|| {
            let sum = visit_all_tiers((round % 200) as u8);
            alloc_core::stats().bytes_in_use() > 0 && sum > 0
        });
        assert!(is_sound, "round {round}");
    }
    busy.stop_and_check();
}

/// The standard library has `posix_spawn` start a process, where the child borrows the
/// parent's memory until it is another program; or, if it is to run code before, `fork`.
#[test]
#[ignore = "run by the tests above, as a child"]
fn child_spawns() {
    let busy = Busy::start();
    let spawning: Vec<_> = (0..2)
        .map(|_| {
            std::thread::spawn(|| {
                for round in 0..200 {
                    let mut command = Command::new("true");
                    command.arg("x".repeat(round * 10)).env("ROUND", round.to_string());
                    if round % 4 == 0 {
                        let allocate = || {
                            assert!(visit_all_tiers(3) > 0);
                            Ok(())
                        };
                        // SAFETY: that this may allocate between fork and exec is what
                        // is tested.
                        unsafe { command.pre_exec(allocate) };
                    }
                    assert!(command.status().unwrap().success(), "round {round}");
                }
            })
        })
        .collect();
    for thread in spawning {
        thread.join().unwrap();
    }
    busy.stop_and_check();
}

/// The process becomes this same test again, a hundred times, while its threads are at
/// work.
#[test]
#[ignore = "run by the tests above, as a child"]
fn child_execs() {
    let busy = Busy::start();
    let process = std::process::id().to_string();
    assert_eq!(std::env::var("PROCESS").unwrap_or(process.clone()), process);
    let left: u32 = std::env::var("EXECS_LEFT").unwrap().parse().unwrap();
    if left > 0 {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(std::env::args_os().skip(1));
        command.env("EXECS_LEFT", (left - 1).to_string()).env("PROCESS", process);
        panic!("{}", command.exec());
    }
    busy.stop_and_check();
}

/// What a thread has until it ends: frees and allocates while it does.
struct Last(Vec<String>);

static LASTS: AtomicUsize = AtomicUsize::new(0);

impl Drop for Last {
    fn drop(&mut self) {
        let joined = self.0.join(" ");
        let others: Vec<Box<usize>> = (0..50).map(Box::new).collect();
        let sum: usize = others.iter().map(|number| **number).sum();
        LASTS.fetch_add(usize::from(joined.len() > 100 && sum == 1225), Ordering::Relaxed);
    }
}

thread_local! {
    static LAST: RefCell<Last> = const { RefCell::new(Last(Vec::new())) };
}

#[test]
#[ignore = "run by the tests above, as a child"]
fn child_threads() {
    const THREADS: usize = 10_000;
    for _ in 0..THREADS / 20 {
        let threads: Vec<_> = (0..20)
            .map(|seed| {
                std::thread::spawn(move || {
                    let words = (0..40).map(|number| format!("word {number} of {seed}"));
                    LAST.with(|last| last.borrow_mut().0.extend(words));
                    visit_all_tiers(seed)
                })
            })
            .collect();
        for thread in threads {
            assert!(thread.join().unwrap() >= 200);
        }
    }
    assert_eq!(LASTS.load(Ordering::Relaxed), THREADS);
    alloc_core::check().unwrap();
    alloc_core::collect();
    let stats = alloc_core::stats();
    assert!(stats.bytes_in_use() < 1 << 20, "{stats}");
}
