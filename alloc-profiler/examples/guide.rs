//! The program that the guide reads the tables of (`alloc_profiler::guide`).
//!
//! `cargo run -p alloc-profiler --example guide`, and the same after
//! `ALLOC_PROFILER=wide`.

use std::alloc::System;

use alloc_profiler::{ProfiledAlloc, profile};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

#[profile(precision = 3)]
fn longest(text: &str, count: usize) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut words = Vec::new();
    for word in lower.split(' ') {
        words.push(word.to_owned());
    }
    words.sort_by_key(String::len);
    words.split_off(words.len() - count)
}

/// Prints the two longest words of a text, and at the exit the table.
pub(crate) fn main() {
    let text = "To be, or not to be, that is the question: ".repeat(1000);
    println!("{}\n", longest(&text, 2).join(", "));
}
