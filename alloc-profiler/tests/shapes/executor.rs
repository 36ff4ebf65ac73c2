//! Futures, driven by hand: to their end, or so many polls far and then dropped.

use std::fmt::Debug;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::harness::{Log, note};

/// Polls a future `times` times at most, then drops it; returns its value if it got
/// there.
pub(crate) fn poll_times<F: Future>(times: u32, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..times {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
    }
    None
}

/// Polls a future until it is ready.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    poll_times(1_000, future).expect("shapes pause a few times only")
}

/// Drives a future twice: once `times` polls far, once to its end.
pub(crate) fn drive<F>(log: &Log, times: u32, start: impl Fn() -> F) -> (Option<F::Output>, F::Output)
where
    F: Future<Output: Debug>,
{
    let future = start();
    note(log, "started");
    let value = poll_times(times, future);
    note(log, "dropped");
    (value, block_on(start()))
}

/// Is pending so many times, then ready.
pub(crate) struct Pause(pub(crate) u32);

impl Future for Pause {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        match self.0.checked_sub(1) {
            None => Poll::Ready(7),
            Some(less) => {
                self.0 = less;
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

/// Returns a future that can move between threads as it is.
pub(crate) fn assert_send<F: Future + Send>(future: F) -> F {
    future
}
