//! The runner of curves: does an operation cost more the more is live, and the
//! more threads there are?
//!
//! # Design
//! One file a step, as in [`compare`](crate::compare), whose workers, processes,
//! files and errors this shares: [`cli`] (what was asked) → [`points`] (which
//! processes that takes, and whether there is the memory) → [`measure`] (all of
//! them, in interleaved rounds) → [`curves`] (medians, and ratios to the first
//! point) → [`table`], [`json`], [`plot`] (the three ways to show them).
//!
//! # Invariants
//! - Each point is a process of its own.
//! - Curves are shown only if every run ended well and all checksums agree.

pub mod cli;
pub mod curves;
pub mod json;
pub mod measure;
pub mod plot;
pub mod points;
pub mod table;

use std::process::ExitCode;

use cli::Request;
use measure::Runner;

use crate::compare::allocators::Allocator;
use crate::compare::error::CompareError;
use crate::compare::schedule::Run;
use crate::compare::sink::Sink;
use crate::compare::{build, machine};
use crate::workloads;

/// Does what the command line asks for; the exit codes are those of
/// [`compare::main`](crate::compare::main).
pub fn main() -> ExitCode {
    let outcome = cli::parse(std::env::args_os()).and_then(|request| scale(&request));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

fn scale(request: &Request) -> Result<(), CompareError> {
    let json_file = request.json.as_deref().map(Sink::open).transpose()?;
    let plot_file = request.plot.as_deref().map(Sink::open).transpose()?;
    // A worker knows the workloads of all points.
    let run = |&allocator: &Allocator| Run { workload: &workloads::SCALE_HEAP, allocator };
    let runs = request.allocators.iter().map(run);
    let workers = build::workers(runs, request.workers.as_deref())?;
    let (points, skipped) = points::within(request, machine::available_bytes());
    for line in skipped {
        eprintln!("{line}");
    }
    let samples = Runner::new(request, &workers, &points).run_all()?;
    let machine = machine::describe();
    let curves = curves::of(&samples, request, &points, machine::cpus());
    print!("{}", table::render(&curves, &machine));
    if let Some(file) = json_file {
        file.write(&json::render(&curves, &machine))?;
    }
    if let Some(file) = plot_file {
        file.write(&plot::render(&curves, &machine)?)?;
    }
    Ok(())
}
