//! All rounds of the pairs, interleaved: each round measures each pair once.

use std::collections::HashMap;

use super::cli::Request;
use super::functions::{self, COUNTED, Measure};
use super::layouts::Layouts;
use super::outside::{self, Programs};
use super::series::Pair;
use super::{Global, inside};
use crate::compare::error::CompareError;
use crate::compare::execute::progress_line;
use crate::compare::schedule::Run;
use crate::workloads::Scale;

/// The key of the pairs whose sides are the same, by threads that take turns and at once.
pub(super) const CROWD: &str = "allocation_flat";
/// On how many threads.
pub(super) const CROWDS: &[usize] = &[2, 4, 8];

/// What the rounds found, by measure and number of threads.
#[derive(Debug, Default)]
pub(super) struct Pairs(HashMap<(&'static str, usize), Vec<Pair>>);

impl Pairs {
    /// Returns a pair's rounds, in their order; none if it was not measured.
    pub(super) fn of(&self, key: &'static str, threads: usize) -> &[Pair] {
        self.0.get(&(key, threads)).map_or(&[], Vec::as_slice)
    }

    /// Adds a round.
    pub(super) fn add(&mut self, key: &'static str, threads: usize, pair: Pair) {
        self.0.entry((key, threads)).or_default().push(pair);
    }
}

/// One pair to measure.
#[derive(Clone, Copy)]
enum Task {
    Inside(&'static Measure),
    /// The counted allocation, by threads one at a time and all at once.
    Crowd,
    Outside(&'static Programs, [Run; 2]),
}

impl Task {
    fn key(self) -> &'static str {
        match self {
            Self::Inside(measure) => measure.key,
            Self::Crowd => CROWD,
            Self::Outside(programs, _) => programs.key,
        }
    }
}

/// Measures all pairs, with a progress line on standard error if that is a terminal.
///
/// # Errors
/// The first worker that fails, or whose checksum differs from its twin's.
pub(super) fn run(
    request: &Request,
    global: &Global,
    layouts: &Layouts,
) -> Result<Pairs, CompareError> {
    functions::start_counting();
    let tasks = tasks();
    let progress = progress_line(request.rounds * tasks.len());
    let mut pairs = Pairs::default();
    for round in 0..request.rounds {
        for (position, &(task, threads)) in tasks.iter().enumerate() {
            let (key, all) = (task.key(), request.rounds);
            progress.set_message(format!("round {}/{all} · {key} · {threads}", round + 1));
            // Whether the side with profiling comes first.
            let is_reversed = (round + position) % 2 == 1;
            let pair = match task {
                Task::Inside(measure) => {
                    let steps = steps(measure, request.scale);
                    Ok(inside::pair(measure, global, threads, steps, is_reversed))
                }
                Task::Crowd => {
                    let steps = steps(&COUNTED, request.scale);
                    Ok(inside::crowd(COUNTED.with, global, threads, steps))
                }
                Task::Outside(programs, runs) => {
                    programs.pair(runs, layouts, round, request.scale, threads)
                }
            };
            // Whatever was found, the line must not stay behind.
            let pair = pair.inspect_err(|_| progress.finish_and_clear())?;
            pairs.add(key, threads, pair);
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    Ok(pairs)
}

/// Returns all pairs that this build can measure, each number of threads by itself.
fn tasks() -> Vec<(Task, usize)> {
    let inside = functions::ALL.iter().map(|one| (Task::Inside(one), one.threads));
    let crowd = [(Task::Crowd, CROWDS)];
    let runs = |programs: &'static Programs| Some(Task::Outside(programs, programs.runs()?));
    let outside = outside::ALL.iter().filter_map(|one| Some((runs(one)?, one.threads)));
    inside
        .chain(crowd)
        .chain(outside)
        .flat_map(|(task, threads)| threads.iter().map(move |&count| (task, count)))
        .collect()
}

/// Returns a measure's steps in one round.
fn steps(measure: &Measure, scale: Scale) -> u64 {
    scale.part_of(measure.steps) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_is_measured_once_a_round() {
        let mut names: Vec<_> =
            tasks().iter().map(|&(task, threads)| (task.key(), threads)).collect();
        assert!(names.contains(&("allocation", 8)) && names.contains(&("churn", 2)));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
