//! Buffers that nobody sized in advance: `realloc`.

use std::hint::black_box;

use super::{Context, Measurement, Workload};

/// Vectors and strings that grow from nothing by doubling: one vector to 4 MiB,
/// 64 vectors in turns to 32 KiB each (so that none has the end of the heap to
/// itself), and strings to 16 KiB that are shrunk to fit in the end.
pub(super) const GROWTH: Workload =
    Workload::new("growth", "Vec and String growth by realloc", growth);

fn growth(context: &Context) -> Measurement {
    let rounds = context.scaled(320);
    Measurement::of(|| {
        (0..rounds).map(|round| alone(round) + in_turns(round) + strings(round)).sum()
    })
}

/// What is appended at once: few enough bytes that growing costs more than
/// copying them.
const CHUNK: [u64; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

fn alone(round: usize) -> u64 {
    let mut numbers = Vec::new();
    while numbers.len() < 512 << 10 {
        numbers.extend_from_slice(black_box(&CHUNK));
    }
    numbers[round % numbers.len()] + numbers.len() as u64
}

fn in_turns(round: usize) -> u64 {
    let mut vectors: Vec<Vec<u64>> = vec![Vec::new(); 64];
    for _ in 0..512 {
        for vector in &mut vectors {
            vector.extend_from_slice(black_box(&CHUNK));
        }
    }
    vectors.iter().map(|vector| vector[round % vector.len()]).sum()
}

fn strings(round: usize) -> u64 {
    let texts: Vec<String> = (0..64)
        .map(|_| {
            let mut text = String::new();
            while text.len() < 10_000 {
                text.push_str(black_box("a line of some log, "));
            }
            text.shrink_to_fit();
            text
        })
        .collect();
    texts.iter().map(|text| u64::from(text.as_bytes()[round % text.len()])).sum()
}
