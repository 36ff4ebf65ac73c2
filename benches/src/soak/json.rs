//! The figures for other programs.

use serde::Serialize;

use super::load::{Sample, Soak};
use super::trend::Trend;

#[derive(Serialize)]
struct Document<'a> {
    machine: &'a str,
    seconds: u32,
    threads: usize,
    visitors: u64,
    operations: u64,
    last_half: LastHalf,
    samples: Vec<Entry>,
}

#[derive(Serialize)]
struct LastHalf {
    mean_rss_kib: f64,
    slope_kib_s: f64,
    growth_percent: f64,
    growth_error_percent: f64,
}

#[derive(Serialize)]
struct Entry {
    at_s: f64,
    rss_kib: u64,
    live_kib: u64,
}

/// Returns the document: `{"machine": …, "seconds": …, "threads": …, "visitors": …,
/// "operations": …, "last_half": {"mean_rss_kib": …, "slope_kib_s": …,
/// "growth_percent": …, "growth_error_percent": …}, "samples": [{"at_s": …, "rss_kib": …, "live_kib": …}, …]}`.
///
/// # Panics
/// Never: strings and numbers always have a JSON form.
pub fn render(soak: &Soak, trend: &Trend, machine: &str) -> String {
    let entry = |&Sample { at_s, rss_kib, live_kib }: &Sample| Entry { at_s, rss_kib, live_kib };
    let document = Document {
        machine,
        seconds: soak.seconds,
        threads: soak.threads,
        visitors: soak.visitors,
        operations: soak.operations,
        last_half: LastHalf {
            mean_rss_kib: trend.mean_kib,
            slope_kib_s: trend.slope_kib_s,
            growth_percent: trend.growth_percent(),
            growth_error_percent: trend.growth_error_percent(),
        },
        samples: soak.samples.iter().map(entry).collect(),
    };
    let text = serde_json::to_string_pretty(&document).expect("strings and numbers have one");
    text + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::trend::tests::example;
    use super::*;

    #[test]
    fn the_document_has_exactly_this_form() {
        let mut soak = example(0.0, 0.0);
        let (days, half_s, mean_kib) = (Vec::new(), 300.0, 1500.0);
        let (slope_kib_s, slope_error_kib_s) = (0.5, 0.25);
        let trend = Trend { days, half_s, mean_kib, slope_kib_s, slope_error_kib_s };
        soak.samples = vec![Sample { at_s: 0.5, rss_kib: 300, live_kib: 200 }];
        let value: Value = serde_json::from_str(&render(&soak, &trend, "a box")).expect("valid");
        let expected = json!({
            "machine": "a box",
            "seconds": 600,
            "threads": 4,
            "visitors": 70,
            "operations": 9_000_000,
            "last_half": {"mean_rss_kib": 1500.0, "slope_kib_s": 0.5,
                          "growth_percent": 10.0, "growth_error_percent": 5.0},
            "samples": [{"at_s": 0.5, "rss_kib": 300, "live_kib": 200}],
        });
        assert_eq!(value, expected);
    }
}
