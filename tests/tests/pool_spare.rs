//! Pools that others empty: a few stay for their owner's next blocks, all others go back
//! to their arenas, and those few too before the heap takes a new one.

use std::thread;

use alloc_core::{ClassStats, PoolAlloc};

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

/// Of a class with eight blocks a pool, in either mode.
type Block = Box<[u8; 480]>;

const BLOCKS_PER_POOL: usize = 8;
const POOLS: usize = 40;
/// What a heap keeps, and what of it one refill uses: half of what it may cache.
const SPARE: usize = 8;
const REFILL: usize = 2;

fn blocks(count: usize) -> Vec<Block> {
    (0..count).map(|_| Box::new([1; 480])).collect()
}

/// The class of [`Block`], after the heap's invariants were found to hold.
fn class() -> ClassStats {
    alloc_core::check().unwrap();
    // In hardened mode a block has a seal behind its bytes.
    let asked_for = size_of::<[u8; 480]>() + if cfg!(feature = "hardened") { 8 } else { 0 };
    let classes = alloc_core::stats().classes;
    classes.into_iter().find(|class| class.block_bytes >= asked_for).unwrap()
}

#[test]
fn some_of_the_pools_that_others_empty_serve_next() {
    let theirs = blocks(POOLS * BLOCKS_PER_POOL);
    let before = class().pools;
    assert!(before >= POOLS);
    thread::spawn(move || drop(theirs)).join().unwrap();

    // As many as wait in the cache; the next one has to look for more.
    let mut held = Vec::new();
    while class().pools == before && held.len() < POOLS * BLOCKS_PER_POOL {
        held.push(blocks(1));
    }
    let now = class();
    let in_use = now.blocks_in_use.div_ceil(BLOCKS_PER_POOL);
    let spare = now.blocks_available / BLOCKS_PER_POOL;
    assert!(now.pools <= in_use + SPARE + REFILL, "{now:?}");
    assert!(spare >= SPARE - REFILL, "{now:?}");

    // Blocks of another class, more than the heap's arenas hold.
    let others: Vec<_> = (0..8 << 10).map(|_| Box::new([2_u8; 256])).collect();
    let now = class();
    assert!(now.blocks_available < spare * BLOCKS_PER_POOL / 2, "{now:?}");
    drop((held, others));
    alloc_core::collect();
    assert!(class().pools <= 1);
}
