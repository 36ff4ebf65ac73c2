//! What the profiler's presence costs a program in which nothing is profiled: the
//! workloads of [`compare`], run by its own runner under `pool` and
//! `profiled`.
//!
//! # Design
//! What is looked for is a hundredth, and a machine's pace changes by more between two rounds.
//! So a workload's figure is the median of its rounds' ratios, of runs right after each
//! other, not the ratio of medians that `compare` shows; and the runs are short, at the quick
//! scale, and many, for the pace changes within one of the full scale, too.

use super::cli::Request;
use super::layouts::Layouts;
use super::series::{Figure, figure};
use crate::compare;
use crate::compare::allocators::{self, Allocator, Role};
use crate::compare::error::CompareError;
use crate::compare::execute::Runner;
use crate::compare::samples::Samples;
use crate::compare::summary::geometric_mean;
use crate::workloads::{Scale, Subject, Workload};

/// Threads of the multi-threaded workloads, as many as `compare` takes unless told.
const THREADS: usize = 2;

/// Short runs in a round of the full scale, of a twelfth of the work each.
const REPEATS: usize = 8;

/// What its presence costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Presence {
    /// Time over that of the allocator alone: the geometric mean over the workloads, the
    /// least of one and the largest.
    pub figure: Figure,
    /// Each workload's part of it.
    pub workloads: Vec<WorkloadTimes>,
}

/// What one workload's rounds found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkloadTimes {
    /// The workload's name.
    pub name: &'static str,
    /// Time with the profiler over time without: the median of the rounds.
    pub ratio: f64,
    /// Seconds without the profiler, a median of its own.
    pub without_s: f64,
    /// Seconds with it, likewise.
    pub with_s: f64,
}

impl WorkloadTimes {
    /// Returns what the rounds of a workload found; `None` if it was not run under both.
    fn of(name: &'static str, samples: &Samples) -> Option<Self> {
        let seconds = |role| {
            let allocator = allocators().find(|one| one.role == role)?;
            Some(&samples.of(name, allocator.key)?.seconds)
        };
        let (without, with) = (seconds(Role::Ours)?, seconds(Role::Profiled)?);
        let ratios = with.iter().zip(without).map(|(with, without)| with / without);
        let median = |seconds: &[f64]| Some(figure(seconds.iter().copied())?.median);
        let (ratio, without_s, with_s) = (figure(ratios)?.median, median(without)?, median(with)?);
        Some(Self { name, ratio, without_s, with_s })
    }
}

/// Returns the two allocators: ours, and the same in the profiler.
fn allocators() -> impl Iterator<Item = Allocator> {
    allocators::available().filter(|one| matches!(one.role, Role::Ours | Role::Profiled))
}

/// Returns the comparison that measures it, for each layout of the workers.
pub(super) fn request(request: &Request) -> compare::cli::Request {
    let (scale, repeats) = match request.scale {
        Scale::Full => (Scale::Quick, REPEATS),
        Scale::Quick | Scale::Tiny => (request.scale, 1),
    };
    compare::cli::Request {
        workloads: request.workloads.clone(),
        allocators: allocators().collect(),
        scale,
        rounds: (request.rounds * repeats).div_ceil(request.workers.len().max(1)),
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
    layouts: &Layouts,
) -> Result<Option<Presence>, CompareError> {
    let mut samples = Samples::default();
    for workers in layouts.all() {
        samples.append(Runner::new(request, workers).run_all()?);
    }
    samples.check()?;
    Ok(of(&request.workloads, &samples))
}

fn of(workloads: &[&'static Workload], samples: &Samples) -> Option<Presence> {
    let timed = workloads.iter().filter(|workload| workload.subject == Subject::Time);
    let workloads: Vec<_> =
        timed.filter_map(|workload| WorkloadTimes::of(workload.name, samples)).collect();
    let ratios: Vec<f64> = workloads.iter().map(|times| times.ratio).collect();
    let Figure { min, max, .. } = figure(ratios.iter().copied())?;
    Some(Presence { figure: Figure { median: geometric_mean(&ratios), min, max }, workloads })
}

#[cfg(test)]
mod tests {
    use super::super::cli;
    use super::*;
    use crate::compare::schedule::Run;
    use crate::worker::Report;
    use crate::workloads;

    #[test]
    fn layouts_share_the_rounds() {
        let rounds = |words: &[&str]| {
            let words = ["profiler", "--rounds", "7"].iter().chain(words);
            request(&cli::parse(words).expect("valid")).rounds
        };
        assert_eq!(rounds(&[]), 56);
        assert_eq!(rounds(&["--workers", "a", "--workers", "b", "--workers", "c"]), 19);
    }

    #[test]
    fn presence_is_a_mean_over_workloads_of_their_rounds_medians() {
        let mut samples = Samples::default();
        let mut add = |workload: &str, role, seconds| {
            let workload = workloads::find(workload).expect("a workload");
            let allocator = allocators().find(|one| one.role == role).expect("an allocator");
            let (checksum, peak_rss_kib, idle_rss_kib, costs) = (0, 1, None, None);
            let report = Report { seconds, checksum, peak_rss_kib, idle_rss_kib, costs };
            samples.add(Run { workload, allocator }, report);
        };
        // A machine that becomes slower from round to round. In the last one `pairs` takes no
        // longer with the profiler: that round's ratio is not the median.
        for pace in [1.0, 2.0, 8.0] {
            add("list", Role::Ours, pace);
            add("list", Role::Profiled, pace);
            add("pairs", Role::Ours, pace);
            add("pairs", Role::Profiled, if pace > 2.0 { pace } else { 4.0 * pace });
        }
        let named = ["list", "pairs", "idle_mib"].map(|name| workloads::find(name).expect("one"));
        let presence = of(&named, &samples).expect("timed");
        let Figure { median, min, max } = presence.figure;
        let is = |found: f64, expected: f64| (found - expected).abs() < 1e-9;
        assert!(is(median, 2.0) && is(min, 1.0) && is(max, 4.0), "{:?}", presence.figure);
        let ratios: Vec<f64> = presence.workloads.iter().map(|times| times.ratio).collect();
        assert!(is(ratios[0], 1.0) && is(ratios[1], 4.0), "{ratios:?}");
        assert_eq!(of(&[], &samples), None);
    }
}
