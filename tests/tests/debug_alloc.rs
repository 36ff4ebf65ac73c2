//! `DebugAlloc` around `PoolAlloc` and the system's malloc: what its user writes past the
//! ends of blocks, or frees wrongly, ends the process with CPython's report. Each mistake
//! is a process: this binary, run again as its own child. `debug_frames` and
//! `debug_threads` are about blocks whose users make none.

// Hardened mode clears what is freed, `DebugAlloc`'s own traces too.
#![cfg(not(feature = "hardened"))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output};

use alloc_core::{DebugAlloc, PoolAlloc};

#[global_allocator]
static GLOBAL: DebugAlloc<PoolAlloc> = DebugAlloc::new(PoolAlloc::new());
static SYSTEM: DebugAlloc<System> = DebugAlloc::new(System);

/// A block of each tier of `PoolAlloc`: a pool's, a slab's, a span, a mapping.
const SMALL: usize = 100;
const SLAB: usize = 5000;
const SPAN: usize = 300_000;
const MAPPING: usize = 40 << 20;

fn alloc_from(allocator: &impl GlobalAlloc, layout: Layout) -> *mut u8 {
    // SAFETY: not empty.
    let block = unsafe { allocator.alloc(layout) };
    assert!(!block.is_null());
    std::hint::black_box(block)
}

fn alloc(size: usize) -> *mut u8 {
    alloc_from(&GLOBAL, layout(size))
}

fn free(block: *mut u8, size: usize) {
    // SAFETY: none: some of the mistakes that are to be caught.
    unsafe { GLOBAL.dealloc(std::hint::black_box(block), layout(size)) };
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

/// Writes `count` bytes `A` from `offset` on, which may be before or behind the block.
fn scribble(block: *mut u8, offset: isize, count: usize) {
    for index in 0..count.cast_signed() {
        let byte = std::hint::black_box(block.wrapping_offset(offset + index));
        // SAFETY: none: one of the mistakes. The memory is the inner allocator's.
        unsafe { byte.write_volatile(b'A') };
    }
}

/// Frees a block of which one byte too many was written, or more.
fn overflow(size: usize, count: usize) {
    let block = alloc(size);
    scribble(block, size.cast_signed(), count);
    free(block, size);
}

/// Frees a block in front of which was written.
fn underflow(size: usize, count: usize) {
    // A block has another one before it, whose trailer is overwritten first.
    let blocks = [(); 8].map(|()| alloc(size));
    let block = blocks.into_iter().max().unwrap();
    scribble(block, -count.cast_signed(), count);
    free(block, size);
}

macro_rules! cases {
    ($($name:ident: $case:expr, $fault:literal, $ouches:literal;)*) => {
        mod children {
            use super::*;
            $(
                #[test]
                #[ignore = "run by a test below, as a child"]
                fn $name() {
                    let case: fn() = $case;
                    case();
                    println!("nothing was noticed");
                }
            )*
        }

        /// Each with its fault, and how many bytes the report shows as overwritten.
        const CASES: &[(&str, &str, usize)] = &[$((stringify!($name), $fault, $ouches)),*];
    };
}

cases! {
    small_over_by_1: || overflow(SMALL, 1),
        "bad trailing pad byte: the block at 0x# was freed with a layout of 100 bytes", 1;
    small_over_by_32: || overflow(SMALL, 32),
        "bad trailing pad byte: the block at 0x# was freed with a layout of 100 bytes", 8;
    slab_over_by_1: || overflow(SLAB, 1),
        "bad trailing pad byte: the block at 0x# was freed with a layout of 5000 bytes", 1;
    slab_over_by_32: || overflow(SLAB, 32),
        "bad trailing pad byte: the block at 0x# was freed with a layout of 5000 bytes", 8;
    span_over_by_1: || overflow(SPAN, 1),
        "bad trailing pad byte: the block at 0x# was freed with a layout of 300000 bytes", 1;
    span_over_by_32: || overflow(SPAN, 32),
        "bad trailing pad byte: the block at 0x# was freed with a layout of 300000 bytes", 8;
    mapping_over_by_1: || overflow(MAPPING, 1),
        "bad trailing pad byte: the block at 0x# was freed with a layout of 41943040 bytes", 1;
    mapping_over_by_32: || overflow(MAPPING, 32),
        "bad trailing pad byte: the block at 0x# was freed with a layout of 41943040 bytes", 8;
    over_by_the_last_pad_alone: || {
        let block = alloc(SMALL);
        scribble(block, 107, 1);
        free(block, SMALL);
    }, "bad trailing pad byte: the block at 0x# was freed with a layout of 100 bytes", 1;

    third_over_by_1: || third_block(20, 1),
        "bad trailing pad byte: the block at 0x# was freed with a layout of 20 bytes", 1;
    third_under_by_1: || third_block(-1, 1),
        "bad leading pad byte: the block at 0x# was freed with a layout of 20 bytes", 1;

    small_under_by_1: || underflow(SMALL, 1),
        "bad leading pad byte: the block at 0x# was freed with a layout of 100 bytes", 1;
    small_under_by_32: || underflow(SMALL, 32),
        "bad leading pad byte: the block at 0x# was freed with a layout of 100 bytes", 7;
    slab_under_by_1: || underflow(SLAB, 1),
        "bad leading pad byte: the block at 0x# was freed with a layout of 5000 bytes", 1;
    slab_under_by_32: || underflow(SLAB, 32),
        "bad leading pad byte: the block at 0x# was freed with a layout of 5000 bytes", 7;
    span_under_by_1: || underflow(SPAN, 1),
        "bad leading pad byte: the block at 0x# was freed with a layout of 300000 bytes", 1;
    span_under_by_32: || underflow(SPAN, 32),
        "bad leading pad byte: the block at 0x# was freed with a layout of 300000 bytes", 7;
    under_to_the_api_alone: || {
        let block = alloc(SMALL);
        scribble(block, -8, 1);
        free(block, SMALL);
    }, "bad ID, allocated using API 'A', verified using API 'o': \
        the block at 0x# was freed with a layout of 100 bytes", 0;
    under_into_what_aligns_it: || {
        let layout = Layout::from_size_align(SMALL, 4096).unwrap();
        let block = alloc_from(&GLOBAL, layout);
        scribble(block, -4000, 1);
        // SAFETY: the layout is the block's; what is before it is the mistake.
        unsafe { GLOBAL.dealloc(block, layout) };
    }, "bad leading pad byte: the block at 0x# was freed with a layout of 100 bytes", 1;

    text_copied_with_one_byte_too_many: || {
        let text = "what fits, and no more\n";
        let mut copy = Vec::<u8>::with_capacity(text.len() - 1);
        // SAFETY: none: the mistake.
        unsafe { copy.as_mut_ptr().copy_from_nonoverlapping(text.as_ptr(), text.len()) };
    }, "bad trailing pad byte: the block at 0x# was freed with a layout of 22 bytes", 1;
    rows_copied_with_one_too_many: || {
        let rows = [[7_u64; 8]; 101];
        let mut copy = Vec::<[u64; 8]>::with_capacity(100);
        // SAFETY: none: the mistake.
        unsafe { copy.as_mut_ptr().copy_from_nonoverlapping(rows.as_ptr(), 101) };
    }, "bad trailing pad byte: the block at 0x# was freed with a layout of 6400 bytes", 8;

    small_twice: || {
        let block = alloc(SMALL);
        free(block, SMALL);
        free(block, SMALL);
    }, "freed already: the block at 0x# was freed with a layout of 100 bytes", 7;
    small_twice_with_others_between: || {
        let blocks: Vec<_> = (0..100).map(|_| alloc(SMALL)).collect();
        for &block in &blocks {
            free(block, SMALL);
        }
        free(blocks[50], SMALL);
    }, "freed already: the block at 0x# was freed with a layout of 100 bytes", 7;
    small_twice_on_two_threads: || {
        let address = alloc(SMALL).expose_provenance();
        let free_it = move || free(std::ptr::with_exposed_provenance_mut(address), SMALL);
        std::thread::spawn(free_it).join().unwrap();
        free_it();
    }, "freed already: the block at 0x# was freed with a layout of 100 bytes", 7;
    slab_twice: || {
        let block = alloc(SLAB);
        free(block, SLAB);
        free(block, SLAB);
    }, "freed already: the block at 0x# was freed with a layout of 5000 bytes", 7;
    span_twice: || {
        let block = alloc(SPAN);
        free(block, SPAN);
        free(block, SPAN);
    }, "freed already: the block at 0x# was freed with a layout of 300000 bytes", 7;
    twice_by_a_realloc: || {
        let block = alloc(SMALL);
        free(block, SMALL);
        // SAFETY: none: the mistake.
        unsafe { GLOBAL.realloc(block, layout(SMALL), 200) };
    }, "freed already: the block at 0x# was resized with a layout of 100 bytes", 7;
    after_a_realloc_took_it: || {
        let block = alloc(SMALL);
        // SAFETY: the layout is the block's.
        unsafe { GLOBAL.realloc(block, layout(SMALL), SMALL + 1) };
        free(block, SMALL);
    }, "freed already: the block at 0x# was freed with a layout of 100 bytes", 7;

    with_a_smaller_layout: || free(alloc(SMALL), 99),
        "bad size, 100 bytes were requested: \
        the block at 0x# was freed with a layout of 99 bytes", 0;
    with_a_larger_layout: || free(alloc(SMALL), SLAB),
        "bad size, 100 bytes were requested: \
        the block at 0x# was freed with a layout of 5000 bytes", 0;
    with_a_capacity_made_up: || {
        let mut words = std::mem::ManuallyDrop::new(vec![1_u32; 10]);
        // SAFETY: none: the mistake.
        drop(unsafe { Vec::from_raw_parts(words.as_mut_ptr(), 10, 20) });
    }, "bad size, 40 bytes were requested: \
        the block at 0x# was freed with a layout of 80 bytes", 0;
    with_more_than_there_is: || free(alloc(SMALL), isize::MAX.cast_unsigned() - 7),
        "bad size, 100 bytes were requested: \
        the block at 0x# was freed with a layout of 9223372036854775800 bytes", 0;

    realloc_of_an_overrun_block: || {
        let block = alloc(SLAB);
        scribble(block, 5000, 3);
        // SAFETY: the layout is the block's; what is behind it is the mistake.
        unsafe { GLOBAL.realloc(block, layout(SLAB), 100) };
    }, "bad trailing pad byte: the block at 0x# was resized with a layout of 5000 bytes", 3;
    growth_of_an_overrun_vector: || {
        let mut numbers = Vec::<u32>::with_capacity(4);
        scribble(numbers.as_mut_ptr().cast(), 16, 4);
        numbers.extend([1, 2, 3, 4, 5]);
    }, "bad trailing pad byte: the block at 0x# was resized with a layout of 16 bytes", 4;

    the_middle_of_a_block: || free(alloc(SLAB).wrapping_add(1000), 100),
        "bad leading pad byte: the block at 0x# was freed with a layout of 100 bytes", 15;
    a_static: || {
        static BYTES: [u64; 64] = [0; 64];
        free(BYTES.as_ptr().cast_mut().wrapping_add(32).cast(), SMALL);
    }, "bad leading pad byte: the block at 0x# was freed with a layout of 100 bytes", 15;

    the_systems_over_by_1: || {
        let block = alloc_from(&SYSTEM, layout(SMALL));
        scribble(block, 100, 1);
        // SAFETY: the layout is the block's; what is behind it is the mistake.
        unsafe { SYSTEM.dealloc(block, layout(SMALL)) };
    }, "bad trailing pad byte: the block at 0x# was freed with a layout of 100 bytes", 1;
    the_systems_twice: || {
        let block = alloc_from(&SYSTEM, layout(SMALL));
        for _ in 0..2 {
            // SAFETY: none the second time. malloc has written over the header then.
            unsafe { SYSTEM.dealloc(block, layout(SMALL)) };
        }
    }, "freed already: the block at 0x# was freed with a layout of 100 bytes", 7;
}

/// A block of 20 bytes, the third of its allocator, that is freed after such a write.
fn third_block(offset: isize, count: usize) {
    let allocator = DebugAlloc::new(PoolAlloc::new());
    let block = [(); 3].map(|()| alloc_from(&allocator, layout(20)))[2];
    scribble(block, offset, count);
    // SAFETY: the layout is the block's; what is around it is the mistake.
    unsafe { allocator.dealloc(block, layout(20)) };
}

/// What `PYTHONMALLOC=debug` says of a buffer of 20 bytes with one too many, but for the
/// API's letter, the call (which CPython has when compiled with `PYMEM_DEBUG_SERIALNO`)
/// and what comes after the data.
const OVER_BY_ONE: &str = "\
Debug memory block at address p=0x#: API 'o'
    20 bytes originally requested
    The 7 pad bytes at p-7 are FORBIDDENBYTE, as expected.
    The 8 pad bytes at tail=0x# are not all FORBIDDENBYTE (0xfd):
        at tail+0: 0x41 *** OUCH
        at tail+1: 0xfd
        at tail+2: 0xfd
        at tail+3: 0xfd
        at tail+4: 0xfd
        at tail+5: 0xfd
        at tail+6: 0xfd
        at tail+7: 0xfd
    The block was made by call #3 to debug malloc/realloc.
    Data at p: cd cd cd cd cd cd cd cd ... cd cd cd cd cd cd cd cd

alloc-core: bad trailing pad byte: the block at 0x# was freed with a layout of 20 bytes
";

/// The same of a buffer before which a byte was written; CPython looks for the tail where
/// the header has it, and warns that this may segfault.
const UNDER_BY_ONE: &str = "\
Debug memory block at address p=0x#: API 'o'
    20 bytes originally requested
    The 7 pad bytes at p-7 are not all FORBIDDENBYTE (0xfd):
        at p-7: 0xfd
        at p-6: 0xfd
        at p-5: 0xfd
        at p-4: 0xfd
        at p-3: 0xfd
        at p-2: 0xfd
        at p-1: 0x41 *** OUCH
    Because memory is corrupted at the start, the count of bytes requested
       may be bogus; the tail is where the layout has it.
    The 8 pad bytes at tail=0x# are FORBIDDENBYTE, as expected.
    The block was made by call #3 to debug malloc/realloc.
    Data at p: cd cd cd cd cd cd cd cd ... cd cd cd cd cd cd cd cd

alloc-core: bad leading pad byte: the block at 0x# was freed with a layout of 20 bytes
";

#[test]
fn the_report_is_cpythons_line_by_line() {
    for (name, expected) in [("third_over_by_1", OVER_BY_ONE), ("third_under_by_1", UNDER_BY_ONE)] {
        let text = String::from_utf8_lossy(&child(name).stderr).into_owned();
        assert_eq!(without_addresses(&text), expected, "{name}");
    }
}

/// Runs a test of `children` in a process of its own.
fn child(name: &str) -> Output {
    let path = format!("children::{name}");
    let arguments = ["--exact", &path, "--ignored", "--nocapture", "--test-threads=1"];
    let output = Command::new(std::env::current_exe().unwrap()).args(arguments).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("running 1 test"), "{name}: {printed}");
    output
}

/// The text with a # for the digits of each address; a byte has two, and keeps them.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split("0x");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, part| {
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_hexdigit());
        let digits = &part[..part.len() - rest.len()];
        said + "0x" + if digits.len() > 2 { "#" } else { digits } + rest
    })
}

#[test]
fn each_mistake_ends_in_a_report_whose_last_line_says_what() {
    for (name, fault, ouches) in CASES {
        let output = child(name);
        let printed = String::from_utf8_lossy(&output.stdout);
        let text = without_addresses(&String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{name}: {printed}{text}");
        assert!(text.starts_with("Debug memory block at address p=0x#: API '"), "{name}: {text}");
        assert!(text.ends_with(&format!("\n\nalloc-core: {fault}\n")), "{name}: {text}");
        // An inner allocator may have written over a freed block's header, whatever it
        // likes: then only the tail, which the report has in that case, is known to be dead.
        if !text.contains("at tail+0: 0xdd *** OUCH\n") {
            assert_eq!(text.matches(" *** OUCH\n").count(), *ouches, "{name}: {text}");
        }
    }
}
