//! One run in a process of its own: started, waited for, its report read.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use process_control::{ChildExt as _, Control as _};
use procfs::process::Process;

use super::binary;
use super::build::Workers;
use super::error::CompareError;
use super::schedule::Run;
use crate::processor::Held;
use crate::resident::{self, IDLE};
use crate::worker::{Job, Report};
use crate::workloads::Subject;

/// After so many seconds a run has hung: the longest workload takes about one
/// minute, two on a slow machine.
const LIMIT_SECONDS: u64 = 600;
/// So many seconds after its input has ended, a program that does nothing else has hung.
const END_SECONDS: u64 = 10;

/// Has the run's worker do the job; if it has one thread, on the processor of that place, if
/// one is named.
///
/// # Errors
/// The worker did not start, crashed, hung, or gave no report.
pub fn perform(
    workers: &Workers,
    run: Run,
    job: &Job,
    place: Option<usize>,
) -> Result<Report, CompareError> {
    // It starts the worker, which stays where it is.
    let _held = place.filter(|_| !run.workload.has_threads).and_then(Held::on);
    let worker = run.worker();
    // `build::workers` has found all that a request needs.
    let path = workers.get(&worker).cloned().unwrap_or_else(|| PathBuf::from(&worker));
    binary::read_anew(&path);
    let mut command = Command::new(path);
    if run.workload.subject == Subject::Process {
        return watch(&mut command, &worker, run.workload.name, END_SECONDS);
    }
    // A worker's standard output is its report, and no profiler's table besides.
    command.arg(job.to_json()).env("ALLOC_PROFILER", "off");
    execute(&mut command, &worker, run.workload.name)
}

/// Starts an empty program, lets it idle, and reads its memory from outside.
fn watch(
    command: &mut Command,
    program: &str,
    workload: &'static str,
    limit_seconds: u64,
) -> Result<Report, CompareError> {
    let not_started = |source| CompareError::NotStarted { worker: program.to_owned(), source };
    let mut child = command.stdin(Stdio::piped()).spawn().map_err(not_started)?;
    thread::sleep(IDLE);
    let process = Process::new(child.id().cast_signed());
    let memory = process
        .and_then(|process| Ok((resident::peak_kib(&process)?, resident::now_kib(&process)?)));
    // It ends when its input does.
    drop(child.stdin.take());
    let limit = Duration::from_secs(limit_seconds);
    let ended = child.controlled().time_limit(limit).terminate_for_timeout().wait();
    let worker = program.to_owned();
    let Some(status) = ended.map_err(not_started)? else {
        return Err(CompareError::Hung { worker, workload, seconds: limit_seconds });
    };
    let status = status.into_std_lossy();
    if !status.success() {
        return Err(CompareError::Crashed { worker, workload, status, stderr: String::new() });
    }
    let (peak_rss_kib, idle_rss_kib) = memory.map_err(CompareError::NoMemoryFigures)?;
    let idle_rss_kib = Some(idle_rss_kib);
    Ok(Report { seconds: 0.0, checksum: 0, peak_rss_kib, idle_rss_kib, costs: None })
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
    fn an_empty_program_is_watched_until_its_input_ends() {
        let report = watch(&mut Command::new("cat"), "empty-cat", "empty", 10).expect("a report");
        assert!(report.peak_rss_kib > 0 && report.idle_rss_kib > Some(0));
        let watch = |command: &mut Command, limit| watch(command, "empty-false", "empty", limit);
        let error = watch(&mut Command::new("false"), 10).expect_err("failed");
        assert!(error.to_string().contains("empty-false died in empty"), "{error}");
        let error = watch(Command::new("sleep").arg("600"), 1).expect_err("it does not end");
        assert!(matches!(error, CompareError::Hung { seconds: 1, .. }), "{error}");
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
