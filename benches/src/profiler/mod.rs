//! What the profiler costs, against what it may cost.
//!
//! # Design
//! One file a step, as in [`compare`](crate::compare), whose workers, processes, files
//! and errors this shares: [`cli`] (what was asked) → [`presence`] (what it costs where
//! nothing is profiled: `compare`'s own runner) → `rounds` (everything else, as pairs
//! with and without profiling: `inside` this process, of `functions`, and `outside` in
//! two workers, of one of the `layouts` each) → `series` (one figure of a pair's rounds) →
//! [`rows`] (what it must reach) → [`table`], [`json`] (the two ways to show it).
//!
//! A pair is measured inside where the allocator itself can be called, counted or not; and
//! outside where the loop uses the global allocator, which a process has one of.
//!
//! # Invariants
//! - The two sides of a pair run right after one another in each round.
//! - Figures are shown only if every run ended well and all checksums agree; whether
//!   they reach their targets is shown, and no failure.

pub mod cli;
mod functions;
mod inside;
pub mod json;
mod layouts;
mod outside;
pub mod presence;
mod rounds;
pub mod rows;
mod series;
pub mod table;

use std::process::ExitCode;

use alloc_core::PoolAlloc;
use alloc_profiler::ProfiledAlloc;

use crate::compare::error::CompareError;
use crate::compare::machine;
use crate::compare::sink::Sink;
use cli::Request;
use layouts::Layouts;
pub use series::Figure;

/// The global allocator of the process that measures.
pub type Global = ProfiledAlloc<PoolAlloc>;

/// Does what the command line asks for, in a process whose global allocator is `global`;
/// the exit codes are those of [`compare::main`](crate::compare::main).
pub fn main(global: &Global) -> ExitCode {
    // Its own tables would say nothing of what it measures.
    alloc_profiler::set_output([]);
    let outcome = cli::parse(std::env::args_os()).and_then(|request| measure(&request, global));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

fn measure(request: &Request, global: &Global) -> Result<(), CompareError> {
    let json_file = request.json.as_deref().map(Sink::open).transpose()?;
    let compared = presence::request(request);
    let apart = outside::ALL.iter().filter_map(outside::Programs::runs).flatten();
    let runs: Vec<_> = compared.runs().chain(apart).collect();
    let layouts = Layouts::find(runs.into_iter(), &request.workers)?;
    let presence = presence::run(&compared, &layouts)?;
    let pairs = rounds::run(request, global, &layouts)?;
    let rows = rows::of(&pairs, presence.as_ref());
    let machine = machine::describe();
    print!("{}", table::render(&rows, presence.as_ref(), &machine));
    if let Some(file) = json_file {
        file.write(&json::render(&rows, presence.as_ref(), &machine))?;
    }
    Ok(())
}
