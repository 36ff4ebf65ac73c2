//! The functions whose cost is measured in this process, each with and without the
//! attribute.
//!
//! # Invariants
//! - The twins of a measure differ in the attribute, or in whether the allocator counts,
//!   and in nothing else. `black_box` keeps their work from being folded away.

use std::alloc::{GlobalAlloc, Layout, handle_alloc_error};
use std::future::{self, Future};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::Global;
use crate::twins::twins;

/// Makes the allocator count, for the rest of the process.
#[alloc_profiler::profile]
pub(super) fn start_counting() {}

/// Allocates and frees a block of 64 bytes.
#[inline(always)]
fn pair(alloc: &impl GlobalAlloc) {
    let layout = black_box(Layout::new::<[u64; 8]>());
    // SAFETY: the layout is not empty.
    let block = unsafe { alloc.alloc(layout) };
    if block.is_null() {
        handle_alloc_error(layout);
    }
    // SAFETY: it was just allocated with this layout, and nobody else has it.
    unsafe { alloc.dealloc(black_box(block), layout) };
}

twins! { plain profiled
    /// Allocates and frees, once a round: an allocating line.
    #[inline(never)]
    pub(super) fn pairs(alloc: &impl GlobalAlloc, steps: u64) {
        for _ in 0..steps {
            pair(alloc);
        }
    }

    /// Executes so many lines that allocate nothing, eight a round.
    #[inline(never)]
    pub(super) fn lines(steps: u64) -> u64 {
        let mut x = steps;
        for _ in 0..steps / 8 {
            x = black_box(x + 1);
            x = black_box(x + 1);
            x = black_box(x + 1);
            x = black_box(x + 1);
            x = black_box(x + 1);
            x = black_box(x + 1);
            x = black_box(x + 1);
            x = black_box(x + 1);
        }
        x
    }

    /// Is called so many times.
    #[inline(never)]
    pub(super) fn call(x: u64) -> u64 {
        black_box(x + 1)
    }

    /// Runs a closure of two lines so many times.
    #[inline(never)]
    pub(super) fn closures(steps: u64) -> u64 {
        (0..steps).fold(0, |sum, step| {
            let next = black_box(sum + 1);
            next.max(step)
        })
    }

    /// Is polled so many times before it is ready.
    pub(super) async fn polls(steps: u64) -> u64 {
        pending(steps).await
    }
}

/// Returns a future that is ready when it has been polled so many times.
fn pending(mut polls: u64) -> impl Future<Output = u64> {
    future::poll_fn(move |_| {
        polls = black_box(polls).saturating_sub(1);
        if polls == 0 { Poll::Ready(0) } else { Poll::Pending }
    })
}

/// Polls the future until it is ready.
fn drive(future: impl Future<Output = u64>) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    while future.as_mut().poll(&mut context).is_pending() {}
}

/// Calls the function so many times.
fn calls(call: fn(u64) -> u64, steps: u64) {
    for step in 0..steps {
        black_box(call(step));
    }
}

/// Does so many steps.
pub(super) type Work = fn(&Global, u64);

/// What is measured with and without profiling.
#[derive(Debug)]
pub(super) struct Measure {
    /// Its name in the JSON document.
    pub key: &'static str,
    /// What a step is, in a line.
    pub what: &'static str,
    /// Steps of one round at full scale.
    pub steps: usize,
    /// Does so many steps without profiling.
    pub without: Work,
    /// Does as many with it.
    pub with: Work,
    /// On how many threads at once.
    pub threads: &'static [usize],
    /// What profiling may add to a step, in nanoseconds, where there is a target.
    pub most_ns: Option<f64>,
}

/// A counted allocation, without a profiled function around it.
pub(super) const COUNTED: Measure = Measure {
    key: "allocation",
    what: "64 bytes allocated and freed, counted",
    steps: 5_000_000,
    without: |global, steps| plain::pairs(global.inner(), steps),
    with: |global, steps| plain::pairs(global, steps),
    threads: &[1, 2, 4, 8],
    most_ns: Some(5.0),
};

/// All of them, in the order in which they are shown.
pub(super) const ALL: &[Measure] = &[
    COUNTED,
    Measure {
        key: "allocating_line",
        what: "the same on a line of a profiled loop",
        with: |global, steps| profiled::pairs(global, steps),
        most_ns: None,
        ..COUNTED
    },
    Measure {
        key: "probe",
        what: "a line that allocates nothing",
        steps: 20_000_000,
        without: |_, steps| {
            black_box(plain::lines(steps));
        },
        with: |_, steps| {
            black_box(profiled::lines(steps));
        },
        threads: &[1],
        most_ns: Some(2.0),
    },
    Measure {
        key: "call",
        what: "a call: entered, one line, left",
        steps: 5_000_000,
        without: |_, steps| calls(plain::call, steps),
        with: |_, steps| calls(profiled::call, steps),
        threads: &[1],
        most_ns: None,
    },
    Measure {
        key: "closure",
        what: "a closure in a profiled function, two lines",
        steps: 5_000_000,
        without: |_, steps| {
            black_box(plain::closures(steps));
        },
        with: |_, steps| {
            black_box(profiled::closures(steps));
        },
        threads: &[1],
        most_ns: None,
    },
    Measure {
        key: "poll",
        what: "a poll of a profiled async function",
        steps: 5_000_000,
        without: |_, steps| drive(plain::polls(steps)),
        with: |_, steps| drive(profiled::polls(steps)),
        threads: &[1],
        most_ns: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_do_the_same() {
        assert_eq!((plain::lines(80), profiled::lines(80)), (160, 160));
        assert_eq!(plain::call(7), profiled::call(7));
        assert_eq!((plain::closures(9), profiled::closures(9)), (9, 9));
    }

    #[test]
    fn a_future_is_ready_at_the_poll_that_was_asked_for() {
        let mut context = Context::from_waker(Waker::noop());
        let mut future = pin!(pending(3));
        let mut is_pending = || future.as_mut().poll(&mut context).is_pending();
        assert_eq!([is_pending(), is_pending(), is_pending()], [true, true, false]);
    }

    #[test]
    fn keys_are_unique() {
        let mut keys: Vec<_> = ALL.iter().map(|measure| measure.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), ALL.len());
    }
}
