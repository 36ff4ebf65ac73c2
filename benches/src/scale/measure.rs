//! All runs, one process at a time, in interleaved rounds.
//!
//! # Design
//! Each round measures every point once under every allocator; who comes first
//! turns by one place from point to point and from round to round, for the same
//! reasons as in [`schedule`](crate::compare::schedule).

use std::collections::HashMap;

use indicatif::ProgressBar;

use super::cli::Request;
use super::points::Point;
use crate::compare::build::Workers;
use crate::compare::error::CompareError;
use crate::compare::execute::progress_line;
use crate::compare::process;
use crate::compare::schedule::Run;
use crate::processor;
use crate::worker::Report;
use crate::workloads::Costs;

/// Makes all runs of a request.
#[derive(Debug)]
pub struct Runner<'a> {
    request: &'a Request,
    workers: &'a Workers,
    points: &'a [Point],
    progress: ProgressBar,
}

/// The costs that all rounds found, by point and allocator.
#[derive(Debug, Default)]
pub struct Samples {
    costs: HashMap<(Point, &'static str), Vec<Costs>>,
    /// For each point, the checksum that the first run found, and whose it was.
    checksums: HashMap<Point, (u64, &'static str)>,
}

impl<'a> Runner<'a> {
    /// Returns a runner that has its progress line on standard error, if that is
    /// a terminal.
    pub fn new(request: &'a Request, workers: &'a Workers, points: &'a [Point]) -> Self {
        let runs = request.rounds * request.allocators.len() * points.len();
        Self { request, workers, points, progress: progress_line(runs) }
    }

    /// Returns the samples of all runs.
    ///
    /// # Errors
    /// The first run that failed, or whose checksum differs from another's.
    pub fn run_all(&self) -> Result<Samples, CompareError> {
        let mut samples = Samples::default();
        let mut rounds = 0..self.request.rounds;
        let outcome = rounds.try_for_each(|round| self.round(round, &mut samples));
        self.progress.finish_and_clear();
        outcome.map(|()| samples)
    }

    fn round(&self, round: usize, samples: &mut Samples) -> Result<(), CompareError> {
        let place = processor::quietest();
        for (position, &point) in self.points.iter().enumerate() {
            let mut allocators = self.request.allocators.clone();
            let places = (round + position) % allocators.len().max(1);
            allocators.rotate_left(places);
            for allocator in allocators {
                let run = Run { workload: point.workload(), allocator };
                let (name, key, all) = (run.workload.name, allocator.key, self.request.rounds);
                let message = format!("round {}/{all} · {name} {point} · {key}", round + 1);
                self.progress.set_message(message);
                let job = point.job(self.request.scale);
                let report = process::perform(self.workers, run, &job, Some(place))?;
                samples.add(point, run, report)?;
                self.progress.inc(1);
            }
        }
        Ok(())
    }
}

impl Samples {
    /// Adds a report.
    ///
    /// # Errors
    /// It has another checksum than those before it, or no costs.
    pub fn add(&mut self, point: Point, run: Run, report: Report) -> Result<(), CompareError> {
        let (workload, key) = (run.workload.name, run.allocator.key);
        let &mut (checksum, finder) = self.checksums.entry(point).or_insert((report.checksum, key));
        if checksum != report.checksum {
            let list = format!("{checksum} under {finder}; {} under {key}", report.checksum);
            return Err(CompareError::ChecksumsDiffer { workload, list });
        }
        let Some(costs) = report.costs else {
            let worker = run.worker();
            let output = "a report without costs".to_owned();
            return Err(CompareError::NoReport { worker, workload, output });
        };
        self.costs.entry((point, key)).or_default().push(costs);
        Ok(())
    }

    /// Returns what the rounds of a point under an allocator found.
    pub fn of(&self, point: Point, allocator: &'static str) -> &[Costs] {
        self.costs.get(&(point, allocator)).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::compare::allocators;

    /// Adds a run at this point that found these nanoseconds.
    pub(in crate::scale) fn add(
        samples: &mut Samples,
        point: Point,
        allocator: &str,
        nanoseconds: [f64; 2],
        checksum: u64,
    ) -> Result<(), CompareError> {
        let allocator = allocators::find(allocator).expect("an allocator");
        let [operation_ns, anywhere_ns] = nanoseconds;
        let costs = Some(Costs { operation_ns, anywhere_ns: Some(anywhere_ns) });
        let report = Report { seconds: 1.0, checksum, peak_rss_kib: 1, idle_rss_kib: None, costs };
        samples.add(point, Run { workload: point.workload(), allocator }, report)
    }

    #[test]
    fn checksums_must_agree_at_each_point() {
        let (one, two) = (Point::Threads { count: 1 }, Point::Threads { count: 2 });
        let mut samples = Samples::default();
        assert!(add(&mut samples, one, "system", [1.0, 1.0], 5).is_ok());
        assert!(add(&mut samples, two, "system", [1.0, 1.0], 6).is_ok());
        assert!(add(&mut samples, two, "pool", [1.0, 1.0], 6).is_ok());
        let error = add(&mut samples, one, "pool", [1.0, 1.0], 6).expect_err("5 is not 6");
        assert!(error.to_string().contains("5 under system; 6 under pool"), "{error}");
    }

    #[test]
    fn a_report_without_costs_is_none() {
        let allocator = allocators::find("pool").expect("an allocator");
        let point = Point::Threads { count: 1 };
        let report =
            Report { seconds: 1.0, checksum: 1, peak_rss_kib: 1, idle_rss_kib: None, costs: None };
        let run = Run { workload: point.workload(), allocator };
        assert!(Samples::default().add(point, run, report).is_err());
    }
}
