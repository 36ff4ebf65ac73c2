//! All threads of the load, and the samples that are taken meanwhile.

use std::thread;
use std::time::Duration;

use procfs::ProcResult;
use procfs::process::Process;

use super::cli::Request;
use super::day::{Clock, DAYS};
use super::worker::{Shared, work};
use crate::compare::error::CompareError;
use crate::compare::execute::progress_line;

/// Samples of a day, in a soak of ten minutes one a second.
const SAMPLES_PER_DAY_MAX: u32 = 15;
/// Samples a second at most.
const SAMPLES_PER_SECOND_MAX: u32 = 20;

/// What a soak found.
#[derive(Clone, Debug)]
pub struct Soak {
    /// How long all days took together.
    pub seconds: u32,
    /// Threads that worked all the time.
    pub threads: usize,
    /// Threads that came and went.
    pub visitors: u64,
    /// Allocations, resizings and frees of all threads.
    pub operations: u64,
    /// In the order of time, as many each day unless the machine was too busy.
    pub samples: Vec<Sample>,
}

/// The process's memory at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Seconds since the beginning.
    pub at_s: f64,
    /// Resident memory.
    pub rss_kib: u64,
    /// What the load has allocated.
    pub live_kib: u64,
}

/// Runs the load through all days, with a progress line on standard error if that is a
/// terminal. All its threads have ended for good when this returns.
///
/// # Errors
/// [`CompareError::NoMemoryFigures`].
///
/// # Panics
/// When the contents of a buffer are not what was written to it.
pub fn run(request: &Request) -> Result<Soak, CompareError> {
    // That it can be read is known before ten minutes are over.
    resident_kib().map_err(CompareError::NoMemoryFigures)?;
    let &Request { seconds, threads, noon_bytes, .. } = request;
    let shared = Shared::new(Clock::start(seconds), threads, noon_bytes);
    let samples = thread::scope(|scope| {
        let shared = &shared;
        let start = |number| scope.spawn(move || work(scope, shared, number));
        let running: Vec<_> = (0..threads).map(start).collect();
        let samples = watch(shared, seconds);
        for thread in running {
            thread.join().expect("no buffer was overwritten");
        }
        samples
    })?;
    shared.clear();
    let (visitors, operations) = (shared.visitors(), shared.operations());
    Ok(Soak { seconds, threads, visitors, operations, samples })
}

/// Takes samples until the last day is over. On a machine that is busy some come late, and
/// leave out those that would have been taken meanwhile.
fn watch(shared: &Shared, seconds: u32) -> Result<Vec<Sample>, CompareError> {
    let per_day = (seconds * SAMPLES_PER_SECOND_MAX / DAYS).clamp(1, SAMPLES_PER_DAY_MAX);
    let interval_s = f64::from(seconds) / f64::from(per_day * DAYS);
    let progress = progress_line((per_day * DAYS) as usize);
    let mut samples = Vec::with_capacity((per_day * DAYS) as usize);
    for number in 0..per_day * DAYS {
        progress.inc(1);
        // In the middle of its time, so that a day's samples are as far from both ends.
        let due_s = (f64::from(number) + 0.5) * interval_s;
        if shared.clock.elapsed_s() > due_s + interval_s {
            continue;
        }
        thread::sleep(Duration::from_secs_f64((due_s - shared.clock.elapsed_s()).max(0.0)));
        let at_s = shared.clock.elapsed_s();
        let rss_kib = resident_kib().map_err(CompareError::NoMemoryFigures)?;
        let live_kib = (shared.live_bytes() / 1024) as u64;
        samples.push(Sample { at_s, rss_kib, live_kib });
        let (day, rss, live) = (number / per_day + 1, rss_kib / 1024, live_kib / 1024);
        progress.set_message(format!("day {day} · RSS {rss} MiB · live {live} MiB"));
    }
    progress.finish_and_clear();
    Ok(samples)
}

/// The resident set now: from the kernel's counter, which may lag by some hundred KiB. To
/// walk the page tables would make the load's threads wait for the walk, and the walk for
/// them.
fn resident_kib() -> ProcResult<u64> {
    Ok(Process::myself()?.statm()?.resident * procfs::page_size() / 1024)
}
