//! Runs workers, one at a time while time is taken, and collects their reports.
//!
//! # Design
//! First the rounds for idle memory: they take no time, so several workers may
//! wait out their idle second side by side; and they read every binary once, so
//! that the first timed round is not colder than the others. Then the workloads
//! that fill a gibibyte, each alone at full scale. Then the timed rounds, one
//! process after another.

use std::iter;
use std::sync::Mutex;
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};

use super::build::Workers;
use super::cli::Request;
use super::error::CompareError;
use super::process;
use super::samples::Samples;
use super::schedule::{self, Run};
use crate::processor;
use crate::worker::{Job, Report};
use crate::workloads::{Scale, Subject};

/// Workers that idle side by side.
const IDLE_WORKERS: usize = 12;

/// Makes all runs of a request.
#[derive(Debug)]
pub struct Runner<'a> {
    request: &'a Request,
    workers: &'a Workers,
    progress: ProgressBar,
}

/// Runs that share how they are made.
#[derive(Debug)]
struct Phase {
    /// What the progress line says of it.
    name: String,
    /// In their order.
    runs: Vec<Run>,
    /// So many of them side by side.
    workers: usize,
    /// Whether each stays for a second afterwards.
    measures_idle: bool,
    /// Whether those of a workload with one thread share a processor.
    are_held: bool,
}

impl<'a> Runner<'a> {
    /// Returns a runner that has its progress line on standard error, if that is
    /// a terminal.
    pub fn new(request: &'a Request, workers: &'a Workers) -> Self {
        let runs: usize = phases(request).iter().map(|phase| phase.runs.len()).sum();
        Self { request, workers, progress: progress_line(runs) }
    }

    /// Returns the samples of all runs.
    ///
    /// # Errors
    /// The first run that failed, or checksums that differ.
    pub fn run_all(&self) -> Result<Samples, CompareError> {
        let mut samples = Samples::default();
        let mut phases = phases(self.request).into_iter();
        // A wrong sum is told after its round, not after all of them.
        let outcome = phases.try_for_each(|phase| {
            self.make(phase, &mut samples)?;
            samples.check()
        });
        self.progress.finish_and_clear();
        outcome.map(|()| samples)
    }

    fn make(&self, phase: Phase, samples: &mut Samples) -> Result<(), CompareError> {
        let Phase { name, runs, workers, measures_idle, are_held } = phase;
        let (places, samples) = (Mutex::new(with_places(runs, are_held)), Mutex::new(samples));
        let next = || places.lock().expect("no panic").next();
        let work = || -> Result<(), CompareError> {
            for (run, place) in iter::from_fn(next) {
                let (workload, allocator) = (run.workload.name, run.allocator.key);
                self.progress.set_message(format!("{name} · {workload} · {allocator}"));
                let report = self.execute(run, measures_idle, place)?;
                samples.lock().expect("no panic").add(run, report);
                self.progress.inc(1);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
        })
    }

    /// Makes one run in a process of its own.
    fn execute(
        &self,
        run: Run,
        measure_idle: bool,
        place: Option<usize>,
    ) -> Result<Report, CompareError> {
        let job = Job {
            workload: run.workload.name.to_owned(),
            scale: self.request.scale,
            threads: self.request.threads,
            live_bytes: None,
            measure_idle,
        };
        process::perform(self.workers, run, &job, place)
    }
}

/// Returns a progress line on standard error, if that is a terminal.
pub(crate) fn progress_line(runs: usize) -> ProgressBar {
    let progress = ProgressBar::new(runs as u64);
    if let Ok(style) = ProgressStyle::with_template("{pos:>4}/{len} {bar:30} {eta:>4} left  {msg}")
    {
        progress.set_style(style);
    }
    progress
}

/// Returns each run with the place of its processor: that which is the quietest when the first
/// run of the workload begins, if they `are_held` on one.
fn with_places(runs: Vec<Run>, are_held: bool) -> impl Iterator<Item = (Run, Option<usize>)> {
    let mut last: Option<(&str, usize)> = None;
    runs.into_iter().map(move |run| {
        let name = run.workload.name;
        let place = || match last {
            Some((last, place)) if last == name => place,
            _ => last.insert((name, processor::quietest())).1,
        };
        (run, are_held.then(place))
    })
}

/// Returns all runs of a request, in the order in which they are made.
fn phases(request: &Request) -> Vec<Phase> {
    let all_rounds = |subject| {
        let rounds = 0..request.rounds;
        rounds.flat_map(|round| schedule::round(request, round, subject)).collect::<Vec<_>>()
    };
    let mut idle = schedule::round(request, 0, Subject::Time);
    idle.extend(all_rounds(Subject::Process));
    let mut phases = vec![
        Phase {
            name: "idle memory".to_owned(),
            runs: idle,
            workers: IDLE_WORKERS,
            measures_idle: true,
            are_held: false,
        },
        Phase {
            name: "memory given back".to_owned(),
            runs: all_rounds(Subject::GivenBack),
            // At full scale each takes a gibibyte.
            workers: if request.scale == Scale::Full { 1 } else { IDLE_WORKERS / 2 },
            measures_idle: true,
            are_held: false,
        },
    ];
    phases.extend((0..request.rounds).map(|round| Phase {
        name: format!("round {}/{}", round + 1, request.rounds),
        runs: schedule::round(request, round, Subject::Time),
        workers: 1,
        measures_idle: false,
        are_held: true,
    }));
    phases
}

#[cfg(test)]
mod tests {
    use super::super::cli::parse;
    use super::*;

    #[test]
    fn a_gibibyte_is_filled_by_one_worker_at_a_time() {
        let request = parse(["compare"]).expect("valid");
        let fills = |phase: &&Phase| phase.runs.iter().any(|run| run.workload.name == "idle_mib");
        let phases = phases(&request);
        let filling: Vec<_> = phases.iter().filter(fills).collect();
        assert_eq!(filling.len(), 1);
        assert_eq!(filling[0].workers, 1);
    }

    #[test]
    fn runs_of_a_workload_share_a_processor_if_they_are_held() {
        let request =
            parse(["compare", "--workload", "list", "--workload", "btree"]).expect("valid");
        let runs = || schedule::round(&request, 0, Subject::Time);
        assert!(with_places(runs(), false).all(|(_, place)| place.is_none()));
        let held: Vec<_> = with_places(runs(), true).collect();
        assert!(held.len() >= 4);
        for (run, place) in &held {
            let first = held.iter().find(|(other, _)| other.workload.name == run.workload.name);
            assert!(place.is_some() && first.is_some_and(|(_, first)| first == place));
        }
    }

    #[test]
    fn who_takes_time_runs_alone() {
        let request = parse(["compare", "--quick"]).expect("valid");
        for phase in phases(&request).iter().filter(|phase| !phase.measures_idle) {
            assert_eq!(phase.workers, 1, "{}", phase.name);
        }
    }
}
