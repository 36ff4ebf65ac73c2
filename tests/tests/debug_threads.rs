//! A program of several threads under `DebugAlloc<PoolAlloc>`: collections, blocks of all
//! tiers and alignments, a part of them freed by other threads, contents checked.

use std::alloc::Layout;
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use alloc_core::{DebugAlloc, PoolAlloc};
use integration_tests::{Live, run_threads};

#[global_allocator]
static GLOBAL: DebugAlloc<PoolAlloc> = DebugAlloc::new(PoolAlloc::new());

const THREADS: usize = 4;
const ROUNDS: usize = 2000;

#[test]
fn a_program_of_several_threads_runs_as_without() {
    let before = alloc_core::stats();
    let mailboxes: Vec<Mutex<Vec<Live>>> = (0..THREADS).map(|_| Mutex::default()).collect();
    let words: Vec<Mutex<usize>> = (0..THREADS).map(|_| Mutex::default()).collect();
    run_threads(THREADS, |thread| {
        exchange(thread, &mailboxes);
        *words[thread].lock().unwrap() = count_words(thread);
    });
    let live: Vec<Live> =
        mailboxes.into_iter().flat_map(|mailbox| mailbox.into_inner().unwrap()).collect();
    assert!(!live.is_empty());
    for live in live {
        live.free(&GLOBAL);
    }
    for count in &words {
        assert_eq!(*count.lock().unwrap(), ROUNDS);
    }
    drop(words);
    assert!(GLOBAL.calls() > (THREADS * ROUNDS) as u64);
    alloc_core::check().unwrap();
    let after = alloc_core::stats();
    let grown = after.bytes_in_use().saturating_sub(before.bytes_in_use());
    assert!(grown < 64 << 10, "{grown} bytes are still in use\n{after}");
}

/// Replaces blocks; hands every third one that it is done with to the next thread.
fn exchange(thread: usize, mailboxes: &[Mutex<Vec<Live>>]) {
    let mut random = fastrand::Rng::with_seed(thread as u64);
    let mut slots: Vec<Live> = Vec::new();
    for round in 0..ROUNDS {
        let layout = Layout::from_size_align(size(&mut random), 1 << random.u8(..=12)).unwrap();
        let seed = random.u8(..);
        let live = if random.bool() {
            Live::alloc(&GLOBAL, layout, seed)
        } else {
            Live::alloc_zeroed(&GLOBAL, layout, seed)
        };
        slots.push(live);
        if slots.len() > 64 {
            let mut old = slots.swap_remove(random.usize(..slots.len()));
            match round % 3 {
                0 => mailboxes[(thread + 1) % THREADS].lock().unwrap().push(old),
                1 => {
                    old.realloc(&GLOBAL, size(&mut random));
                    slots.push(old);
                }
                _ => old.free(&GLOBAL),
            }
        }
        if round % 32 == 0 {
            for arrived in std::mem::take(&mut *mailboxes[thread].lock().unwrap()) {
                arrived.free(&GLOBAL);
            }
        }
    }
    mailboxes[thread].lock().unwrap().extend(slots);
}

/// As many of each power of two: mostly small, now and then a slab or a span.
fn size(random: &mut fastrand::Rng) -> usize {
    let most_shift = if random.u8(..100) == 0 { 20 } else { 12 };
    let shift = random.u8(2..=most_shift);
    random.usize(1..1 << shift)
}

/// Builds an index of texts, twice over, and returns how many words it has.
fn count_words(thread: usize) -> usize {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for round in 0..ROUNDS {
        let word = format!("word {} of thread {thread}", round % 97);
        places.entry(word).or_default().push(round);
    }
    let sorted: BTreeMap<String, Box<[usize]>> =
        places.into_iter().map(|(word, found)| (word, found.into())).collect();
    assert_eq!(sorted.len(), 97);
    assert!(sorted.values().flatten().all(|&round| round < ROUNDS));
    sorted.values().map(|found| found.len()).sum()
}
