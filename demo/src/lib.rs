//! What a newcomer runs first: real functions, their memory line by line, and
//! the allocator's own account of it.
//!
//! Two thin binaries share this library. `demo` runs it over our allocator,
//! `demo-system` over the system's malloc; which one it is stands in the
//! binary, where the global allocator belongs, and reaches the library as an
//! [`Allocator`]. Increments are the bytes that the program asked for, so both
//! binaries print the same ones.
//!
//! - [`numbers`]: the default job, three values built from a list of numbers
//! - [`words`]: `demo words`, an inverted index over real files
//! - [`faults`]: `demo faults`, what wastes memory, and the same mended
//! - [`tasks`]: `demo tasks`, async functions and threads
//! - [`compare`]: `demo diff`, what changed between two reports
//! - [`bytes`]: the increments to the byte, for `--bytes`
//! - [`events`]: each profiled call as a log line, for `--events`
//! - [`progress`]: a sign of life for whoever waits at a terminal
//!
//! Results go to standard output, errors to standard error in one line each:
//! exit code 2 for what the user asked for, 1 when standard output cannot be
//! written. A reader who closes the pipe has seen enough: that is no error.
#![forbid(unsafe_code)]

pub mod bytes;
mod cli;
pub mod compare;
pub mod events;
pub mod faults;
pub mod numbers;
mod output;
pub mod progress;
pub mod tasks;
pub mod words;

use std::hint;
use std::io::{self, Write};
use std::process::ExitCode;

use alloc_profiler::{AtLimit, Output};
use clap::Parser;
use tokio::task::JoinError;

use cli::{Args, Job, Show};
use compare::NoReport;
use faults::Version;
use words::source::Unread;

pub use output::Unwritable;

/// Which allocator serves the program, as its binary knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocator {
    /// [`alloc_core::PoolAlloc`], which reports on itself.
    Pool,
    /// The system's malloc.
    System,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A path that the user named cannot be read as text.
    #[error("{0}; {advice}", advice = .0.reason.advice())]
    Path(#[from] Unread),
    /// A file that the user named is no report.
    #[error(transparent)]
    Report(#[from] NoReport),
    /// A file that the user named cannot take the report.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// The system gives no more threads.
    #[error("cannot start a thread: {0}; ask for fewer with --workers")]
    Threads(io::Error),
    /// A task did not end by itself.
    #[error("a task was cut off: {0}; this is a mistake in the demo")]
    Task(#[from] JoinError),
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}; free some space or send it elsewhere")]
    Output(#[from] io::Error),
}

impl Failure {
    /// Returns the exit code that tells a script what happened.
    fn exit_code(&self) -> u8 {
        match self {
            Self::Path(_) | Self::Report(_) | Self::Unwritable(_) => 2,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Output(_) | Self::Threads(_) | Self::Task(_) => 1,
        }
    }
}

/// Runs what the command line asks for and returns the exit code.
///
/// `allocator` is what the calling binary has made its global allocator.
/// Command lines that make no sense end the process with exit code 2.
pub fn run(allocator: Allocator) -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() => {
            let _ = writeln!(io::stderr(), "demo: {}; see demo --help", cli::in_one_line(&error));
            return ExitCode::from(2);
        }
        // The help, or the version.
        Err(text) => text.exit(),
    };
    let Err(failure) = execute(&args, allocator) else { return ExitCode::SUCCESS };
    let code = failure.exit_code();
    if code != 0 {
        // Where standard error is closed too, the exit code has to do.
        let _ = writeln!(io::stderr(), "demo: {failure}");
    }
    ExitCode::from(code)
}

fn execute(args: &Args, allocator: Allocator) -> Result<(), Failure> {
    let mut out = io::stdout();
    match &args.job {
        Some(Job::Words { paths, top, show }) => {
            prepare(show, Output::Classic)?;
            words::run(paths, *top, &mut out)?;
            print_tables(show, &mut out)?;
        }
        Some(Job::Faults { mended, show }) => {
            prepare(show, Output::Wide)?;
            faults::run(if *mended { Version::MENDED } else { Version::FAULTY }, &mut out)?;
            print_tables(show, &mut out)?;
        }
        Some(Job::Tasks { pages, workers, show }) => {
            prepare(show, Output::Wide)?;
            tasks::run(*pages, usize::from(*workers), &mut out)?;
            print_tables(show, &mut out)?;
        }
        Some(Job::Diff { before, after }) => compare::run(before, after, &mut out)?,
        None => {
            prepare(&args.show, Output::Classic)?;
            let numbers = numbers::random(args.seed, args.count as usize);
            // Alive until the allocator has reported on it, and opaque, lest
            // the optimiser leave out what nobody reads.
            let built = hint::black_box(numbers::test_func(&numbers));
            print_tables(&args.show, &mut out)?;
            print_allocator(allocator, &mut out)?;
            drop(built);
        }
    }
    out.flush()?;
    Ok(())
}

/// Does what was asked for before a job begins; `own` is how the job's figures
/// are shown if nobody says how.
fn prepare(show: &Show, own: Output) -> Result<(), Failure> {
    output::choose(&show.output, own)?;
    if show.events {
        events::log_to_stderr();
    }
    if let Some(mib) = show.limit_mib {
        alloc_profiler::set_limit(u64::from(mib) << 20, AtLimit::Stop);
    }
    Ok(())
}

/// Prints what the profiler has recorded.
fn print_tables(show: &Show, out: &mut impl Write) -> io::Result<()> {
    // The profiler writes past the buffer of `out`.
    out.flush()?;
    alloc_profiler::print_report();
    if show.bytes {
        bytes::write(&alloc_profiler::report(), out)?;
    }
    Ok(())
}

/// Prints the allocator's own report, or that it has none.
fn print_allocator(allocator: Allocator, out: &mut impl Write) -> io::Result<()> {
    match allocator {
        Allocator::Pool => write!(out, "{}", alloc_core::stats()),
        Allocator::System => writeln!(out, "The system's malloc has no report like PoolAlloc's."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_no_error_and_a_full_disk_is() {
        let output = |kind: io::ErrorKind| Failure::Output(kind.into()).exit_code();
        assert_eq!(output(io::ErrorKind::BrokenPipe), 0);
        assert_eq!(output(io::ErrorKind::StorageFull), 1);
    }
}
