//! The same four functions with the advice taken: same names in the report, same
//! answers.

use std::collections::HashSet;
use std::fmt::Write;

use alloc_profiler::profile;

/// Room for one number and its semicolon in [`join`]'s text.
const NUMBER_BYTES: usize = 8;

/// Returns the squares of `0..count`, in a vector that has its size from the
/// start.
///
/// ```
/// assert_eq!(demo::faults::mended::squares(4), [0, 1, 4, 9]);
/// ```
#[profile(name = "faults::squares")]
pub fn squares(count: u32) -> Vec<u64> {
    let mut all = Vec::with_capacity(count as usize);
    for number in 0..count {
        all.push(u64::from(number).pow(2));
    }
    all
}

/// Returns the `numbers` with a semicolon after each, in one string.
///
/// ```
/// assert_eq!(demo::faults::mended::join(&[1, 10]), "1;10;");
/// ```
#[profile(name = "faults::join")]
pub fn join(numbers: &[u64]) -> String {
    let mut text = String::with_capacity(NUMBER_BYTES * numbers.len());
    for number in numbers {
        // A string takes whatever is written to it.
        let _ = write!(text, "{number};");
    }
    text
}

/// Returns how many of the `names` differ, by a set that borrows them.
///
/// ```
/// let names = ["a", "b", "a"].map(String::from);
/// assert_eq!(demo::faults::mended::distinct(&names), 2);
/// ```
#[profile(name = "faults::distinct")]
pub fn distinct(names: &[String]) -> usize {
    let mut seen = HashSet::with_capacity(names.len());
    for name in names {
        seen.insert(name.as_str());
    }
    seen.len()
}

/// Returns how many vowels the `names` have, by looking at each as it is.
///
/// ```
/// let names = ["Anna", "Otto"].map(String::from);
/// assert_eq!(demo::faults::mended::vowels(&names), 4);
/// ```
#[profile(name = "faults::vowels")]
pub fn vowels(names: &[String]) -> usize {
    let mut sum = 0;
    for name in names {
        sum += name.matches(|letter| "aeiouAEIOU".contains(letter)).count();
    }
    sum
}
