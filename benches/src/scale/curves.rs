//! Medians over the rounds, and ratios to the first point.
//!
//! # Design
//! A curve is judged by its shape: each point over the first of the same
//! allocator. The worst of these ratios is the one figure of a curve.

use super::cli::Request;
use super::measure::Samples;
use super::points::Point;
use crate::compare::allocators::Allocator;
use crate::compare::summary::median;
use crate::workloads::Costs;

/// What is measured against what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Replacements in a window that is in the cache, against the live heap.
    Window,
    /// Replacements of random blocks of the heap, against the live heap.
    Anywhere,
    /// Replacements per core, against the number of threads.
    Threads,
}

impl Kind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Window, Self::Anywhere, Self::Threads];

    /// Returns its name in the JSON document.
    pub fn key(self) -> &'static str {
        match self {
            Self::Window => "heap_window",
            Self::Anywhere => "heap_anywhere",
            Self::Threads => "threads",
        }
    }

    /// Returns what is measured, in a line.
    pub fn title(self) -> &'static str {
        match self {
            Self::Window => "replacing young blocks beside a live heap",
            Self::Anywhere => "replacing any blocks of the heap, cache misses included",
            Self::Threads => "replacing blocks in threads, 1 in 16 freed by another; per core",
        }
    }

    /// Returns what the points differ in.
    pub fn axis(self) -> &'static str {
        match self {
            Self::Window | Self::Anywhere => "live heap",
            Self::Threads => "threads",
        }
    }

    /// Returns what the worst ratio should not exceed, where there is a target.
    pub fn target(self) -> Option<f64> {
        match self {
            Self::Window => Some(1.2),
            Self::Anywhere | Self::Threads => None,
        }
    }

    fn has(self, point: Point) -> bool {
        matches!(point, Point::Threads { .. }) == (self == Self::Threads)
    }

    /// Returns nanoseconds of one core for an operation. As many threads run at a
    /// time as there are cores, so an operation takes that many times the wall
    /// time that falls to it.
    fn cost_ns(self, point: Point, costs: &Costs, cores: usize) -> Option<f64> {
        match (self, point) {
            (Self::Anywhere, _) => costs.anywhere_ns,
            (_, Point::Threads { count }) => Some(costs.operation_ns * count.min(cores) as f64),
            (_, Point::Heap { .. }) => Some(costs.operation_ns),
        }
    }
}

/// One point of one allocator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Where it is.
    pub point: Point,
    /// Median of the rounds, in nanoseconds an operation.
    pub median_ns: f64,
    /// The fastest round.
    pub min_ns: f64,
    /// The slowest round.
    pub max_ns: f64,
}

/// The points of one allocator, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Whose they are.
    pub allocator: Allocator,
    /// At least one.
    pub figures: Vec<Figure>,
}

impl Line {
    /// Returns each point's cost over the first one's.
    pub fn ratios(&self) -> impl Iterator<Item = f64> {
        let first = self.figures.first().map_or(f64::NAN, |figure| figure.median_ns);
        self.figures.iter().map(move |figure| figure.median_ns / first)
    }

    /// Returns the largest ratio; 1 where all other points cost less than the
    /// first.
    pub fn worst(&self) -> f64 {
        self.ratios().fold(1.0, f64::max)
    }
}

/// One kind's lines, in the order of the allocators.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What was measured.
    pub kind: Kind,
    /// Who was measured, each at the same points.
    pub lines: Vec<Line>,
}

impl Curve {
    /// Returns the points, in their order.
    pub fn points(&self) -> impl Iterator<Item = Point> {
        self.lines.first().into_iter().flat_map(|line| &line.figures).map(|figure| figure.point)
    }
}

/// Returns the curves of all kinds of which at least one point was measured.
pub fn of(samples: &Samples, request: &Request, points: &[Point], cores: usize) -> Vec<Curve> {
    let curve = |kind: Kind| {
        let line = |&allocator: &Allocator| {
            let own = points.iter().copied().filter(|&point| kind.has(point));
            let figure = |point| {
                let costs = samples.of(point, allocator.key).iter();
                figure(point, costs.filter_map(|costs| kind.cost_ns(point, costs, cores)))
            };
            let figures: Vec<_> = own.filter_map(figure).collect();
            (!figures.is_empty()).then_some(Line { allocator, figures })
        };
        let lines: Vec<_> = request.allocators.iter().filter_map(line).collect();
        (!lines.is_empty()).then_some(Curve { kind, lines })
    };
    Kind::ALL.into_iter().filter_map(curve).collect()
}

fn figure(point: Point, costs_ns: impl Iterator<Item = f64>) -> Option<Figure> {
    let mut costs_ns: Vec<_> = costs_ns.collect();
    costs_ns.sort_unstable_by(f64::total_cmp);
    Some(Figure {
        point,
        median_ns: median(&costs_ns)?,
        min_ns: *costs_ns.first()?,
        max_ns: *costs_ns.last()?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::cli::parse;
    use super::super::measure::tests::add;
    use super::*;

    /// Curves of pool and system over two heaps and two numbers of threads.
    pub(in crate::scale) fn example() -> Vec<Curve> {
        let words = ["scale", "--allocator", "pool", "--allocator", "system"];
        let request = parse(words).expect("valid");
        let points = [
            Point::Heap { bytes: 1 << 20 },
            Point::Heap { bytes: 1 << 30 },
            Point::Threads { count: 1 },
            Point::Threads { count: 4 },
        ];
        let mut samples = Samples::default();
        for (number, &point) in points.iter().enumerate() {
            for (key, cost) in [("pool", 10.0), ("system", 40.0)] {
                for disturbance in [0.0, 100.0, 0.0] {
                    let cost = cost + number as f64 + disturbance;
                    add(&mut samples, point, key, [cost, cost * 2.0], 1).expect("agrees");
                }
            }
        }
        of(&samples, &request, &points, 2)
    }

    fn is(value: f64, expected: f64) -> bool {
        (value - expected).abs() < 1e-9
    }

    #[test]
    fn each_kind_has_its_points_and_costs() {
        let curves = example();
        let kinds: Vec<_> = curves.iter().map(|curve| curve.kind).collect();
        assert_eq!(kinds, Kind::ALL);
        let medians = |curve: usize| -> Vec<f64> {
            curves[curve].lines[0].figures.iter().map(|figure| figure.median_ns).collect()
        };
        assert_eq!(medians(0), [10.0, 11.0]);
        assert_eq!(medians(1), [20.0, 22.0]);
        // Four threads on two cores: two cores' time falls to each operation.
        assert_eq!(medians(2), [12.0, 26.0]);
    }

    #[test]
    fn a_line_is_judged_by_its_worst_ratio_to_the_first_point() {
        let curves = example();
        assert!(is(curves[0].lines[0].worst(), 1.1));
        assert!(is(curves[0].lines[1].worst(), 41.0 / 40.0));
        let mut falling = curves[0].lines[0].clone();
        falling.figures.reverse();
        assert!(is(falling.worst(), 1.0));
    }

    #[test]
    fn a_kind_without_points_has_no_curve() {
        let request = parse(["scale"]).expect("valid");
        assert!(of(&Samples::default(), &request, &[], 2).is_empty());
    }
}
