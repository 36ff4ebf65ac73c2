//! What the command line asks for, checked in full before anything runs.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser};

use super::allocators::{self, Allocator, Role};
use super::error::CompareError;
use super::schedule::Run;
use crate::workloads::{self, Scale, Set, Workload};

/// Compares allocators: time and memory of each workload under each of them.
#[derive(Debug, Parser)]
#[command(name = "compare", version)]
struct Arguments {
    /// A twelfth of the work and fewer rounds: within a minute, and less precise
    #[arg(long)]
    quick: bool,
    /// Only this workload; may be repeated
    #[arg(long, value_name = "NAME", value_parser = workload)]
    workload: Vec<&'static Workload>,
    /// Only this allocator; may be repeated
    #[arg(long, value_name = "NAME", value_parser = allocator)]
    allocator: Vec<Allocator>,
    /// How often each workload runs under each allocator [default: 7, or 3 with --quick]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
    /// Threads of the multi-threaded workloads
    #[arg(long, value_name = "N", default_value_t = 2,
          value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: u32,
    /// Write the figures to this file as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a picture to this file as SVG
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// Run the workers of this folder as they are, without building any
    #[arg(long, value_name = "DIR")]
    workers: Option<PathBuf>,
}

/// A comparison that can be made.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to measure, in the order of [`workloads::ALL`], each once.
    pub workloads: Vec<&'static Workload>,
    /// Who to measure, in the order of [`allocators::ALL`], each once.
    pub allocators: Vec<Allocator>,
    /// How much of each workload.
    pub scale: Scale,
    /// How often.
    pub rounds: usize,
    /// Threads of the multi-threaded workloads.
    pub threads: usize,
    /// Where to write the figures.
    pub json: Option<PathBuf>,
    /// Where to write the picture.
    pub plot: Option<PathBuf>,
    /// Where workers are that need no building.
    pub workers: Option<PathBuf>,
}

impl Request {
    /// Returns the allocators that run this workload.
    pub fn allocators_of(&self, workload: &Workload) -> impl Iterator<Item = Allocator> {
        let has_floor = workload.has_floor;
        self.allocators.iter().copied().filter(move |one| has_floor || one.role != Role::Floor)
    }

    /// Returns each run once.
    pub fn runs(&self) -> impl Iterator<Item = Run> {
        self.workloads.iter().flat_map(|&workload| {
            self.allocators_of(workload).map(move |allocator| Run { workload, allocator })
        })
    }
}

/// Reads the command line, whose first word is the program's name.
///
/// # Errors
/// [`CompareError::Usage`], also if only help is wanted.
///
/// ```
/// use benches::compare::cli::parse;
///
/// let request = parse(["compare", "--workload", "list", "--rounds", "3"])?;
/// assert_eq!((request.workloads.len(), request.rounds), (1, 3));
/// assert!(parse(["compare", "--rounds", "many"]).is_err());
/// # Ok::<(), benches::compare::error::CompareError>(())
/// ```
pub fn parse(
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<Request, CompareError> {
    let command = Arguments::command().after_help(help());
    let matches = command.try_get_matches_from(words)?;
    let arguments = <Arguments as clap::FromArgMatches>::from_arg_matches(&matches)?;
    let request = Request {
        workloads: chosen_workloads(&arguments.workload),
        allocators: allocators::chosen(&arguments.allocator).collect(),
        scale: if arguments.quick { Scale::Quick } else { Scale::Full },
        rounds: arguments.rounds.unwrap_or(if arguments.quick { 3 } else { 7 }) as usize,
        threads: arguments.threads as usize,
        json: arguments.json,
        plot: arguments.plot,
        workers: arguments.workers,
    };
    match request.workloads.iter().find(|one| request.allocators_of(one).next().is_none()) {
        Some(workload) if arguments.allocator.iter().all(|one| one.role == Role::Floor) => {
            Err(floor_alone(workload).into())
        }
        _ => Ok(request),
    }
}

fn floor_alone(workload: &Workload) -> clap::Error {
    let floors: Vec<_> =
        workloads::ALL.iter().filter(|one| one.has_floor).map(|one| one.name).collect();
    let message = format!(
        "bump never frees, so it cannot run {}; valid workloads for it: {}\n",
        workload.name,
        floors.join(", ")
    );
    Arguments::command().error(ErrorKind::ArgumentConflict, message)
}

/// The workloads named, or those that run unasked.
fn chosen_workloads(named: &[&'static Workload]) -> Vec<&'static Workload> {
    let chosen = |workload: &&Workload| match named {
        [] => workload.set == Set::Default,
        _ => named.iter().any(|one| one.name == workload.name),
    };
    workloads::ALL.iter().filter(chosen).collect()
}

/// Returns the workload of that name, or why there is none.
pub(crate) fn workload(name: &str) -> Result<&'static Workload, String> {
    let names = || workloads::ALL.iter().map(|workload| workload.name).collect::<Vec<_>>();
    workloads::find(name).ok_or_else(|| format!("valid: {}", names().join(", ")))
}

/// Returns the allocator of that name, or why there is none.
pub(crate) fn allocator(name: &str) -> Result<Allocator, String> {
    match allocators::find(name) {
        Some(allocator) if allocator.is_available() => Ok(allocator),
        Some(_) => Err("needs `cargo run --release -p benches --features peers …`".to_owned()),
        None => {
            let keys: Vec<_> = allocators::available().map(|allocator| allocator.key).collect();
            Err(format!("valid: {}", keys.join(", ")))
        }
    }
}

/// The lists of valid names, below the options.
fn help() -> String {
    let line = |workload: &Workload| {
        let mark = if workload.set == Set::OnRequest { '*' } else { ' ' };
        format!("  {:<18}{mark} {}", workload.name, workload.about)
    };
    let workloads: Vec<_> = workloads::ALL.iter().map(line).collect();
    let mark = |one: Allocator| if one.runs_unasked() { "" } else { "*" };
    let keys: Vec<_> =
        allocators::available().map(|one| format!("{}{}", one.key, mark(one))).collect();
    let more = if cfg!(feature = "peers") { "" } else { "; more with --features peers" };
    format!(
        "Workloads (* only when named):\n{}\n\nAllocators (* too): {}{more}",
        workloads.join("\n"),
        keys.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Request, String> {
        parse(std::iter::once("compare").chain(words.split_whitespace()))
            .map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
    }

    fn names(request: &Request) -> Vec<&str> {
        request.workloads.iter().map(|workload| workload.name).collect()
    }

    #[test]
    fn unasked_come_all_but_the_workloads_on_request() {
        let request = parse_words("").expect("valid");
        assert!(names(&request).contains(&"lru") && !names(&request).contains(&"lru_minute"));
        assert_eq!(request.allocators, allocators::chosen(&[]).collect::<Vec<_>>());
        assert_eq!((request.scale, request.rounds, request.threads), (Scale::Full, 7, 2));
    }

    #[test]
    fn names_are_taken_once_and_in_the_order_of_the_table() {
        let words = "--workload list --workload pairs --workload list --allocator system";
        let request = parse_words(words).expect("valid");
        assert_eq!(names(&request), ["pairs", "list"]);
        assert_eq!(request.allocators.len(), 1);
    }

    #[test]
    fn quick_means_fewer_rounds_unless_told() {
        assert_eq!(parse_words("--quick").map(|request| request.rounds), Ok(3));
        assert_eq!(parse_words("--quick --rounds 9").map(|request| request.rounds), Ok(9));
    }

    #[test]
    fn a_bad_name_is_answered_with_the_valid_ones_in_one_line() {
        let error = parse_words("--workload pears").expect_err("no such workload");
        assert!(error.contains("'pears'") && error.contains("pairs, slots_small"), "{error}");
        let error = parse_words("--allocator dlmalloc").expect_err("no such allocator");
        assert!(error.contains("'dlmalloc'") && error.contains("system"), "{error}");
    }

    #[test]
    fn a_bad_number_is_answered_with_the_valid_range() {
        for words in ["--rounds 0", "--rounds 1001", "--threads 0", "--threads 257"] {
            let error = parse_words(words).expect_err(words);
            assert!(error.contains("..="), "{error}");
        }
    }

    #[cfg(not(feature = "peers"))]
    #[test]
    fn a_peer_says_which_feature_it_needs() {
        let error = parse_words("--allocator mimalloc").expect_err("not built in");
        assert!(error.contains("--features peers"), "{error}");
    }

    #[test]
    fn the_floor_runs_what_it_can_alone() {
        assert!(parse_words("--allocator bump --workload pairs").is_ok());
        let error = parse_words("--allocator bump --workload list").expect_err("never frees");
        assert!(error.contains("list") && error.contains("pairs"), "{error}");
    }
}
