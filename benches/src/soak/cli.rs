//! What the command line asks for, checked in full before anything runs.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use crate::compare::error::CompareError;
use crate::scale::cli::heap_bytes;

/// Runs a load whose days are all alike on `PoolAlloc`, and shows whether memory settles.
#[derive(Debug, Parser)]
#[command(name = "soak", version)]
struct Arguments {
    /// How long the forty days take together
    #[arg(long, value_name = "N", default_value_t = 600,
          value_parser = clap::value_parser!(u32).range(5..=604_800))]
    seconds: u32,
    /// Threads that work all the time; each has another one come and go
    #[arg(long, value_name = "N", default_value_t = 4,
          value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: u32,
    /// Bytes that are live at noon, at least 1MiB; at night it is a quarter
    #[arg(long, value_name = "BYTES", default_value = "256MiB", value_parser = heap_bytes)]
    live: usize,
    /// By how much of its mean RSS may grow over the last half
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, allow_negative_numbers = true)]
    limit: f64,
    /// Write the figures to this file as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a picture to this file as SVG
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
}

/// A soak that can be run.
#[derive(Clone, Debug)]
pub struct Request {
    /// How long all days take together.
    pub seconds: u32,
    /// Threads that work all the time.
    pub threads: usize,
    /// Bytes that are live at noon.
    pub noon_bytes: usize,
    /// By how many percent of its mean RSS may grow over the last half.
    pub limit_percent: f64,
    /// Where to write the figures.
    pub json: Option<PathBuf>,
    /// Where to write the picture.
    pub plot: Option<PathBuf>,
}

/// Reads the command line, whose first word is the program's name.
///
/// # Errors
/// [`CompareError::Usage`], also if only help is wanted.
///
/// ```
/// use benches::soak::cli::parse;
///
/// let request = parse(["soak", "--seconds", "60", "--live", "1GiB"])?;
/// assert_eq!((request.seconds, request.noon_bytes), (60, 1 << 30));
/// assert!(parse(["soak", "--seconds", "forever"]).is_err());
/// # Ok::<(), benches::compare::error::CompareError>(())
/// ```
pub fn parse(
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<Request, CompareError> {
    let arguments = Arguments::try_parse_from(words)?;
    Ok(Request {
        seconds: arguments.seconds,
        threads: arguments.threads as usize,
        noon_bytes: arguments.live,
        limit_percent: arguments.limit,
        json: arguments.json,
        plot: arguments.plot,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unasked_it_takes_ten_minutes_of_256_mib_on_four_threads() {
        let request = parse(["soak"]).expect("valid");
        assert_eq!((request.seconds, request.threads, request.noon_bytes), (600, 4, 256 << 20));
        assert!((request.limit_percent - 5.0).abs() < f64::EPSILON);
        assert!(request.json.is_none() && request.plot.is_none());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for words in [["--seconds", "4"], ["--threads", "0"], ["--live", "1KiB"]] {
            assert!(parse(["soak"].into_iter().chain(words)).is_err(), "{words:?}");
        }
    }
}
