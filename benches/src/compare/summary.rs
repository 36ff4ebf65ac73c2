//! Medians, extremes and ratios.
//!
//! # Design
//! Time is the median of the rounds, since a disturbed round is only ever slower;
//! minimum and maximum show how quiet the machine was. Memory is the median too.
//! Ratios are of medians; over workloads they are averaged geometrically, so that
//! it does not matter which of two is the base.

use serde::Serialize;

use super::allocators::{Allocator, Role};
use super::cli::Request;
use super::samples::{Samples, Series};
use crate::workloads::{Subject, Workload};

/// The figures of one workload under one allocator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Median of the rounds' seconds.
    pub median_s: f64,
    /// The fastest round, in seconds.
    pub min_s: f64,
    /// The slowest round, in seconds.
    pub max_s: f64,
    /// Median of the rounds' peak RSS, in KiB.
    pub peak_rss_kib: u64,
    /// Median of the RSS one second after everything was freed, in KiB.
    pub idle_rss_kib: u64,
}

impl Figures {
    /// Returns the figures of a series; `None` if no round of it was timed.
    fn of(series: &Series) -> Option<Self> {
        let mut seconds = series.seconds.clone();
        seconds.sort_unstable_by(f64::total_cmp);
        Some(Self {
            median_s: median(&seconds)?,
            min_s: *seconds.first()?,
            max_s: *seconds.last()?,
            peak_rss_kib: middle(&series.peak_rss_kib)?,
            idle_rss_kib: middle(&series.idle_rss_kib)?,
        })
    }
}

/// The median of sizes: with an even number of them the lower of the middle two.
fn middle(sizes: &[u64]) -> Option<u64> {
    let mut sizes = sizes.to_vec();
    sizes.sort_unstable();
    sizes.get(sizes.len().checked_sub(1)? / 2).copied()
}

/// The middle of a sorted list, or the mean of the middle two; `None` of none.
pub(crate) fn median(sorted: &[f64]) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    Some(f64::midpoint(sorted[last / 2], sorted[last.div_ceil(2)]))
}

/// One workload's figures, in the order of the allocators.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The workload's name.
    pub name: &'static str,
    /// What it stands for.
    pub about: &'static str,
    /// What it is measured for.
    pub subject: Subject,
    /// Who ran it, and how that went.
    pub results: Vec<(Allocator, Figures)>,
}

impl Summary {
    /// Returns an allocator's figures.
    pub fn of(&self, role: Role) -> Option<Figures> {
        self.results.iter().find(|(one, _)| one.role == role).map(|&(_, figures)| figures)
    }

    /// Returns the least of a figure over some allocators; `None` if none of them
    /// ran.
    fn least(
        &self,
        among: impl Fn(Allocator) -> bool,
        figure: impl Fn(&Figures) -> f64,
    ) -> Option<f64> {
        let those = self.results.iter().filter(|(allocator, _)| among(*allocator));
        those.map(|(_, figures)| figure(figures)).min_by(f64::total_cmp)
    }

    /// Returns how an allocator's figures relate to those of the others.
    pub fn ratios(&self, figures: &Figures) -> Ratios {
        let seconds = |figures: &Figures| figures.median_s;
        let peak = |figures: &Figures| figures.peak_rss_kib as f64;
        let over = |base: Option<f64>, value: f64| base.map(|base| value / base);
        Ratios {
            ours: over(self.least(|one| one.role == Role::Ours, seconds), figures.median_s),
            fastest_rival: over(self.least(Allocator::is_rival, seconds), figures.median_s),
            system: over(self.least(|one| one.role == Role::System, seconds), figures.median_s),
            leanest_peer: over(self.least(|one| one.role == Role::Peer, peak), peak(figures)),
        }
    }
}

/// One allocator's figures over those of others; `None` where nobody to compare
/// with ran.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratios {
    /// Time over ours.
    pub ours: Option<f64>,
    /// Time over that of the fastest rival: everyone but ours, the floor and profilers.
    pub fastest_rival: Option<f64>,
    /// Time over the system's.
    pub system: Option<f64>,
    /// Peak RSS over that of the leanest peer: those that cache for each thread,
    /// as the system's malloc hardly does.
    pub leanest_peer: Option<f64>,
}

/// Mean and worst of a ratio over all workloads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The geometric mean.
    pub mean: f64,
    /// The largest.
    pub worst: f64,
}

/// Returns the spread of a ratio of one allocator over the workloads that are
/// measured for their time and have it; `None` if none has.
pub fn spread(
    summaries: &[&Summary],
    allocator: Allocator,
    ratio: impl Fn(Ratios) -> Option<f64>,
) -> Option<Spread> {
    let timed = summaries.iter().filter(|summary| summary.subject == Subject::Time);
    let of_one = |summary: &&Summary| {
        let (_, figures) = summary.results.iter().find(|(one, _)| *one == allocator)?;
        ratio(summary.ratios(figures))
    };
    let ratios: Vec<f64> = timed.filter_map(of_one).collect();
    let worst = ratios.iter().copied().max_by(f64::total_cmp)?;
    Some(Spread { mean: geometric_mean(&ratios), worst })
}

/// Returns the geometric mean of some numbers above zero; of none it is no number.
pub(crate) fn geometric_mean(numbers: &[f64]) -> f64 {
    let logarithms: f64 = numbers.iter().map(|number| number.ln()).sum();
    (logarithms / numbers.len() as f64).exp()
}

/// Returns the figures of each workload asked for.
pub fn summarise(samples: &Samples, request: &Request) -> Vec<Summary> {
    let summary = |workload: &&'static Workload| {
        let results = request
            .allocators_of(workload)
            .filter_map(|one| {
                let series = samples.of(workload.name, one.key)?;
                Some((one, Figures::of(series)?))
            })
            .collect();
        Summary { name: workload.name, about: workload.about, subject: workload.subject, results }
    };
    request.workloads.iter().map(summary).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::allocators;
    use super::*;

    /// A summary in which each allocator took so many seconds and KiB.
    pub(crate) fn example(results: &[(&str, f64, u64)]) -> Summary {
        let result = |&(key, median_s, peak_rss_kib): &(&str, f64, u64)| {
            let figures = Figures {
                median_s,
                min_s: median_s / 2.0,
                max_s: median_s * 2.0,
                peak_rss_kib,
                idle_rss_kib: peak_rss_kib / 2,
            };
            (allocators::find(key).expect("an allocator"), figures)
        };
        Summary {
            name: "list",
            about: "a list of nodes",
            subject: Subject::Time,
            results: results.iter().map(result).collect(),
        }
    }

    fn is(value: Option<f64>, expected: f64) -> bool {
        value.is_some_and(|value| (value - expected).abs() < 1e-9)
    }

    #[test]
    fn a_median_is_the_middle_or_the_mean_of_two() {
        assert_eq!(median(&[]), None);
        assert!(is(median(&[3.0]), 3.0));
        assert!(is(median(&[1.0, 2.0]), 1.5));
        assert!(is(median(&[1.0, 2.0, 9.0]), 2.0));
        assert!(is(median(&[1.0, 2.0, 4.0, 9.0]), 3.0));
    }

    #[test]
    fn figures_do_not_depend_on_the_order_of_rounds() {
        let series = Series {
            seconds: vec![5.0, 1.0, 3.0],
            peak_rss_kib: vec![30, 10, 20],
            idle_rss_kib: vec![4],
        };
        let expected =
            Figures { median_s: 3.0, min_s: 1.0, max_s: 5.0, peak_rss_kib: 20, idle_rss_kib: 4 };
        assert_eq!(Figures::of(&series), Some(expected));
        assert_eq!(Figures::of(&Series::default()), None);
    }

    #[test]
    fn ratios_leave_out_ours_the_floor_and_profilers() {
        let summary = example(&[
            ("pool", 1.0, 300),
            ("system", 8.0, 100),
            ("mimalloc", 2.0, 400),
            ("snmalloc", 4.0, 200),
            ("bump", 0.1, 10),
            ("profiled", 1.5, 5),
        ]);
        let ratios = summary.ratios(&summary.results[0].1);
        assert!(is(ratios.fastest_rival, 0.5));
        assert!(is(ratios.system, 0.125));
        assert!(is(ratios.leanest_peer, 1.5));
        assert!(is(summary.ratios(&summary.results[5].1).ours, 1.5));
    }

    #[test]
    fn without_anyone_to_compare_with_there_is_no_ratio() {
        let summary = example(&[("pool", 1.0, 300), ("bump", 0.1, 10)]);
        let ratios = summary.ratios(&summary.results[0].1);
        let none =
            Ratios { ours: Some(1.0), fastest_rival: None, system: None, leanest_peer: None };
        assert_eq!(ratios, none);
    }

    #[test]
    fn a_spread_is_a_geometric_mean_and_the_worst() {
        let fast = example(&[("pool", 1.0, 1), ("system", 4.0, 1)]);
        let slow = example(&[("pool", 2.0, 1), ("system", 1.0, 1)]);
        let pool = allocators::find("pool").expect("an allocator");
        let found = spread(&[&fast, &slow], pool, |ratios| ratios.system).expect("a ratio");
        assert!(is(Some(found.mean), 0.5_f64.sqrt()) && is(Some(found.worst), 2.0));
        assert_eq!(spread(&[], pool, |ratios| ratios.system), None);
    }

    #[test]
    fn what_is_measured_for_its_memory_counts_in_no_mean() {
        let idle = example(&[("pool", 1.0, 1), ("system", 4.0, 1)]);
        let idle = Summary { subject: Subject::GivenBack, ..idle };
        let pool = allocators::find("pool").expect("an allocator");
        assert_eq!(spread(&[&idle], pool, |ratios| ratios.system), None);
    }
}
