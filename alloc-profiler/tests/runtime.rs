//! Under tokio's multi-threaded runtime, a thousand times, without a wrong byte:
//! tasks that move between threads, are cancelled, and wait for each other.

mod common;

use std::alloc::System;
use std::future::{Future, poll_fn};
use std::mem;
use std::task::Poll;

use alloc_profiler::{ProfiledAlloc, profile};
use common::{figures, function, sum};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// How often each scenario runs, on one runtime.
const ROUNDS: i64 = 1000;

/// Tasks at a time.
const TASKS: i64 = 8;

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

/// Lets other tasks run. Tokio's own has a list, which grows on whoever's line.
fn yield_now() -> impl Future<Output = ()> {
    let mut is_first = true;
    poll_fn(move |context| {
        if !mem::take(&mut is_first) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(4).build().unwrap()
}

/// Runs `TASKS` tasks at a time, `ROUNDS` times over.
fn run_rounds<F>(task: impl Fn(usize) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    runtime().block_on(async {
        for _ in 0..ROUNDS {
            let mut tasks = JoinSet::new();
            for n in 0..usize::try_from(TASKS).unwrap() {
                tasks.spawn(task(n));
            }
            while let Some(outcome) = tasks.join_next().await {
                outcome.unwrap();
            }
        }
    });
}

#[profile]
async fn moves(n: usize) -> Box<[u8]> {
    let first = bytes(100);
    yield_now().await;
    let mut sum = 0;
    for i in 0..3 {
        let scratch = bytes(10 + i);
        yield_now().await;
        sum += scratch.len();
        drop(scratch);
    }
    let second = helper(n + sum).await;
    drop(first);
    second
}

#[profile]
async fn helper(n: usize) -> Box<[u8]> {
    let block = bytes(n);
    yield_now().await;
    block
}

#[test]
fn tasks_that_move_between_threads_are_exact() {
    run_rounds(|n| async move {
        let kept = moves(n).await;
        assert_eq!(kept.len(), n + 33);
    });
    let calls = ROUNDS * TASKS;
    let moves = function("moves");
    let kept: i64 = ROUNDS * (0..TASKS).map(|n| n + 33).sum::<i64>();
    assert_eq!(i64::try_from(moves.calls), Ok(calls));
    assert_eq!((moves.total_bytes, sum(&moves)), (kept, kept), "{moves}");
    for (line, expected) in [
        ("let first", 100 * calls),
        ("let scratch", 33 * calls),
        ("drop(scratch)", -33 * calls),
        ("let second", kept),
        ("drop(first)", -100 * calls),
        ("sum += ", 0),
        ("let mut sum", 0),
    ] {
        assert_eq!(figures(&moves, line).increment_bytes, expected, "{line}\n{moves}");
    }
    let scratch = figures(&moves, "let scratch");
    assert_eq!(i64::try_from(scratch.occurrences), Ok(3 * calls));
    assert_eq!(i64::try_from(scratch.allocated_bytes), Ok(33 * calls));
    let helper = function("helper");
    assert_eq!((helper.total_bytes, sum(&helper)), (kept, kept), "{helper}");
    assert!(helper.threads.iter().all(|thread| thread.name != "main"), "{:?}", helper.threads);
}

#[profile]
async fn waits_for_ever(n: usize) {
    let held = bytes(50 + n);
    std::future::pending::<()>().await;
    drop(held);
}

#[profile]
async fn cancels(n: usize) {
    tokio::select! {
        () = waits_for_ever(n) => unreachable!("it waits for ever"),
        () = yield_now() => {}
    }
    let task = tokio::spawn(waits_for_ever(n));
    yield_now().await;
    task.abort();
    let _ = task.await;
}

#[test]
fn cancelled_futures_are_exact() {
    run_rounds(cancels);
    let waits = function("waits_for_ever");
    // What was aborted before its first poll never was a call.
    let calls = i64::try_from(waits.calls).unwrap();
    assert!((ROUNDS * TASKS..=2 * ROUNDS * TASKS).contains(&calls));
    assert_eq!((waits.total_bytes, sum(&waits)), (0, 0), "{waits}");
    let held = figures(&waits, "let held").increment_bytes;
    assert!((50 * calls..=57 * calls).contains(&held), "{waits}");
    assert_eq!(figures(&waits, "pending").increment_bytes, -held, "{waits}");
    let cancels = function("cancels");
    assert_eq!(sum(&cancels), cancels.total_bytes, "{cancels}");
}

#[profile]
async fn sends(n: usize, to: mpsc::Sender<Box<[u8]>>) {
    for i in 0..4 {
        let block = bytes(n + i);
        to.send(block).await.unwrap();
    }
}

#[profile]
async fn receives(mut from: mpsc::Receiver<Box<[u8]>>) -> usize {
    let mut all = 0;
    while let Some(block) = from.recv().await {
        all += block.len();
        drop(block);
    }
    all
}

#[test]
fn blocks_that_change_tasks_are_exact() {
    run_rounds(|n| async move {
        let (to, from) = mpsc::channel(1);
        let sender = tokio::spawn(sends(n, to));
        assert_eq!(receives(from).await, 4 * n + 6);
        sender.await.unwrap();
    });
    let sent: i64 = ROUNDS * (0..TASKS).map(|n| 4 * n + 6).sum::<i64>();
    let (sends, receives) = (function("sends"), function("receives"));
    assert_eq!(figures(&sends, "bytes(n + i)").increment_bytes, sent, "{sends}");
    assert_eq!(figures(&receives, "drop(block)").increment_bytes, -sent, "{receives}");
    for function in [sends, receives] {
        assert_eq!(i64::try_from(function.calls), Ok(ROUNDS * TASKS));
        assert_eq!(sum(&function), function.total_bytes, "{function}");
    }
}
