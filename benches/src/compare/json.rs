//! The figures for other programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::summary::{Figures, Summary};

#[derive(Serialize)]
struct Document<'a> {
    machine: &'a str,
    workloads: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    results: BTreeMap<&'a str, Figures>,
}

/// Returns the document: `{"machine": …, "workloads": [{"name": …, "results":
/// {"pool": {"median_s": …, "min_s": …, "max_s": …, "peak_rss_kib": …,
/// "idle_rss_kib": …}, …}}]}`.
///
/// # Panics
/// Never: strings and numbers always have a JSON form.
pub fn render(summaries: &[Summary], machine: &str) -> String {
    let entry = |summary: &'_ Summary| Entry {
        name: summary.name,
        results: summary.results.iter().map(|&(one, figures)| (one.key, figures)).collect(),
    };
    let document = Document { machine, workloads: summaries.iter().map(entry).collect() };
    let text = serde_json::to_string_pretty(&document).expect("strings and numbers have one");
    text + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::summary::tests::example;
    use super::*;

    #[test]
    fn the_document_has_exactly_this_form() {
        let summary = example(&[("pool", 1.0, 300), ("system", 2.0, 100)]);
        let value: Value = serde_json::from_str(&render(&[summary], "a box")).expect("valid");
        let expected = json!({
            "machine": "a box",
            "workloads": [{
                "name": "list",
                "results": {
                    "pool": {"median_s": 1.0, "min_s": 0.5, "max_s": 2.0,
                             "peak_rss_kib": 300, "idle_rss_kib": 150},
                    "system": {"median_s": 2.0, "min_s": 1.0, "max_s": 4.0,
                               "peak_rss_kib": 100, "idle_rss_kib": 50},
                },
            }],
        });
        assert_eq!(value, expected);
    }
}
