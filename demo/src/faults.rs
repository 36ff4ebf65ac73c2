//! `demo faults`: four small functions that waste memory, and the same mended.
//!
//! [`faulty`] and [`mended`] are one program in two builds, so to speak: the same
//! functions, under the same names in the report, with the same answers. The first
//! one's figures show the patterns that the profiler has advice for; the second
//! does what the advice says.

pub mod faulty;
pub mod mended;

use std::io::{self, Write};

/// How many numbers are squared.
const SQUARES: u32 = 20_000;

/// How many of them are joined: each new text is a copy of the last one.
const JOINED: usize = 1_000;

/// How many names are looked at, and how many of them differ.
const NAMES: usize = 5_000;
const DISTINCT_NAMES: usize = 500;

/// The program's functions, in one of its two versions.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    squares: fn(u32) -> Vec<u64>,
    join: fn(&[u64]) -> String,
    distinct: fn(&[String]) -> usize,
    vowels: fn(&[String]) -> usize,
}

impl Version {
    /// The functions that waste memory.
    pub const FAULTY: Self = Self {
        squares: faulty::squares,
        join: faulty::join,
        distinct: faulty::distinct,
        vowels: faulty::vowels,
    };

    /// The same as they should be.
    pub const MENDED: Self = Self {
        squares: mended::squares,
        join: mended::join,
        distinct: mended::distinct,
        vowels: mended::vowels,
    };
}

/// Runs the four functions of `version` and writes their answers to `out`.
///
/// # Errors
///
/// What writing to `out` returns.
///
/// ```
/// use demo::faults::{self, Version};
///
/// let (mut one, mut other) = (Vec::new(), Vec::new());
/// faults::run(Version::FAULTY, &mut one)?;
/// faults::run(Version::MENDED, &mut other)?;
/// assert_eq!(one, other);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn run(version: Version, out: &mut impl Write) -> io::Result<()> {
    let names: Vec<String> =
        (0..NAMES).map(|number| format!("Anna No. {}", number % DISTINCT_NAMES)).collect();
    let squares = (version.squares)(SQUARES);
    let text = (version.join)(&squares[..JOINED]);
    let distinct = (version.distinct)(&names);
    let vowels = (version.vowels)(&names);
    writeln!(out, "{} squares, {JOINED} of them joined in {} bytes", squares.len(), text.len())?;
    writeln!(out, "{NAMES} names, {distinct} of them different, {vowels} vowels\n")
}
