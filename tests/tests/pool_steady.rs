//! What is freed and wanted again within a second stays resident: a program that builds and
//! drops the same megabytes again and again pays for their pages twice, and then no more.

use std::collections::LinkedList;
use std::sync::OnceLock;

use alloc_core::PoolAlloc;
use integration_tests::resident_bytes;

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new().keep_bytes(1 << 20);

/// Bytes that a round makes resident: less than may be kept, more than is without learning.
const BYTES: u64 = 24 << 20;

#[test]
fn what_is_wanted_again_is_kept_from_the_second_time_on() {
    let once = kept_by(small_blocks);
    assert!(once < BYTES / 2, "what was wanted once is kept: {once} bytes");
    for build in [small_blocks, buffers] {
        let kept: Vec<_> = (0..5).map(|_| kept_by(build)).collect();
        let least = *kept.iter().min().unwrap();
        assert!(least > BYTES / 8 * 7, "what is wanted again goes back: kept {kept:?} bytes");
        alloc_core::collect();
    }
    alloc_core::check().unwrap();
}

/// Returns how many bytes are resident after `build` beyond those of an empty heap.
///
/// (Not page faults: one of a huge page counts for 512, and who gets huge pages is up to the
/// system's state.)
fn kept_by(build: fn()) -> u64 {
    static EMPTY: OnceLock<u64> = OnceLock::new();
    let empty = *EMPTY.get_or_init(resident_bytes);
    build();
    resident_bytes().saturating_sub(empty)
}

fn small_blocks() {
    let list: LinkedList<[u64; 4]> = (0..BYTES / 48).map(|number| [number; 4]).collect();
    assert_eq!(list.back().unwrap()[3], BYTES / 48 - 1);
}

fn buffers() {
    let buffers: Vec<_> = (0..BYTES >> 16).map(|_| vec![1_u8; 1 << 16]).collect();
    assert!(buffers.iter().all(|buffer| buffer[1 << 15] == 1));
}
