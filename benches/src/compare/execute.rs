//! Runs workers, one at a time while time is taken, and collects their reports.
//!
//! # Design
//! First a round for the idle memory: it takes no time, so several workers may
//! wait out their idle second side by side; and it reads every binary once, so
//! that the first timed round is not colder than the others. Then the timed
//! rounds, one process after another.

use std::iter;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use process_control::{ChildExt as _, Control as _};

use super::build::Workers;
use super::cli::Request;
use super::error::CompareError;
use super::samples::Samples;
use super::schedule::{self, Run};
use crate::worker::{Job, Report};

/// After so many seconds a run has hung: the longest workload takes about one
/// minute, two on a slow machine.
const LIMIT_SECONDS: u64 = 600;

/// Workers that idle side by side.
const IDLE_WORKERS: usize = 12;

/// Makes all runs of a request.
#[derive(Debug)]
pub struct Runner<'a> {
    request: &'a Request,
    workers: &'a Workers,
    progress: ProgressBar,
}

impl<'a> Runner<'a> {
    /// Returns a runner that has its progress line on standard error, if that is
    /// a terminal.
    pub fn new(request: &'a Request, workers: &'a Workers) -> Self {
        let runs = schedule::round(request, 0).len() * (request.rounds + 1);
        let progress = ProgressBar::new(runs as u64);
        if let Ok(style) =
            ProgressStyle::with_template("{pos:>4}/{len} {bar:30} {eta:>4} left  {msg}")
        {
            progress.set_style(style);
        }
        Self { request, workers, progress }
    }

    /// Returns the samples of all runs.
    ///
    /// # Errors
    /// The first run that failed, or checksums that differ.
    pub fn run_all(&self) -> Result<Samples, CompareError> {
        let samples = self.run_rounds();
        self.progress.finish_and_clear();
        let samples = samples?;
        samples.check()?;
        Ok(samples)
    }

    fn run_rounds(&self) -> Result<Samples, CompareError> {
        let mut samples = self.idle_round()?;
        for round in 0..self.request.rounds {
            for run in schedule::round(self.request, round) {
                let at = format!("round {}/{}", round + 1, self.request.rounds);
                self.announce(run, &at);
                samples.add(run, self.execute(run, false)?);
                self.progress.inc(1);
            }
        }
        Ok(samples)
    }

    /// The round that measures idle memory.
    fn idle_round(&self) -> Result<Samples, CompareError> {
        let runs = Mutex::new(schedule::round(self.request, 0).into_iter());
        let samples = Mutex::new(Samples::default());
        let next = || runs.lock().expect("no panic").next();
        let work = || -> Result<(), CompareError> {
            for run in iter::from_fn(next) {
                self.announce(run, "idle memory");
                let report = self.execute(run, true)?;
                samples.lock().expect("no panic").add(run, report);
                self.progress.inc(1);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..IDLE_WORKERS).map(|_| scope.spawn(work)).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
        })?;
        Ok(samples.into_inner().expect("no panic"))
    }

    fn announce(&self, run: Run, at: &str) {
        self.progress.set_message(format!("{at} · {} · {}", run.workload.name, run.allocator.key));
    }

    /// Makes one run in a process of its own.
    fn execute(&self, run: Run, measure_idle: bool) -> Result<Report, CompareError> {
        let worker = run.allocator.worker();
        let job = Job {
            workload: run.workload.name.to_owned(),
            scale: self.request.scale,
            threads: self.request.threads,
            measure_idle,
        };
        // `build::workers` has found all that the request needs.
        let binary = self.workers.get(&worker).cloned().unwrap_or_else(|| PathBuf::from(&worker));
        execute(Command::new(binary).arg(job.to_json()), &worker, run.workload.name)
    }
}

/// Runs a worker to its end and reads its report.
fn execute(
    command: &mut Command,
    worker: &str,
    workload: &'static str,
) -> Result<Report, CompareError> {
    let worker = worker.to_owned();
    let not_started = |source| CompareError::NotStarted { worker: worker.clone(), source };
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let output = child
        .map_err(not_started)?
        .controlled_with_output()
        .time_limit(Duration::from_secs(LIMIT_SECONDS))
        .terminate_for_timeout()
        .wait()
        .map_err(not_started)?;
    let Some(output) = output else {
        return Err(CompareError::Hung { worker, workload, seconds: LIMIT_SECONDS });
    };
    let output = output.into_std_lossy();
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(CompareError::Crashed { worker, workload, status: output.status, stderr });
    }
    serde_json::from_slice(&output.stdout).map_err(|_| {
        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        CompareError::NoReport { worker, workload, output }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<Report, CompareError> {
        execute(Command::new("sh").args(["-c", script]), "worker-sh", "list")
    }

    #[test]
    fn a_report_is_read() {
        let line = r#"{"seconds":0.5,"checksum":7,"peak_rss_kib":100,"idle_rss_kib":null}"#;
        let report = shell(&format!("echo '{line}'")).expect("a report");
        assert_eq!((report.checksum, report.idle_rss_kib), (7, None));
    }

    #[test]
    fn a_signal_is_named_with_what_was_said_before() {
        let error = shell("echo corrupted >&2; kill -SEGV $$").expect_err("killed");
        let text = error.to_string();
        assert!(text.contains("worker-sh died in list: signal: 11 (SIGSEGV)"), "{text}");
        assert!(text.contains("corrupted"), "{text}");
    }

    #[test]
    fn an_exit_code_and_a_missing_report_are_failures() {
        assert!(matches!(shell("exit 3"), Err(CompareError::Crashed { .. })));
        assert!(matches!(shell("echo well"), Err(CompareError::NoReport { .. })));
    }

    #[test]
    fn a_worker_that_says_much_is_not_blocked() {
        let text = shell("yes | head -c 1000000 >&2; exit 1").expect_err("failed").to_string();
        assert!(text.len() > 1_000_000);
    }
}
