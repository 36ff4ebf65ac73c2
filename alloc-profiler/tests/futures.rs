//! `async fn`s, `async` blocks and what returns futures: exact figures, nothing
//! charged while suspended, whichever thread goes on and whether or not they end.

mod common;

use std::alloc::System;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;

use alloc_profiler::{ProfiledAlloc, profile};
use common::{expect, figures, function, sum};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

/// Is pending `n` times before it is ready.
struct Yields(usize);

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        Poll::Pending
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls `future` to its end; between any two polls it calls `between`.
fn run<F: Future>(future: F, mut between: impl FnMut()) -> F::Output {
    let mut future = pin!(future);
    loop {
        match poll(future.as_mut()) {
            Poll::Ready(value) => return value,
            Poll::Pending => between(),
        }
    }
}

fn assert_send<T: Send>(value: T) -> T {
    value
}

#[profile]
async fn waits(n: usize) -> Box<[u8]> {
    let first = bytes(100); //= 200 2
    Yields(n).await; //= 0 2
    for i in 0..n {
        //= 0 8
        let scratch = bytes(10 + i); //= 66 6
        Yields(1).await; //= 0 6
        drop(scratch); //= -66 6
    }
    let second = bytes(n); //= 6 2
    drop(first); //= -200 2
    second //= 0 2
}

#[test]
fn nothing_is_charged_while_suspended() {
    let mut others = Vec::new();
    let mut between = || others.push(bytes(1000));
    let kept = run(assert_send(waits(3)), &mut between);
    assert_eq!(run(waits(3), &mut between).len(), kept.len());
    expect("waits");
    assert_eq!(function("waits").calls, 2);
    assert_eq!(others.len(), 12);
}

#[profile]
async fn moves(n: usize) -> usize {
    let mut all = Vec::with_capacity(n); //= 160 1
    for i in 0..n {
        //= 0 11
        all.push(bytes(i + 1)); //= 55 10
        Yields(1).await; //= 0 10
    }
    all.len() //= 0 1
} //= -215 1

#[test]
fn a_future_may_go_on_on_other_threads() {
    let mut future = Box::pin(moves(10));
    let mut polls = 0;
    let length = loop {
        polls += 1;
        let (polled, outcome) = thread::spawn(move || {
            let outcome = poll(future.as_mut());
            (future, outcome)
        })
        .join()
        .unwrap();
        future = polled;
        if let Poll::Ready(length) = outcome {
            break length;
        }
    };
    assert_eq!((length, polls), (10, 11));
    expect("moves");
    assert_eq!(function("moves").calls, 1);
}

#[profile]
async fn cancelled() -> usize {
    let held = bytes(500); //= 500 1
    Yields(9).await; //= -500 1
    held.len() //= -
} //= -

#[test]
fn what_a_cancelled_future_drops_is_charged_where_it_waited() {
    let mut future = Box::pin(cancelled());
    for _ in 0..3 {
        assert!(poll(future.as_mut()).is_pending());
    }
    drop(future);
    expect("cancelled");
    let never_polled = cancelled();
    drop(never_polled);
    assert_eq!(function("cancelled").calls, 1);
}

#[profile]
async fn tree(depth: usize) -> usize {
    let block = bytes(10); //= 10 7
    Yields(1).await; //= 0 7
    if depth == 0 {
        //= 0 7
        return block.len(); //= 0 4
    }
    let left = Box::pin(tree(depth - 1)).await;
    let right = Box::pin(tree(depth - 1)).await;
    block.len() + left + right //= 0 3
} //= -10 3

#[test]
fn recursion_counts_bytes_once() {
    assert_eq!(run(tree(2), || ()), 70);
    let tree = function("tree");
    assert_eq!((tree.calls, tree.total_bytes, sum(&tree)), (7, 0, 0), "{tree}");
    assert_eq!(figures(&tree, "let block").increment_bytes, 10, "{tree}");
    assert_eq!(figures(&tree, "let left").allocated_blocks, 6, "{tree}");
}

#[profile]
fn later(n: usize) -> impl Future<Output = Box<[u8]>> {
    let before = bytes(n); //= 40 1
    async move {
        let after = bytes(n); //= 40 1
        Yields(2).await; //= 0 1
        drop(before); //= -40 1
        after //= 0 1
    }
}

#[profile]
fn boxed<'a>(n: &'a usize) -> Pin<Box<dyn Future<Output = Result<u8, String>> + Send + 'a>> {
    Box::pin(async move {
        let kept = bytes(*n); //= 300 1
        Yields(1).await; //= 0 1
        let short = u8::try_from(kept.len()).map_err(|_| String::from("long"))?; //= -296 1
        Ok(short) //= -
    })
}

#[test]
fn async_blocks_have_lines_in_their_function() {
    let future = later(40);
    let kept = thread::spawn(move || run(future, || ())).join().unwrap();
    expect("later");
    assert_eq!(function("later").calls, 1);
    drop(kept);
    let error = run(boxed(&300), || ()).unwrap_err();
    let function = function("boxed");
    assert_eq!(figures(&function, "let kept").increment_bytes, 300, "{function}");
    assert_eq!(figures(&function, "let short").increment_bytes, 4 - 300, "{function}");
    drop(error);
}

#[profile]
async fn two_at_once() -> usize {
    let one = async {
        let block = bytes(7); //= 7 1
        Yields(2).await; //= 0 1
        block.len() //= 0 1
    }; //= -7 1
    let two = async {
        let block = bytes(1000); //= 1000 1
        Yields(1).await; //= 0 1
        block.len() //= 0 1
    }; //= -1000 1
    let (mut one, mut two) = (pin!(one), pin!(two));
    let (mut a, mut b) = (None, None);
    std::future::poll_fn(|context| {
        if a.is_none()
            && let Poll::Ready(n) = one.as_mut().poll(context)
        {
            a = Some(n);
        }
        if b.is_none()
            && let Poll::Ready(n) = two.as_mut().poll(context)
        {
            b = Some(n);
        }
        if a.is_some() && b.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    a.unwrap() + b.unwrap() //= 0 1
}

#[test]
fn blocks_polled_in_turn_do_not_mix() {
    assert_eq!(run(two_at_once(), || ()), 1007);
    expect("two_at_once");
}

#[profile]
async fn panics(n: usize) -> usize {
    let block = bytes(n);
    Yields(1).await;
    // What unwinds through a block drops on the line of the statement around it.
    if block.len() == 30 {
        std::panic::resume_unwind(Box::new(()));
    }
    block.len()
}

#[test]
fn a_panic_leaves_right_figures() {
    let mut future = Box::pin(panics(30));
    assert!(poll(future.as_mut()).is_pending());
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(future.as_mut())));
    assert!(caught.is_err());
    drop((future, caught));
    let function = function("panics");
    assert_eq!(figures(&function, "let block").increment_bytes, 30, "{function}");
    assert_eq!(figures(&function, "if block").increment_bytes, -30, "{function}");
    // What is left is the machinery's, which is freed by whoever catches.
    let machinery = figures(&function, "resume_unwind").increment_bytes;
    assert_eq!((function.calls, function.total_bytes), (1, machinery), "{function}");
}
