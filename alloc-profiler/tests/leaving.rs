//! What a future is leaving is not forgotten while it waits.

mod common;

use std::alloc::System;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use alloc_profiler::{ProfiledAlloc, profile};
use common::expect;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

struct Once(bool);
impl Future for Once {
    type Output = Result<usize, ()>;
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0 {
            Poll::Ready(Err(()))
        } else {
            self.0 = true;
            Poll::Pending
        }
    }
}

fn drive<F: Future>(f: F) -> F::Output {
    let mut f = pin!(f);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(v) = f.as_mut().poll(&mut cx) {
            return v;
        }
    }
}

#[profile]
async fn waits_then_fails() -> Result<usize, ()> {
    let held = bytes(100); //= 100 1
    let mut all = 0;
    for _ in 0..3 {
        let scratch = bytes(10); //= 10 1
        all += Once(false).await?; //= -110 1
        all += scratch.len();
    }
    Ok(all + held.len())
}

#[test]
fn a_question_mark_after_a_suspension() {
    assert!(drive(waits_then_fails()).is_err());
    expect("waits_then_fails");
}

#[profile]
async fn cancelled() -> usize {
    let held = bytes(100); //= 100 1
    let mut all = 0;
    for _ in 0..3 {
        let scratch = bytes(10); //= 10 1
        all += Once(false).await.unwrap_or(0); //= -110 1
        all += scratch.len();
    }
    all + held.len()
}

#[test]
fn cancelled_in_a_loop() {
    {
        let mut f = Box::pin(cancelled());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(f.as_mut().poll(&mut cx).is_pending());
    }
    expect("cancelled");
}
