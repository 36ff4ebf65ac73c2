//! Freed memory goes back to the system while it is freed: of a gibibyte in small
//! blocks, in 64 KiB buffers or in 4 MiB buffers at most a twentieth stays
//! resident, without any further call.

use alloc_core::{PoolAlloc, stats};
use integration_tests::resident_bytes;

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

const TOTAL: usize = 1 << 30;

#[test]
fn freed_memory_goes_back() {
    for size in [48, 500, 64 << 10, 4 << 20] {
        in_order(size);
    }
    for size in [48, 64 << 10] {
        shuffled(size);
    }
    alloc_core::check().unwrap();
    collecting_leaves_nothing_kept();
}

fn collecting_leaves_nothing_kept() {
    let survivors: Vec<_> = build(3000).into_iter().step_by(1000).collect();
    std::thread::spawn(|| build(100)).join().unwrap();
    alloc_core::collect();
    alloc_core::check().unwrap();
    let stats = stats();
    assert_eq!(stats.bytes_kept, 0, "{stats}");
    let left = resident_bytes();
    assert!(left < 16 << 20, "{left} bytes left\n{stats}");
    assert!(survivors.iter().all(|block| block.iter().all(|&byte| byte == 1)));
}

fn in_order(size: usize) {
    let blocks = build(size);
    freed(size, "in order", || drop(blocks));
}

fn shuffled(size: usize) {
    let mut blocks = build(size);
    fastrand::Rng::with_seed(1).shuffle(&mut blocks);
    freed(size, "shuffled", || drop(blocks));
}

/// Buffers of `size` bytes, `TOTAL` in all, every page touched.
fn build(size: usize) -> Vec<Box<[u8]>> {
    (0..TOTAL / size).map(|_| vec![1; size].into_boxed_slice()).collect()
}

fn freed(size: usize, order: &str, free: impl FnOnce()) {
    let peak = resident_bytes();
    assert!(peak >= TOTAL as u64);
    free();
    let left = resident_bytes();
    println!("{size:>8} B {order:>9}: {} MiB of {} MiB left", left >> 20, peak >> 20);
    assert!(left * 20 <= peak, "{left} of {peak} bytes left\n{}", stats());
}
