//! `DebugAlloc` while nobody errs: the frame around a block, byte by byte, what new and
//! freed memory is full of, contents through reallocs beside an oracle, and an inner
//! allocator that has no memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, Ordering};

use alloc_core::{DebugAlloc, PoolAlloc};

#[global_allocator]
static GLOBAL: DebugAlloc<PoolAlloc> = DebugAlloc::new(PoolAlloc::new());

/// An inner allocator whose freed blocks can still be read, and that can be out of memory.
#[derive(Default)]
struct Graveyard {
    is_exhausted: AtomicBool,
}

// SAFETY: blocks are the system's; to free none is allowed. `alloc_zeroed` and `realloc` are
// the trait's own, by way of these.
unsafe impl GlobalAlloc for Graveyard {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.is_exhausted.load(Ordering::Relaxed) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, _block: *mut u8, _layout: Layout) {}
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

fn alloc(allocator: &impl GlobalAlloc, layout: Layout) -> *mut u8 {
    // SAFETY: not empty.
    let block = unsafe { allocator.alloc(layout) };
    assert!(!block.is_null());
    assert!(block.addr().is_multiple_of(layout.align()), "{layout:?} at {block:p}");
    block
}

fn free(allocator: &impl GlobalAlloc, block: *mut u8, layout: Layout) {
    // SAFETY: the tests free what they allocated, once.
    unsafe { allocator.dealloc(block, layout) };
}

/// `count` bytes from `offset` on, which lie in the inner allocator's block.
fn bytes<'a>(block: *const u8, offset: isize, count: usize) -> &'a [u8] {
    let start = block.wrapping_offset(offset);
    // SAFETY: written by `DebugAlloc`, and not freed to the system.
    unsafe { std::slice::from_raw_parts(start, count) }
}

fn fill(block: *mut u8, contents: &[u8]) {
    // SAFETY: the block has so many bytes.
    unsafe { block.copy_from_nonoverlapping(contents.as_ptr(), contents.len()) };
}

/// The bytes around data of a size, as CPython's comment on the debug hooks has them.
fn expected_frame(size: usize, call: u64) -> (Vec<u8>, Vec<u8>) {
    let mut header = (size as u64).to_be_bytes().to_vec();
    header.extend([b'o', 0xFD, 0xFD, 0xFD, 0xFD, 0xFD, 0xFD, 0xFD]);
    let mut trailer = vec![0xFD; 8];
    trailer.extend(call.to_be_bytes());
    (header, trailer)
}

#[test]
fn every_size_and_alignment_has_the_frame_of_cpython() {
    let debug = DebugAlloc::new(Graveyard::default());
    let sizes = (1..=64).chain([100, 511, 512, 513, 4096, 5000, 300_000]);
    for (size, shift) in sizes.flat_map(|size| (0..=12).map(move |shift| (size, shift))) {
        let layout = layout(size, 1 << shift);
        let block = alloc(&debug, layout);
        let (header, trailer) = expected_frame(size, debug.calls());
        assert_eq!(bytes(block, -16, 16), header, "{layout:?}");
        assert_eq!(bytes(block, size.cast_signed(), 16), trailer, "{layout:?}");
        assert!(bytes(block, 0, size).iter().all(|&byte| byte == 0xCD), "{layout:?}");
        let padding = layout.align().saturating_sub(16);
        let padding = bytes(block, -16 - padding.cast_signed(), padding);
        assert!(padding.iter().all(|&byte| byte == 0xFD), "{layout:?}");

        free(&debug, block, layout);
        let head = layout.align().max(16);
        let whole = bytes(block, -head.cast_signed(), head + size + 16);
        assert!(whole.iter().all(|&byte| byte == 0xDD), "{layout:?}");
    }
    assert_eq!(debug.calls(), 71 * 13);
}

#[test]
fn calls_are_numbered_from_one_and_frees_are_none() {
    let debug = DebugAlloc::new(PoolAlloc::new());
    assert_eq!(debug.calls(), 0);
    let layout = layout(40, 8);
    let block = alloc(&debug, layout);
    // SAFETY: the block is of this layout, and the new size not zero.
    let block = unsafe { debug.realloc(block, layout, 40) };
    assert_eq!(bytes(block, 40, 16), expected_frame(40, 2).1);
    free(&debug, block, layout);
    assert_eq!(debug.calls(), 2);
}

#[test]
fn contents_survive_reallocs_and_the_old_block_is_dead() {
    let debug = DebugAlloc::new(Graveyard::default());
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..40 {
        let align = 1 << random.u8(..=8);
        let mut contents: Vec<u8> = (0..random.usize(1..2000)).map(|_| random.u8(..)).collect();
        let mut block = alloc(&debug, layout(contents.len(), align));
        fill(block, &contents);
        for _ in 0..20 {
            let (old, old_size) = (block, contents.len());
            let most = if random.u8(..10) == 0 { 200_000 } else { 2000 };
            let size = random.usize(1..most);
            // SAFETY: the block is of this layout, and the new size not zero.
            block = unsafe { debug.realloc(old, layout(old_size, align), size) };
            assert!(block.addr().is_multiple_of(align));
            // New bytes are clean, as if the oracle's were.
            contents.resize(size, 0xCD);
            assert!(bytes(block, 0, size) == contents, "{old_size} to {size} bytes");
            assert!(bytes(old, -16, old_size + 32).iter().all(|&byte| byte == 0xDD));
            contents.fill_with(|| random.u8(..));
            fill(block, &contents);
        }
        assert!(bytes(block, 0, contents.len()) == contents);
        free(&debug, block, layout(contents.len(), align));
    }
}

#[test]
fn zeroed_memory_is_zero_where_dead_bytes_were() {
    for size in [1, 100, 512, 5000, 300_000, 5 << 20] {
        for align in [1, 16, 64, 4096] {
            let layout = layout(size, align);
            let block = alloc(&GLOBAL, layout);
            free(&GLOBAL, block, layout);
            // SAFETY: not empty.
            let block = unsafe { GLOBAL.alloc_zeroed(layout) };
            assert!(block.addr().is_multiple_of(align), "{layout:?} at {block:p}");
            assert!(bytes(block, 0, size).iter().all(|&byte| byte == 0), "{layout:?}");
            assert_eq!(bytes(block, -16, 8), (size as u64).to_be_bytes(), "{layout:?}");
            free(&GLOBAL, block, layout);
        }
    }
}

#[test]
fn what_cannot_be_addressed_is_null_and_harms_nothing() {
    let small = layout(100, 8);
    let block = alloc(&GLOBAL, small);
    fill(block, &[7; 100]);
    let most = isize::MAX.cast_unsigned() & !4095;
    for size in [most, most - 31, most - 4096, most / 2] {
        for align in [1, 8, 16, 4096] {
            let huge = layout(size, align);
            // SAFETY: not empty.
            assert!(unsafe { GLOBAL.alloc(huge) }.is_null(), "{huge:?}");
            // SAFETY: not empty.
            assert!(unsafe { GLOBAL.alloc_zeroed(huge) }.is_null(), "{huge:?}");
        }
        // SAFETY: the block is of this layout; the new size is valid for it.
        assert!(unsafe { GLOBAL.realloc(block, small, size) }.is_null(), "{size}");
    }
    assert_eq!(bytes(block, 0, 100), [7; 100]);
    free(&GLOBAL, block, small);
}

#[test]
fn without_memory_a_block_stays_as_it_was() {
    let debug = DebugAlloc::new(Graveyard::default());
    let small = layout(100, 64);
    let block = alloc(&debug, small);
    fill(block, &[7; 100]);
    debug.inner().is_exhausted.store(true, Ordering::Relaxed);
    // SAFETY: not empty.
    assert!(unsafe { debug.alloc(small) }.is_null());
    // SAFETY: not empty.
    assert!(unsafe { debug.alloc_zeroed(small) }.is_null());
    for size in [50, 100, 200] {
        // SAFETY: the block is of this layout, and the new size not zero.
        assert!(unsafe { debug.realloc(block, small, size) }.is_null());
    }
    assert_eq!(debug.calls(), 1);
    assert_eq!(bytes(block, 0, 100), [7; 100]);
    // The frame is whole, or this would end the process.
    free(&debug, block, small);
    assert_eq!(bytes(block, 0, 100), [0xDD; 100]);
}
