//! What the profiler's presence costs a program in which nothing is profiled: the
//! workloads of [`compare`], run by its own runner under `pool` and
//! `profiled`.

use super::cli::Request;
use super::series::Figure;
use crate::compare;
use crate::compare::allocators::{self, Allocator, Role};
use crate::compare::build::Workers;
use crate::compare::error::CompareError;
use crate::compare::execute::Runner;
use crate::compare::summary::{Spread, Summary, spread, summarise};

/// Threads of the multi-threaded workloads, as many as `compare` takes unless told.
const THREADS: usize = 2;

/// What its presence costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Presence {
    /// Time over that of the allocator alone, ratios of medians as in `compare`: the
    /// geometric mean over the workloads, the least of one and the largest.
    pub figure: Figure,
    /// Each workload's part of it.
    pub workloads: Vec<WorkloadTimes>,
}

/// Medians of one workload's rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkloadTimes {
    /// The workload's name.
    pub name: &'static str,
    /// Seconds without the profiler.
    pub without_s: f64,
    /// Seconds with it.
    pub with_s: f64,
}

impl WorkloadTimes {
    /// Returns the time with the profiler over the time without.
    pub(super) fn ratio(&self) -> f64 {
        self.with_s / self.without_s
    }
}

/// Returns the two allocators: ours, and the same in the profiler.
fn allocators() -> impl Iterator<Item = Allocator> {
    allocators::available().filter(|one| matches!(one.role, Role::Ours | Role::Profiled))
}

/// Returns the comparison that measures it.
pub(super) fn request(request: &Request) -> compare::cli::Request {
    compare::cli::Request {
        workloads: request.workloads.clone(),
        allocators: allocators().collect(),
        scale: request.scale,
        rounds: request.rounds,
        threads: THREADS,
        json: None,
        plot: None,
        workers: None,
    }
}

/// Measures it; `None` if no workload was timed.
///
/// # Errors
/// The first worker that fails, or checksums that differ.
pub(super) fn run(
    request: &compare::cli::Request,
    workers: &Workers,
) -> Result<Option<Presence>, CompareError> {
    let samples = Runner::new(request, workers).run_all()?;
    Ok(of(&summarise(&samples, request)))
}

fn of(summaries: &[Summary]) -> Option<Presence> {
    let profiled = allocators().find(|one| one.role == Role::Profiled)?;
    let all: Vec<&Summary> = summaries.iter().collect();
    let Spread { mean, worst } = spread(&all, profiled, |ratios| ratios.ours)?;
    let times = |summary: &Summary| {
        let (without, with) = (summary.of(Role::Ours)?, summary.of(Role::Profiled)?);
        let (without_s, with_s) = (without.median_s, with.median_s);
        Some(WorkloadTimes { name: summary.name, without_s, with_s })
    };
    let workloads: Vec<WorkloadTimes> = summaries.iter().filter_map(times).collect();
    let least = workloads.iter().map(WorkloadTimes::ratio).min_by(f64::total_cmp)?;
    Some(Presence { figure: Figure { median: mean, min: least, max: worst }, workloads })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::summary::tests::example;

    #[test]
    fn presence_is_a_mean_over_workloads_between_its_extremes() {
        let summaries = [
            example(&[("pool", 1.0, 1), ("profiled", 1.0, 1)]),
            example(&[("pool", 1.0, 1), ("profiled", 4.0, 1)]),
        ];
        let presence = of(&summaries).expect("timed");
        let Figure { median, min, max } = presence.figure;
        let is = |found: f64, expected: f64| (found - expected).abs() < 1e-9;
        assert!(is(median, 2.0) && is(min, 1.0) && is(max, 4.0), "{:?}", presence.figure);
        let ratios: Vec<f64> = presence.workloads.iter().map(WorkloadTimes::ratio).collect();
        assert!(is(ratios[0], 1.0) && is(ratios[1], 4.0));
        assert_eq!(of(&[]), None);
    }
}
