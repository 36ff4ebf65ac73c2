//! 2,000 threads that come and go, one after the other and many at once, leave
//! no growth: heaps are adopted, and what dead threads left is freed by others.

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};

use alloc_core::PoolAlloc;
use integration_tests::resident_bytes;

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

const WARM_UP: usize = 200;
const THREADS: usize = 2_000;
const AT_ONCE: usize = 20;

#[test]
fn threads_that_come_and_go_leave_no_growth() {
    what_ended_threads_keep_is_bounded();
    churn(WARM_UP);
    alloc_core::collect();
    alloc_core::check().unwrap();
    let (resident, stats) = (resident_bytes(), alloc_core::stats());

    churn(THREADS);
    alloc_core::collect();
    alloc_core::check().unwrap();
    let (resident_now, stats_now) = (resident_bytes(), alloc_core::stats());

    let grown = stats_now.bytes_in_use().saturating_sub(stats.bytes_in_use());
    assert!(grown < 16 << 10, "{grown} bytes more in use\n{stats_now}");
    let grown = stats_now.bytes_mapped().saturating_sub(stats.bytes_mapped());
    assert!(grown <= 4 << 20, "{grown} bytes more mapped\n{stats_now}");
    let grown = resident_now.saturating_sub(resident);
    assert!(grown <= 4 << 20, "{grown} bytes more resident after {THREADS} threads");
}

/// A thread that ends may leave some blocks of each class cached for the next one, but
/// of many threads that end at once only a few may.
fn what_ended_threads_keep_is_bounded() {
    alloc_core::collect();
    let before = alloc_core::stats();
    let barrier = Arc::new(Barrier::new(128));
    let live = |barrier: Arc<Barrier>| {
        barrier.wait();
        let blocks: Vec<Vec<u8>> =
            (0..20).flat_map(|_| (1..256).map(|size| vec![1; size * 16])).collect();
        // All of them at once, so that each thread has a heap of its own.
        barrier.wait();
        drop(blocks);
    };
    // Joined, to their very end: a scope would not wait for what follows the closure.
    let threads: Vec<_> = (0..128)
        .map(|_| Arc::clone(&barrier))
        .map(|barrier| std::thread::spawn(move || live(barrier)))
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let stats = alloc_core::stats();
    let pooled = |stats: &alloc_core::Stats| {
        let slabs = stats.big.slabs.iter();
        stats.classes.iter().chain(slabs).map(|class| class.pools * class.pool_bytes).sum::<usize>()
    };
    let kept = pooled(&stats).saturating_sub(pooled(&before));
    assert!(kept < 8 << 20, "{kept} bytes in pools after all threads have ended\n{stats}");
    alloc_core::collect();
    let kept = pooled(&alloc_core::stats()).saturating_sub(pooled(&before));
    assert!(kept < 64 << 10, "{kept} bytes in pools after collect()");
    alloc_core::check().unwrap();
}

/// Runs `threads` threads, `AT_ONCE` at a time. Each keeps a structure that the
/// main thread drops after the thread is gone.
fn churn(threads: usize) {
    for batch in 0..threads / AT_ONCE {
        let running: Vec<_> =
            (0..AT_ONCE).map(|thread| std::thread::spawn(move || build(batch, thread))).collect();
        let survivors: Vec<_> = running.into_iter().map(|thread| thread.join().unwrap()).collect();
        for (thread, survivor) in survivors.iter().enumerate() {
            let expected = format!("{batch} {thread} 7");
            assert_eq!(survivor.get(&7), Some(&expected));
        }
    }
}

fn build(batch: usize, thread: usize) -> BTreeMap<usize, String> {
    let garbage: Vec<Vec<u8>> = (1..200).map(|size| vec![1; size * 37]).collect();
    let map = (0..300).map(|key| (key, format!("{batch} {thread} {key}"))).collect();
    drop(garbage);
    map
}
