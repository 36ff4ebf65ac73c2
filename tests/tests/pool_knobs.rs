//! Settings: what the program says, what the environment says over it, and what it
//! is told on standard error when that cannot be used. Settings are taken once a
//! process, so each case is a process: this binary, run again as its own child.

use std::alloc::{GlobalAlloc as _, Layout};
use std::process::{Command, Output};

use alloc_core::PoolAlloc;
use integration_tests::threads_named;

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new().keep_bytes(8 << 20).thread_cache_bytes(32 << 10);

/// What the child is: not run by itself.
#[test]
#[ignore = "run by the other tests, as a child"]
fn child() {
    // Another value's settings come too late, whatever it allocates.
    let late = PoolAlloc::new().keep_bytes(1);
    let layout = Layout::new::<[u64; 100]>();
    // SAFETY: the layout is not empty.
    let block = unsafe { late.alloc(layout) };
    // SAFETY: just allocated with this layout.
    unsafe { late.dealloc(block, layout) };

    println!("{:?}", alloc_core::settings());
    println!("bytes cached: {}", bytes_cached());
    println!("background threads: {}", threads_named("alloc-core"));
}

/// Bytes of the pools that a thread's cache holds when it has freed all else.
fn bytes_cached() -> usize {
    // 16 MiB of a big small class that nobody else here uses, 8 blocks a pool.
    let blocks: Vec<Box<[u8; 488]>> = (0..32 << 10).map(|_| Box::new([0; 488])).collect();
    drop(blocks);
    let class = alloc_core::stats().classes[30];
    assert_eq!((class.block_bytes, class.blocks_in_use), (496, 0));
    class.pools * class.pool_bytes
}

/// Runs the child with these variables and no other `ALLOC_CORE_*`.
fn run(variables: &[(&str, &str)]) -> (String, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--ignored", "--nocapture"]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ALLOC_CORE_") {
            command.env_remove(name);
        }
    }
    let Output { status, stdout, stderr } =
        command.envs(variables.iter().copied()).output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(status.success(), "{stdout}{stderr}");
    (stdout, stderr)
}

fn cached(stdout: &str) -> usize {
    let line = stdout.lines().find_map(|line| line.strip_prefix("bytes cached: "));
    line.and_then(|number| number.parse().ok()).expect("the child prints it")
}

#[test]
fn the_program_says() {
    let (stdout, stderr) = run(&[]);
    let expected = "Settings { keep_bytes: 8388608, keep_max_bytes: 29360128, keep_percent: 25, \
                    thread_cache_bytes: 32768, huge_pages: true, huge_pages_after: 8388608, \
                    purge_after: 0ns }";
    assert!(stdout.contains(expected), "{stdout}");
    assert_eq!(stderr, "");
    assert!(stdout.contains("background threads: 0"), "{stdout}");
}

#[test]
fn the_environment_says_otherwise() {
    let (stdout, stderr) = run(&[
        ("ALLOC_CORE_KEEP_BYTES", "64kib"),
        ("ALLOC_CORE_KEEP_MAX_BYTES", "1G"),
        ("ALLOC_CORE_KEEP_PERCENT", "0"),
        ("ALLOC_CORE_THREAD_CACHE_BYTES", "2048"),
        ("ALLOC_CORE_HUGE_PAGES", "False"),
        ("ALLOC_CORE_HUGE_PAGES_AFTER", "32m"),
        ("ALLOC_CORE_PURGE_AFTER_MS", "1500"),
    ]);
    let expected = "Settings { keep_bytes: 65536, keep_max_bytes: 1073741824, keep_percent: 0, \
                    thread_cache_bytes: 2048, huge_pages: false, huge_pages_after: 33554432, \
                    purge_after: 1.5s }";
    assert!(stdout.contains(expected), "{stdout}");
    assert_eq!(stderr, "");
    assert!(stdout.contains("background threads: 1"), "{stdout}");
}

#[test]
fn a_thread_caches_what_it_may() {
    for (setting, bytes) in [("1KiB", 1 << 10), ("16K", 16 << 10), ("1m", 1 << 20)] {
        let (stdout, _) = run(&[("ALLOC_CORE_THREAD_CACHE_BYTES", setting)]);
        // Between half a bin and a full one, and pools that it shares; in hardened mode,
        // one pool more for each block that waits.
        let cached = cached(&stdout);
        let shared = if cfg!(feature = "hardened") { 80 << 10 } else { 16 << 10 };
        assert!((bytes / 2..=bytes + shared).contains(&cached), "{setting}: {cached}");
    }
}

#[test]
fn what_cannot_be_used_is_told_once_and_ignored() {
    let (stdout, stderr) = run(&[
        ("ALLOC_CORE_KEEP_BYTES", "lots"),
        ("ALLOC_CORE_KEEP_MAX_BYTES", "1TiB"),
        ("ALLOC_CORE_KEEP_PERCENT", "1001"),
        ("ALLOC_CORE_THREAD_CACHE_BYTES", "1"),
        ("ALLOC_CORE_HUGE_PAGES", "yes"),
        ("ALLOC_CORE_HUGE_PAGES_AFTER", "1G"),
        ("ALLOC_CORE_PURGE_AFTER_MS", "-1"),
    ]);
    let mut lines: Vec<&str> = stderr.lines().collect();
    lines.sort_unstable();
    let expected = [
        "alloc-core: ALLOC_CORE_HUGE_PAGES=yes is ignored: it takes 0, 1, false or true",
        "alloc-core: ALLOC_CORE_HUGE_PAGES_AFTER=1G is ignored: it takes bytes up to 64MiB, such \
         as 65536, 64KiB or 8M",
        "alloc-core: ALLOC_CORE_KEEP_BYTES=lots is ignored: it takes bytes up to 1024GiB, such as \
         65536, 64KiB or 8M",
        "alloc-core: ALLOC_CORE_KEEP_MAX_BYTES=1TiB is ignored: it takes bytes up to 1024GiB, \
         such as 65536, 64KiB or 8M",
        "alloc-core: ALLOC_CORE_KEEP_PERCENT=1001 is ignored: it takes a whole number from 0 to \
         1000",
        "alloc-core: ALLOC_CORE_PURGE_AFTER_MS=-1 is ignored: it takes milliseconds from 0 \
         (never) to 86400000",
        "alloc-core: ALLOC_CORE_THREAD_CACHE_BYTES=1 is ignored: it takes bytes from 1KiB to \
         4MiB, such as 65536, 64KiB or 1M",
    ];
    assert_eq!(lines, expected);
    let expected = "Settings { keep_bytes: 8388608, keep_max_bytes: 29360128, keep_percent: 25, \
                    thread_cache_bytes: 32768, huge_pages: true, huge_pages_after: 8388608, \
                    purge_after: 0ns }";
    assert!(stdout.contains(expected), "{stdout}");
}

#[test]
fn typing_errors_are_told() {
    let (_, stderr) = run(&[("ALLOC_CORE_KEEPBYTES", "1M"), ("ALLOC_CORE_KEEP_PERCENT", "5")]);
    let expected = "alloc-core: ALLOC_CORE_KEEPBYTES is ignored: the settings are \
                    ALLOC_CORE_KEEP_BYTES, ALLOC_CORE_KEEP_MAX_BYTES, ALLOC_CORE_KEEP_PERCENT, \
                    ALLOC_CORE_THREAD_CACHE_BYTES, ALLOC_CORE_HUGE_PAGES, \
                    ALLOC_CORE_HUGE_PAGES_AFTER, ALLOC_CORE_PURGE_AFTER_MS\n";
    assert_eq!(stderr, expected);
}
