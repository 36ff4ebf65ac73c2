//! `serde_json` on a document of megabytes.

use rand::RngExt as _;
use rand::rngs::SmallRng;
use serde_json::{Value, json};

use super::{Context, Measurement, Workload, random};

/// A nested document of about 5 MB, the answer of a shop's order service, parsed
/// to a tree of values, changed, and written back: short strings, small maps and
/// vectors by the hundred thousand, all freed together.
pub(super) const SERDE_JSON: Workload =
    Workload::new("serde_json", "a 5 MB document to a tree of values and back", serde_json);

fn serde_json(context: &Context) -> Measurement {
    let text = document(10_000);
    let rounds = context.scaled(8);
    Measurement::of(|| (0..rounds).map(|_| there_and_back(&text)).sum())
}

/// Parses the document, takes every tenth order out, and returns the length of
/// what is written back.
fn there_and_back(text: &str) -> u64 {
    let mut document: Value = serde_json::from_str(text).expect("a valid document");
    if let Some(orders) = document["orders"].as_array_mut() {
        orders.retain(|order| order["number"].as_u64().is_some_and(|number| number % 10 != 0));
    }
    document.to_string().len() as u64
}

/// Returns the same document of so many orders in every run.
fn document(orders: usize) -> String {
    let mut random = random(0);
    // One order at a time, so that the peak is that of the measured part.
    let mut text = String::from(r#"{"service":"orders","version":3,"orders":["#);
    for number in 0..orders {
        if number > 0 {
            text.push(',');
        }
        text.push_str(&order(number, &mut random).to_string());
    }
    text.push_str("]}");
    text
}

fn order(number: usize, random: &mut SmallRng) -> Value {
    const WORDS: [&str; 8] =
        ["lamp", "Gerät", "cup \"blue\"", "стол", "chair", "book\n2nd ed.", "bag", "丝绸"];
    let lines: Vec<Value> = (0..random.random_range(1..5))
        .map(|line| {
            json!({
                "line": line,
                "title": WORDS[random.random_range(0..WORDS.len())],
                "quantity": random.random_range(1..20),
                "price": f64::from(random.random_range(100..100_000)) / 100.0,
                "tags": WORDS[..random.random_range(0..4)],
            })
        })
        .collect();
    json!({
        "number": number,
        "customer": {
            "id": random.random::<u32>(),
            "name": format!("{} {}", WORDS[number % 8], random.random::<u16>()),
            "email": (!number.is_multiple_of(3)).then(|| format!("c{number}@shop.example")),
            "address": { "street": format!("{} High Street", number % 250), "zip": format!("{:05}", number * 7 % 100_000) },
        },
        "paid": !number.is_multiple_of(4),
        "placed": format!("2024-{:02}-{:02}T{:02}:30:00Z", number % 12 + 1, number % 28 + 1, number % 24),
        "lines": lines,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_valid_and_what_is_left_of_it_smaller() {
        let text = document(100);
        let parsed: Value = serde_json::from_str(&text).expect("valid JSON");
        assert_eq!(parsed["orders"].as_array().map(Vec::len), Some(100));
        assert!(there_and_back(&text) < text.len() as u64);
    }
}
