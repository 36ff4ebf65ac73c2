//! What the rounds found, and one figure of it.

use serde::Serialize;

use crate::compare::summary::median;

/// Less than this cannot be told from nothing: what is divided by a difference is
/// divided by no less, in nanoseconds.
const LEAST_NS: f64 = 0.1;

/// What a step took in one round, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pair {
    /// Without profiling.
    pub without_ns: f64,
    /// With it.
    pub with_ns: f64,
}

impl Pair {
    /// Returns what profiling adds to a step, which noise may make negative.
    pub(super) fn added_ns(&self) -> f64 {
        self.with_ns - self.without_ns
    }

    /// Returns the time with profiling over the time without.
    pub(super) fn ratio(&self) -> f64 {
        self.with_ns / self.without_ns
    }
}

/// Returns the typical one of some pairs, which are not none: the median of each side.
pub(super) fn typical(pairs: impl Iterator<Item = Pair>) -> Pair {
    let (without, with): (Vec<_>, Vec<_>) =
        pairs.map(|pair| (pair.without_ns, pair.with_ns)).unzip();
    let median = |side: Vec<f64>| figure(side).map_or(f64::NAN, |figure| figure.median);
    Pair { without_ns: median(without), with_ns: median(with) }
}

/// Returns the middle one of some pairs, by its ratio; `None` of none. For pairs whose sides
/// ran right after one another, while the pace changes from pair to pair.
pub(super) fn middle(mut pairs: Vec<Pair>) -> Option<Pair> {
    pairs.sort_unstable_by(|one, other| one.ratio().total_cmp(&other.ratio()));
    pairs.get(pairs.len() / 2).copied()
}

/// Returns the median of the rounds and their extremes; `None` of none.
pub(super) fn figure(rounds: impl IntoIterator<Item = f64>) -> Option<Figure> {
    let mut rounds: Vec<f64> = rounds.into_iter().collect();
    rounds.sort_unstable_by(f64::total_cmp);
    Some(Figure { median: median(&rounds)?, min: *rounds.first()?, max: *rounds.last()? })
}

/// Returns, round by round, what the pairs of `these` add over what those of `base` do.
pub(super) fn added_over<'a>(these: &'a [Pair], base: &'a [Pair]) -> impl Iterator<Item = f64> {
    these.iter().zip(base).map(|(this, base)| this.added_ns() / base.added_ns().max(LEAST_NS))
}

/// A figure over the rounds, or over the workloads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The median of the rounds; the geometric mean of workloads.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_median_with_its_extremes() {
        assert_eq!(figure([]), None);
        assert_eq!(figure([9.0, 1.0, 3.0]), Some(Figure { median: 3.0, min: 1.0, max: 9.0 }));
    }

    #[test]
    fn a_typical_pair_has_the_median_of_each_side() {
        let pairs = [(3.0, 9.0), (1.0, 4.0), (2.0, 7.0)];
        let pairs = pairs.map(|(without_ns, with_ns)| Pair { without_ns, with_ns });
        let expected = Pair { without_ns: 2.0, with_ns: 7.0 };
        assert_eq!(typical(pairs.into_iter()), expected);
    }

    #[test]
    fn the_middle_pair_is_one_that_ran() {
        let pair = |without_ns, with_ns| Pair { without_ns, with_ns };
        // The pace doubles for one pair: its ratio is as good as another's.
        let pairs = vec![pair(1.0, 1.5), pair(2.0, 2.2), pair(1.0, 1.0)];
        assert_eq!(middle(pairs), Some(pair(2.0, 2.2)));
        assert_eq!(middle(Vec::new()), None);
    }

    #[test]
    fn nothing_is_divided_by_noise() {
        let [fast, slow] = [10.0, 40.0].map(|with_ns| Pair { without_ns: 8.0, with_ns });
        let noise = Pair { without_ns: 8.0, with_ns: 7.0 };
        let ratios: Vec<f64> = added_over(&[slow, slow], &[fast, noise]).collect();
        assert!((ratios[0] - 16.0).abs() < 1e-9 && (ratios[1] - 320.0).abs() < 1e-9);
    }
}
