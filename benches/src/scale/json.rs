//! The curves for other programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::curves::{Curve, Line};

#[derive(Serialize)]
struct Document<'a> {
    machine: &'a str,
    curves: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    axis: &'a str,
    target: Option<f64>,
    results: BTreeMap<&'a str, Results>,
}

#[derive(Serialize)]
struct Results {
    worst_ratio: f64,
    points: Vec<PointEntry>,
}

#[derive(Serialize)]
struct PointEntry {
    /// Bytes or threads.
    at: usize,
    median_ns: f64,
    min_ns: f64,
    max_ns: f64,
    ratio: f64,
}

/// Returns the document: `{"machine": …, "curves": [{"name": …, "axis": …,
/// "target": …, "results": {"pool": {"worst_ratio": …, "points": [{"at": …,
/// "median_ns": …, "min_ns": …, "max_ns": …, "ratio": …}, …]}, …}}]}`, where `at`
/// is a number of bytes or of threads.
///
/// # Panics
/// Never: strings and numbers always have a JSON form.
pub fn render(curves: &[Curve], machine: &str) -> String {
    let entry = |curve: &'_ Curve| Entry {
        name: curve.kind.key(),
        axis: curve.kind.axis(),
        target: curve.kind.target(),
        results: curve.lines.iter().map(|line| (line.allocator.key, results(line))).collect(),
    };
    let document = Document { machine, curves: curves.iter().map(entry).collect() };
    let text = serde_json::to_string_pretty(&document).expect("strings and numbers have one");
    text + "\n"
}

fn results(line: &Line) -> Results {
    let points = line.figures.iter().zip(line.ratios()).map(|(figure, ratio)| PointEntry {
        at: figure.point.position(),
        median_ns: figure.median_ns,
        min_ns: figure.min_ns,
        max_ns: figure.max_ns,
        ratio,
    });
    Results { worst_ratio: line.worst(), points: points.collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::curves::tests::example;
    use super::*;

    #[test]
    fn the_document_has_exactly_this_form() {
        let value: Value = serde_json::from_str(&render(&example()[..1], "a box")).expect("valid");
        let point = |at: usize, median_ns: f64, ratio: f64| {
            json!({"at": at, "median_ns": median_ns, "min_ns": median_ns,
                   "max_ns": median_ns + 100.0, "ratio": ratio})
        };
        let expected = json!({
            "machine": "a box",
            "curves": [{
                "name": "heap_window",
                "axis": "live heap",
                "target": 1.2,
                "results": {
                    "pool": {"worst_ratio": 1.1,
                             "points": [point(1 << 20, 10.0, 1.0), point(1 << 30, 11.0, 1.1)]},
                    "system": {"worst_ratio": 1.025,
                               "points": [point(1 << 20, 40.0, 1.0), point(1 << 30, 41.0, 1.025)]},
                },
            }],
        });
        assert_eq!(value, expected);
    }
}
