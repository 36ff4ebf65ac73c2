//! The days' means, and whether memory grows from day to day.
//!
//! The slope is that of a least-squares line through the means of the last twenty days:
//! the same as through all their samples with the time of day taken out. A line through
//! the samples as they are would go up or down with the hours alone, by as much as the
//! days are lopsided.

use super::day::DAYS;
use super::load::{Sample, Soak};

/// The means of one day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// From 0.
    pub number: u32,
    /// Resident memory.
    pub rss_kib: f64,
    /// What the load had allocated.
    pub live_kib: f64,
}

/// Where memory is heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// All days that have samples.
    pub days: Vec<Day>,
    /// How long the last half took.
    pub half_s: f64,
    /// The mean RSS of the last half.
    pub mean_kib: f64,
    /// By how much RSS grew in the last half, a second.
    pub slope_kib_s: f64,
    /// The standard error of that, as far as the days differ by chance.
    pub slope_error_kib_s: f64,
}

impl Trend {
    /// Returns what the samples of a soak say.
    pub fn of(soak: &Soak) -> Self {
        let length_s = f64::from(soak.seconds) / f64::from(DAYS);
        let is_of = |sample: &Sample, number: u32| {
            let days = sample.at_s / length_s;
            days >= f64::from(number) && days < f64::from(number + 1)
        };
        let day = |number: u32| {
            let samples: Vec<_> =
                soak.samples.iter().filter(|sample| is_of(sample, number)).collect();
            (!samples.is_empty()).then(|| Day {
                number,
                rss_kib: mean(samples.iter().map(|sample| sample.rss_kib as f64)),
                live_kib: mean(samples.iter().map(|sample| sample.live_kib as f64)),
            })
        };
        let days: Vec<Day> = (0..DAYS).filter_map(day).collect();
        let last: Vec<(f64, f64)> = days
            .iter()
            .filter(|day| day.number >= DAYS / 2)
            .map(|day| (f64::from(day.number) * length_s, day.rss_kib))
            .collect();
        let (slope_kib_s, slope_error_kib_s) = slope(&last);
        Self {
            half_s: f64::from(DAYS / 2) * length_s,
            mean_kib: mean(last.iter().map(|point| point.1)),
            slope_kib_s,
            slope_error_kib_s,
            days,
        }
    }

    /// Returns by how much RSS grew over the last half, in percent of its mean.
    pub fn growth_percent(&self) -> f64 {
        self.percent_of_mean(self.slope_kib_s)
    }

    /// Returns the standard error of [`Trend::growth_percent`].
    pub fn growth_error_percent(&self) -> f64 {
        self.percent_of_mean(self.slope_error_kib_s)
    }

    fn percent_of_mean(&self, slope_kib_s: f64) -> f64 {
        100.0 * slope_kib_s * self.half_s / self.mean_kib
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// The slope of a line through points, by least squares, and its standard error.
fn slope(points: &[(f64, f64)]) -> (f64, f64) {
    let middle = mean(points.iter().map(|point| point.0));
    let average = mean(points.iter().map(|point| point.1));
    let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
        points.iter().map(|&(x, y)| term(x - middle, y - average)).sum()
    };
    let squares = sum(&|x, _| x * x);
    let slope = sum(&|x, y| x * y) / squares;
    let rest = sum(&|x, y| (y - slope * x).powi(2)) / (points.len() as f64 - 2.0);
    (slope, (rest / squares).sqrt())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A soak of ten minutes whose RSS is 100 MiB at midnight and 200 at noon, later by
    /// `lag` days than its load, and grows by so much a second.
    pub(in super::super) fn example(grows_kib_s: f64, lag: f64) -> Soak {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
        let sample = |second: u32| {
            let at_s = f64::from(second) + 0.5;
            let sun = |days: f64| (1.0 - (days * std::f64::consts::TAU).cos()) / 2.0;
            let rss_kib = 102_400.0 * (1.0 + sun(at_s / 15.0 - lag)) + grows_kib_s * at_s;
            let live_kib = 92_160.0 * (1.0 + sun(at_s / 15.0));
            Sample { at_s, rss_kib: rss_kib.round() as u64, live_kib: live_kib.round() as u64 }
        };
        let samples = (0..600).map(sample).collect();
        Soak { seconds: 600, threads: 4, visitors: 70, operations: 9_000_000, samples }
    }

    #[test]
    fn a_day_that_repeats_is_flat_however_lopsided() {
        for lag in [0.0, 0.1, 0.25, 0.4] {
            let trend = Trend::of(&example(0.0, lag));
            assert!(trend.slope_kib_s.abs() < 0.01, "{lag}: {}", trend.slope_kib_s);
            assert!(trend.growth_percent().abs() < 0.01);
            assert!((trend.mean_kib - 153_600.0).abs() < 1.0, "{}", trend.mean_kib);
            assert!((trend.days[39].live_kib - 138_240.0).abs() < 1.0);
        }
    }

    #[test]
    fn a_leak_is_seen_at_its_rate() {
        let trend = Trend::of(&example(10.0, 0.1));
        assert!((trend.slope_kib_s - 10.0).abs() < 0.01, "{}", trend.slope_kib_s);
        // 3,000 KiB in 300 s, beside 153,600 and what was lost until then.
        assert!((1.8..2.0).contains(&trend.growth_percent()), "{}", trend.growth_percent());
    }

    #[test]
    fn days_that_differ_by_chance_leave_an_error() {
        // By textbook: (1, 2), (2, 4), (3, 5), (4, 9).
        let (slope, error) = slope(&[(1.0, 2.0), (2.0, 4.0), (3.0, 5.0), (4.0, 9.0)]);
        assert!((slope - 2.2).abs() < 1e-9, "{slope}");
        assert!((error - (1.8_f64 / 10.0).sqrt()).abs() < 1e-9, "{error}");
        let trend = Trend::of(&example(10.0, 0.1));
        assert!(trend.growth_error_percent() < 0.01, "{}", trend.growth_error_percent());
    }

    #[test]
    fn samples_that_are_missing_do_not_count() {
        let mut soak = example(10.0, 0.1);
        soak.samples.retain(|sample| !(420.0..435.0).contains(&sample.at_s));
        let trend = Trend::of(&soak);
        assert_eq!(trend.days.len(), 39);
        assert!((trend.slope_kib_s - 10.0).abs() < 0.01, "{}", trend.slope_kib_s);
    }

    #[test]
    fn one_that_grew_at_first_and_then_settled_is_flat() {
        let mut soak = example(0.0, 0.0);
        for (number, sample) in soak.samples.iter_mut().enumerate() {
            sample.rss_kib += 100 * number.min(299) as u64;
        }
        assert!(Trend::of(&soak).growth_percent().abs() < 0.01);
    }
}
