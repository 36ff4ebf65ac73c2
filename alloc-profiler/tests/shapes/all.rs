// Every file of shapes that both editions take. `../shapes.rs` includes this file
// in edition 2024, a documentation test of `../../src/lib.rs` in edition 2021.
// What is included can have no `//!`; see `../shapes.rs` for what this is.

#[macro_use]
mod harness;

mod executor;

/// Declares the files, and lists the shapes in them.
macro_rules! files {
    ($($file:ident),* $(,)?) => {
        $(mod $file;)*

        /// The shapes of every file.
        const FILES: &[&[&str]] = &[$($file::NAMES),*];
    };
}

files! {
    arguments,
    async_arguments,
    async_blocks,
    async_functions,
    async_methods,
    blocks,
    branches,
    cfgs,
    closures,
    constants,
    conventions,
    drops,
    errors,
    expressions,
    generics,
    labels,
    lifetimes,
    loops,
    macros,
    matches,
    methods,
    nested,
    panics,
    patterns,
    statements,
    tails,
    traits,
    written,
}

/// The corpus is as large as it is said to be, and counts no shape twice.
#[test]
fn there_are_enough_shapes() {
    let mut names: Vec<_> = FILES.iter().copied().flatten().collect();
    let count = names.len();
    assert!(count >= 150, "only {count} shapes");
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two shapes have one name");
}

/// What the harness is there for: another value, another log.
#[test]
#[should_panic(expected = "other_value(0)")]
fn another_value_is_noticed() {
    harness::compare("other_value", |_, n| n, |_, n| n + 1);
}

#[test]
#[should_panic(expected = "other_log(2)")]
fn another_log_is_noticed() {
    let noted = |log: &harness::Log, n| if n == 2 { harness::note(log, "two") };
    harness::compare("other_log", |_, _| (), noted);
}

#[test]
#[should_panic(expected = "nothing of unprofiled was profiled")]
fn a_lost_attribute_is_noticed() {
    harness::compare("unprofiled", |_, n| n, |_, n| n);
}
