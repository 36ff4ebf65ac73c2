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
