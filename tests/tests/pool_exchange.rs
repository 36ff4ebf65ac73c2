//! Two threads that free each other's blocks keep their memory flat.
//!
//! `cargo test --release -p integration-tests --test pool_exchange -- --ignored
//! --nocapture` does so for a minute and prints the RSS of each second and its
//! slope; the short form runs with the other tests.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use alloc_core::PoolAlloc;
use integration_tests::{resident_bytes, slope_per_second};

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

/// Blocks handed over at once.
const PARCEL: usize = 1000;

#[test]
fn memory_stays_flat_for_some_seconds() {
    let samples = exchange_for(5);
    let (first, last) = (samples[1], samples[samples.len() - 1]);
    assert!(last < first + 8.0, "RSS in MiB by second: {samples:?}");
    alloc_core::check().unwrap();
}

#[test]
#[ignore = "a minute long: run by hand, see CONTRIBUTING.md"]
fn memory_stays_flat_for_a_minute() {
    let samples = exchange_for(60);
    // The first seconds fill the channels and the threads' caches.
    let slope_kib = slope_per_second(&samples[5..]) * 1024.0;
    println!("RSS in MiB, by second: {samples:.1?}");
    println!("slope over the last {} seconds: {slope_kib:+.2} KiB/s", samples.len() - 5);
    // Millions of blocks go over each second: one lost in 20,000 would show.
    assert!(slope_kib < 32.0, "{slope_kib} KiB/s");
    alloc_core::check().unwrap();
}

/// What goes home is written to by who frees it (`Outbox::add`): 0xDD, in an address that no
/// program has.
#[test]
#[cfg_attr(feature = "hardened", ignore = "there freed blocks are cleared")]
fn small_blocks_are_marked_on_their_way_home() {
    const MARK: u64 = 0xFFFF_FFFF_DDDD_DDDD;
    let blocks: Vec<usize> =
        (0..512).map(|_| Box::into_raw(Box::new([1_u64; 8])).expose_provenance()).collect();
    let theirs = blocks.clone();
    let freed_elsewhere = std::thread::spawn(move || {
        for block in theirs {
            let block = std::ptr::with_exposed_provenance_mut::<[u64; 8]>(block);
            // SAFETY: a box's, from above, and freed once.
            drop(unsafe { Box::from_raw(block) });
        }
    });
    freed_elsewhere.join().unwrap();
    let is_marked = |block: usize| {
        // SAFETY: this thread's arenas stay mapped while some of their blocks are on their way.
        unsafe { std::ptr::with_exposed_provenance::<u64>(block).read_volatile() == MARK }
    };
    let marked = blocks.iter().filter(|&&block| is_marked(block)).count();
    // The first of each run, at most 64 blocks of a pool, has the run's words there.
    assert!((448..512).contains(&marked), "{marked} of 512 blocks are marked");
}

/// Runs the exchange and returns the RSS in MiB, second by second.
fn exchange_for(seconds: usize) -> Vec<f64> {
    let stop = AtomicBool::new(false);
    let parcels = AtomicU64::new(0);
    let (to_left, from_right) = sync_channel(4);
    let (to_right, from_left) = sync_channel(4);
    let mut samples = Vec::with_capacity(seconds);
    std::thread::scope(|scope| {
        let (stop, parcels) = (&stop, &parcels);
        let left = scope.spawn(move || exchange(1, stop, parcels, &to_right, &from_right));
        let right = scope.spawn(move || exchange(2, stop, parcels, &to_left, &from_left));
        for _ in 0..seconds {
            std::thread::sleep(Duration::from_secs(1));
            samples.push(resident_bytes() as f64 / f64::from(1 << 20));
        }
        stop.store(true, Ordering::Relaxed);
        // To their very end, where the heaps retire: the scope would not wait.
        left.join().unwrap();
        right.join().unwrap();
    });
    println!("{} blocks exchanged", parcels.load(Ordering::Relaxed) * PARCEL as u64);
    samples
}

fn exchange(
    seed: u64,
    stop: &AtomicBool,
    parcels: &AtomicU64,
    outgoing: &SyncSender<Vec<Box<[u8]>>>,
    incoming: &Receiver<Vec<Box<[u8]>>>,
) {
    let mut random = fastrand::Rng::with_seed(seed);
    while !stop.load(Ordering::Relaxed) {
        let parcel = (0..PARCEL)
            .map(|_| {
                let size = if random.u8(..16) == 0 { 9000 } else { random.usize(1..=512) };
                vec![0xA5; size].into_boxed_slice()
            })
            .collect();
        // The other side may have stopped: then the parcel is dropped here.
        let _ = outgoing.try_send(parcel);
        while let Ok(parcel) = incoming.try_recv() {
            assert!(parcel.iter().all(|block| block.iter().all(|&byte| byte == 0xA5)));
            drop(parcel);
            parcels.fetch_add(1, Ordering::Relaxed);
        }
    }
}
