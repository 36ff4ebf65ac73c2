//! The runner: every workload, under every allocator, in processes of their own.
//!
//! # Design
//! One file a step, in the order in which `main` takes them:
//! [`cli`] (what was asked) → [`sink`] (the files to write can be written) →
//! [`build`] (the workers, built) → [`schedule`] (which run follows which) →
//! [`execute`] and [`process`] (all runs, and one, of a `binary` that is read anew) →
//! [`samples`] (what all runs said) → [`summary`] (medians and ratios) → [`table`] with
//! [`memory`], [`json`], [`plot`] (the three ways to show them). [`allocators`] lists who is compared;
//! [`machine`] says where; `canvas` is what pictures are drawn on; [`error`] holds
//! everything that can go wrong.
//!
//! # Invariants
//! - Nothing runs before all that was asked is known to be possible.
//! - Figures are shown only if every run ended well and all checksums agree.

pub mod allocators;
pub(crate) mod binary;
pub mod build;
pub(crate) mod canvas;
pub mod cli;
pub mod error;
pub mod execute;
pub mod json;
pub mod machine;
pub mod memory;
pub mod plot;
pub mod process;
pub mod samples;
pub mod schedule;
pub mod sink;
pub mod summary;
pub mod table;

use std::process::ExitCode;

use cli::Request;
use error::CompareError;
use execute::Runner;
use sink::Sink;

/// Does what the command line asks for; the exit code is 0, 1 if a run failed or
/// the checksums differ, or 2 if the request cannot be met.
pub fn main() -> ExitCode {
    let outcome = cli::parse(std::env::args_os()).and_then(|request| compare(&request));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

fn compare(request: &Request) -> Result<(), CompareError> {
    let json_file = request.json.as_deref().map(Sink::open).transpose()?;
    let plot_file = request.plot.as_deref().map(Sink::open).transpose()?;
    let workers = build::workers(request.runs(), request.workers.as_deref())?;
    let samples = Runner::new(request, &workers).run_all()?;
    let machine = machine::describe();
    let summaries = summary::summarise(&samples, request);
    print!("{}", table::render(&summaries, &machine));
    if let Some(file) = json_file {
        file.write(&json::render(&summaries, &machine))?;
    }
    if let Some(file) = plot_file {
        file.write(&plot::render(&summaries, &machine)?)?;
    }
    Ok(())
}
