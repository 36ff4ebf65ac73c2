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
//! - [`bytes`]: the increments to the byte, for `--bytes`
//! - [`progress`]: a sign of life for whoever waits at a terminal
//!
//! Results go to standard output, errors to standard error in one line each:
//! exit code 2 for what the user asked for, 1 when standard output cannot be
//! written. A reader who closes the pipe has seen enough: that is no error.
#![forbid(unsafe_code)]

pub mod bytes;
mod cli;
pub mod numbers;
pub mod progress;
pub mod words;

use std::hint;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use cli::{Args, Job};
use words::source::Unread;

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
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}; free some space or send it elsewhere")]
    Output(#[from] io::Error),
}

impl Failure {
    /// Returns the exit code that tells a script what happened.
    fn exit_code(&self) -> u8 {
        match self {
            Self::Path(_) => 2,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Output(_) => 1,
        }
    }
}

/// Runs what the command line asks for and returns the exit code.
///
/// `allocator` is what the calling binary has made its global allocator.
/// Command lines that make no sense end the process with exit code 2.
pub fn run(allocator: Allocator) -> ExitCode {
    let Err(failure) = execute(&Args::parse(), allocator) else { return ExitCode::SUCCESS };
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
        Some(Job::Words { paths, top }) => {
            words::run(paths, *top, &mut out)?;
            print_tables(args, &mut out)?;
        }
        None => {
            let numbers = numbers::random(args.seed, args.count as usize);
            // Alive until the allocator has reported on it, and opaque, lest
            // the optimiser leave out what nobody reads.
            let built = hint::black_box(numbers::test_func(&numbers));
            print_tables(args, &mut out)?;
            print_allocator(allocator, &mut out)?;
            drop(built);
        }
    }
    out.flush()?;
    Ok(())
}

/// Prints what the profiler has recorded.
fn print_tables(args: &Args, out: &mut impl Write) -> io::Result<()> {
    // The profiler writes past the buffer of `out`.
    out.flush()?;
    alloc_profiler::print_report();
    if args.bytes {
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
