//! Spans of `async` functions on tokio's runtime of several threads, where a task
//! may go on on another thread after each `.await`.

mod common;

use std::alloc::System;
use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use alloc_profiler::{ProfiledAlloc, uncounted};
use alloc_profiler_tracing::ReportHandle;
use common::{bytes, figures};
use tokio::runtime::{Builder, Runtime};
use tracing::{Instrument, info_span, instrument};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// One subscriber for all threads and tests; they use spans of different names.
static REPORT: LazyLock<ReportHandle> = LazyLock::new(common::for_all_threads);

/// Wakes whatever it is sent, from outside of the runtime, so that any worker may
/// take the task up again.
static WAKE: LazyLock<mpsc::Sender<Waker>> = LazyLock::new(|| {
    let (send, receive) = mpsc::channel::<Waker>();
    thread::spawn(move || receive.iter().for_each(Waker::wake));
    send
});

fn runtime(threads: usize) -> Runtime {
    LazyLock::force(&REPORT);
    Builder::new_multi_thread()
        .worker_threads(threads)
        .on_thread_start(common::warm_up)
        .enable_time()
        .build()
        .unwrap()
}

/// Waits for other tasks a while; allocates nothing that counts.
async fn elsewhere() {
    let mut was_away = false;
    poll_fn(|context| {
        if was_away {
            return Poll::Ready(());
        }
        was_away = true;
        let waker = context.waker().clone();
        uncounted(|| WAKE.send(waker).unwrap());
        Poll::Pending
    })
    .await;
}

/// Keeps 100 bytes over its awaits and returns 10; asks for 50 in between.
#[instrument(skip_all)]
async fn outer(threads: &Mutex<HashSet<ThreadId>>) -> Box<[u8]> {
    let held = bytes(100);
    for _ in 0..3 {
        uncounted(|| threads.lock().unwrap().insert(thread::current().id()));
        elsewhere().await;
        drop(bytes(50));
    }
    let kept = inner(7).await;
    drop(held);
    kept
}

#[instrument]
async fn inner(n: usize) -> Box<[u8]> {
    let scratch = bytes(1000 + n);
    elsewhere().await;
    drop(scratch);
    elsewhere().await;
    bytes(10)
}

#[test]
fn a_thousand_tasks_that_move_between_threads() {
    let runtime = runtime(4);
    // How many threads a task was on, at most.
    let most = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..250 {
                    let threads: Arc<Mutex<HashSet<_>>> = Arc::default();
                    let of_task = Arc::clone(&threads);
                    let task = runtime.spawn(async move { outer(&of_task).await });
                    drop(runtime.block_on(task).unwrap());
                    let mut most = most.lock().unwrap();
                    *most = (*most).max(threads.lock().unwrap().len());
                }
            });
        }
    });
    let report = REPORT.report();
    let (count, ..) = figures(&report, "outer");
    assert_eq!(count, 1000);
    let inner = (1000, 1_017_000, 1_007_000, 1_017_000, 1_007_000, 1007);
    assert_eq!(figures(&report, "outer.inner"), inner);
    // 100 + 3 × 50 + its own; 100 live as the inner one has its peak.
    assert_eq!(figures(&report, "outer"), (1000, 1_267_000, 1_257_000, 250_000, 250_000, 1107));
    assert!(most.into_inner().unwrap() > 1, "no task ever changed its thread");
}

#[instrument]
async fn cancelled() {
    let held = bytes(300);
    std::future::pending::<()>().await;
    drop(held);
}

#[test]
fn what_a_cancelled_future_drops_is_its_spans() {
    let runtime = runtime(2);
    for _ in 0..100 {
        let task = runtime.spawn(async {
            // Drops it when the time is up, on whatever thread that is.
            let waited = tokio::time::timeout(Duration::from_micros(100), cancelled()).await;
            assert!(waited.is_err());
        });
        runtime.block_on(task).unwrap();
    }
    // Aborted from outside, while suspended or before it began.
    let mut aborted = 0;
    for _ in 0..100 {
        let task = runtime.spawn(cancelled());
        thread::yield_now();
        task.abort();
        aborted += u64::from(runtime.block_on(task).unwrap_err().is_cancelled());
    }
    assert_eq!(aborted, 100);
    let report = REPORT.report();
    let (count, allocated, freed, own, own_freed, peak) = figures(&report, "cancelled");
    assert!((100..=200).contains(&count), "{count}");
    assert_eq!((allocated, freed), (count * 300, count * 300));
    assert_eq!((own, own_freed, peak), (allocated, freed, 300));
}

#[test]
fn a_future_that_was_never_polled_has_dropped_nothing_of_its_own() {
    LazyLock::force(&REPORT);
    let held = bytes(64);
    let future = async move { held.len() }.instrument(info_span!("unpolled"));
    // Its drop enters the span.
    drop(future);
    assert_eq!(figures(&REPORT.report(), "unpolled"), (1, 0, 64, 0, 64, 0));
}

#[test]
fn futures_polled_in_turn_do_not_mix() {
    LazyLock::force(&REPORT);
    common::warm_up();
    let task = |n: usize| async move {
        let mut kept = Vec::with_capacity(1);
        for _ in 0..3 {
            kept.clear();
            kept.push(bytes(n));
            yield_once().await;
        }
    };
    let mut tasks: Vec<Pin<Box<dyn Future<Output = ()>>>> = vec![
        Box::pin(task(100).instrument(info_span!("turn_a"))),
        Box::pin(task(1000).instrument(info_span!("turn_b"))),
    ];
    let context = &mut Context::from_waker(Waker::noop());
    while !tasks.is_empty() {
        tasks.retain_mut(|task| task.as_mut().poll(context).is_pending());
    }
    let report = REPORT.report();
    let vec = u64::try_from(size_of::<Box<[u8]>>()).unwrap();
    for (path, n) in [("turn_a", 100), ("turn_b", 1000)] {
        let all = vec + 3 * n;
        assert_eq!(figures(&report, path), (1, all, all, all, all, vec + n), "{path}");
    }
}

/// Is pending once.
async fn yield_once() {
    let mut was_pending = false;
    poll_fn(|_| {
        if std::mem::replace(&mut was_pending, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
