//! The command line: what can be asked for, with its ranges and its help.

use std::path::PathBuf;

use alloc_profiler::Output;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Parser, Subcommand};

use crate::output;

/// The seed of a run that names none: two plain runs agree.
const SEED: u64 = 42;

/// The largest `--count`: each number takes about 200 bytes of heap, so this
/// is some 2 GB.
const MAX_COUNT: u32 = 10_000_000;

/// The largest `--pages`: their numbers have five digits at most, lest lines
/// differ in length.
const MAX_PAGES: u32 = 99_999;

/// The largest `--workers`: more threads than any machine here has cores.
const MAX_WORKERS: u16 = 256;

/// Shows a real function's memory line by line, exact to the byte
///
/// Without a subcommand it builds a sum, a map per number and a string per
/// number from random numbers, and prints what each of these lines took, then
/// the allocator's own report.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Another job than the numbers.
    #[command(subcommand)]
    pub(crate) job: Option<Job>,

    /// Build from N random numbers in 1..=100
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_COUNT)))]
    pub(crate) count: u32,

    /// Draw the numbers from seed N; the same seed gives the same numbers
    #[arg(long, value_name = "N", default_value_t = SEED)]
    pub(crate) seed: u64,

    /// How the numbers' figures are shown.
    #[command(flatten)]
    pub(crate) show: Show,
}

/// How a job's figures are recorded and shown.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct Show {
    /// Show the figures as classic, wide or json:PATH; several with commas
    /// between
    ///
    /// `classic` is the table of Python's `memory_profiler`, `wide` has every
    /// figure, ranks and advice, and `json:PATH` writes a file for `demo diff`.
    /// What `ALLOC_PROFILER` in the environment says goes before it.
    #[arg(long, value_name = "HOW", value_delimiter = ',')]
    #[arg(value_parser = OsStringValueParser::new().try_map(|text| output::parse(&text)))]
    pub(crate) output: Vec<Output>,

    /// After the tables, list each line's increment in bytes
    #[arg(long)]
    pub(crate) bytes: bool,

    /// Log each profiled call, and each task, to standard error when it ends,
    /// through tracing
    #[arg(long)]
    pub(crate) events: bool,

    /// End the run, with the report so far and the line that did it, when the
    /// live heap crosses N MiB
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit_mib: Option<u32>,
}

/// The jobs besides the numbers.
#[derive(Debug, Subcommand)]
pub(crate) enum Job {
    /// Index every text file below the paths and rank its words
    ///
    /// Builds an inverted index, from each word to the files that hold it, and
    /// prints the words that occur most often, then what each line of the two
    /// functions that did it took.
    ///
    /// A word is a run of letters and digits, in lower case. Below a folder,
    /// what is not a readable file of UTF-8 text is skipped and counted, and
    /// symbolic links are not followed. A path given twice counts twice.
    Words {
        /// Text files, and folders of them
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,

        /// Print the N most frequent words
        #[arg(long, value_name = "N", default_value_t = 20)]
        top: usize,

        #[command(flatten)]
        show: Show,
    },

    /// Run four functions that waste memory, and be told what to do about it
    ///
    /// A Vec grown step by step, a String joined in a loop, clones in a loop and
    /// a temporary in each round: the wide table shows what they cost, and its
    /// advice what to do. With --mended that was done: the answers are the same,
    /// and no advice is left.
    ///
    /// To see what was saved, write both to files and compare them:
    ///
    /// demo faults --output json:before.json
    /// demo faults --mended --output json:after.json
    /// demo diff before.json after.json
    #[command(verbatim_doc_comment)]
    Faults {
        /// Run them as they should be
        #[arg(long)]
        mended: bool,

        #[command(flatten)]
        show: Show,
    },

    /// Run async functions on many threads, and see each one's own bytes
    ///
    /// Loads pages in as many tasks on tokio's multi-threaded runtime, puts them
    /// into an archive, and searches it on threads of its own. Tasks wait and go
    /// on on whatever thread is free; each is charged what it did itself, never
    /// what others did meanwhile. The wide table lists the threads below each
    /// function, and the run's three parts as scopes.
    Tasks {
        /// Load N pages
        #[arg(long, value_name = "N", default_value_t = 100)]
        #[arg(value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_PAGES)))]
        pages: u32,

        /// Give the runtime N threads, and as many to the search
        #[arg(long, value_name = "N", default_value_t = 2)]
        #[arg(value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_WORKERS)))]
        workers: u16,

        #[command(flatten)]
        show: Show,
    },

    /// Compare two files that --output json:PATH wrote
    ///
    /// Prints what each function and line allocates more or less in the second
    /// one. Functions are matched by their names, lines by their text.
    Diff {
        /// The report of the earlier run
        #[arg(value_name = "BEFORE")]
        before: PathBuf,

        /// The report of the later run
        #[arg(value_name = "AFTER")]
        after: PathBuf,
    },
}

/// What holds for every job.
const AFTER_HELP: &str = "\
ALLOC_PROFILER=off, or one of --output's words, in the environment goes before
--output, ALLOC_PROFILER_LIMIT=4MiB before --limit-mib. `demo-system` is the same
program over the system's malloc: with --bytes both print the same lines.";

/// Returns what is wrong with a command line: the error's first paragraph, which
/// names the value. Usage and tips are in the help.
pub(crate) fn in_one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let line = lines.collect::<Vec<_>>().join(" ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;

        Args::command().debug_assert();
    }

    #[test]
    fn a_plain_run_has_the_seeds_own_size() {
        let args = Args::try_parse_from(["demo"]).unwrap();
        assert!(args.job.is_none() && !args.show.bytes && args.show.output.is_empty());
        assert_eq!((args.count, args.seed), (100_000, SEED));
    }

    #[test]
    fn bytes_may_be_asked_for_of_every_job_that_profiles() {
        assert!(Args::try_parse_from(["demo", "--bytes"]).unwrap().show.bytes);
        for job in ["words path", "faults", "faults --mended", "tasks --pages 3"] {
            let line = format!("demo {job} --bytes");
            let args = Args::try_parse_from(line.split(' ')).expect(&line);
            let (Job::Words { show, .. } | Job::Faults { show, .. } | Job::Tasks { show, .. }) =
                args.job.unwrap()
            else {
                panic!("{line}")
            };
            assert!(show.bytes, "{line}");
        }
    }

    #[test]
    fn outputs_are_the_librarys() {
        let args = Args::try_parse_from(["demo", "--output", "wide,json:a b,classic"]).unwrap();
        let expected = [Output::Wide, Output::Json("a b".into()), Output::Classic];
        assert_eq!(args.show.output, expected);
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for line in [
            "demo --count 10000001",
            "demo --count -1",
            "demo --seed x",
            "demo --output fancy",
            "demo --output json:",
            "demo --limit-mib 0",
            "demo words",
            "demo words --top x path",
            "demo --count 5 words path",
            "demo word path",
            "demo tasks --workers 0",
            "demo tasks --pages 100000",
            "demo diff one.json",
            "demo diff one.json two.json --bytes",
        ] {
            let error = Args::try_parse_from(line.split(' ')).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
            let text = in_one_line(&error);
            assert!(!text.is_empty() && !text.contains('\n'), "{line}: {text}");
        }
    }
}
