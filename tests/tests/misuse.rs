//! What is caught when Rust code misuses its memory, in both modes: SECURITY.md's table,
//! row by row, what is missed included. What is caught ends the process with one line
//! that names the mistake and the block. Each case is a process: this binary, run again
//! as its own child.

use std::alloc::{GlobalAlloc as _, Layout};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use alloc_core::PoolAlloc;

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

/// What becomes of a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The process ends there, with a line that ends so.
    AtOnce(&'static str),
    /// It ends when the blocks that the thread has cached go home.
    Later(&'static str),
    /// It dies of SIGSEGV: the memory is not there.
    Faults,
    /// Nothing.
    Missed,
}

use Fate::{AtOnce, Faults, Later, Missed};

/// A mapping's size that leaves room in its last page.
const MAPPING: usize = (40 << 20) - 100;

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

/// Changes so many bytes from `offset` on, whatever they are.
fn scribble(block: *mut u8, offset: isize, bytes: usize) {
    for place in (0..bytes).map(|at| block.wrapping_offset(offset).wrapping_add(at)) {
        // SAFETY: none but that something is mapped there.
        let byte = unsafe { place.read_volatile() };
        // SAFETY: as above.
        unsafe { place.write_volatile(!byte) };
    }
}

/// Writes over the end of a block of `size`, and frees it.
fn overflow(size: usize, bytes: usize) {
    let block = alloc(size);
    scribble(block, size.cast_signed(), bytes);
    free(block, size);
}

/// Copies twice a block's size into it, and frees it.
fn overrun_by_memcpy(size: usize) {
    let source = vec![0xC7_u8; 2 * size];
    let (block, _beside) = (alloc(size), alloc(size));
    // SAFETY: none: the target is too short.
    unsafe { block.copy_from(source.as_ptr(), source.len()) };
    free(block, size);
}

/// Writes before the start of a block of `size` that has a neighbour, and frees both.
fn underflow(size: usize, bytes: usize) {
    let mut blocks: Vec<_> = (0..64).map(|_| alloc(size)).collect();
    blocks.sort_unstable();
    let gap = blocks.windows(2).map(|pair| pair[1].addr() - pair[0].addr()).min().unwrap();
    let pair = blocks.windows(2).find(|pair| pair[1].addr() - pair[0].addr() == gap).unwrap();
    scribble(pair[1], -bytes.cast_signed(), bytes);
    for block in blocks {
        free(block, size);
    }
}

/// Writes to a block after it was freed; then its memory comes round again.
fn write_after_free(size: usize) {
    let (block, _beside) = (alloc(size), alloc(size));
    free(block, size);
    scribble(block, 8, 1);
    for _ in 0..1000 {
        free(alloc(size), size);
    }
}

/// Overwrites the link of a block that another thread has freed, on its way home.
fn smash_a_link() {
    let (block, _beside) = (alloc(144), alloc(144));
    let address = block.expose_provenance();
    let other = move || free(std::ptr::with_exposed_provenance_mut(address), 144);
    std::thread::spawn(other).join().unwrap();
    scribble(block, 0, 8);
}

macro_rules! cases {
    ($($name:ident: $case:expr, $plain:expr, $hardened:expr;)*) => {
        mod children {
            use super::*;
            $(
                #[test]
                #[ignore = "run by the test below, as a child"]
                fn $name() {
                    let case: fn() = $case;
                    case();
                    println!("not at once");
                    alloc_core::collect();
                    println!("nor later");
                }
            )*
        }

        const CASES: &[(&str, Fate, Fate)] = &[$((stringify!($name), $plain, $hardened)),*];
    };
}

const NO_BLOCK: &str = "which is no block of this allocator";
const OVERRUN: &str = "was written to past its end, or the block behind it before its start";
const STALE: &str = "was written to after it was freed";
const LINK: &str = "or that block's own does not open";

// Sizes whose class has room for hardened mode's seal as well.
cases! {
    small_twice_at_once: || {
        let block = alloc(100);
        free(block, 100);
        free(block, 100);
    },
        AtOnce("of class 112 bytes in arena 0x#, was freed twice, or never allocated"),
        AtOnce("of class 112 bytes in arena 0x#, was freed twice, or never allocated");
    small_twice_with_one_between: || {
        let (block, other) = (alloc(100), alloc(100));
        free(block, 100);
        free(other, 100);
        free(block, 100);
    },
        Later("of class 112 bytes in arena 0x#, was freed twice, or never allocated"),
        AtOnce("of class 112 bytes in arena 0x#, was freed twice, or never allocated");
    small_twice_with_many_between: || {
        // Every second one lives on: the pools do too.
        let blocks: Vec<_> = (0..200).map(|_| alloc(200)).collect();
        for &block in blocks.iter().skip(1).step_by(2) {
            free(block, 200);
        }
        free(blocks[7], 200);
    },
        Later("of class 208 bytes in arena 0x#, was freed twice, or never allocated"),
        AtOnce("of class 208 bytes in arena 0x#, was freed twice, or never allocated");
    small_twice_after_it_went_home: || {
        // The blocks beside it live on: the pool does too.
        let blocks: Vec<_> = (0..100).map(|_| alloc(290)).collect();
        let block = blocks[50];
        free(block, 290);
        alloc_core::collect();
        free(block, 290);
    },
        Later("of class 304 bytes in arena 0x#, was freed twice, or never allocated"),
        AtOnce("of class 304 bytes in arena 0x#, was freed twice, or never allocated");
    small_twice_on_two_threads: || {
        let (block, _beside) = (alloc(390), alloc(390));
        let address = block.expose_provenance();
        let other = move || free(std::ptr::with_exposed_provenance_mut(address), 390);
        std::thread::spawn(other).join().unwrap();
        free(block, 390);
    },
        Later("of class 400 bytes in arena 0x#, was freed twice, or never allocated"),
        AtOnce("of class 400 bytes in arena 0x#, was freed twice, or never allocated");
    small_twice_after_reuse: || {
        // The second free takes the block from its new owner, whose own is one too many.
        let block = alloc(100);
        free(block, 100);
        // In hardened mode it waits until others have been freed.
        while let other = alloc(100)
            && other != block
        {
            free(other, 100);
        }
        free(block, 100);
        free(block, 100);
    },
        AtOnce("of class 112 bytes in arena 0x#, was freed twice, or never allocated"),
        AtOnce("of class 112 bytes in arena 0x#, was freed twice, or never allocated");
    slab_twice: || {
        let (block, _beside) = (alloc(5000), alloc(5000));
        free(block, 5000);
        free(block, 5000);
    },
        AtOnce("of class 5120 bytes in arena 0x#, was freed twice, or never allocated"),
        AtOnce("of class 5120 bytes in arena 0x#, was freed twice, or never allocated");
    wide_slab_twice: || {
        let (block, _beside) = (alloc(100_000), alloc(100_000));
        free(block, 100_000);
        free(block, 100_000);
    },
        AtOnce("of class 106496 bytes in arena 0x#, was freed twice, or never allocated"),
        AtOnce("of class 115584 bytes in arena 0x#, was freed twice, or never allocated");
    span_twice: || {
        let block = alloc(300_000);
        free(block, 300_000);
        free(block, 300_000);
    }, AtOnce(NO_BLOCK), AtOnce(NO_BLOCK);
    mapping_twice: || {
        let block = alloc(MAPPING);
        free(block, MAPPING);
        free(block, MAPPING);
    }, AtOnce(NO_BLOCK), AtOnce(NO_BLOCK);
    never_allocated: || {
        let block = alloc(470);
        let last_of_its_page = block.map_addr(|address| (address & !4095) + 7 * 480);
        free(if block == last_of_its_page { alloc(470) } else { last_of_its_page }, 470);
        free(block.map_addr(|address| address & !4095), 470);
        free(block.map_addr(|address| (address & !4095) + 480), 470);
    },
        Later("of class 480 bytes in arena 0x#, was freed twice, or never allocated"),
        AtOnce("of class 480 bytes in arena 0x#, was freed twice, or never allocated");
    with_a_smaller_layout: || free(alloc(240), 64),
        Later("of class 240 bytes in arena 0x#, was freed with a layout of 64 bytes"),
        AtOnce("was allocated with 240 bytes, and freed or resized with a layout of 64");
    with_a_larger_layout: || free(alloc(64), 240),
        Later("of class 64 bytes in arena 0x#, was freed with a layout of 240 bytes"),
        AtOnce("was allocated with 64 bytes, and freed or resized with a layout of 240");
    with_a_layout_of_its_class: || free(alloc(100), 97), Missed,
        AtOnce("was allocated with 100 bytes, and freed or resized with a layout of 97");
    slab_as_small: || free(alloc(600), 100),
        Later("of class 640 bytes in arena 0x#, was freed with a layout of 112 bytes"),
        AtOnce("was allocated with 600 bytes, and freed or resized with a layout of 100");
    slab_as_coloured_slab: || free(alloc(600), 32_700),
        Later("of class 640 bytes in arena 0x#, was freed with a layout of 32768 bytes"),
        AtOnce("was allocated with 600 bytes, and freed or resized with a layout of 32700");
    wide_slab_as_small: || free(alloc(100_000), 100),
        Later("of class 106496 bytes in arena 0x#, was freed with a layout of 112 bytes"),
        AtOnce("was allocated with 100000 bytes, and freed or resized with a layout of 100");
    small_as_wide_slab: || free(alloc(100), 100_000),
        Later("of class 112 bytes in arena 0x#, was freed with a layout of 106496 bytes"),
        AtOnce("was allocated with 100 bytes, and freed or resized with a layout of 100000");
    slab_as_span: || free(alloc(600), 1 << 20), AtOnce(NO_BLOCK),
        AtOnce("was allocated with 600 bytes, and freed or resized with a layout of 1048576");
    span_as_slab: || free(alloc(1 << 20), 600), Later(NO_BLOCK),
        AtOnce("was allocated with 1048576 bytes, and freed or resized with a layout of 600");
    span_as_small: || free(alloc(1 << 20), 100), Later(NO_BLOCK),
        AtOnce("was allocated with 1048576 bytes, and freed or resized with a layout of 100");
    the_stack: || {
        let mut local = [0_u64; 8];
        free(local.as_mut_ptr().cast(), 64);
    }, Later(NO_BLOCK), AtOnce(NO_BLOCK);
    the_stack_as_span: || {
        let mut local = [0_u64; 8];
        free(local.as_mut_ptr().cast(), 1 << 20);
    }, AtOnce(NO_BLOCK), AtOnce(NO_BLOCK);
    a_static: || {
        static WORDS: [u64; 8] = [7; 8];
        free(WORDS.as_ptr().cast_mut().cast(), 64);
    }, Later(NO_BLOCK), AtOnce(NO_BLOCK);
    before_the_first_block_of_a_slab: || {
        // Of one that does not start on a page; there are none in hardened mode.
        static PAGE: [u64; 1024] = [7; 1024];
        let blocks: Vec<_> = (0..8).map(|_| alloc(32_700)).collect();
        let led = blocks.into_iter().find(|block| !block.addr().is_multiple_of(4096));
        let led = led.unwrap_or((&raw const PAGE[1000]).cast_mut().cast());
        free(led.map_addr(|address| address & !4095), 32_700);
    }, Later(NO_BLOCK), AtOnce(NO_BLOCK);
    inside_a_small_block: || free(alloc(300).wrapping_add(16), 300), Missed,
        AtOnce("which lies inside the block of 320 bytes at 0x#");
    inside_a_slab_block: || free(alloc(5000).wrapping_add(64), 5000), Missed,
        AtOnce("which lies inside the block of 5120 bytes at 0x#");
    inside_a_wide_slab_block: || free(alloc(100_000).wrapping_add(1 << 16), 100_000), Missed,
        AtOnce("which lies inside the block of 115584 bytes at 0x#");
    inside_a_mapping: || free(alloc(MAPPING).wrapping_add(1 << 20), MAPPING),
        AtOnce("which lies inside the block of 41943040 bytes at 0x#"),
        AtOnce("which lies inside the block of 41943040 bytes at 0x#");
    inside_a_span: || free(alloc(1_000_000).wrapping_add(1 << 16), 1_000_000),
        AtOnce("which lies inside the block of 1015808 bytes at 0x#"),
        AtOnce("which lies inside the block of 1015808 bytes at 0x#");
    small_overflow_by_1: || overflow(100, 1), Missed, AtOnce(OVERRUN);
    small_overflow_by_1_of_a_full_block: || overflow(104, 1), Missed, AtOnce(OVERRUN);
    small_overflow_by_32: || overflow(100, 32), Missed, AtOnce(OVERRUN);
    small_overflow_by_memcpy: || overrun_by_memcpy(100), Missed, AtOnce(OVERRUN);
    slab_overflow_by_1: || overflow(5000, 1), Missed, AtOnce(OVERRUN);
    slab_overflow_by_32: || overflow(5000, 32), Missed, AtOnce(OVERRUN);
    slab_overflow_by_memcpy: || overrun_by_memcpy(5000), Missed, AtOnce(OVERRUN);
    wide_slab_overflow_by_1: || overflow(100_000, 1), Missed, AtOnce(OVERRUN);
    wide_slab_overflow_by_32: || overflow(100_000, 32), Missed, AtOnce(OVERRUN);
    span_overflow_by_1: || overflow(300_000, 1), Missed, AtOnce(OVERRUN);
    span_overflow_by_32: || overflow(300_000, 32), Missed, AtOnce(OVERRUN);
    span_overflow_by_memcpy: || overrun_by_memcpy(300_000), Missed, AtOnce(OVERRUN);
    mapping_overflow_by_1: || overflow(MAPPING, 1), Missed, AtOnce(OVERRUN);
    mapping_overflow_by_32: || overflow(MAPPING, 32), Missed, AtOnce(OVERRUN);
    small_underflow_by_1: || underflow(100, 1), Missed, AtOnce(OVERRUN);
    small_underflow_by_32: || underflow(100, 32), Missed, AtOnce(OVERRUN);
    slab_underflow_by_1: || underflow(5000, 1), Missed, AtOnce(OVERRUN);
    slab_underflow_by_32: || underflow(5000, 32), Missed, AtOnce(OVERRUN);
    wide_slab_underflow_by_1: || underflow(100_000, 1), Missed, AtOnce(OVERRUN);
    wide_slab_underflow_by_32: || underflow(100_000, 32), Missed, AtOnce(OVERRUN);
    span_underflow_by_1: || underflow(300_000, 1), Missed, AtOnce(OVERRUN);
    span_underflow_by_32: || underflow(300_000, 32), Missed, AtOnce(OVERRUN);
    small_write_after_free: || write_after_free(100), Missed, AtOnce(STALE);
    slab_write_after_free: || write_after_free(5000), Missed, AtOnce(STALE);
    wide_slab_write_after_free: || write_after_free(100_000), Missed, AtOnce(STALE);
    mapping_write_after_free: || {
        let block = alloc(MAPPING);
        free(block, MAPPING);
        scribble(block, 8, 1);
    }, Faults, Faults;
    a_smashed_link: smash_a_link, Later(LINK), Later(LINK);
    from_an_arenas_last_page_on: || {
        // Far over the end of a block: in hardened mode a guard lies before the next books.
        let block = alloc(100);
        let last = block.map_addr(|address| (address | ((256 << 10) - 1)) - 4095);
        scribble(last, 0, 1);
    }, Missed, Faults;
    from_a_wide_arenas_last_page_on: || {
        let block = alloc(100_000);
        let last = block.map_addr(|address| (address | ((1 << 20) - 1)) - 4095);
        scribble(last, 0, 1);
    }, Missed, Faults;
    before_a_wide_arenas_first_page: || {
        let block = alloc(100_000);
        let first = block.map_addr(|address| (address & !((1 << 20) - 1)) + 4096);
        scribble(first, 0, 1);
    }, Missed, Faults;
    before_an_arenas_first_page: || {
        let block = alloc(100);
        let first = block.map_addr(|address| (address & !((256 << 10) - 1)) + 4096);
        scribble(first, 0, 1);
    }, Missed, Faults;
}

#[test]
fn each_mistake_ends_as_the_table_says() {
    let this = std::env::current_exe().unwrap();
    for &(name, plain, hardened) in CASES {
        let fate = if cfg!(feature = "hardened") { hardened } else { plain };
        let path = format!("children::{name}");
        let arguments = ["--exact", &path, "--ignored", "--nocapture", "--test-threads=1"];
        let output = Command::new(&this).args(arguments).output().unwrap();
        let (text, printed) =
            (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
        assert!(printed.contains("running 1 test"), "{name}: {printed}");
        let (signal, marks) = (output.status.signal(), ["not at once", "nor later"]);
        let seen = marks.map(|mark| printed.contains(mark));
        let (expected_signal, expected_seen) = match fate {
            AtOnce(_) => (Some(libc::SIGABRT), [false, false]),
            Later(_) => (Some(libc::SIGABRT), [true, false]),
            Faults => (Some(libc::SIGSEGV), [false, false]),
            Missed => (None, [true, true]),
        };
        assert_eq!((signal, seen), (expected_signal, expected_seen), "{name}: {printed}{text}");
        if let AtOnce(expected) | Later(expected) = fate {
            let said = without_addresses(&text);
            assert!(said.starts_with("alloc-core: "), "{name}: {text}");
            assert!(said.ends_with(&format!("{expected}\n")), "{name}: {text}");
            assert_eq!(text.lines().count(), 1, "{name}: {text}");
        }
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
