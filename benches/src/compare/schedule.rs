//! Which run follows which: interleaved and rotated.
//!
//! # Design
//! A machine's speed drifts: other tenants, temperature, clocks. So each round
//! runs everything once; an allocator's runs of one workload are spread over the
//! whole comparison.
//!
//! A run also suffers, or gains, from what the one before left: caches, heat, and
//! above all freed pages, small ones or huge ones. Turning the order from round to
//! round is not enough, for everyone would still follow the same neighbour. So the
//! rounds are the rows of a Williams design (E. J. Williams, "Experimental designs
//! balanced for the estimation of residual effects of treatments", Australian
//! Journal of Scientific Research A2, 1949): in as many rounds as there are
//! allocators, or twice as many if their number is odd, each runs once, or twice,
//! in every place, and right after each of the others.

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

impl Run {
    /// Returns the name of the binary that makes it.
    pub fn worker(self) -> String {
        self.allocator.worker(self.workload)
    }
}

/// Returns the runs of one round, numbered from 0, of the workloads that are
/// measured for this and want as many rounds.
pub fn round(request: &Request, round: usize, subject: Subject) -> Vec<Run> {
    let mut runs = Vec::new();
    let takes_part =
        |one: &&&'static Workload| one.subject == subject && round < subject.most_rounds();
    for (position, workload) in request.workloads.iter().filter(takes_part).enumerate() {
        let allocators: Vec<_> = request.allocators_of(workload).collect();
        let order = balanced_order(allocators.len(), round + position);
        runs.extend(order.map(|place| Run { workload, allocator: allocators[place] }));
    }
    runs
}

/// Row `row` of the Williams design for `count` of them.
fn balanced_order(count: usize, row: usize) -> impl Iterator<Item = usize> {
    // The first row goes to and fro: 0, 1, -1, 2, -2, …, all neighbours' distances
    // once. The others are shifted by one each. Among an odd number the distances
    // come once in one direction only; the other one is the second half of the rows,
    // read backwards.
    let is_backwards = !count.is_multiple_of(2) && (row / count) % 2 == 1;
    (0..count).map(move |place| {
        let place = if is_backwards { count - 1 - place } else { place };
        let step = place.div_ceil(2);
        (row + if place % 2 == 1 { step } else { count - step }) % count
    })
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
    fn everyone_follows_everyone_else_as_often() {
        for count in 1..9 {
            let rounds = if count % 2 == 0 { count } else { 2 * count };
            let mut followed = vec![vec![0; count]; count];
            let mut places = vec![vec![0; count]; count];
            for round in 0..rounds {
                let order: Vec<_> = balanced_order(count, round).collect();
                for (place, &one) in order.iter().enumerate() {
                    places[one][place] += 1;
                }
                for pair in order.windows(2) {
                    followed[pair[0]][pair[1]] += 1;
                }
            }
            let expected = rounds / count;
            assert!(places.iter().flatten().all(|&times| times == expected), "{count}");
            for (before, row) in followed.iter().enumerate() {
                for (after, &times) in row.iter().enumerate() {
                    let expected = if before == after { 0 } else { expected };
                    assert_eq!(times, expected, "{after} after {before} of {count}");
                }
            }
        }
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
