//! What is measured in this process: the same function with and without profiling, one
//! right after the other.
//!
//! # Design
//! A figure is CPU time of the thread over its steps. More threads than cores take turns,
//! and so do other programs: neither lengthens it. The two sides take turns too, in slices
//! of milliseconds, and a round's figure is the median slice of each: a machine whose pace
//! changes in the middle of a round changes it for both. Each thread does a twentieth of
//! the steps to warm up, and waits for the others. Who comes first changes from round to
//! round.

use std::sync::Barrier;
use std::thread;

use rustix::time::{ClockId, clock_gettime};

use super::Global;
use super::functions::Measure;
use super::series::{Pair, typical};

/// Slices of a round's steps.
const SLICES: u64 = 20;

/// Returns what a step costs without profiling and with it, on average over so many
/// threads, each of which does so many steps.
///
/// # Panics
/// A thread panics: none does.
pub(super) fn pair(
    measure: &Measure,
    global: &Global,
    threads: usize,
    steps: u64,
    is_reversed: bool,
) -> Pair {
    let all_warm = Barrier::new(threads);
    let slice = steps / SLICES;
    let step_ns = |work: fn(&Global, u64)| cpu_ns(|| work(global, slice)) / slice as f64;
    let one_thread = || {
        for work in [measure.without, measure.with] {
            work(global, slice);
        }
        all_warm.wait();
        typical((0..SLICES).map(|_| {
            if is_reversed {
                let with_ns = step_ns(measure.with);
                Pair { without_ns: step_ns(measure.without), with_ns }
            } else {
                Pair { without_ns: step_ns(measure.without), with_ns: step_ns(measure.with) }
            }
        }))
    };
    let pairs: Vec<Pair> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one_thread)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let mean = |cost: fn(&Pair) -> f64| pairs.iter().map(cost).sum::<f64>() / threads as f64;
    Pair { without_ns: mean(|pair| pair.without_ns), with_ns: mean(|pair| pair.with_ns) }
}

/// Returns nanoseconds of the calling thread's CPU time that `work` takes.
fn cpu_ns(work: impl FnOnce()) -> f64 {
    let now_ns = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
    };
    let start_ns = now_ns();
    work();
    now_ns() - start_ns
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use alloc_core::PoolAlloc;

    use super::super::functions::COUNTED;
    use super::*;

    #[test]
    fn sleeping_takes_no_cpu_time() {
        let sleep = Duration::from_millis(50);
        assert!(cpu_ns(|| thread::sleep(sleep)) < sleep.as_nanos() as f64);
    }

    #[test]
    fn both_are_measured_whoever_comes_first() {
        let global = Global::new(PoolAlloc::new());
        for is_reversed in [false, true] {
            let Pair { without_ns, with_ns } = pair(&COUNTED, &global, 2, 1000, is_reversed);
            assert!(without_ns > 0.0 && with_ns > 0.0);
        }
    }
}
