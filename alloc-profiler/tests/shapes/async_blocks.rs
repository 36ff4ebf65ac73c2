//! Functions that return futures; `async` blocks and closures; joins and selects.

use std::future::{self, Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use super::executor::{Pause, assert_send, block_on, drive, poll_times};
use super::harness::{Log, Noisy, note};

driven! {
    returned_futures {
        here! {
            fn run<'a>(log: &'a Log, n: u32) -> impl Future<Output = usize> + 'a {
                let early = Noisy::new("early", log);
                async move {
                    let late = early.child("late");
                    Pause(n).await;
                    late.len()
                }
            }
        }
        here! { fn ready(n: u32) -> future::Ready<u32> { let x = n; future::ready(x) } }

        pub fn returned_futures(log: &Log, n: u32) -> (Option<usize>, usize) {
            block_on(ready(n));
            drive(log, n, || run(log, n))
        }
    }

    returned_boxes {
        here! {
            fn run(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
                if n == 0 {
                    return Box::pin(future::ready(0));
                }
                let all: Vec<u32> = (0..n).collect();
                Box::pin(async move {
                    let mut sum = 0;
                    for x in all {
                        sum += x + Pause(1).await;
                    }
                    sum
                })
            }
        }

        pub fn returned_boxes(log: &Log, n: u32) -> (Option<u32>, u32) {
            drive(log, n, || assert_send(run(n)))
        }
    }

    async_blocks {
        here! {
            async fn run(log: &Log, n: u32) -> usize {
                let a = Noisy::new("a", log);
                let borrowing = async {
                    let b = a.child("b");
                    Pause(1).await;
                    b.len()
                };
                let first = borrowing.await;
                let owning = async move {
                    let c = a;
                    Pause(n).await;
                    c.len()
                };
                let on_one_line = async { Pause(1).await; 1 };
                let unused = async { Noisy::new("never made", log) };
                drop(unused);
                first + owning.await + on_one_line.await
            }
        }

        pub fn async_blocks(log: &Log, n: u32) -> (Option<usize>, usize) {
            drive(log, n, || run(log, n))
        }
    }

    blocks_that_end_early {
        here! {
            async fn run(log: &Log, n: u32) -> Result<u32, String> {
                let result: Result<u32, String> = async {
                    let _a = Noisy::new("a", log);
                    if n == 1 { return Err("one".to_owned()); }
                    let x = n.checked_sub(1).ok_or("zero")?;
                    Pause(1).await;
                    Ok(x)
                }
                .await;
                let option = async { let x = n.checked_sub(3)?; Some(x + Pause(1).await) }.await;
                if n == 5 { return Err(format!("{option:?}")); }
                Ok(result? + option.unwrap_or(100))
            }
        }

        pub fn blocks_that_end_early(log: &Log, n: u32) -> (Option<Result<u32, String>>, Result<u32, String>) {
            drive(log, n, || run(log, n))
        }
    }

    async_closures {
        here! {
            async fn run(log: &Log, n: u32) -> u32 {
                let a = Noisy::new("a", log);
                let mut count = 0;
                let mut step = async |x: u32| {
                    let _b = a.child("b");
                    count += Pause(1).await;
                    if x > 3 { return 0; }
                    x + 1
                };
                let sum = step(n).await + step(1).await;
                let old_style = |x: u32| async move {
                    Pause(x).await;
                    x * 2
                };
                let doubled = old_style(n).await;
                let owned = async move || { let c = a; Pause(1).await + c.len() as u32 };
                sum + count + doubled + owned().await
            }
        }

        pub fn async_closures(log: &Log, n: u32) -> (Option<u32>, u32) {
            drive(log, n, || run(log, n))
        }
    }

    join_by_hand {
        here! {
            async fn one(log: &Log, name: &str, pauses: u32) -> usize {
                let noisy = Noisy::new(name, log);
                for i in 0..pauses {
                    let _round = noisy.child(&i.to_string());
                    Pause(1).await;
                }
                noisy.len()
            }
        }
        here! {
            async fn both(log: &Log, n: u32) -> (usize, usize) {
                let mut first = pin!(one(log, "first", n));
                let mut second = pin!(one(log, "second", 2));
                let (mut x, mut y) = (None, None);
                poll_fn(|context| {
                    if x.is_none() && let_ready(first.as_mut().poll(context), &mut x) { note(log, "first done") }
                    if y.is_none() && let_ready(second.as_mut().poll(context), &mut y) {
                        note(log, "second done");
                    }
                    match (x, y) {
                        (Some(x), Some(y)) => Poll::Ready((x, y)),
                        _ => Poll::Pending,
                    }
                })
                .await
            }
        }
        fn let_ready<T>(poll: Poll<T>, slot: &mut Option<T>) -> bool {
            match poll {
                Poll::Ready(value) => { *slot = Some(value); true }
                Poll::Pending => false,
            }
        }

        pub fn join_by_hand(log: &Log, n: u32) -> (Option<(usize, usize)>, (usize, usize)) {
            drive(log, n, || both(log, n))
        }
    }

    select_by_hand {
        here! {
            async fn worker<'a>(noisy: Noisy<'a>, pauses: u32) -> Noisy<'a> {
                let _inner = noisy.child("inner");
                Pause(pauses).await;
                noisy
            }
        }
        here! {
            async fn faster(log: &Log, n: u32) -> String {
                let mut first = Box::pin(worker(Noisy::new("first", log), n));
                let mut second = Box::pin(worker(Noisy::new("second", log), 2));
                let winner = poll_fn(|context| match first.as_mut().poll(context) {
                    Poll::Ready(noisy) => Poll::Ready(noisy),
                    Poll::Pending => second.as_mut().poll(context),
                })
                .await;
                drop(first);
                note(log, "first is gone");
                winner.name.clone()
            }
        }

        pub fn select_by_hand(log: &Log, n: u32) -> (Option<String>, String) {
            drive(log, n, || faster(log, n))
        }
    }

    cancelled_within {
        here! {
            async fn endless(log: &Log) -> u32 {
                let outer = Noisy::new("outer", log);
                loop {
                    let _round = outer.child("round");
                    Pause(1).await;
                }
            }
        }
        here! {
            fn cancel(log: &Log, n: u32) -> bool {
                let value = poll_times(n, endless(log));
                note(log, "cancelled");
                value.is_some()
            }
        }

        pub fn cancelled_within(log: &Log, n: u32) -> bool {
            cancel(log, n)
        }
    }

    nested_async_items {
        here! {
            async fn run(log: &Log, n: u32) -> u32 {
                async fn inner(log: &Log, n: u32) -> u32 {
                    let _inner = Noisy::new("inner", log);
                    Pause(n).await
                }
                #[alloc_profiler::profile]
                async fn profiled_too(noisy: Noisy<'_>) -> usize {
                    let child = noisy.child("child");
                    Pause(1).await;
                    child.len()
                }
                let _outer = Noisy::new("outer", log);
                let first = inner(log, n).await;
                let blocks = async { async { Pause(1).await + async { 1 }.await }.await }.await;
                first + blocks + profiled_too(Noisy::new("argument", log)).await as u32
            }
        }

        pub fn nested_async_items(log: &Log, n: u32) -> (Option<u32>, u32) {
            drive(log, n, || run(log, n))
        }
    }

    stored_futures {
        here! {
            async fn all(log: &Log, n: u32) -> Vec<usize> {
                let mut futures: Vec<Pin<Box<dyn Future<Output = usize> + '_>>> = Vec::new();
                for i in 0..n {
                    let noisy = Noisy::new(&i.to_string(), log);
                    futures.push(Box::pin(async move {
                        Pause(i % 2).await;
                        noisy.len() + i as usize
                    }));
                }
                futures.push(if n > 2 { Box::pin(async { 1 }) } else { Box::pin(future::ready(2)) });
                let mut lens = Vec::new();
                for future in futures.into_iter().rev() {
                    lens.push(future.await);
                }
                lens
            }
        }

        pub fn stored_futures(log: &Log, n: u32) -> (Option<Vec<usize>>, Vec<usize>) {
            drive(log, n, || all(log, n))
        }
    }

    held_across_threads {
        here! {
            async fn work(n: u32) -> Vec<u32> {
                let mut all = vec![n];
                for i in 0..n {
                    Pause(1).await;
                    all.push(i);
                }
                all
            }
        }

        pub fn held_across_threads(_: &Log, n: u32) -> Vec<u32> {
            let mut future = Box::pin(assert_send(work(n)));
            loop {
                let (value, back) = std::thread::spawn(move || {
                    let value = poll_times(1, future.as_mut());
                    (value, future)
                })
                .join()
                .unwrap();
                future = back;
                if let Some(value) = value { return value; }
            }
        }
    }
}
