//! What the command line asks for, checked in full before anything runs.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use super::points::HEAPS;
use crate::compare::allocators::{self, Allocator, Role};
use crate::compare::cli::allocator;
use crate::compare::error::CompareError;
use crate::workloads::Scale;

/// Shows what an operation costs as the live heap grows, and as threads do.
#[derive(Debug, Parser)]
#[command(name = "scale", version)]
struct Arguments {
    /// A twelfth of the work, fewer rounds, and heaps of up to 256 MiB: within a minute
    #[arg(long)]
    quick: bool,
    /// Only this allocator; may be repeated
    #[arg(long, value_name = "NAME", value_parser = allocator_that_frees)]
    allocator: Vec<Allocator>,
    /// How often each point is measured [default: 5, or 3 with --quick]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
    /// The largest live heap, at least 1MiB [default: 8GiB, or 256MiB with --quick]
    #[arg(long, value_name = "BYTES", value_parser = heap_bytes)]
    max_heap: Option<usize>,
    /// The largest number of threads
    #[arg(long, value_name = "N", default_value_t = 64,
          value_parser = clap::value_parser!(u32).range(1..=256))]
    max_threads: u32,
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

/// Curves that can be measured.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who to measure, in the order of [`allocators::ALL`], each once.
    pub allocators: Vec<Allocator>,
    /// How much at each point.
    pub scale: Scale,
    /// How often.
    pub rounds: usize,
    /// The largest live heap, in bytes.
    pub max_heap_bytes: usize,
    /// The largest number of threads.
    pub max_threads: usize,
    /// Where to write the figures.
    pub json: Option<PathBuf>,
    /// Where to write the picture.
    pub plot: Option<PathBuf>,
    /// Where workers are that need no building.
    pub workers: Option<PathBuf>,
}

/// Reads the command line, whose first word is the program's name.
///
/// # Errors
/// [`CompareError::Usage`], also if only help is wanted.
///
/// ```
/// use benches::scale::cli::parse;
///
/// let request = parse(["scale", "--max-heap", "1GiB", "--max-threads", "8"])?;
/// assert_eq!((request.max_heap_bytes, request.max_threads), (1 << 30, 8));
/// assert!(parse(["scale", "--max-heap", "much"]).is_err());
/// # Ok::<(), benches::compare::error::CompareError>(())
/// ```
pub fn parse(
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<Request, CompareError> {
    let arguments = Arguments::try_parse_from(words)?;
    let quick = arguments.quick;
    let chosen = allocators::chosen(&arguments.allocator);
    Ok(Request {
        allocators: chosen.filter(|one| one.role != Role::Floor).collect(),
        scale: if quick { Scale::Quick } else { Scale::Full },
        rounds: arguments.rounds.unwrap_or(if quick { 3 } else { 5 }) as usize,
        max_heap_bytes: arguments.max_heap.unwrap_or(if quick { 256 << 20 } else { 8 << 30 }),
        max_threads: arguments.max_threads as usize,
        json: arguments.json,
        plot: arguments.plot,
        workers: arguments.workers,
    })
}

fn allocator_that_frees(name: &str) -> Result<Allocator, String> {
    match allocator(name)? {
        Allocator { role: Role::Floor, .. } => Err("it never frees, so it has no curve".to_owned()),
        allocator => Ok(allocator),
    }
}

/// Reads a number of bytes with a binary unit, or with none.
pub(crate) fn heap_bytes(text: &str) -> Result<usize, String> {
    const UNITS: [(&str, u32); 4] = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("", 0)];
    let split = |&(unit, shift): &(&str, u32)| Some((text.strip_suffix(unit)?, shift));
    let (number, shift) = UNITS.iter().find_map(split).unwrap_or((text, 0));
    let number: usize =
        number.trim_end().parse().map_err(|_| "valid: 256MiB, 8GiB, …".to_owned())?;
    let bytes = number.checked_mul(1 << shift).ok_or("more than can be addressed")?;
    if bytes < HEAPS[0] { Err("at least 1MiB".to_owned()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Request, String> {
        parse(std::iter::once("scale").chain(words.split_whitespace()))
            .map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
    }

    #[test]
    fn unasked_come_all_that_free_to_8_gib_and_64_threads() {
        let request = parse_words("").expect("valid");
        assert!(request.allocators.iter().all(|one| one.role != Role::Floor));
        assert!(request.allocators.len() >= 2);
        assert_eq!((request.rounds, request.scale), (5, Scale::Full));
        assert_eq!((request.max_heap_bytes, request.max_threads), (8 << 30, 64));
    }

    #[test]
    fn quick_means_less_unless_told() {
        let quick = |words: &str| parse_words(words).map(|it| (it.rounds, it.max_heap_bytes >> 20));
        assert_eq!(quick("--quick"), Ok((3, 256)));
        assert_eq!(quick("--quick --rounds 9 --max-heap 4GiB"), Ok((9, 4096)));
    }

    #[test]
    fn bytes_are_read_with_and_without_a_unit() {
        assert_eq!(heap_bytes("8GiB"), Ok(8 << 30));
        assert_eq!(heap_bytes("64 MiB"), Ok(64 << 20));
        assert_eq!(heap_bytes("2048KiB"), Ok(2 << 20));
        assert_eq!(heap_bytes("1048576"), Ok(1 << 20));
        for text in ["", "GiB", "8GB", "-1", "1023KiB", "99999999999GiB"] {
            assert!(heap_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_bad_name_is_answered_in_one_line() {
        let error = parse_words("--allocator dlmalloc").expect_err("no such allocator");
        assert!(error.contains("'dlmalloc'") && error.contains("system"), "{error}");
        let error = parse_words("--allocator bump").expect_err("never frees");
        assert!(error.contains("bump") && error.contains("never frees"), "{error}");
    }
}
