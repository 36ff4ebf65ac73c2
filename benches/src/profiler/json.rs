//! The figures for other programs.

use serde::Serialize;

use super::presence::Presence;
use super::rows::{Row, Target, Unit};
use super::series::Figure;

#[derive(Serialize)]
struct Document<'a> {
    machine: &'a str,
    rows: Vec<Entry<'a>>,
    workloads: Vec<WorkloadEntry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    what: &'a str,
    unit: Unit,
    #[serde(flatten)]
    figure: Figure,
    without_ns: Option<f64>,
    with_ns: Option<f64>,
    target: Option<Target>,
    is_met: Option<bool>,
}

impl<'a> Entry<'a> {
    fn of(row: &'a Row) -> Self {
        Self {
            name: &row.name,
            what: &row.what,
            unit: row.unit,
            figure: row.figure,
            without_ns: row.sides_ns.map(|[without, _]| without),
            with_ns: row.sides_ns.map(|[_, with]| with),
            target: row.target,
            is_met: row.is_met(),
        }
    }
}

#[derive(Serialize)]
struct WorkloadEntry<'a> {
    name: &'a str,
    ratio: f64,
    without_s: f64,
    with_s: f64,
}

/// Returns the document: `{"machine": …, "rows": [{"name": …, "what": …, "unit": "ns",
/// "median": …, "min": …, "max": …, "without_ns": …, "with_ns": …, "target":
/// {"at_most": …}, "is_met": …}, …], "workloads": [{"name": …, "ratio": …,
/// "without_s": …, "with_s": …}, …]}`. A `unit` is `ns` or `ratio`; a target may be `at_least` too; what
/// a row does not have is `null`. The workloads are those of the row `presence`, whose
/// `median` is the geometric mean of their ratios.
///
/// # Panics
/// Never: strings and numbers always have a JSON form.
pub fn render(rows: &[Row], presence: Option<&Presence>, machine: &str) -> String {
    let workloads = presence.map_or(&[][..], |presence| &presence.workloads);
    let workloads = workloads.iter().map(|times| WorkloadEntry {
        name: times.name,
        ratio: times.ratio,
        without_s: times.without_s,
        with_s: times.with_s,
    });
    let rows = rows.iter().map(Entry::of).collect();
    let document = Document { machine, rows, workloads: workloads.collect() };
    let text = serde_json::to_string_pretty(&document).expect("strings and numbers have one");
    text + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::rows;
    use super::super::rows::tests::{pairs, presence};
    use super::*;

    #[test]
    fn the_document_has_exactly_this_form() {
        let presence = presence();
        let rows = rows::of(&pairs(1.0, false), Some(&presence));
        let chosen = ["presence", "probe", "call"];
        let rows: Vec<Row> =
            rows.into_iter().filter(|row| chosen.contains(&row.name.as_str())).collect();
        let value: Value =
            serde_json::from_str(&render(&rows, Some(&presence), "a box")).expect("valid");
        let expected = json!({
            "machine": "a box",
            "rows": [
                {"name": "presence", "what": rows[0].what, "unit": "ratio",
                 "median": 1.1, "min": 1.0, "max": 1.2, "without_ns": null, "with_ns": null,
                 "target": {"at_most": 1.02}, "is_met": false},
                {"name": "probe", "what": rows[1].what, "unit": "ns",
                 "median": 1.0, "min": 1.0, "max": 101.0, "without_ns": 10.0, "with_ns": 11.0,
                 "target": {"at_most": 2.0}, "is_met": true},
                {"name": "call", "what": rows[2].what, "unit": "ns",
                 "median": 1.0, "min": 1.0, "max": 101.0, "without_ns": 10.0, "with_ns": 11.0,
                 "target": null, "is_met": null},
            ],
            "workloads": [
                {"name": "list", "ratio": 1.0, "without_s": 1.0, "with_s": 1.0},
                {"name": "pairs", "ratio": 1.21, "without_s": 1.0, "with_s": 1.21},
            ],
        });
        assert_eq!(value, expected);
    }
}
