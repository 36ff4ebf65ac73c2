//! The stats add up after each phase, to the block: `check` compares every sum,
//! and the figures follow what the test does.

use alloc_core::{ClassStats, PoolAlloc, Stats, stats};

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

const BLOCKS: usize = 50_000;
/// The class of 80-byte blocks, and the slab class of 2,048-byte ones.
const CLASS_80: usize = 4;
const SLAB_2048: usize = 15;

#[test]
fn figures_follow_the_program() {
    // Room for the test's own lists, made before the figures are read.
    let mut small: Vec<Box<[u8; 72]>> = Vec::with_capacity(BLOCKS);
    let mut slabs: Vec<Box<[u8; 2040]>> = Vec::with_capacity(BLOCKS / 10);
    let start = checked();

    small.extend((0..BLOCKS).map(|_| Box::new([1; 72])));
    slabs.extend((0..BLOCKS / 10).map(|_| Box::new([2; 2040])));
    let full = checked();
    let added = |class: fn(&Stats) -> ClassStats, from: &Stats, to: &Stats| {
        class(to).blocks_in_use.wrapping_sub(class(from).blocks_in_use)
    };
    let class_80 = |stats: &Stats| stats.classes[CLASS_80];
    let slab_2048 = |stats: &Stats| stats.big.slabs[SLAB_2048];
    assert_eq!((full.classes[CLASS_80].block_bytes, slab_2048(&full).block_bytes), (80, 2048));
    assert_eq!(added(class_80, &start, &full), BLOCKS);
    assert_eq!(added(slab_2048, &start, &full), BLOCKS / 10);
    assert_eq!(full.arenas.highwater, full.arenas.current);

    // Every second one goes: the pools stay, their blocks become available.
    for index in (0..BLOCKS).rev().step_by(2) {
        small.swap_remove(index);
    }
    let half = checked();
    assert_eq!(added(class_80, &start, &half), BLOCKS / 2);
    assert_eq!(half.arenas.highwater, full.arenas.highwater);

    // The rest is freed by another thread, while this one waits.
    std::thread::spawn(move || drop((small, slabs))).join().unwrap();
    let empty = checked();
    assert_eq!(added(class_80, &start, &empty), 0);
    assert_eq!(added(slab_2048, &start, &empty), 0);

    // What came back is found by the next allocations, and arenas by the system.
    let again: Vec<Box<[u8; 72]>> = (0..1000).map(|_| Box::new([3; 72])).collect();
    let reused = checked();
    assert!(reused.arenas.reclaimed > full.arenas.reclaimed, "{reused}");
    // One more than that has the spare pools, of what the other thread emptied.
    assert!(reused.arenas.current <= full.arenas.current / 4 + 1, "{reused}");
    assert_eq!(added(class_80, &start, &reused), 1000);
    drop(again);
}

/// The stats, after the invariants; and the report's totals equal the arenas.
fn checked() -> Stats {
    alloc_core::check().unwrap();
    let stats = stats();
    let report = stats.to_string();
    let totals: Vec<usize> = report
        .lines()
        .filter_map(|line| line.strip_prefix("Total"))
        .map(|rest| rest.trim_start_matches([' ', '=']).replace(',', "").parse().unwrap())
        .collect();
    let large = stats.big.span_bytes_in_use + stats.big.mapping_bytes_in_use + stats.bytes_kept;
    let arenas = [stats.arenas, stats.big.arenas, stats.big.wide_arenas].map(|tier| tier.bytes());
    assert_eq!(totals, [&arenas[..], &[large]].concat(), "{report}");
    assert_eq!(arenas.iter().sum::<usize>() + large, stats.bytes_mapped());
    stats
}
