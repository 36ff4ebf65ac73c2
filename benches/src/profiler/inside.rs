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
//!
//! Each thread stays on one processor, one alone on the one that is the quietest. What it does
//! alone and among others is measured on the same one, by the same threads: one thread here and
//! eight there would be compared by the pace of their processors.

use std::sync::{Barrier, Mutex};
use std::thread;

use rustix::time::{ClockId, clock_gettime};

use super::Global;
use super::functions::{Measure, Work};
use super::series::{Pair, typical};
use crate::processor::{self, Held};

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
    let step_ns = |work: Work| cpu_ns(|| work(global, slice)) / slice as f64;
    on_threads(threads, || {
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
    })
}

/// Returns what a step costs if the threads take turns, and if all work at once, on
/// average over so many threads, each of which does so many steps.
///
/// # Panics
/// A thread panics: none does.
pub(super) fn crowd(work: Work, global: &Global, threads: usize, steps: u64) -> Pair {
    let (one_at_a_time, all_are_here) = (Mutex::new(()), Barrier::new(threads));
    let slice = steps / SLICES;
    let step_ns = || cpu_ns(|| work(global, slice)) / slice as f64;
    on_threads(threads, || {
        work(global, slice);
        typical((0..SLICES).map(|_| {
            all_are_here.wait();
            let alone_ns = {
                let _turn = one_at_a_time.lock().expect("no panic");
                step_ns()
            };
            all_are_here.wait();
            Pair { without_ns: alone_ns, with_ns: step_ns() }
        }))
    })
}

/// Returns the mean of what so many threads find, each on a processor of its own as far as
/// there are as many, from the one on that is the quietest.
fn on_threads(threads: usize, find: impl Fn() -> Pair + Sync) -> Pair {
    let place = processor::quietest();
    let one_thread = |number| {
        let _held = Held::on(place + number);
        find()
    };
    let pairs: Vec<Pair> = thread::scope(|scope| {
        let start = |number| scope.spawn(move || one_thread(number));
        let threads: Vec<_> = (0..threads).map(start).collect();
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
    use std::sync::atomic::{AtomicUsize, Ordering};
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

    #[test]
    fn threads_that_take_turns_do_not_work_at_once() {
        static AT_WORK: AtomicUsize = AtomicUsize::new(0);
        static OTHERS: Mutex<Vec<usize>> = Mutex::new(Vec::new());
        let work: Work = |_, steps| {
            let others = AT_WORK.fetch_add(1, Ordering::Relaxed);
            OTHERS.lock().expect("no panic").push(others);
            thread::sleep(Duration::from_millis(steps));
            AT_WORK.fetch_sub(1, Ordering::Relaxed);
        };
        let global = Global::new(PoolAlloc::new());
        crowd(work, &global, 3, SLICES);
        let others = OTHERS.lock().expect("no panic");
        // Three threads warm up; then in each slice, three alone and three at once.
        let alone = others[3..].chunks(6).all(|slice| slice[..3] == [0; 3]);
        let at_once = others[3..].chunks(6).any(|slice| slice[3..].contains(&2));
        assert!(alone && at_once, "{others:?}");
    }
}
