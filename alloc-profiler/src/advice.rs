//! Advice: where a report's figures show a known pattern, what to do about it.
//!
//! A rule looks at one line: its figures, and its text, with the method calls
//! that go on below it. `rules` holds the rules and their thresholds. Of several
//! that fit a line, the one that would save the most speaks. A rule reads the
//! source as text, so it may be wrong about what a line means; the figures that
//! it goes by are exact.

mod rules;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt;

use crate::render;
use crate::report::Report;
use rules::LineFacts;

/// What a line's figures show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pattern {
    /// A `String` is made longer in a loop, each time as a new one or by growing.
    JoinedInLoop,
    /// Values are copied in a loop: `clone`, `to_owned` and the like.
    ClonedInLoop,
    /// A `Vec`, `String` or map grows step by step.
    GrownStepByStep,
    /// What the line allocates it frees again, each time it runs.
    FreedOnSameLine,
}

/// What to do, in one line.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::JoinedInLoop => "joined in a loop: with_capacity once, then push_str or write!",
            Self::ClonedInLoop => "cloned in a loop: borrow, or share by Rc, Arc or Cow",
            Self::GrownStepByStep => "grown step by step: size it by with_capacity or reserve",
            Self::FreedOnSameLine => "freed on the same line: keep one buffer and reuse it",
        })
    }
}

/// One piece of advice about one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// What the figures show.
    pub pattern: Pattern,
    /// The function, as in its report.
    pub function: String,
    /// Its source file.
    pub file: String,
    /// The line's number in the file.
    pub line: u32,
    /// The line's text.
    pub source: String,
    /// Bytes that the program would not have to ask for, or to copy, over all
    /// runs of the line: at most, since the line may have done more than this.
    pub saved_bytes: u64,
}

/// The place, the line's text, what to do and what it saves, in one line.
impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pattern, file, line, source, saved_bytes, .. } = self;
        let (source, saved) = (source.trim(), render::bytes(*saved_bytes));
        write!(f, "{file}:{line}: `{source}`: {pattern}, and save up to {saved}")
    }
}

impl Report {
    /// Returns what could be done about the lines whose figures show a known
    /// pattern, that which saves the most bytes first. Lines where less than
    /// 4 KiB would be saved are left alone.
    ///
    /// ```
    /// # use std::alloc::System;
    /// # #[global_allocator]
    /// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
    /// use alloc_profiler::Pattern;
    ///
    /// #[alloc_profiler::profile]
    /// fn lengths(names: &[String]) -> usize {
    ///     let mut sum = 0;
    ///     for name in names {
    ///         let own = name.clone();
    ///         sum += own.len();
    ///     }
    ///     sum
    /// }
    ///
    /// lengths(&vec!["x".repeat(1000); 10]);
    /// let advice = alloc_profiler::report().advice();
    /// assert_eq!(advice.len(), 1);
    /// assert_eq!(advice[0].pattern, Pattern::ClonedInLoop);
    /// assert_eq!(advice[0].source.trim(), "let own = name.clone();");
    /// assert_eq!(advice[0].saved_bytes, 10_000);
    /// ```
    pub fn advice(&self) -> Vec<Advice> {
        let names: HashSet<_> = self.functions.iter().map(rules::call_name).collect();
        let mut all: Vec<_> = self
            .functions
            .iter()
            .flat_map(|function| {
                let facts = LineFacts::of_function(function, &names);
                facts.into_iter().filter_map(|(line, facts)| {
                    let (pattern, saved_bytes) = facts.advice()?;
                    Some(Advice {
                        pattern,
                        function: function.name.clone(),
                        file: function.file.clone(),
                        line: line.number,
                        source: line.source.clone(),
                        saved_bytes,
                    })
                })
            })
            .collect();
        all.sort_by_key(|advice| Reverse(advice.saved_bytes));
        all
    }
}
