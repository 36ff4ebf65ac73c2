//! A million random operations over eight threads: `alloc`, `alloc_zeroed`,
//! `realloc`, `dealloc`, and a quarter of the blocks freed by a thread that did not make them.
//! Every block's contents are checked when it is resized and when it is freed.

use std::alloc::Layout;
use std::sync::Mutex;

use alloc_core::PoolAlloc;
use integration_tests::{Live, Oracle, run_threads};

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

const THREADS: usize = 8;
const OPERATIONS: usize = 1_000_000;

#[test]
fn a_million_operations_on_eight_threads() {
    let before = alloc_core::stats();
    for round in 0..2 {
        run_round(round);
        alloc_core::check().unwrap();
    }
    let after = alloc_core::stats();
    // What is left is the test's own: nothing of a million blocks.
    let grown = after.bytes_in_use().saturating_sub(before.bytes_in_use());
    assert!(grown < 64 << 10, "{grown} bytes are still in use\n{after}");
}

fn run_round(round: u64) {
    let mailboxes: Vec<Mutex<Vec<Live>>> = (0..THREADS).map(|_| Mutex::default()).collect();
    run_threads(THREADS, |thread| run_thread(thread, round, &mailboxes));
    for live in mailboxes.into_iter().flat_map(|mailbox| mailbox.into_inner().unwrap()) {
        live.free(&GLOBAL);
    }
}

fn run_thread(thread: usize, round: u64, mailboxes: &[Mutex<Vec<Live>>]) {
    let mut random = fastrand::Rng::with_seed(round * 1000 + thread as u64);
    let mut oracle = Oracle::default();
    for operation in 0..OPERATIONS / 2 / THREADS {
        match random.u8(..8) {
            0..3 => oracle.insert(Live::alloc(&GLOBAL, layout(&mut random), random.u8(..))),
            3 => oracle.insert(Live::alloc_zeroed(&GLOBAL, layout(&mut random), random.u8(..))),
            4 => {
                if let Some(mut live) = oracle.take(random.usize(..)) {
                    let align = live.layout().align();
                    live.realloc(&GLOBAL, size(&mut random, align));
                    oracle.insert(live);
                }
            }
            5 => {
                if let Some(live) = oracle.take(random.usize(..)) {
                    mailboxes[random.usize(..THREADS)].lock().unwrap().push(live);
                }
            }
            _ => {
                if let Some(live) = oracle.take(random.usize(..)) {
                    live.free(&GLOBAL);
                }
            }
        }
        if operation % 64 == 0 {
            let arrived = std::mem::take(&mut *mailboxes[thread].lock().unwrap());
            for live in arrived {
                live.free(&GLOBAL);
            }
        }
    }
    // Some blocks outlive their thread.
    for (number, live) in oracle.into_live().enumerate() {
        if number % 4 == 0 {
            mailboxes[0].lock().unwrap().push(live);
        } else {
            live.free(&GLOBAL);
        }
    }
}

fn layout(random: &mut fastrand::Rng) -> Layout {
    let align = if random.u8(..16) == 0 { 1 << random.u8(..=13) } else { 8 };
    Layout::from_size_align(size(random, align), align).unwrap()
}

/// Mostly small, some of the slabs', a few with a mapping of their own.
fn size(random: &mut fastrand::Rng, align: usize) -> usize {
    let most = match random.u16(..1000) {
        0..800 => 512,
        800..990 => 8 << 10,
        990..999 => 128 << 10,
        _ => 600 << 10,
    };
    random.usize(1..=most).max(if align > 4096 { 1 } else { align / 2 })
}
