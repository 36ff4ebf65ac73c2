//! Every size 1..=4096 with every alignment 1..=4096: aligned, writable to the
//! last byte, disjoint from every live block.

use std::alloc::Layout;

use alloc_core::PoolAlloc;
use integration_tests::{Live, Oracle};

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

#[test]
fn every_small_size_and_alignment() {
    let mut oracle = Oracle::default();
    for align in (0..=12).map(|shift| 1 << shift) {
        for size in 1..=4096_usize {
            let layout = Layout::from_size_align(size, align).unwrap();
            let live = Live::alloc(&GLOBAL, layout, size.to_le_bytes()[0]);
            let block = alloc_core::block_of(live.start().wrapping_add(size - 1)).unwrap();
            assert_eq!(block.start.as_ptr().cast_const(), live.start(), "{layout:?}");
            assert!(block.bytes >= size, "{layout:?} in {block:?}");
            oracle.insert(live);
            // A third is freed again, anywhere, so that blocks are reused too.
            if size % 3 == 0 {
                let pick = size.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16;
                oracle.take(pick).unwrap().free(&GLOBAL);
            }
        }
    }
    alloc_core::check().unwrap();
    assert_eq!(oracle.len(), 13 * 4096 - 13 * (4096 / 3));
    for live in oracle.into_live() {
        live.free(&GLOBAL);
    }
    alloc_core::check().unwrap();
}
