//! How long lines run, without a clock at each of them.
//!
//! A clock costs ten times what a probe may. So a line's first
//! [`EXACT_RUNS`] runs are timed, each on each thread, and then ever fewer: one in 64
//! on average, and from 65,536 runs on the 1,024th part, to one in 1,024, each of
//! which stands for all runs since the one timed before. The gaps are drawn by lot, since what a line does often has a rhythm
//! of its own (a `Vec` grows at powers of two). The sum is right on average,
//! the further off the fewer and the more uneven the runs; a report says that it
//! is an estimate.
//!
//! The count of a line's runs is all that a probe keeps for it: a run is timed when
//! the count reaches the number that was drawn for it. A run that is interrupted, by
//! a block or a closure in it, is timed in all its stretches or in none.

use crate::clock;
use crate::counting::counts::Tally;

/// Runs of a line that are all timed, on each thread.
const EXACT_RUNS: u64 = 64;

/// Runs between two that are timed later, on average: the fewest and the most,
const MEAN_GAP_RUNS: (u64, u64) = (64, 1024);

/// and in between such a part of all runs, for by then so many have been timed that
/// fewer will do.
const MEAN_GAP_PART: u64 = 1024;

/// One line's runs, and its clock.
#[derive(Debug)]
pub(crate) struct LineClock {
    /// Runs that were begun.
    runs: Tally,
    /// The number of the next run that is timed,
    due_run: Tally,
    /// of the last one that was,
    timed_run: Tally,
    /// and how many runs that one stands for.
    weight: Tally,
    /// Runs that were timed.
    timed: Tally,
    time_ns: Tally,
}

impl LineClock {
    /// Returns a clock that will time the first run.
    pub(crate) const fn new() -> Self {
        Self {
            runs: Tally::new(),
            due_run: Tally::of(1),
            timed_run: Tally::new(),
            weight: Tally::new(),
            timed: Tally::new(),
            time_ns: Tally::new(),
        }
    }

    /// Returns how often the line was begun.
    pub(crate) fn runs(&self) -> u64 {
        self.runs.get()
    }

    /// Counts a run that begins; returns whether it is to be timed.
    #[inline]
    pub(crate) fn begin_run(&self) -> bool {
        let runs = self.runs.get().wrapping_add(1);
        self.runs.set(runs);
        runs >= self.due_run.get()
    }

    /// Takes no notice of the run that was begun last: an outer run of the line is
    /// under way, which has its time.
    pub(crate) fn pass_over(&self) {
        self.due_run.add(1);
        self.timed_run.add(1);
    }

    /// Returns whether the run that was begun last is to be timed.
    #[inline]
    pub(crate) fn is_timed(&self) -> bool {
        let runs = self.runs.get();
        runs >= self.due_run.get() || runs == self.timed_run.get()
    }

    /// Returns how many runs the one that was begun last stands for, given that it is
    /// timed; if that is news, plans the next. `lot` is a random number.
    pub(crate) fn weight(&self, lot: u64) -> u64 {
        let runs = self.runs.get();
        if runs >= self.due_run.get() {
            self.weight.set(runs.wrapping_sub(self.timed_run.get()));
            self.timed_run.set(runs);
            let timed = self.timed.get();
            self.timed.set(timed.wrapping_add(1));
            let mean_gap = (runs / MEAN_GAP_PART).clamp(MEAN_GAP_RUNS.0, MEAN_GAP_RUNS.1);
            // Uniform from 1 to twice the mean less one.
            let gap = if timed < EXACT_RUNS { 1 } else { 1 + lot % (2 * mean_gap - 1) };
            self.due_run.set(runs.wrapping_add(gap));
        }
        self.weight.get()
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
        (0..runs).filter(|_| clock.begin_run()).map(|_| clock.weight(lots.next())).collect()
    }

    #[test]
    fn the_first_runs_are_timed_one_by_one() {
        assert_eq!(weights(64), [1; 64]);
        assert_eq!(weights(64).iter().sum::<u64>(), 64);
    }

    #[test]
    fn timed_runs_stand_for_all_runs() {
        for (runs, shortest_gap, longest_gap) in
            [(10_000, 40, 68), (65_536, 60, 68), (1_000_000, 200, 300), (20_000_000, 800, 1024)]
        {
            let weights = weights(runs);
            let stood_for: u64 = weights.iter().sum();
            // All but those after the last one timed.
            assert!((runs as u64 - 2047..=runs as u64).contains(&stood_for), "{stood_for}");
            let mean = runs / weights.len();
            assert!((shortest_gap..longest_gap).contains(&mean), "{runs} runs: {mean}");
        }
    }

    #[test]
    fn an_estimate_is_told_from_a_sum() {
        let (clock, lots) = (LineClock::new(), Lots::new());
        for run in 1..200 {
            if clock.begin_run() {
                clock.weight(lots.next());
            }
            assert_eq!(clock.is_estimated(), run > 64, "{run}");
        }
    }

    #[test]
    fn all_stretches_of_a_run_are_timed_or_none() {
        let (clock, lots) = (LineClock::new(), Lots::new());
        for run in 1..10_000 {
            let is_timed = clock.begin_run();
            let weight = is_timed.then(|| clock.weight(lots.next()));
            for _ in 0..3 {
                assert_eq!(clock.is_timed(), is_timed, "{run}");
                assert!(weight.is_none_or(|weight| clock.weight(lots.next()) == weight), "{run}");
            }
        }
    }

    #[test]
    fn runs_inside_a_run_have_no_weight() {
        let (clock, lots) = (LineClock::new(), Lots::new());
        let mut stood_for = 0;
        for _ in 0..1000 {
            let is_timed = clock.begin_run();
            if is_timed {
                stood_for += clock.weight(lots.next());
            }
            for _ in 0..50 {
                clock.begin_run();
                clock.pass_over();
            }
            assert_eq!(clock.is_timed(), is_timed, "the outer run goes on");
        }
        assert_eq!(clock.runs(), 51_000);
        assert!((873..=1000).contains(&stood_for), "{stood_for}");
    }
}
