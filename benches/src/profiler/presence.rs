//! What the profiler's presence costs a program in which nothing is profiled: the
//! workloads of [`compare`], run by its own runner under `pool` and
//! `profiled`.

use super::cli::Request;
use super::series::{Figure, figure};
use crate::compare;
use crate::compare::allocators::{self, Allocator, Role};
use crate::compare::build::Workers;
use crate::compare::error::CompareError;
use crate::compare::execute::Runner;
use crate::compare::samples::Samples;
use crate::compare::summary::{Summary, spread, summarise};

/// Threads of the multi-threaded workloads, as many as `compare` takes unless told.
const THREADS: usize = 2;

/// What its presence costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Presence {
    /// Time over that of the allocator alone: the geometric mean over the workloads of
    /// the ratios of medians, as in `compare`. The extremes are those of the same mean
    /// of one round.
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

/// Returns the two allocators: ours, and the same in the profiler.
pub(super) fn allocators() -> impl Iterator<Item = Allocator> {
    allocators::available().filter(|one| matches!(one.role, Role::Ours | Role::Profiled))
}

/// Measures it; `None` if no workload was timed.
///
/// # Errors
/// The first worker that fails, or checksums that differ.
pub(super) fn run(request: &Request, workers: &Workers) -> Result<Option<Presence>, CompareError> {
    let request = compare::cli::Request {
        workloads: request.workloads.clone(),
        allocators: allocators().collect(),
        scale: request.scale,
        rounds: request.rounds,
        threads: THREADS,
        json: None,
        plot: None,
        workers: None,
    };
    let samples = Runner::new(&request, workers).run_all()?;
    Ok(of(&samples, &request))
}

fn of(samples: &Samples, request: &compare::cli::Request) -> Option<Presence> {
    let summaries = summarise(samples, request);
    let profiled = allocators().find(|one| one.role == Role::Profiled)?;
    let all: Vec<&Summary> = summaries.iter().collect();
    let mean = spread(&all, profiled, |ratios| ratios.ours)?.mean;
    let rounds =
        figure((0..request.rounds).filter_map(|round| round_mean(samples, request, round)))?;
    let times = |summary: &Summary| {
        let (without, with) = (summary.of(Role::Ours)?, summary.of(Role::Profiled)?);
        let (without_s, with_s) = (without.median_s, with.median_s);
        Some(WorkloadTimes { name: summary.name, without_s, with_s })
    };
    Some(Presence {
        figure: Figure { median: mean, ..rounds },
        workloads: summaries.iter().filter_map(times).collect(),
    })
}

/// Returns the geometric mean of the ratios of one round.
fn round_mean(samples: &Samples, request: &compare::cli::Request, round: usize) -> Option<f64> {
    let seconds = |name, one: Allocator| samples.of(name, one.key)?.seconds.get(round).copied();
    let [ours, profiled] = [Role::Ours, Role::Profiled]
        .map(|role| request.allocators.iter().copied().find(|one| one.role == role));
    let (ours, profiled) = (ours?, profiled?);
    let logarithms = request.workloads.iter().map(|workload| {
        Some((seconds(workload.name, profiled)? / seconds(workload.name, ours)?).ln())
    });
    let sum: Option<f64> = logarithms.sum();
    Some((sum? / request.workloads.len() as f64).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::schedule::Run;
    use crate::worker::Report;
    use crate::workloads;

    #[test]
    fn presence_is_the_ratio_of_medians_with_the_rounds_extremes() {
        let request = compare::cli::parse([
            "compare",
            "--workload",
            "list",
            "--workload",
            "btree",
            "--allocator",
            "pool",
            "--allocator",
            "profiled",
            "--rounds",
            "3",
        ])
        .expect("valid");
        let mut samples = Samples::default();
        let mut add = |workload: &str, allocator: &str, seconds: f64, idle_rss_kib| {
            let run = Run {
                workload: workloads::find(workload).expect("a workload"),
                allocator: allocators::find(allocator).expect("an allocator"),
            };
            let report =
                Report { seconds, checksum: 1, peak_rss_kib: 1, idle_rss_kib, costs: None };
            samples.add(run, report);
        };
        for workload in ["list", "btree"] {
            for (allocator, rounds) in [("pool", [1.0, 1.0, 2.0]), ("profiled", [1.5, 3.0, 1.5])] {
                add(workload, allocator, 9.0, Some(1));
                for seconds in rounds {
                    add(workload, allocator, seconds, None);
                }
            }
        }
        let presence = of(&samples, &request).expect("timed");
        let Figure { median, min, max } = presence.figure;
        let is = |found: f64, expected: f64| (found - expected).abs() < 1e-9;
        assert!(is(median, 1.5) && is(min, 0.75) && is(max, 3.0), "{:?}", presence.figure);
        let times = |name| WorkloadTimes { name, without_s: 1.0, with_s: 1.5 };
        assert_eq!(presence.workloads, [times("btree"), times("list")]);
    }
}
