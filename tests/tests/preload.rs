//! `liballoc_preload.so` under programs: C's functions by the book, misuse that ends in
//! one line, threads, forks, and tools that every system has.
//!
//! The library is built here. This binary, whose own allocator is the C library's, is run
//! again under it as its own child.

use std::ffi::c_void;
use std::hint::black_box;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::ptr::null_mut;
use std::sync::OnceLock;

/// Builds the library and returns where it is.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = target_folder();
        let mut command = cargo("build", &folder);
        command.arg("--package=alloc-preload");
        if cfg!(feature = "hardened") {
            command.args(["--features", "hardened"]);
        }
        let output = command.output().expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder.join("release/liballoc_preload.so")
    })
}

/// A folder of its own: the outer cargo may hold the lock of the usual one.
fn target_folder() -> PathBuf {
    let name = if cfg!(feature = "hardened") { "preload-hardened" } else { "preload" };
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn cargo(job: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args([job, "--release", "--offline"]);
    command.args(["--config=profile.release.lto='off'", "--config=profile.release.debug=false"]);
    command.arg("--manifest-path").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"));
    command.arg("--target-dir").arg(folder);
    command
}

fn under_library(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).env("LD_PRELOAD", library());
    command.output().expect("the program runs")
}

/// Runs one of the tests below that are ignored, in a process of its own.
fn child(name: &str) -> Output {
    let this = std::env::current_exe().unwrap();
    under_library(this, &["--exact", name, "--ignored", "--nocapture", "--test-threads=1"])
}

/// The allocator, as it is compiled for the library, has its threads' heaps at an offset that
/// the dynamic linker fills in: it never asks for an address, which may allocate.
#[test]
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn no_call_asks_for_the_address_of_thread_local_storage() {
    let folder = target_folder().join("assembly");
    let assembly = folder.join("alloc_core.s");
    // Where it is gone, cargo would not know that it has to be made again.
    let _ = assembly.exists() || std::fs::remove_dir_all(&folder).is_ok();
    let mut command = cargo("rustc", &folder);
    command.args(["--package=alloc-core", "--features=initial-exec", "--"]);
    command.arg(format!("--emit=asm={}", assembly.display()));
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let assembly = std::fs::read_to_string(&assembly).unwrap();
    assert!(assembly.contains("@GOTTPOFF"), "no thread's heap in the assembly");
    assert!(!assembly.contains("__tls_get_addr"), "an address is asked for");
}

fn expect_success(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.is_empty(), "{:?}\n{printed}{text}", output.status);
}

#[test]
fn functions_do_what_their_standards_say() {
    expect_success(&child("child_functions"));
}

#[test]
fn threads_and_forks_work() {
    expect_success(&child("child_threads_and_forks"));
}

#[test]
fn misuse_ends_in_one_line_that_says_what() {
    let cases = [
        ("child_frees_the_stack", "which is no block of this allocator"),
        ("child_frees_a_static", "which is no block of this allocator"),
        ("child_frees_inside_a_small_block", "which lies inside the block of 112 bytes at 0x"),
        ("child_frees_inside_a_slab_block", "which lies inside the block of 5120 bytes at 0x"),
        ("child_frees_inside_a_span", "which lies inside the block of 1015808 bytes at 0x"),
        ("child_frees_inside_a_mapping", "which lies inside the block of 41943040 bytes at 0x"),
        ("child_resizes_the_stack", "which is no block of this allocator"),
    ];
    for (name, reason) in cases {
        ends_in_one_line(name, "alloc-core: freed or resized 0x", reason);
    }
}

#[test]
#[cfg_attr(not(feature = "hardened"), ignore = "caught at once in hardened mode alone")]
fn hardened_mode_catches_more_of_it() {
    let cases = [
        ("child_frees_twice", "of class 112 bytes in arena 0x", "was freed twice"),
        ("child_overflows", "of class 112 bytes in arena 0x", "was written to past its end"),
        ("child_overflows_a_span", "of 1015808 bytes", "was written to past its end"),
        ("child_resizes_an_overrun_block", "of class 5120 bytes", "was written to past its end"),
    ];
    for (name, block, reason) in cases {
        ends_in_one_line(name, "alloc-core: the block at 0x", block);
        ends_in_one_line(name, "alloc-core: the block at 0x", reason);
    }
}

/// Runs a child and expects it to end by SIGABRT with one line, of that start and reason.
fn ends_in_one_line(name: &str, start: &str, reason: &str) {
    let output = child(name);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{name}: {text}");
    assert!(text.starts_with(start), "{name}: {text}");
    assert!(text.contains(reason) && text.lines().count() == 1, "{name}: {text}");
}

#[test]
fn settings_come_from_the_environment() {
    let this = std::env::current_exe().unwrap();
    let mut command = Command::new(this);
    command.args(["--list"]).env("LD_PRELOAD", library()).env("ALLOC_CORE_KEEP_BYTES", "much");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.starts_with("alloc-core: ALLOC_CORE_KEEP_BYTES=much is ignored"), "{text}");
}

#[test]
fn tools_say_the_same_as_without() {
    let script = "for i in 1 2 3; do echo $i | sort -r | tr 1 2; done; ls / | wc -l; \
                  seq 1 20000 | sort -R --random-source=/dev/zero | sort -n | tail -n 1; \
                  seq 1 20000 | awk '{ a[$1 % 977] = a[$1 % 977] $1 } END { print length(a[5]) }'";
    let under = under_library("sh", &["-c", script]);
    let plain = Command::new("sh").args(["-c", script]).output().unwrap();
    expect_success(&under);
    assert_eq!(String::from_utf8_lossy(&under.stdout), String::from_utf8_lossy(&plain.stdout));
    assert!(under.stdout.len() > 15);
}

/// In C++, of which nothing is compiled where there is no g++.
#[test]
fn cxx_programs_get_every_form_from_before_main_to_their_threads_ends() {
    if Command::new("g++").arg("--version").output().is_err() {
        eprintln!("left out: there is no g++");
        return;
    }
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/programs/forms.cpp");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let [program, opened] = ["forms", "libforms.so"].map(|name| folder.join(name));
    for (file, options) in
        [(&program, &["-pthread"][..]), (&opened, &["-DLIBRARY", "-fPIC", "-shared"])]
    {
        let mut command = Command::new("g++");
        command.args(["-std=c++20", "-O1", "-fno-builtin"]).args(options).arg(source).arg("-o");
        expect_success(&command.arg(file).arg("-ldl").arg(library()).output().unwrap());
    }
    let output = under_library(program, &[opened.to_str().unwrap()]);
    expect_success(&output);
    assert_eq!(output.stdout, b"all forms\n", "{}", String::from_utf8_lossy(&output.stderr));
}

unsafe extern "C" {
    fn memalign(align: usize, size: usize) -> *mut c_void;
    fn valloc(size: usize) -> *mut c_void;
    fn pvalloc(size: usize) -> *mut c_void;
}

fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

fn set_errno(value: i32) {
    // SAFETY: no preconditions.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: this thread's own place.
    unsafe { place.write(value) };
}

fn is_aligned(block: *mut c_void, align: usize) -> bool {
    !block.is_null() && block.addr().is_multiple_of(align)
}

#[expect(clippy::multiple_unsafe_ops_per_block, reason = "C code, in Rust")]
#[test]
#[ignore = "run by the other tests, as a child"]
fn child_functions() {
    const TOO_MUCH: usize = 1 << 62;
    // SAFETY: each block is used as its function allows, and freed once.
    unsafe {
        for size in (0..5000).chain([130_000, 200_000, 1 << 20, 40 << 20]) {
            let block = black_box(libc::malloc(size));
            assert!(is_aligned(block, 16) && libc::malloc_usable_size(block) >= size);
            block.cast::<u8>().write_bytes(0xA5, size);
            libc::free(block);
            let zeroed = black_box(libc::calloc(1, size)).cast::<u8>();
            assert!(core::slice::from_raw_parts(zeroed, size).iter().all(|&byte| byte == 0));
            libc::free(zeroed.cast());
        }
        for fail in [
            || libc::malloc(TOO_MUCH),
            || libc::calloc(TOO_MUCH, 4),
            || libc::calloc(TOO_MUCH, 1),
            || libc::realloc(null_mut(), TOO_MUCH),
            || libc::reallocarray(null_mut(), TOO_MUCH, 4),
            || libc::aligned_alloc(64, TOO_MUCH),
            || memalign(64, usize::MAX),
            || valloc(TOO_MUCH),
            || pvalloc(usize::MAX),
        ] as [unsafe fn() -> *mut c_void; 9]
        {
            set_errno(0);
            // The compiler knows these functions, and that nobody uses the blocks.
            assert!(black_box(fail()).is_null());
            assert_eq!(errno(), libc::ENOMEM);
        }
        set_errno(0);
        assert!(black_box(libc::aligned_alloc(24, 48)).is_null());
        assert_eq!(errno(), libc::EINVAL);

        let mut place = null_mut();
        set_errno(7);
        assert_eq!(libc::posix_memalign(&raw mut place, 4, 8), libc::EINVAL);
        assert_eq!(libc::posix_memalign(&raw mut place, 24, 8), libc::EINVAL);
        assert_eq!(libc::posix_memalign(&raw mut place, 64, TOO_MUCH), libc::ENOMEM);
        assert!(place.is_null() && errno() == 7);
        for align in (3..26).map(|shift| 1 << shift) {
            for size in [1, 100, 5000, 300_000] {
                assert_eq!(libc::posix_memalign(&raw mut place, align, size), 0);
                assert!(is_aligned(place, align) && libc::malloc_usable_size(place) >= size);
                let grown = libc::realloc(place, size * 3).cast::<u8>();
                grown.write_bytes(1, size * 3);
                let shrunk = libc::realloc(grown.cast(), size).cast::<u8>();
                assert!(core::slice::from_raw_parts(shrunk, size).iter().all(|&byte| byte == 1));
                libc::free(shrunk.cast());
                let block = memalign(align, size);
                assert!(is_aligned(block, align));
                libc::free(block);
            }
        }
        let (page, pages) = (valloc(5), pvalloc(5000));
        assert!(is_aligned(page, 4096) && is_aligned(pages, 4096));
        assert!(libc::malloc_usable_size(pages) >= 8192);
        libc::free(page);
        libc::free(pages);

        // Through every tier and back.
        let sizes = [1, 100, 512, 513, 60_000, 131_072, 131_073, 3 << 20, 40 << 20];
        let mut block = libc::malloc(1).cast::<u8>();
        block.write(0x5A);
        for size in sizes.into_iter().chain(sizes.into_iter().rev()) {
            block = libc::realloc(block.cast(), size).cast();
            assert_eq!(block.read(), 0x5A);
        }
        assert!(black_box(libc::realloc(block.cast(), 0)).is_null());

        // What frees leaves the reason of what failed before.
        let blocks: Vec<_> = (0..2000).map(|_| libc::malloc(50_000)).collect();
        set_errno(7);
        for block in blocks {
            libc::free(block);
        }
        libc::free(null_mut());
        assert_eq!(errno(), 7);

        let block = black_box(libc::malloc(64 << 20)).cast::<u8>();
        block.write_bytes(1, 64 << 20);
        let info = libc::mallinfo2();
        assert!(info.hblkhd >= 64 << 20 && info.uordblks >= 64 << 20);
        libc::free(block.cast());
        libc::malloc_trim(0);
        assert!(libc::mallinfo2().hblkhd < 64 << 20);
    }
}

#[test]
#[ignore = "run by the other tests, as a child"]
fn child_threads_and_forks() {
    let work = |seed: usize| {
        let texts: Vec<String> =
            (0..3000).map(|number| "x".repeat((number * seed) % 700)).collect();
        texts.iter().map(String::len).sum::<usize>()
    };
    let busy: Vec<_> = (0..4)
        .map(|seed| std::thread::spawn(move || (0..200).map(|_| work(seed + 1)).sum::<usize>()))
        .collect();
    for _ in 0..100 {
        // SAFETY: the child does what is tested, and ends.
        match unsafe { libc::fork() } {
            0 => {
                let all = work(3) + vec![1_u8; 300_000].len() + vec![1_u8; 50 << 20].len();
                // SAFETY: no preconditions.
                unsafe { libc::_exit(i32::from(all == 0)) };
            }
            process => {
                let mut status = 1;
                // SAFETY: a place for the status of a child of this process.
                unsafe { libc::waitpid(process, &raw mut status, 0) };
                assert_eq!(status, 0);
            }
        }
    }
    let sums: Vec<usize> = busy.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(sums.iter().all(|&sum| sum > 0));
    for seed in 0..500 {
        std::thread::spawn(move || work(seed + 1)).join().unwrap();
    }
}

macro_rules! misuse {
    ($($name:ident: $call:expr;)*) => { $(
        #[test]
        #[ignore = "run by the other tests, as a child"]
        fn $name() {
            let misuse: fn() = $call;
            misuse();
        }
    )* };
}

/// Frees an address that lies so many bytes behind a new block's start.
fn free_inside(size: usize, offset: usize) {
    // SAFETY: no preconditions.
    let block = unsafe { black_box(libc::malloc(size)) };
    // SAFETY: none: the mistake that is to be caught.
    unsafe { libc::free(black_box(block.wrapping_byte_add(offset))) };
}

/// A new block whose first byte too many is overwritten.
fn overflown(size: usize) -> *mut c_void {
    // SAFETY: no preconditions.
    let block = unsafe { black_box(libc::malloc(size)) };
    let behind = block.cast::<u8>().wrapping_add(size);
    // SAFETY: a byte of the allocator's; nobody's else.
    let byte = unsafe { behind.read_volatile() };
    // SAFETY: none: the mistake that is to be caught.
    unsafe { behind.write_volatile(!byte) };
    block
}

misuse! {
    child_frees_twice: || {
        // SAFETY: no preconditions.
        let block = unsafe { black_box(libc::malloc(100)) };
        for _ in 0..2 {
            // SAFETY: none, the second time: the mistake that is to be caught.
            unsafe { libc::free(black_box(block)) };
        }
    };
    // SAFETY: none: the mistake was made before.
    child_overflows: || unsafe { libc::free(overflown(100)) };
    // SAFETY: as above.
    child_overflows_a_span: || unsafe { libc::free(overflown(1_000_000)) };
    child_resizes_an_overrun_block: || {
        // SAFETY: as above.
        black_box(unsafe { libc::realloc(overflown(5000), 6000) });
    };
    child_frees_the_stack: || {
        let mut local = 0_u64;
        // SAFETY: none: the mistake that is to be caught.
        unsafe { libc::free((&raw mut local).cast()) };
    };
    child_frees_a_static: || {
        static WORD: u64 = 5;
        // SAFETY: none: the mistake that is to be caught.
        unsafe { libc::free((&raw const WORD).cast_mut().cast()) };
    };
    child_frees_inside_a_small_block: || free_inside(100, 16);
    child_frees_inside_a_slab_block: || free_inside(5000, 32);
    child_frees_inside_a_span: || free_inside(1_000_000, 4096);
    child_frees_inside_a_mapping: || free_inside((40 << 20) - 100, 1 << 20);
    child_resizes_the_stack: || {
        let mut local = 0_u64;
        // SAFETY: none: the mistake that is to be caught.
        let resized = unsafe { libc::realloc((&raw mut local).cast(), 100) };
        black_box(resized);
    };
}
