//! The function of the profiler's first table, whose every statement is a line with
//! many allocations: `demo::numbers::test_func`.

use std::collections::HashMap;

use rand::RngExt as _;

use super::{Context, Measurement, Workload, random};
use crate::twins::twins;

/// The function as it is. An operation is a call, and the end of what it returns.
pub(crate) const SEED: Workload =
    Workload::new("seed", "a sum, 100 k maps and 100 k strings of numbers", |context| {
        calls(context, plain::test_func)
    })
    .on_request();

/// The same with the attribute: every line has its probe.
pub(crate) const SEED_PROFILED: Workload =
    Workload::new("seed_profiled", "the same in a profiled function", |context| {
        calls(context, profiled::test_func)
    })
    .on_request();

/// Numbers that a call is given.
const NUMBERS: usize = 100_000;

type Built = (u64, Vec<HashMap<&'static str, u32>>, Vec<String>);

twins! { plain profiled
    pub(super) fn test_func(numbers: &[u32]) -> Built {
        let summary = numbers.iter().map(|&num| u64::from(num)).sum();
        let list_to_db = numbers.iter().map(|&num| HashMap::from([("num", num)])).collect();
        let num_to_str = numbers.iter().map(u32::to_string).collect();
        (summary, list_to_db, num_to_str)
    }
}

/// Calls the function again and again, once before the clock starts.
fn calls(context: &Context, test_func: fn(&[u32]) -> Built) -> Measurement {
    let mut random = random(0);
    let numbers: Vec<u32> = (0..NUMBERS).map(|_| random.random_range(1..=100)).collect();
    let calls = context.scaled(48);
    let call = |number: usize| {
        let (summary, maps, strings) = test_func(&numbers);
        let place = number % NUMBERS;
        summary + u64::from(maps[place]["num"]) + strings[place].len() as u64
    };
    let warm_up = call(0);
    Measurement::of(|| warm_up + (0..calls).map(call).sum::<u64>()).per_operation(calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_build_the_same() {
        let numbers = [3, 41];
        let built = plain::test_func(&numbers);
        assert_eq!((built.0, built.1[1]["num"]), (44, 41));
        assert_eq!(built.2, ["3", "41"]);
        assert_eq!(profiled::test_func(&numbers), built);
    }
}
