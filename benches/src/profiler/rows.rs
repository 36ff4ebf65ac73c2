//! The figures: what is measured, what it must reach, and whether it does.
//!
//! # Design
//! A difference is taken within a round, between neighbours in time, and so is a ratio;
//! a figure is the median over the rounds. Flat means what it means for
//! [`scale`](crate::scale): the worst point is at most 1.2 of the first.

use serde::Serialize;

use super::functions::{self, COUNTED};
use super::outside::{CHURN_PROGRAMS, DHAT_PROGRAMS, SEED_ATTRIBUTE_PROGRAMS, SEED_PROGRAMS};
use super::presence::Presence;
use super::rounds::{CROWD, CROWDS, Pairs};
use super::series::{Figure, Pair, added_over, figure};
use crate::compare::table::MOST_OVER_OURS;

/// What the seed's function may take with every line probed, over what it takes without.
const MOST_OVER_SEED: f64 = 1.05;
/// What an allocation may cost among the worst number of threads, over what it costs them alone.
const MOST_OVER_ALONE: f64 = 1.2;
/// How many times as much as profiling dhat must add to the churn loop.
const LEAST_UNDER_DHAT: f64 = 20.0;

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Nanoseconds that profiling adds to a step.
    Ns,
    /// One time over another.
    Ratio,
}

/// What a figure must reach.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

impl Target {
    /// Returns whether the figure reaches it.
    ///
    /// ```
    /// use benches::profiler::rows::Target;
    ///
    /// assert!(Target::AtMost(5.0).is_met_by(4.9) && !Target::AtLeast(20.0).is_met_by(19.9));
    /// ```
    pub fn is_met_by(self, figure: f64) -> bool {
        match self {
            Self::AtMost(most) => figure <= most,
            Self::AtLeast(least) => figure >= least,
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name in the JSON document.
    pub name: String,
    /// What is measured.
    pub what: String,
    /// What the figure counts.
    pub unit: Unit,
    /// The figure.
    pub figure: Figure,
    /// Medians of what a step takes without profiling and with it, in nanoseconds, where
    /// the figure comes from one such pair.
    pub sides_ns: Option<[f64; 2]>,
    /// What it must reach, unless it is for information.
    pub target: Option<Target>,
}

impl Row {
    /// Returns whether the target is met; `None` if there is none.
    pub fn is_met(&self) -> Option<bool> {
        self.target.map(|target| target.is_met_by(self.figure.median))
    }

    fn with_target(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }
}

/// Returns all rows that were measured, those with a target first.
pub(super) fn of(pairs: &Pairs, presence: Option<&Presence>) -> Vec<Row> {
    let mut rows: Vec<Row> = presence.map(of_presence).into_iter().collect();
    for measure in functions::ALL {
        for &threads in measure.threads {
            let (name, what) = (measure.key, measure.what);
            let [name, what] = on_threads(name, what, threads, measure.threads);
            let row = added(&name, &what, pairs.of(measure.key, threads));
            rows.extend(row.map(|row| Row { target: measure.most_ns.map(Target::AtMost), ..row }));
        }
        if measure.key == COUNTED.key {
            rows.extend(flatness(pairs));
        }
    }
    let [seed, attribute] = [SEED_PROGRAMS, SEED_ATTRIBUTE_PROGRAMS]
        .map(|programs| ratio(programs.key, programs.what, pairs.of(programs.key, 1)));
    rows.extend(seed.map(|row| row.with_target(Target::AtMost(MOST_OVER_SEED))));
    rows.extend(attribute);
    for &threads in CHURN_PROGRAMS.threads {
        let [ours, dhats] =
            [CHURN_PROGRAMS, DHAT_PROGRAMS].map(|programs| pairs.of(programs.key, threads));
        rows.extend(under_dhat(ours, dhats, threads));
        for (programs, pairs) in [(CHURN_PROGRAMS, ours), (DHAT_PROGRAMS, dhats)] {
            let [name, what] = on_threads(programs.key, programs.what, threads, programs.threads);
            rows.extend(added(&name, &what, pairs));
        }
    }
    // Stable: what has no target stays in its order.
    rows.sort_by_key(|row| row.target.is_none());
    rows
}

/// Adds to a name and a text on how many threads it is, if there are several numbers.
fn on_threads(name: &str, what: &str, threads: usize, all: &[usize]) -> [String; 2] {
    let plural = if threads == 1 { "" } else { "s" };
    match all {
        [_] => [name.to_owned(), what.to_owned()],
        _ => [format!("{name}_{threads}"), format!("{what}, {threads} thread{plural}")],
    }
}

fn of_presence(presence: &Presence) -> Row {
    Row {
        name: "presence".to_owned(),
        what: "present, nothing profiled: compare's workloads ÷ pool".to_owned(),
        unit: Unit::Ratio,
        figure: presence.figure,
        sides_ns: None,
        target: Some(Target::AtMost(MOST_OVER_OURS)),
    }
}

/// Returns the row of what profiling adds to a step.
fn added(name: &str, what: &str, pairs: &[Pair]) -> Option<Row> {
    Some(Row {
        name: name.to_owned(),
        what: what.to_owned(),
        unit: Unit::Ns,
        figure: figure(pairs.iter().map(Pair::added_ns))?,
        sides_ns: sides_ns(pairs),
        target: None,
    })
}

/// Returns the row of the time with profiling over that without.
fn ratio(name: &str, what: &str, pairs: &[Pair]) -> Option<Row> {
    Some(Row {
        name: name.to_owned(),
        what: format!("{what} ÷ unprofiled"),
        unit: Unit::Ratio,
        figure: figure(pairs.iter().map(Pair::ratio))?,
        sides_ns: sides_ns(pairs),
        target: None,
    })
}

fn sides_ns(pairs: &[Pair]) -> Option<[f64; 2]> {
    let without = figure(pairs.iter().map(|pair| pair.without_ns))?;
    let with = figure(pairs.iter().map(|pair| pair.with_ns))?;
    Some([without.median, with.median])
}

/// Returns the row of how a counted allocation grows with threads: the number of them on
/// which it takes longest at once, over the same threads by turns. All of it, counting and the
/// allocator: what counting adds may be a fraction of a nanosecond, whose ratios are the noise's.
fn flatness(pairs: &Pairs) -> Option<Row> {
    let figures = CROWDS.iter().filter_map(|&threads| {
        Some((threads, figure(pairs.of(CROWD, threads).iter().map(Pair::ratio))?))
    });
    let (threads, figure) = figures.max_by(|a, b| a.1.median.total_cmp(&b.1.median))?;
    Some(Row {
        name: CROWD.to_owned(),
        what: format!("the pair in all, the worst ({threads} threads) ÷ one at a time"),
        unit: Unit::Ratio,
        figure,
        sides_ns: None,
        target: Some(Target::AtMost(MOST_OVER_ALONE)),
    })
}

/// Returns the row of what dhat adds to the loop over what profiling adds.
fn under_dhat(ours: &[Pair], dhats: &[Pair], threads: usize) -> Option<Row> {
    let what = "the churn loop: dhat adds ÷ profiling adds";
    let [name, what] = on_threads("dhat", what, threads, DHAT_PROGRAMS.threads);
    Some(Row {
        name,
        what,
        unit: Unit::Ratio,
        figure: figure(added_over(dhats, ours))?,
        sides_ns: None,
        target: Some(Target::AtLeast(LEAST_UNDER_DHAT)),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::presence::WorkloadTimes;
    use super::*;

    /// The presence of a profiler that one workload does not notice, and one does.
    pub(in crate::profiler) fn presence() -> Presence {
        let times = |name, with_s| WorkloadTimes { name, ratio: with_s, without_s: 1.0, with_s };
        Presence {
            figure: Figure { median: 1.1, min: 1.0, max: 1.2 },
            workloads: vec![times("list", 1.0), times("pairs", 1.21)],
        }
    }

    /// Three rounds of everything, in which profiling adds so much on one thread, and
    /// twice as much on more. A noisy round has it add 100 ns.
    pub(in crate::profiler) fn pairs(adds_ns: f64, is_with_dhat: bool) -> Pairs {
        let mut pairs = Pairs::default();
        let mut add = |key, threads, adds_ns| {
            for noise in [0.0, 100.0, 0.0] {
                let with_ns = 10.0 + adds_ns + noise;
                pairs.add(key, threads, Pair { without_ns: 10.0, with_ns });
            }
        };
        let on = |threads| if threads == 1 { adds_ns } else { 2.0 * adds_ns };
        for measure in functions::ALL {
            for &threads in measure.threads {
                add(measure.key, threads, on(threads));
            }
        }
        for &threads in CROWDS {
            add(CROWD, threads, on(threads));
        }
        add(SEED_PROGRAMS.key, 1, adds_ns);
        add(SEED_ATTRIBUTE_PROGRAMS.key, 1, adds_ns / 2.0);
        for threads in [1, 2] {
            add(CHURN_PROGRAMS.key, threads, on(threads));
            if is_with_dhat {
                add(DHAT_PROGRAMS.key, threads, 40.0 * on(threads));
            }
        }
        pairs
    }

    fn is(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-9
    }

    fn row<'a>(rows: &'a [Row], name: &str) -> &'a Row {
        rows.iter().find(|row| row.name == name).expect(name)
    }

    #[test]
    fn all_rows_are_there_those_with_a_target_first() {
        let rows = of(&pairs(1.0, true), Some(&presence()));
        let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
        let with_target = [
            "presence",
            "allocation_1",
            "allocation_2",
            "allocation_4",
            "allocation_8",
            "allocation_flat",
            "probe",
            "seed",
            "dhat_1",
            "dhat_2",
        ];
        assert_eq!(names[..10], with_target);
        let for_information = [
            "allocating_line_1",
            "allocating_line_2",
            "allocating_line_4",
            "allocating_line_8",
            "call",
            "closure",
            "poll",
            "seed_attribute",
            "churn_1",
            "churn_dhat_1",
            "churn_2",
            "churn_dhat_2",
        ];
        assert_eq!(names[10..], for_information);
        assert!(rows.iter().all(|row| row.is_met().is_some() == with_target.contains(&&*row.name)));
    }

    #[test]
    fn figures_are_medians_of_differences_and_ratios() {
        let rows = of(&pairs(1.0, true), None);
        let probe = row(&rows, "probe");
        assert!(is(probe.figure.median, 1.0) && is(probe.figure.max, 101.0));
        assert_eq!(probe.sides_ns, Some([10.0, 11.0]));
        assert!(is(row(&rows, "seed").figure.median, 1.1));
        assert!(is(row(&rows, "seed_attribute").figure.median, 1.05));
        assert!(is(row(&rows, "allocation_flat").figure.median, 1.2));
        assert!(is(row(&rows, "dhat_1").figure.median, 40.0));
    }

    #[test]
    fn a_target_is_met_up_to_itself() {
        let met = |adds_ns: f64, name: &str| row(&of(&pairs(adds_ns, true), None), name).is_met();
        assert_eq!([met(1.0, "probe"), met(2.5, "probe")], [Some(true), Some(false)]);
        assert_eq!([met(0.25, "seed"), met(1.0, "seed")], [Some(true), Some(false)]);
        assert_eq!(met(1.0, "dhat_2"), Some(true));
        assert_eq!(met(1.0, "call"), None);
    }

    #[test]
    fn without_dhat_its_rows_are_missing_alone() {
        let (all, rows) = (of(&pairs(1.0, true), None), of(&pairs(1.0, false), None));
        assert_eq!(all.len() - rows.len(), 4);
        assert!(rows.iter().all(|row| !row.name.contains("dhat")));
        assert!(of(&Pairs::default(), None).is_empty());
    }
}
