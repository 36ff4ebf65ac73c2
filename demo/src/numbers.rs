//! The job of the default run: three values built from a list of numbers.
//!
//! The job is small on purpose. Its three statements stand on a line each, so
//! that the table has one row for each and the reader can check it by hand:
//! the sum needs no heap, the maps and the strings need one block or more per
//! number. The numbers come from a seeded generator: the same seed and count
//! give the same bytes on every run and under every allocator.

use std::collections::HashMap;

/// What [`test_func`] builds: the sum, a map per number, a string per number.
pub type Built = (u64, Vec<HashMap<&'static str, u32>>, Vec<String>);

/// Returns `count` numbers in `1..=100`, the same for the same `seed`.
///
/// ```
/// let numbers = demo::numbers::random(7, 1_000);
/// assert!(numbers.iter().all(|number| (1..=100).contains(number)));
/// assert_eq!(numbers, demo::numbers::random(7, 1_000));
/// ```
pub fn random(seed: u64, count: usize) -> Vec<u32> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| rng.u32(1..=100)).collect()
}

/// Returns the sum of `numbers`, a map `{"num": number}` for each and each as
/// a string; profiled line by line.
///
/// ```
/// let (summary, list_to_db, num_to_str) = demo::numbers::test_func(&[3, 41]);
/// assert_eq!(summary, 44);
/// assert_eq!(list_to_db[1]["num"], 41);
/// assert_eq!(num_to_str, ["3", "41"]);
/// ```
#[alloc_profiler::profile]
pub fn test_func(numbers: &[u32]) -> Built {
    let summary = numbers.iter().map(|&num| u64::from(num)).sum();
    let list_to_db = numbers.iter().map(|&num| HashMap::from([("num", num)])).collect();
    let num_to_str = numbers.iter().map(u32::to_string).collect();
    (summary, list_to_db, num_to_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_depend_on_the_seed_alone() {
        assert_eq!(random(1, 500), random(1, 500));
        assert_ne!(random(1, 500), random(2, 500));
        assert_eq!(random(1, 500)[..100], random(1, 100));
    }

    #[test]
    fn every_number_of_the_range_comes_up() {
        let mut seen = random(1, 10_000);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, (1..=100).collect::<Vec<_>>());
    }

    #[test]
    fn each_number_becomes_a_map_and_a_string() {
        let numbers = random(3, 1_000);
        let (summary, list_to_db, num_to_str) = test_func(&numbers);
        assert_eq!(summary, numbers.iter().map(|&num| u64::from(num)).sum());
        assert_eq!((list_to_db.len(), num_to_str.len()), (1_000, 1_000));
        for ((num, map), text) in numbers.iter().zip(&list_to_db).zip(&num_to_str) {
            assert_eq!((map.len(), map["num"]), (1, *num));
            assert_eq!(text.parse(), Ok(*num));
        }
    }

    #[test]
    fn no_numbers_build_nothing() {
        assert_eq!(test_func(&[]), (0, Vec::new(), Vec::new()));
    }
}
