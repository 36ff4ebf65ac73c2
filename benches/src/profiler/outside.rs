//! What needs processes of its own, for a global allocator cannot be changed: one
//! worker without a profiler, one with it, one right after the other.

use super::layouts::Layouts;
use super::series::{Pair, middle};
use crate::compare::allocators::{self, Role};
use crate::compare::build::Workers;
use crate::compare::error::CompareError;
use crate::compare::process;
use crate::compare::schedule::Run;
use crate::processor;
use crate::worker::{Job, Report};
use crate::workloads::{CHURN, CHURN_PROFILED, SEED, SEED_PROFILED, Scale, Workload};

/// A program with and without a profiler.
#[derive(Debug)]
pub(super) struct Programs {
    /// Its name in the JSON document.
    pub key: &'static str,
    /// What an operation is, in a line.
    pub what: &'static str,
    /// On how many threads at once.
    pub threads: &'static [usize],
    /// How often both run in a round; of as many pairs, the middle one counts.
    repeats: usize,
    /// Whether a twelfth of the work is enough: an operation takes microseconds.
    is_slow: bool,
    without: (&'static Workload, Role),
    with: (&'static Workload, Role),
}

/// The seed's function, every line probed.
pub(super) const SEED_PROGRAMS: Programs = Programs {
    key: "seed",
    what: "the seed's function, every line probed",
    threads: &[1],
    // A pair alone says little: its ratio differs by a tenth from the next one's.
    repeats: 25,
    is_slow: false,
    without: (&SEED, Role::Ours),
    with: (&SEED_PROFILED, Role::Profiled),
};

/// The same with the profiler present on both sides: what the attribute costs, without what the
/// global allocator costs that nobody told to count.
pub(super) const SEED_ATTRIBUTE_PROGRAMS: Programs = Programs {
    key: "seed_attribute",
    what: "the seed's function, present in both",
    repeats: 9,
    without: (&SEED, Role::Profiled),
    ..SEED_PROGRAMS
};

/// The churn loop as a profiled function.
pub(super) const CHURN_PROGRAMS: Programs = Programs {
    key: "churn",
    what: "the churn loop in a profiled function",
    threads: &[1, 2],
    repeats: 1,
    is_slow: false,
    without: (&CHURN, Role::Ours),
    with: (&CHURN_PROFILED, Role::Profiled),
};

/// The churn loop under dhat.
pub(super) const DHAT_PROGRAMS: Programs = Programs {
    key: "churn_dhat",
    what: "the churn loop under dhat",
    threads: &[1, 2],
    repeats: 1,
    is_slow: true,
    without: (&CHURN, Role::System),
    with: (&CHURN, Role::OtherProfiler),
};

/// All of them, available or not, in the order in which they are shown.
pub(super) const ALL: &[Programs] =
    &[SEED_PROGRAMS, SEED_ATTRIBUTE_PROGRAMS, CHURN_PROGRAMS, DHAT_PROGRAMS];

impl Programs {
    /// Returns the run without a profiler and the one with it; `None` if this build
    /// lacks a worker.
    pub(super) fn runs(&self) -> Option<[Run; 2]> {
        let run = |(workload, role): (&'static Workload, Role)| {
            let allocator = allocators::available().find(|one| one.role == role)?;
            Some(Run { workload, allocator })
        };
        Some([run(self.without)?, run(self.with)?])
    }

    /// Makes both runs as often as a round asks for, and returns what an operation costs.
    ///
    /// # Errors
    /// A worker fails, or the two read different things back.
    pub(super) fn pair(
        &self,
        runs: [Run; 2],
        layouts: &Layouts,
        round: usize,
        scale: Scale,
        threads: usize,
    ) -> Result<Pair, CompareError> {
        let pairs: Vec<_> = (0..self.repeats)
            .map(|repeat| {
                let number = round * self.repeats + repeat;
                let workers = layouts.of_pair(number);
                // Whether the side with profiling comes first: with each layout by turns.
                let is_reversed = number / layouts.all().len() % 2 == 1;
                self.one_pair(runs, workers, scale, threads, is_reversed)
            })
            .collect::<Result<_, _>>()?;
        Ok(middle(pairs).expect("both run once at least"))
    }

    fn one_pair(
        &self,
        [without, with]: [Run; 2],
        workers: [&Workers; 2],
        scale: Scale,
        threads: usize,
        is_reversed: bool,
    ) -> Result<Pair, CompareError> {
        let scale = if self.is_slow && scale == Scale::Full { Scale::Quick } else { scale };
        let place = processor::quietest();
        let plain = || perform(workers[0], without, scale, threads, place);
        let profiled = || perform(workers[1], with, scale, threads, place);
        let (plain, profiled) = if is_reversed {
            let profiled = profiled()?;
            (plain()?, profiled)
        } else {
            (plain()?, profiled()?)
        };
        if plain.checksum == profiled.checksum {
            let (without_ns, with_ns) = (plain.operation_ns, profiled.operation_ns);
            return Ok(Pair { without_ns, with_ns });
        }
        let named =
            |run: Run, found: Found| format!("{} under {}", found.checksum, run.allocator.key);
        let list = [named(without, plain), named(with, profiled)].join("; ");
        Err(CompareError::ChecksumsDiffer { workload: without.workload.name, list })
    }
}

/// What one run found.
#[derive(Clone, Copy, Debug)]
struct Found {
    /// Nanoseconds an operation of each thread.
    operation_ns: f64,
    checksum: u64,
}

/// Makes one run.
fn perform(
    workers: &Workers,
    run: Run,
    scale: Scale,
    threads: usize,
    place: usize,
) -> Result<Found, CompareError> {
    let workload = run.workload.name;
    let job = Job {
        workload: workload.to_owned(),
        scale,
        threads,
        live_bytes: None,
        measure_idle: false,
    };
    let Report { costs, checksum, .. } = process::perform(workers, run, &job, Some(place))?;
    let Some(costs) = costs else {
        let (worker, output) = (run.worker(), "a report without costs".to_owned());
        return Err(CompareError::NoReport { worker, workload, output });
    };
    Ok(Found { operation_ns: costs.operation_ns * threads as f64, checksum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dhat_alone_needs_peers() {
        let missing: Vec<_> =
            ALL.iter().filter(|programs| programs.runs().is_none()).map(|one| one.key).collect();
        let expected: &[&str] = if cfg!(feature = "peers") { &[] } else { &["churn_dhat"] };
        assert_eq!(missing, expected);
    }
}
