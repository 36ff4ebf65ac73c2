//! What is caught when Rust code frees wrongly: at the latest when the thread puts the
//! blocks that it has cached back into their pools, the process ends with one line that
//! names the mistake, the block, its class and its arena. Each case is a process: this
//! binary, run again as its own child.

use std::alloc::{GlobalAlloc as _, Layout};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use alloc_core::PoolAlloc;

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

fn alloc(size: usize) -> *mut u8 {
    // SAFETY: not empty.
    let block = unsafe { GLOBAL.alloc(layout(size)) };
    assert!(!block.is_null());
    std::hint::black_box(block)
}

fn free(block: *mut u8, size: usize) {
    // SAFETY: none: some of the mistakes that are to be caught.
    unsafe { GLOBAL.dealloc(std::hint::black_box(block), layout(size)) };
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 16).unwrap()
}

/// Makes the thread's cached blocks go home, and says that nothing was noticed.
fn go_home() {
    alloc_core::collect();
    println!("nothing was noticed");
}

macro_rules! cases {
    ($($name:ident: $case:expr, $expected:literal;)*) => {
        mod children {
            use super::*;
            $(
                #[test]
                #[ignore = "run by the test below, as a child"]
                fn $name() {
                    let case: fn() = $case;
                    case();
                    go_home();
                }
            )*
        }

        const CASES: &[(&str, &str)] = &[$((stringify!($name), $expected)),*];
    };
}

cases! {
    small_twice_at_once: || {
        let block = alloc(100);
        free(block, 100);
        free(block, 100);
    }, "of class 112 bytes in arena 0x#, was freed twice, or never allocated";
    small_twice_with_others_between: || {
        let blocks: Vec<_> = (0..100).map(|_| alloc(200)).collect();
        for &block in &blocks {
            free(block, 200);
        }
        free(blocks[7], 200);
    }, "of class 208 bytes in arena 0x#, was freed twice, or never allocated";
    small_twice_after_it_went_home: || {
        // One block lives on: the pool does too.
        let (block, _beside) = (alloc(300), alloc(300));
        free(block, 300);
        alloc_core::collect();
        free(block, 300);
    }, "of class 304 bytes in arena 0x#, was freed twice, or never allocated";
    small_twice_on_two_threads: || {
        let (block, _beside) = (alloc(400), alloc(400));
        let address = block.expose_provenance();
        let other = move || free(std::ptr::with_exposed_provenance_mut(address), 400);
        std::thread::spawn(other).join().unwrap();
        free(block, 400);
    }, "of class 400 bytes in arena 0x#, was freed twice, or never allocated";
    slab_twice: || {
        let (block, _beside) = (alloc(5000), alloc(5000));
        free(block, 5000);
        free(block, 5000);
    }, "of class 5120 bytes in arena 0x#, was freed twice, or never allocated";
    span_twice: || {
        let block = alloc(300_000);
        free(block, 300_000);
        free(block, 300_000);
    }, "which is no block of this allocator";
    mapping_twice: || {
        let block = alloc(40 << 20);
        free(block, 40 << 20);
        free(block, 40 << 20);
    }, "which is no block of this allocator";
    never_allocated: || {
        let block = alloc(480);
        free(block.wrapping_add(3 * 480), 480);
    }, "of class 480 bytes in arena 0x#, was freed twice, or never allocated";
    with_a_smaller_layout: || free(alloc(256), 64),
        "of class 256 bytes in arena 0x#, was freed with a layout of 64 bytes";
    with_a_larger_layout: || free(alloc(64), 256),
        "of class 64 bytes in arena 0x#, was freed with a layout of 256 bytes";
    slab_as_small: || free(alloc(600), 100),
        "of class 640 bytes in arena 0x#, was freed with a layout of 112 bytes";
    slab_as_span: || free(alloc(600), 1 << 20), "which is no block of this allocator";
    span_as_slab: || free(alloc(1 << 20), 600), "which is no block of this allocator";
    span_as_small: || free(alloc(1 << 20), 100), "which is no block of this allocator";
    the_stack: || {
        let mut local = [0_u64; 8];
        free(local.as_mut_ptr().cast(), 64);
    }, "which is no block of this allocator";
    the_stack_as_span: || {
        let mut local = [0_u64; 8];
        free(local.as_mut_ptr().cast(), 1 << 20);
    }, "which is no block of this allocator";
    a_static: || {
        static WORDS: [u64; 8] = [7; 8];
        free(WORDS.as_ptr().cast_mut().cast(), 64);
    }, "which is no block of this allocator";
    inside_a_mapping: || free(alloc(40 << 20).wrapping_add(1 << 20), 40 << 20),
        "which lies inside the block of 41943040 bytes at 0x#";
    inside_a_span: || free(alloc(1 << 20).wrapping_add(1 << 16), 1 << 20),
        "which lies inside the block of 1048576 bytes at 0x#";
}

#[test]
fn each_mistake_ends_in_one_line_that_says_what() {
    let this = std::env::current_exe().unwrap();
    for (name, expected) in CASES {
        let path = format!("children::{name}");
        let arguments = ["--exact", &path, "--ignored", "--nocapture", "--test-threads=1"];
        let output = Command::new(&this).args(arguments).output().unwrap();
        let (text, printed) =
            (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
        assert!(printed.contains("running 1 test"), "{name}: {printed}");
        assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{name}: {printed}{text}");
        let said = without_addresses(&text);
        assert!(said.starts_with("alloc-core: "), "{name}: {text}");
        assert!(said.ends_with(&format!("{expected}\n")), "{name}: {text}");
        assert_eq!(text.lines().count(), 1, "{name}: {text}");
    }
}

/// The text with a # for the digits of each address.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0x");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, part| {
        said + "0x#" + part.trim_start_matches(|letter: char| letter.is_ascii_hexdigit())
    })
}
