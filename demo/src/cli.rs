//! The command line: what can be asked for, with its ranges and its help.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The seed of a run that names none: two plain runs agree.
const SEED: u64 = 42;

/// The largest `--count`: each number takes about 200 bytes of heap, so this
/// is some 2 GB.
const MAX_COUNT: u32 = 10_000_000;

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

    /// After the table, list each line's increment in bytes
    #[arg(long, global = true)]
    pub(crate) bytes: bool,
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
    },
}

/// What holds for every job.
const AFTER_HELP: &str = "\
ALLOC_PROFILER=off in the environment silences the table. `demo-system` is the
same program over the system's malloc: with --bytes both print the same lines.";

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
        assert!(args.job.is_none() && !args.bytes);
        assert_eq!((args.count, args.seed), (100_000, SEED));
    }

    #[test]
    fn bytes_may_be_asked_for_of_every_job() {
        assert!(Args::try_parse_from(["demo", "--bytes"]).unwrap().bytes);
        assert!(Args::try_parse_from(["demo", "words", "--bytes", "path"]).unwrap().bytes);
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for line in [
            "demo --count 10000001",
            "demo --count -1",
            "demo --seed x",
            "demo words",
            "demo words --top x path",
            "demo --count 5 words path",
            "demo word path",
        ] {
            let error = Args::try_parse_from(line.split(' ')).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
