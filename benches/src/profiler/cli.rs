//! What the command line asks for, checked in full before anything runs.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use crate::compare::cli::workload;
use crate::compare::error::CompareError;
use crate::workloads::{self, Scale, Set, Subject, Workload};

/// Shows what the profiler costs: its presence, an allocation, a line, a function.
#[derive(Debug, Parser)]
#[command(name = "profiler", version)]
struct Arguments {
    /// A twelfth of the work and fewer rounds: within a minute, and less precise
    #[arg(long)]
    quick: bool,
    /// How often each figure is measured [default: 7, or 3 with --quick]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
    /// The profiler's presence on this workload of `compare` alone; may be repeated
    #[arg(long, value_name = "NAME", value_parser = timed_workload)]
    workload: Vec<&'static Workload>,
    /// Write the figures to this file as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Run the workers of this folder as they are, without building any; may be repeated, and
    /// then the folders take turns: the same workers, linked in several orders
    #[arg(long, value_name = "DIR")]
    workers: Vec<PathBuf>,
}

/// Figures that can be had.
#[derive(Clone, Debug)]
pub struct Request {
    /// On what the profiler's presence is measured, in the order of
    /// [`workloads::ALL`], each once.
    pub workloads: Vec<&'static Workload>,
    /// How much in each round.
    pub scale: Scale,
    /// How often.
    pub rounds: usize,
    /// Where to write the figures.
    pub json: Option<PathBuf>,
    /// Where workers are that need no building: none, or folders that take turns.
    pub workers: Vec<PathBuf>,
}

/// Reads the command line, whose first word is the program's name.
///
/// # Errors
/// [`CompareError::Usage`], also if only help is wanted.
///
/// ```
/// use benches::profiler::cli::parse;
///
/// let request = parse(["profiler", "--rounds", "5", "--workload", "list"])?;
/// assert_eq!((request.rounds, request.workloads.len()), (5, 1));
/// assert!(parse(["profiler", "--rounds", "many"]).is_err());
/// # Ok::<(), benches::compare::error::CompareError>(())
/// ```
pub fn parse(
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<Request, CompareError> {
    let arguments = Arguments::try_parse_from(words)?;
    let quick = arguments.quick;
    let named = &arguments.workload;
    let is_chosen = |one: &&Workload| match named[..] {
        [] => one.set == Set::Default && one.subject == Subject::Time,
        _ => named.iter().any(|named| named.name == one.name),
    };
    Ok(Request {
        workloads: workloads::ALL.iter().filter(is_chosen).collect(),
        scale: if quick { Scale::Quick } else { Scale::Full },
        rounds: arguments.rounds.unwrap_or(if quick { 3 } else { 7 }) as usize,
        json: arguments.json,
        workers: arguments.workers,
    })
}

/// Returns the workload of that name, or why it has no time to compare.
fn timed_workload(name: &str) -> Result<&'static Workload, String> {
    let found = workload(name)?;
    if found.subject == Subject::Time {
        Ok(found)
    } else {
        Err("it is measured for its memory, not its time".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Request, String> {
        parse(std::iter::once("profiler").chain(words.split_whitespace()))
            .map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
    }

    #[test]
    fn unasked_come_the_workloads_that_compare_times() {
        let request = parse_words("").expect("valid");
        let has = |name: &str| request.workloads.iter().any(|one| one.name == name);
        assert!(has("pairs") && has("tokio"));
        assert!(!has("idle_mib") && !has("empty") && !has("lru_minute") && !has("seed"));
        assert_eq!((request.scale, request.rounds), (Scale::Full, 7));
    }

    #[test]
    fn quick_means_fewer_rounds_unless_told() {
        assert_eq!(parse_words("--quick").map(|request| request.rounds), Ok(3));
        assert_eq!(parse_words("--quick --rounds 9").map(|request| request.rounds), Ok(9));
    }

    #[test]
    fn folders_of_workers_add_up() {
        let folders = |words| parse_words(words).map(|request| request.workers);
        assert_eq!(folders(""), Ok(Vec::new()));
        assert_eq!(folders("--workers a --workers b"), Ok(vec!["a".into(), "b".into()]));
    }

    #[test]
    fn what_has_no_time_is_refused() {
        let error = parse_words("--workload idle_mib").expect_err("measured for its memory");
        assert!(error.contains("'idle_mib'") && error.contains("its memory"), "{error}");
    }
}
