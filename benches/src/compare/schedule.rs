//! Which run follows which: interleaved and rotated.
//!
//! # Design
//! A machine's speed drifts: other tenants, temperature, clocks. So each round
//! runs everything once; an allocator's runs of one workload are spread over the
//! whole comparison. Who runs after whom would still always be the same, and a
//! run may suffer from what the one before left (caches, freed pages, heat);
//! therefore the order turns by one place from round to round and from workload
//! to workload.

use super::allocators::Allocator;
use super::cli::Request;
use crate::workloads::{Subject, Workload};

/// One run to make.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// What to run.
    pub workload: &'static Workload,
    /// Under which allocator.
    pub allocator: Allocator,
}

/// Returns the runs of one round, numbered from 0, of the workloads that are
/// measured for this and want as many rounds.
pub fn round(request: &Request, round: usize, subject: Subject) -> Vec<Run> {
    let mut runs = Vec::new();
    let takes_part =
        |one: &&&'static Workload| one.subject == subject && round < subject.most_rounds();
    for (position, workload) in request.workloads.iter().filter(takes_part).enumerate() {
        let mut allocators: Vec<_> = request.allocators_of(workload).collect();
        if !allocators.is_empty() {
            let places = (round + position) % allocators.len();
            allocators.rotate_left(places);
        }
        runs.extend(allocators.into_iter().map(|allocator| Run { workload, allocator }));
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::super::cli::parse;
    use super::*;

    fn keys(request: &Request, number: usize, workload: &str) -> Vec<&'static str> {
        let runs = round(request, number, Subject::Time);
        let of_workload = runs.iter().filter(|run| run.workload.name == workload);
        of_workload.map(|run| run.allocator.key).collect()
    }

    #[test]
    fn everyone_is_first_once_in_as_many_rounds() {
        let request = parse(["compare", "--workload", "list"]).expect("valid");
        let count = keys(&request, 0, "list").len();
        let mut first: Vec<_> =
            (0..count).map(|number| keys(&request, number, "list")[0]).collect();
        assert_eq!(keys(&request, count, "list"), keys(&request, 0, "list"));
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), count);
    }

    #[test]
    fn a_round_has_each_run_once() {
        let request = parse(["compare"]).expect("valid");
        for number in 0..3 {
            let mut runs: Vec<_> = round(&request, number, Subject::Time)
                .iter()
                .map(|run| (run.workload.name, run.allocator.key))
                .collect();
            let timed = request.workloads.iter().filter(|one| one.subject == Subject::Time);
            let expected: usize = timed.map(|one| request.allocators_of(one).count()).sum();
            assert_eq!(runs.len(), expected);
            runs.sort_unstable();
            runs.dedup();
            assert_eq!(runs.len(), expected);
        }
    }

    #[test]
    fn a_gibibyte_is_filled_in_the_first_round_alone() {
        let request = parse(["compare", "--workload", "idle_small"]).expect("valid");
        assert!(!round(&request, 0, Subject::GivenBack).is_empty());
        assert!(round(&request, 1, Subject::GivenBack).is_empty());
        assert!(round(&request, 0, Subject::Time).is_empty());
    }

    #[test]
    fn the_floor_runs_only_what_has_one() {
        let request = parse(["compare"]).expect("valid");
        assert!(keys(&request, 0, "pairs").contains(&"bump"));
        assert!(!keys(&request, 0, "list").contains(&"bump"));
    }
}
