//! Measuring: the heap around code that is no profiled function.
//!
//! - `measure`: a piece of code, between two looks at the counters
//! - `scopes`: stretches of time with names
//! - `sampler`: the memory while code runs, looked at from beside
//! - `limit`: a heap too large, which stops the program

pub(crate) mod limit;
pub(crate) mod measure;
pub(crate) mod sampler;
pub(crate) mod scopes;

use crate::counting::{baseline, thread};

/// Returns the program's live heap now, of all threads, in bytes.
fn live_bytes() -> u64 {
    let sum = thread::records()
        .fold(baseline::bytes(), |sum, record| sum.wrapping_add(record.counters.net_bytes()));
    sum.max(0).cast_unsigned()
}
