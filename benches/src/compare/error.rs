//! What can go wrong, each in one line that names the culprit.

use std::io;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};

use thiserror::Error;

/// Why there are no figures.
#[derive(Debug, Error)]
pub enum CompareError {
    /// The command line asks for help, or for something that does not exist.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// A file to write cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Unwritable {
        /// The file, as given.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Cargo could not be run.
    #[error("cannot run {cargo} to build the workers: {source}")]
    CargoMissing {
        /// The command that was tried.
        cargo: String,
        /// Why it did not start.
        source: io::Error,
    },
    /// Cargo ran and failed; it has said why.
    #[error("the workers do not build: see cargo's messages above")]
    BuildFailed,
    /// A worker binary is not where it must be.
    #[error("no {worker} in {place}")]
    WorkerMissing {
        /// The name of the binary.
        worker: String,
        /// Where it was looked for.
        place: String,
    },
    /// A worker could not be started or waited for.
    #[error("cannot run {worker}: {source}")]
    NotStarted {
        /// The name of the binary.
        worker: String,
        /// Why.
        source: io::Error,
    },
    /// A worker was killed or ended with a failure.
    #[error("{worker} died in {workload}: {status}{}", quoted(stderr))]
    Crashed {
        /// The name of the binary.
        worker: String,
        /// What it was doing.
        workload: &'static str,
        /// Its signal or exit code.
        status: ExitStatus,
        /// What it said.
        stderr: String,
    },
    /// A worker ran for so long that it will not end.
    #[error("{worker} hangs in {workload}: killed after {seconds} s")]
    Hung {
        /// The name of the binary.
        worker: String,
        /// What it was doing.
        workload: &'static str,
        /// How long it was given.
        seconds: u64,
    },
    /// A worker ended well and printed something else than a report.
    #[error("{worker} gave no report of {workload} but {output:?}")]
    NoReport {
        /// The name of the binary.
        worker: String,
        /// What it was doing.
        workload: &'static str,
        /// What it printed.
        output: String,
    },
    /// Two runs of a workload read different things back.
    #[error("the checksums of {workload} differ: {list}; one of them lost or mixed up memory")]
    ChecksumsDiffer {
        /// The workload.
        workload: &'static str,
        /// Each distinct checksum with the allocators that found it.
        list: String,
    },
    /// The kernel does not say how much memory a process has.
    #[error("cannot read a process's memory from /proc: {0}")]
    NoMemoryFigures(procfs::ProcError),
    /// The heap's invariants do not hold.
    #[error("the heap is inconsistent: {0}")]
    HeapInconsistent(String),
    /// Memory grows from day to day.
    #[error("RSS grew by {percent:.2} % of its mean in the last half, above {limit_percent} %")]
    Grows {
        /// By how much.
        percent: f64,
        /// How much it may.
        limit_percent: f64,
    },
    /// The picture could not be drawn.
    #[error("cannot draw the picture: {0}")]
    Drawing(String),
}

impl CompareError {
    /// Prints the error, as one line where it is not a text asked for, and
    /// returns the exit code: 2 for a request that cannot be met, 1 for a run
    /// that failed.
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Usage(text) if !text.use_stderr() => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Self::Usage(error) => {
                // Below its first line clap advises to read the help.
                let text = error.to_string();
                eprintln!("{}", text.lines().next().unwrap_or_default());
                ExitCode::from(2)
            }
            Self::Unwritable { .. } => {
                eprintln!("error: {self}");
                ExitCode::from(2)
            }
            _ => {
                eprintln!("error: {self}");
                ExitCode::FAILURE
            }
        }
    }
}

/// What a worker said, if anything, indented below the line that blames it.
fn quoted(stderr: &str) -> String {
    stderr.lines().fold(String::new(), |text, line| text + "\n  | " + line)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn a_crash_names_worker_signal_and_last_words() {
        let error = CompareError::Crashed {
            worker: "worker-pool".to_owned(),
            workload: "list",
            status: ExitStatus::from_raw(11),
            stderr: "double free\n".to_owned(),
        };
        let text = error.to_string();
        assert!(text.starts_with("worker-pool died in list: signal: 11 (SIGSEGV)"), "{text}");
        assert!(text.ends_with("\n  | double free"), "{text}");
    }
}
