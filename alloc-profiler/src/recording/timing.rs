//! How long lines run, without a clock at each of them.
//!
//! A clock costs ten times what a probe may. So a line's first
//! [`EXACT_RUNS`] runs are timed, each on each thread, and then one in
//! [`MEAN_GAP_RUNS`] on average, which stands for all runs since the one timed
//! before. The gaps are drawn by lot, since what a line does often has a rhythm
//! of its own (a `Vec` grows at powers of two). The sum is right on average,
//! the further off the fewer and the more uneven the runs; a report says that it
//! is an estimate.

use crate::clock;
use crate::counting::counters::Tally;

/// Runs of a line that are all timed, on each thread.
const EXACT_RUNS: u64 = 64;

/// Runs between two that are timed, later.
const MEAN_GAP_RUNS: u64 = 64;

/// One line's clock.
#[derive(Debug)]
pub(crate) struct LineClock {
    /// Runs until one is timed, that one included.
    countdown: Tally,
    /// Runs that the next timed one stands for.
    gap: Tally,
    /// Runs that were timed.
    timed: Tally,
    time_ns: Tally,
}

impl LineClock {
    /// Returns a clock that will time the next run.
    pub(crate) const fn new() -> Self {
        let (countdown, gap) = (Tally::of(1), Tally::of(1));
        Self { countdown, gap, timed: Tally::new(), time_ns: Tally::new() }
    }

    /// Counts a run that begins now; returns whether it is to be timed.
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        let left = self.countdown.get().wrapping_sub(1);
        self.countdown.set(left);
        left == 0
    }

    /// Returns how many runs the one that begins now stands for, and plans the
    /// next. `lot` is a random number.
    pub(crate) fn begin(&self, lot: u64) -> u64 {
        let runs = self.gap.get();
        let timed = self.timed.get();
        self.timed.set(timed.wrapping_add(1));
        // Uniform from 1 to twice the mean less one.
        let gap = if timed < EXACT_RUNS { 1 } else { 1 + lot % (2 * MEAN_GAP_RUNS - 1) };
        self.gap.set(gap);
        self.countdown.set(gap);
        runs
    }

    /// Counts the time since `since_ns` for `runs` runs.
    pub(crate) fn add(&self, since_ns: u64, runs: u64) {
        let elapsed = clock::nanoseconds().saturating_sub(since_ns);
        self.time_ns.add(elapsed.wrapping_mul(runs));
    }

    /// Returns how long the line ran in all, in nanoseconds.
    pub(crate) fn time_ns(&self) -> u64 {
        self.time_ns.get()
    }

    /// Returns whether some runs were not timed.
    pub(crate) fn is_estimated(&self) -> bool {
        self.timed.get() > EXACT_RUNS
    }
}

/// A source of lots: a linear congruential generator, whose high bits are good
/// enough to keep clear of rhythms. Constants: Knuth's MMIX.
#[derive(Debug)]
pub(crate) struct Lots(Tally);

impl Lots {
    /// Returns a source.
    pub(crate) const fn new() -> Self {
        Self(Tally::new())
    }

    /// Returns the next random number, of 31 bits.
    pub(crate) fn next(&self) -> u64 {
        let state = self.0.get().wrapping_mul(6_364_136_223_846_793_005);
        self.0.set(state.wrapping_add(1_442_695_040_888_963_407));
        self.0.get() >> 33
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a clock over `runs` runs, and returns the weights of the timed ones.
    fn weights(runs: usize) -> Vec<u64> {
        let (clock, lots) = (LineClock::new(), Lots::new());
        (0..runs).filter(|_| clock.is_due()).map(|_| clock.begin(lots.next())).collect()
    }

    #[test]
    fn the_first_runs_are_timed_one_by_one() {
        assert_eq!(weights(64), [1; 64]);
        assert_eq!(weights(64).iter().sum::<u64>(), 64);
    }

    #[test]
    fn timed_runs_stand_for_all_runs() {
        let runs = 1_000_000;
        let weights = weights(runs);
        let stood_for: u64 = weights.iter().sum();
        // All but those after the last one timed.
        assert!((runs as u64 - 127..=runs as u64).contains(&stood_for), "{stood_for}");
        let mean = runs / weights.len();
        assert!((60..68).contains(&mean), "{mean}");
    }

    #[test]
    fn an_estimate_is_told_from_a_sum() {
        let (clock, lots) = (LineClock::new(), Lots::new());
        for run in 1..200 {
            if clock.is_due() {
                clock.begin(lots.next());
            }
            assert_eq!(clock.is_estimated(), run > 64, "{run}");
        }
    }
}
