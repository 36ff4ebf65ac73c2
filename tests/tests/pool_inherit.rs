//! Arenas of ended threads' heaps: who needs memory takes them over, blocks in use and all,
//! and blocks that are freed meanwhile find the way to their new heap.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use alloc_core::{ArenaStats, PoolAlloc};

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

const BYTES: usize = 480;
type Block = Box<[usize; BYTES / size_of::<usize>()]>;

/// Blocks that a thread allocates: some twenty arenas of them.
const BLOCKS: usize = 10_000;
/// Of so many in a row all but the first few are freed: of most pools, all.
const STRETCH: usize = 128;
const KEPT: usize = 16;

fn block(number: usize) -> Block {
    Box::new([number; BYTES / size_of::<usize>()])
}

/// What outlives a thread, which frees the rest: each with its number.
fn survivors() -> Vec<(usize, Block)> {
    let mut blocks: Vec<_> = (0..BLOCKS).map(|number| (number, block(number))).collect();
    blocks.retain(|(number, _)| number % STRETCH < KEPT);
    blocks
}

fn assert_whole(blocks: &[(usize, Block)]) {
    for (number, block) in blocks {
        assert!(block.iter().all(|word| word == number), "block {number}");
    }
}

/// The small tier's arenas, after the heap's invariants were found to hold.
fn arenas() -> ArenaStats {
    alloc_core::check().unwrap();
    alloc_core::stats().arenas
}

/// Pools of the class of [`Block`].
fn pools() -> usize {
    // In hardened mode a block has a seal behind its bytes.
    let asked_for = BYTES + if cfg!(feature = "hardened") { 8 } else { 0 };
    let classes = alloc_core::stats().classes;
    classes.iter().find(|class| class.block_bytes >= asked_for).unwrap().pools
}

fn in_use() -> usize {
    alloc_core::stats().classes.iter().map(|class| class.blocks_in_use).sum()
}

#[test]
fn arenas_of_ended_threads_serve_others() {
    arenas_are_taken_over_before_new_ones_are_made();
    blocks_that_are_freed_while_arenas_are_taken_over_come_home();
}

fn arenas_are_taken_over_before_new_ones_are_made() {
    let survivors = thread::spawn(survivors).join().unwrap();
    let before = arenas();
    let free_pages = before.unused_pages;
    assert!(free_pages > before.current * 32, "{before:?}");

    // Another size, eight to a page too, for half of the free pages.
    let others: Vec<_> = (0..free_pages * 4).map(|_| Box::new([7_u8; 496])).collect();
    let after = arenas();
    assert!(after.allocated_total <= before.allocated_total + 1, "{before:?} {after:?}");
    assert_whole(&survivors);

    // By now they are this thread's own blocks.
    drop(survivors);
    arenas();
    drop(others);
    alloc_core::collect();
    assert!(arenas().current < before.current / 4);
    // The ended thread's heap had some at hand for the next thread.
    assert_eq!(pools(), 0);
}

/// One thread after the other ends, a thread frees what survived, and another one, which needs
/// more and more memory, takes over the arenas: so some blocks are sent to the heap that had
/// their arena before.
fn blocks_that_are_freed_while_arenas_are_taken_over_come_home() {
    const THREADS: usize = if cfg!(debug_assertions) { 40 } else { 400 };
    let before = in_use();
    let (send, receive): (Sender<Vec<_>>, Receiver<Vec<_>>) = mpsc::channel();
    let freeing = thread::spawn(move || {
        for survivors in receive {
            assert_whole(&survivors);
            drop(survivors);
        }
    });
    let needing = thread::spawn(|| {
        for round in 0..THREADS / 2 {
            let blocks: Vec<_> = (0..BLOCKS * 2).map(|number| (number, block(number))).collect();
            assert_whole(&blocks[round..][..STRETCH]);
        }
    });
    for _ in 0..THREADS {
        let send = send.clone();
        thread::spawn(move || send.send(survivors()).unwrap()).join().unwrap();
    }
    drop(send);
    freeing.join().unwrap();
    needing.join().unwrap();
    alloc_core::collect();
    alloc_core::check().unwrap();
    assert!(in_use() <= before + 100, "{} blocks, {before} before", in_use());
}
