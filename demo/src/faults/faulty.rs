//! Four functions that waste memory, each in one way.

use std::collections::HashSet;

use alloc_profiler::profile;

/// Returns the squares of `0..count`, in a vector grown step by step.
///
/// ```
/// assert_eq!(demo::faults::faulty::squares(4), [0, 1, 4, 9]);
/// ```
#[profile(name = "faults::squares")]
pub fn squares(count: u32) -> Vec<u64> {
    let mut all = Vec::new();
    for number in 0..count {
        all.push(u64::from(number).pow(2));
    }
    all
}

/// Returns the `numbers` with a semicolon after each, in a string that is made
/// anew for each.
///
/// ```
/// assert_eq!(demo::faults::faulty::join(&[1, 10]), "1;10;");
/// ```
#[profile(name = "faults::join")]
pub fn join(numbers: &[u64]) -> String {
    let mut text = String::new();
    for number in numbers {
        text = format!("{text}{number};");
    }
    text
}

/// Returns how many of the `names` differ, by a set of copies of them.
///
/// ```
/// let names = ["a", "b", "a"].map(String::from);
/// assert_eq!(demo::faults::faulty::distinct(&names), 2);
/// ```
#[profile(name = "faults::distinct")]
pub fn distinct(names: &[String]) -> usize {
    let mut seen = HashSet::with_capacity(names.len());
    for name in names {
        seen.insert(name.clone());
    }
    seen.len()
}

/// Returns how many vowels the `names` have, by a copy of each in lower case.
///
/// ```
/// let names = ["Anna", "Otto"].map(String::from);
/// assert_eq!(demo::faults::faulty::vowels(&names), 4);
/// ```
#[profile(name = "faults::vowels")]
pub fn vowels(names: &[String]) -> usize {
    let mut sum = 0;
    for name in names {
        sum += name.to_lowercase().matches(['a', 'e', 'i', 'o', 'u']).count();
    }
    sum
}
