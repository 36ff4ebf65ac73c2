//! Single operations through [`GlobalAlloc`], `PoolAlloc` beside the system's
//! malloc in one process.
//!
//! # Design
//! `cargo bench -p benches` runs each operation thousands of times and shows the
//! fastest, median and mean time of one. Such figures are the cost of hot paths
//! with everything in the cache; what a program feels is what `compare` measures.
//!
//! A sample is a thousand operations, whatever the first one took: it maps memory
//! that the others reuse, and says nothing about how long a sample should be.
//!
//! The process's own allocator is the system's, so nothing but the operation
//! itself ever reaches `PoolAlloc`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;

use alloc_core::PoolAlloc;
use divan::Bencher;

/// One size of each path: the smallest class, one cache line, the largest class,
/// a page, and a large buffer.
const SIZES: [usize; 5] = [16, 64, 512, 4096, 64 << 10];

fn main() {
    divan::main();
}

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, 16).expect("a small power of two")
}

/// A block allocated and freed.
#[divan::bench(types = [PoolAlloc, System], args = SIZES, sample_size = 1000)]
fn pair<A: GlobalAlloc + Default>(bencher: Bencher<'_, '_>, bytes: usize) {
    let (allocator, layout) = (A::default(), layout(bytes));
    bencher.bench_local(|| {
        // SAFETY: the size is not zero.
        let block = black_box(unsafe { allocator.alloc(layout) });
        // SAFETY: the block just allocated, freed once.
        unsafe { allocator.dealloc(block, layout) };
    });
}

/// A block allocated full of zeros, and freed.
#[divan::bench(types = [PoolAlloc, System], args = SIZES, sample_size = 1000)]
fn zeroed_pair<A: GlobalAlloc + Default>(bencher: Bencher<'_, '_>, bytes: usize) {
    let (allocator, layout) = (A::default(), layout(bytes));
    bencher.bench_local(|| {
        // SAFETY: the size is not zero.
        let block = black_box(unsafe { allocator.alloc_zeroed(layout) });
        // SAFETY: the block just allocated, freed once.
        unsafe { allocator.dealloc(block, layout) };
    });
}

/// A hundred blocks allocated, then freed in the order of their allocation.
#[divan::bench(types = [PoolAlloc, System], args = SIZES, sample_size = 1000)]
fn hundred<A: GlobalAlloc + Default>(bencher: Bencher<'_, '_>, bytes: usize) {
    let (allocator, layout) = (A::default(), layout(bytes));
    let mut blocks = [std::ptr::null_mut(); 100];
    bencher.bench_local(|| {
        for block in &mut blocks {
            // SAFETY: the size is not zero.
            *block = black_box(unsafe { allocator.alloc(layout) });
        }
        for block in blocks {
            // SAFETY: each was allocated above and is freed once.
            unsafe { allocator.dealloc(block, layout) };
        }
    });
}

/// A block that grows from 16 bytes to so many, doubling at each step, and is
/// freed.
#[divan::bench(types = [PoolAlloc, System], args = SIZES, sample_size = 1000)]
fn growth<A: GlobalAlloc + Default>(bencher: Bencher<'_, '_>, bytes: usize) {
    let allocator = A::default();
    bencher.bench_local(|| {
        let mut size = 16;
        // SAFETY: the size is not zero.
        let mut block = unsafe { allocator.alloc(layout(size)) };
        while size < bytes {
            // SAFETY: the block has this layout, and twice its size is not zero.
            block = black_box(unsafe { allocator.realloc(block, layout(size), 2 * size) });
            size *= 2;
        }
        // SAFETY: the block has grown to this layout and is freed once.
        unsafe { allocator.dealloc(block, layout(size)) };
    });
}
