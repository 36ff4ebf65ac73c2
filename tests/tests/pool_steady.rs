//! What is freed and wanted again within a second stays resident: a program that builds and
//! drops the same megabytes again and again pays for their pages twice, and then no more.

use std::collections::LinkedList;

use alloc_core::PoolAlloc;
use procfs::process::Process;

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

/// Bytes that a round makes resident: less than may be kept, more than is without learning.
const BYTES: usize = 24 << 20;

#[test]
fn what_is_wanted_again_is_kept_from_the_second_time_on() {
    for build in [small_blocks, buffers] {
        let first = faults_in(build);
        let again = faults_in(build);
        let later: Vec<_> = (0..4).map(|_| faults_in(build)).collect();
        println!("page faults: {first}, {again}, {later:?}");
        // A fault is of a page, or of a huge one.
        assert!(first >= 12, "{first} page faults at first");
        let most = later.iter().max().unwrap();
        assert!(*most <= first / 8 + 16, "{most} page faults, of {first} at first, {again} again");
        alloc_core::collect();
    }
    alloc_core::check().unwrap();
}

fn small_blocks() {
    let list: LinkedList<[u64; 4]> = (0..BYTES as u64 / 48).map(|number| [number; 4]).collect();
    assert_eq!(list.back().unwrap()[3], BYTES as u64 / 48 - 1);
}

fn buffers() {
    let buffers: Vec<_> = (0..BYTES >> 16).map(|_| vec![1_u8; 1 << 16]).collect();
    assert!(buffers.iter().all(|buffer| buffer[1 << 15] == 1));
}

/// Returns how many page faults `build` takes.
fn faults_in(build: fn()) -> u64 {
    let faults = || Process::myself().unwrap().stat().unwrap().minflt;
    let before = faults();
    build();
    faults() - before
}
