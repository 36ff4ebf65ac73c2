//! What must not end a program: no memory, forks beside busy threads, threads by the
//! thousand whose thread-locals allocate while they end.

use std::alloc::{GlobalAlloc as _, Layout};
use std::cell::RefCell;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use alloc_core::PoolAlloc;

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

/// A size of each tier, and between.
const SIZES: [usize; 8] = [16, 100, 512, 2000, 60_000, 200_000, 3 << 20, 40 << 20];

fn child(name: &str) {
    let this = std::env::current_exe().unwrap();
    let output = Command::new(this)
        .args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("1 passed"), "{:?}\n{printed}{text}", output.status);
}

#[test]
fn without_memory_null_comes_back_and_the_program_goes_on() {
    child("child_out_of_memory");
}

#[test]
fn a_thousand_forks_beside_busy_threads() {
    child("child_forks");
}

#[test]
fn ten_thousand_threads_whose_thread_locals_allocate() {
    child("child_threads");
}

#[test]
fn memory_that_was_locked_reads_zero_again() {
    child("child_locked_memory");
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

#[test]
#[ignore = "run by the tests above, as a child"]
fn child_forks() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let busy = |seed: u8| {
        while !STOP.load(Ordering::Relaxed) {
            visit_all_tiers(seed);
        }
    };
    let threads: Vec<_> = (1..4).map(|seed| std::thread::spawn(move || busy(seed))).collect();
    for round in 0..1000_u32 {
        // SAFETY: the child does what is tested, and ends.
        let process = unsafe { libc::fork() };
        if process == 0 {
            let sum = visit_all_tiers((round % 200) as u8);
            let is_sound = alloc_core::stats().bytes_in_use() > 0 && sum > 0;
            // SAFETY: no preconditions.
            unsafe { libc::_exit(i32::from(!is_sound)) };
        }
        let mut status = 1;
        // SAFETY: a place for the status of a child of this process.
        assert_eq!(unsafe { libc::waitpid(process, &raw mut status, 0) }, process);
        assert_eq!(status, 0, "round {round}");
    }
    STOP.store(true, Ordering::Relaxed);
    // To their very end: `check` wants the heaps at rest.
    for thread in threads {
        thread.join().unwrap();
    }
    alloc_core::check().unwrap();
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
