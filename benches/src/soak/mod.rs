//! The soak: does the memory of a program that never rests settle?
//!
//! # Design
//! Forty days, as long as asked for together, of a load that is the same every day: live
//! bytes, sizes and lifetimes follow the hour. One file a step: [`cli`] (what was asked)
//! → [`day`] (what each hour asks of the load) → `buffer` and `worker` (what one thread
//! does) → [`load`] (all threads, watched by samples of RSS and live bytes) → [`trend`]
//! (the days' means and the slope through the last twenty) → [`table`], [`json`], [`plot`].
//! Files, canvas and errors are those of [`compare`](crate::compare).
//!
//! # Invariants
//! - Every buffer's contents are checked when it is freed.
//! - What is shown of a run is shown whether its memory settled or not; the exit code
//!   tells.

mod buffer;
pub mod cli;
pub mod day;
pub mod json;
pub mod load;
pub mod plot;
pub mod table;
pub mod trend;
mod worker;

use std::process::ExitCode;

use cli::Request;
use trend::Trend;

use crate::compare::error::CompareError;
use crate::compare::machine;
use crate::compare::sink::Sink;

/// Does what the command line asks for; the exit code is 0, 1 if memory grew or the heap
/// is inconsistent, or 2 if the request cannot be met.
pub fn main() -> ExitCode {
    let outcome = cli::parse(std::env::args_os()).and_then(|request| soak(&request));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

fn soak(request: &Request) -> Result<(), CompareError> {
    let json_file = request.json.as_deref().map(Sink::open).transpose()?;
    let plot_file = request.plot.as_deref().map(Sink::open).transpose()?;
    let soak = load::run(request)?;
    // All threads have ended: the heaps rest.
    let heap = alloc_core::check();
    let (trend, machine) = (Trend::of(&soak), machine::describe());
    print!("{}", table::render(&soak, &trend, &machine));
    if let Some(file) = json_file {
        file.write(&json::render(&soak, &trend, &machine))?;
    }
    if let Some(file) = plot_file {
        file.write(&plot::render(&soak, &trend, &machine)?)?;
    }
    heap.map_err(|violation| CompareError::HeapInconsistent(violation.to_string()))?;
    let (percent, limit_percent) = (trend.growth_percent(), request.limit_percent);
    // Nor is a soak good that was too short to have samples of two days.
    if percent.is_nan() || percent > limit_percent {
        return Err(CompareError::Grows { percent, limit_percent });
    }
    Ok(())
}
