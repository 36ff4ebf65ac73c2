//! One workload under one allocator, once: what every `worker-*` binary does.
//!
//! # Design
//! The job is one JSON argument and the report one JSON line on standard output,
//! both typed here and used by the runner too. No argument parser and no logger:
//! what the process itself allocates must not blur what the workload does.
//!
//! # Invariants
//! - One process runs one job, so that no workload meets what another left.
//! - The resident set is read after the workload has dropped everything.

use std::process::ExitCode;
use std::thread;

use procfs::process::Process;
use serde::{Deserialize, Serialize};

use crate::bump::Region;
use crate::resident::{self, IDLE};
use crate::workloads::{self, Context, Costs, Scale};

/// What a worker is asked to do.
///
/// ```
/// use benches::worker::Job;
/// use benches::workloads::Scale;
///
/// let job = Job {
///     workload: "pairs".to_owned(),
///     scale: Scale::Quick,
///     threads: 2,
///     live_bytes: None,
///     measure_idle: false,
/// };
/// assert_eq!(
///     job.to_json(),
///     r#"{"workload":"pairs","scale":"quick","threads":2,"measure_idle":false}"#
/// );
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Job {
    /// The workload's name.
    pub workload: String,
    /// How much of it.
    pub scale: Scale,
    /// Threads that a multi-threaded workload starts.
    pub threads: usize,
    /// Bytes of live blocks, for a workload that asks how much is live; its own
    /// choice unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_bytes: Option<usize>,
    /// Whether to stay for a second afterwards and measure the idle process.
    pub measure_idle: bool,
}

impl Job {
    /// Returns the job as the worker's argument.
    ///
    /// # Panics
    /// Never: a struct of plain values always has a JSON form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain values have a JSON form")
    }
}

/// What a worker found out.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Report {
    /// Seconds of the measured part.
    pub seconds: f64,
    /// The same for every allocator, or one of them lost or mixed up memory.
    pub checksum: u64,
    /// The largest resident set of the process, in KiB.
    pub peak_rss_kib: u64,
    /// The resident set one second after everything was freed, in KiB; `None`
    /// unless the job asked for it.
    pub idle_rss_kib: Option<u64>,
    /// What one operation cost, from a workload that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costs: Option<Costs>,
}

/// Runs the job in the first argument and prints its report; a job that is
/// missing or malformed is named on standard error, with exit code 2.
pub fn main() -> ExitCode {
    run(None)
}

/// As [`main`], for an allocator whose memory a workload may take back as a
/// whole.
pub fn main_with_region(region: Region) -> ExitCode {
    run(Some(region))
}

fn run(region: Option<Region>) -> ExitCode {
    let outcome = parse(std::env::args().nth(1)).and_then(|job| perform(&job, region));
    match outcome {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::from(2)
        }
    }
}

fn parse(argument: Option<String>) -> Result<Job, String> {
    let text = argument.ok_or("a worker needs its job as JSON; run `compare` instead")?;
    serde_json::from_str(&text).map_err(|error| format!("not a job: {text}: {error}"))
}

/// Runs the workload and returns the report's line.
fn perform(job: &Job, region: Option<Region>) -> Result<String, String> {
    let workload = workloads::find(&job.workload)
        .ok_or_else(|| format!("no such workload: {}", job.workload))?;
    let context =
        Context { scale: job.scale, threads: job.threads, live_bytes: job.live_bytes, region };
    let measurement = (workload.run)(&context);
    let memory = |error| format!("cannot read this process's memory from /proc: {error}");
    let process = Process::myself().map_err(memory)?;
    let peak_rss_kib = resident::peak_kib(&process).map_err(memory)?;
    let idle_rss_kib = if job.measure_idle {
        thread::sleep(IDLE);
        Some(resident::now_kib(&process).map_err(memory)?)
    } else {
        None
    };
    let report = Report {
        seconds: measurement.seconds,
        checksum: measurement.checksum,
        peak_rss_kib,
        idle_rss_kib,
        costs: measurement.costs,
    };
    serde_json::to_string(&report).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_survives_the_way_to_the_worker() {
        let job = Job {
            workload: "larson".to_owned(),
            scale: Scale::Full,
            threads: 3,
            live_bytes: Some(1 << 20),
            measure_idle: true,
        };
        assert_eq!(parse(Some(job.to_json())), Ok(job));
    }

    #[test]
    fn a_missing_or_malformed_job_is_named() {
        assert!(parse(None).is_err_and(|reason| reason.contains("compare")));
        assert!(parse(Some("pairs".to_owned())).is_err_and(|reason| reason.contains("pairs")));
    }

    #[test]
    fn a_report_has_the_measured_values() {
        let job = Job {
            workload: "empty".to_owned(),
            scale: Scale::Tiny,
            threads: 1,
            live_bytes: None,
            measure_idle: false,
        };
        let line = perform(&job, None).expect("the workload runs");
        let report: Report = serde_json::from_str(&line).expect("a report");
        assert!(report.seconds >= 0.0 && report.peak_rss_kib > 0);
        assert_eq!(report.idle_rss_kib, None);
    }
}
