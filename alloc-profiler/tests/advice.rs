//! Advice on real functions: each pattern as people write it, and as they should.

mod common;

use std::alloc::System;
use std::fmt::Write;
use std::hint::black_box;
use std::rc::Rc;

use alloc_profiler::{Pattern, ProfiledAlloc, profile};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns the advice on the function `name`: the line's text, the pattern, the
/// bytes.
fn advice(name: &str) -> Vec<(String, Pattern, u64)> {
    let all = alloc_profiler::report().advice();
    all.into_iter()
        .filter(|advice| advice.function.ends_with(&format!("::{name}")))
        .map(|advice| (advice.source.trim().to_owned(), advice.pattern, advice.saved_bytes))
        .collect()
}

#[track_caller]
fn assert_advice(name: &str, source: &str, pattern: Pattern, saved_bytes: u64) {
    let expected = [(source.to_owned(), pattern, saved_bytes)];
    assert_eq!(advice(name), expected, "{}", common::function(name));
}

#[profile]
fn grows(n: u64) -> Vec<u64> {
    let mut all = Vec::new();
    for i in 0..n {
        all.push(i);
    }
    all
}

#[profile]
fn grows_by_an_iterator(n: u64) -> Vec<u64> {
    let all: Vec<u64> = (0..n).filter(|&i| black_box(i) < n).collect();
    all
}

#[profile]
fn has_its_size(n: u64) -> Vec<u64> {
    let mut all = Vec::with_capacity(2000);
    for i in 0..n {
        all.push(i);
    }
    all
}

#[test]
fn a_vec_that_grows_should_have_its_size() {
    // 4, 8, … 1024, 2048 of 8 bytes: the old blocks were 4 + 8 + … + 1024.
    let saved = 8 * (2048 - 4);
    drop(grows(2000));
    assert_advice("grows", "all.push(i);", Pattern::GrownStepByStep, saved);
    drop(grows_by_an_iterator(2000));
    let source = "let all: Vec<u64> = (0..n).filter(|&i| black_box(i) < n).collect();";
    assert_advice("grows_by_an_iterator", source, Pattern::GrownStepByStep, saved);
    drop(has_its_size(2000));
    assert_eq!(advice("has_its_size"), []);
}

#[profile]
fn joins_anew(n: usize) -> String {
    let mut text = String::new();
    for _ in 0..n {
        text = format!("{text}{}", "x".repeat(black_box(0)) + "12345678");
    }
    text
}

#[profile]
fn joins_in_place(n: u32) -> String {
    let mut text = String::new();
    for _ in 0..n {
        text += "12345678";
    }
    text
}

#[profile]
fn joins_with_room(n: u32) -> String {
    let mut text = String::with_capacity(8 * 2000);
    for i in 0..n {
        let _ = write!(text, "{i}");
    }
    text
}

#[test]
fn a_string_joined_in_a_loop_should_have_its_room() {
    drop(joins_anew(200));
    let found = advice("joins_anew");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].1, Pattern::JoinedInLoop);
    // At the least the strings of all rounds but the last: 8 + 16 + … + 8 × 199.
    assert!(found[0].2 >= 8 * 199 * 200 / 2, "{found:?}");
    drop(joins_in_place(1000));
    // 8, 16, … 4096, 8192 bytes.
    assert_advice("joins_in_place", "text += \"12345678\";", Pattern::JoinedInLoop, 8192 - 8);
    drop(joins_with_room(1000));
    assert_eq!(advice("joins_with_room"), []);
}

#[profile]
fn clones(names: &[String]) -> usize {
    let mut sum = 0;
    for name in names {
        let own = name.clone();
        sum += own.len();
    }
    sum
}

#[profile]
fn shares(names: &[Rc<str>]) -> usize {
    let mut sum = 0;
    for name in names {
        let own = Rc::clone(name);
        sum += own.len();
    }
    sum
}

#[profile]
fn clones_once(names: &[String]) -> Vec<String> {
    let all = names.to_vec();
    all
}

#[test]
fn clones_in_a_loop_should_be_borrowed_or_shared() {
    let names = vec!["x".repeat(100); 100];
    clones(&names);
    assert_advice("clones", "let own = name.clone();", Pattern::ClonedInLoop, 10_000);
    shares(&vec![Rc::from("x".repeat(100)); 100]);
    assert_eq!(advice("shares"), []);
    drop(clones_once(&names));
    assert_eq!(advice("clones_once"), []);
}

#[profile]
fn makes_temporaries(n: usize) -> usize {
    let mut sum = 0;
    for _ in 0..n {
        sum += vec![1_u8; 1000].len();
    }
    sum
}

#[profile]
fn calls_what_makes_temporaries(n: usize) -> usize {
    let mut sum = 0;
    for _ in 0..2 {
        sum += makes_temporaries(n);
    }
    sum
}

#[profile]
fn makes_one(n: usize) -> usize {
    let sum = vec![1_u8; n].len();
    sum
}

#[test]
fn a_temporary_in_a_loop_should_be_one_buffer() {
    calls_what_makes_temporaries(50);
    let source = "sum += vec![1_u8; 1000].len();";
    assert_advice("makes_temporaries", source, Pattern::FreedOnSameLine, 99_000);
    assert_eq!(advice("calls_what_makes_temporaries"), []);
    makes_one(100_000);
    assert_eq!(advice("makes_one"), []);
}
