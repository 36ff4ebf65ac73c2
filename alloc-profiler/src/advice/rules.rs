//! The rules: from one line's figures and text to a pattern and what it costs.
//!
//! A `realloc` is told apart from other work by its books: it asks for its new
//! size and gives back its old one, but counts as no block. So on a line that
//! frees no block, the bytes freed are the old sizes of what grew.

use std::collections::HashSet;

use super::Pattern;
use crate::report::{FunctionReport, LineFigures, LineReport};

/// Less than a page saved in a whole run is not worth a reader's time.
const LEAST_SAVED_BYTES: u64 = 4096;

/// One step of growth is what `reserve` itself does; from two on it is a habit.
const LEAST_GROWTH_STEPS: u64 = 2;

/// Joining a few strings is cheap and reads well; a loop is more than that.
const LEAST_ROUNDS_OF_JOINING: u64 = 8;

/// A net of at most this part of what was allocated is nothing that stays.
const KEPT_PART: u64 = 64;

/// What copies a value. `Rc::clone` and the like are not told apart here: they
/// allocate nothing, so the figures do.
const CLONES: [&str; 7] = [
    ".clone()",
    ".cloned()",
    ".to_owned()",
    ".to_string()",
    ".to_vec()",
    ".into_owned()",
    "String::from(",
];

/// What makes a `String` longer in place,
const APPENDS: [&str; 5] = [".push_str(", "write!(", "writeln!(", "+= &", "+= \""];

/// or makes a new one of it and something else.
const JOINS: [&str; 4] = ["format!(", "+ &", "+ \"", ".concat()"];

/// What the rules go by.
#[derive(Debug)]
pub(super) struct LineFacts {
    /// The line's text without its comment, and the method calls below it.
    text: String,
    figures: LineFigures,
    /// Calls of the line's function.
    calls: u64,
    /// Whether the line calls a function that has a table of its own, which says
    /// better where the bytes come from. Known by name, so a namesake counts too,
    /// and keeps a rule silent.
    calls_profiled: bool,
}

/// Returns the name by which code calls `function`.
pub(super) fn call_name(function: &FunctionReport) -> &str {
    function.name.rsplit("::").next().unwrap_or_default()
}

impl LineFacts {
    /// Returns the lines of `function` that have figures. `names` are those of
    /// all profiled functions.
    pub(super) fn of_function<'a>(
        function: &'a FunctionReport,
        names: &HashSet<&str>,
    ) -> Vec<(&'a LineReport, Self)> {
        let facts = |(index, line): (usize, &'a LineReport)| {
            let figures = line.figures?;
            let text = statement(&function.lines[index..]);
            let calls_profiled = does_call(&text, names);
            Some((line, Self { text, figures, calls: function.calls, calls_profiled }))
        };
        function.lines.iter().enumerate().filter_map(facts).collect()
    }

    /// Returns the pattern that would save the most, and its bytes; `None` if
    /// there is none worth a word.
    pub(super) fn advice(&self) -> Option<(Pattern, u64)> {
        let is_enough = |&(_, saved): &(Pattern, u64)| saved >= LEAST_SAVED_BYTES;
        // Of equals the last one counts: the most special.
        let special = [
            (Pattern::GrownStepByStep, self.grown_bytes()),
            (Pattern::ClonedInLoop, self.cloned_bytes()),
            (Pattern::JoinedInLoop, self.joined_bytes()),
        ];
        let best = special.into_iter().max_by_key(|&(_, saved)| saved).filter(is_enough);
        // A temporary is whatever no other rule explains.
        best.or_else(|| Some((Pattern::FreedOnSameLine, self.temporary_bytes())).filter(is_enough))
    }

    /// Returns what a `String` cost that was joined in a loop: the copies that
    /// were made of it on the way.
    fn joined_bytes(&self) -> u64 {
        let LineFigures { occurrences, allocated_blocks, freed_blocks, .. } = self.figures;
        if occurrences < LEAST_ROUNDS_OF_JOINING.saturating_mul(self.calls) {
            return 0;
        }
        // A new string each round, and the one before dropped by the assignment;
        // what stays is the last one.
        let is_made_anew = self.has_any(&JOINS)
            && freed_blocks > occurrences / 2
            && allocated_blocks >= freed_blocks
            && self.figures.increment_bytes > 0;
        if is_made_anew {
            self.figures.freed_bytes
        } else if self.has_any(&APPENDS) || self.has_any(&JOINS) {
            self.growth_bytes()
        } else {
            0
        }
    }

    /// Returns what copies of values cost in a loop.
    fn cloned_bytes(&self) -> u64 {
        let is_in_loop = self.figures.occurrences > self.calls;
        if !is_in_loop || self.figures.allocated_blocks < 2 || !self.has_any(&CLONES) {
            return 0;
        }
        // Less what the line's own collection asked for when it grew: by doubling,
        // twice what it gave back.
        self.figures.allocated_bytes.saturating_sub(self.growth_bytes().saturating_mul(2))
    }

    /// Returns what a collection cost that was grown step by step: the smaller
    /// blocks that it had on the way. What its last block has too much is not in
    /// it, since the figures do not tell how much of it is in use.
    fn grown_bytes(&self) -> u64 {
        if self.calls_profiled { 0 } else { self.growth_bytes() }
    }

    /// Returns what temporaries cost: all of them but one, which would be kept.
    fn temporary_bytes(&self) -> u64 {
        let LineFigures { occurrences, allocated_bytes, allocated_blocks, .. } = self.figures;
        let net = self.figures.increment_bytes.unsigned_abs();
        let is_temporary = allocated_blocks > 0 && net <= allocated_bytes / KEPT_PART;
        if !is_temporary || self.calls_profiled || occurrences == 0 {
            return 0;
        }
        allocated_bytes - allocated_bytes / occurrences
    }

    /// Returns the bytes that blocks had before they grew, as far as they can be
    /// told: all if no block was freed on the line, else those that moved.
    fn growth_bytes(&self) -> u64 {
        let LineFigures { reallocated_blocks, allocated_bytes, freed_bytes, .. } = self.figures;
        if reallocated_blocks < LEAST_GROWTH_STEPS || allocated_bytes < freed_bytes {
            return 0;
        }
        if self.figures.freed_blocks == 0 { freed_bytes } else { self.figures.copied_bytes }
    }

    fn has_any(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.text.contains(text))
    }
}

/// Returns the text of the first of `lines`, with the method calls that the lines
/// below it go on with, as rustfmt breaks them. The figures of all are the first
/// one's.
fn statement(lines: &[LineReport]) -> String {
    let goes_on =
        |line: &&LineReport| line.figures.is_none() && line.source.trim_start().starts_with('.');
    let (first, rest) = lines.split_first().expect("a line");
    let rest = rest.iter().take_while(goes_on).map(|line| line.source.trim_start());
    std::iter::once(first.source.as_str()).chain(rest).map(without_comment).collect()
}

/// Returns `source` up to a comment. A `//` in a string counts as one too, which
/// at worst keeps a rule silent.
fn without_comment(source: &str) -> &str {
    source.split_once("//").map_or(source, |(code, _)| code)
}

/// Returns whether `text` calls one of the functions of these names.
fn does_call(text: &str, names: &HashSet<&str>) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(|character| !is_part(character)).any(|(end, _)| {
        let (before, after) = text.split_at(end);
        let name = before.rsplit(|character| !is_part(character)).next().unwrap_or_default();
        (after.starts_with('(') || after.starts_with("::<"))
            && names.contains(name)
            && !before[..end - name.len()].ends_with("fn ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, KIB, MIB, freed, grown, kept};

    /// Returns the advice on a line of a function that was called `calls` times.
    fn advice(calls: u64, source: &str, figures: LineFigures) -> Option<(Pattern, u64)> {
        let function = samples::function("a::f", "f.rs", 1, calls, &[(source, Some(figures))]);
        let advice = samples::report(vec![function]).advice();
        assert!(advice.len() <= 1, "{advice:?}");
        advice.first().map(|advice| (advice.pattern, advice.saved_bytes))
    }

    #[test]
    fn a_collection_grown_step_by_step() {
        let grown_once = grown(1000, 8 * KIB, 1);
        let figures = grown(1000, 8 * KIB, 8);
        let saved = figures.freed_bytes;
        assert_eq!(saved, 8 * KIB - 32);
        let expected = Some((Pattern::GrownStepByStep, saved));
        assert_eq!(advice(1, "all.push(i);", figures), expected);
        assert_eq!(advice(1, "all.push(i); // not .clone()", figures), expected);
        assert_eq!(advice(1, "all.push(i);", grown_once), None);
        assert_eq!(advice(1, "all.push(i);", grown(1000, 4 * KIB, 8)), None);
        // Shrunk by reallocs.
        let shrunk = LineFigures { allocated_bytes: KIB, freed_bytes: MIB, ..figures };
        assert_eq!(advice(1, "all.shrink_to_fit();", shrunk), None);
        // Blocks freed besides: what moved is sure.
        let mixed = LineFigures { freed_blocks: 5, copied_bytes: 5000, ..figures };
        assert_eq!(advice(1, "all.push(i);", mixed), Some((Pattern::GrownStepByStep, 5000)));
    }

    #[test]
    fn a_string_joined_in_a_loop() {
        // `text = format!("{text}…")`: each round drops the string of the one before.
        let anew = LineFigures {
            increment_bytes: 5000,
            freed_bytes: 95_000,
            freed_blocks: 99,
            ..kept(100, 100_000, 100)
        };
        let expected = Some((Pattern::JoinedInLoop, 95_000));
        assert_eq!(advice(1, "text = format!(\"{text}{x}\");", anew), expected);
        assert_eq!(advice(1, "text = text.clone() + &x;", anew).unwrap().0, Pattern::ClonedInLoop);
        // Too few rounds a call for a loop.
        assert_eq!(advice(20, "text = format!(\"{text}{x}\");", anew), None);
        // Almost nothing stays, and it is no temporary all the same.
        let long = LineFigures { increment_bytes: 1000, freed_bytes: 99_000, ..anew };
        let expected_long = Some((Pattern::JoinedInLoop, 99_000));
        assert_eq!(advice(1, "text = format!(\"{text}{x}\");", long), expected_long);
        // Nothing that joins.
        assert_eq!(advice(1, "text = next(text);", anew), None);
        // In place, it grows.
        let grown = grown(100, 16 * KIB, 5);
        let expected = Some((Pattern::JoinedInLoop, grown.freed_bytes));
        for source in ["text.push_str(x);", "text += &x;", "text = text + \", \";"] {
            assert_eq!(advice(1, source, grown), expected, "{source}");
        }
        assert_eq!(advice(1, "sums.push(a + b);", grown).unwrap().0, Pattern::GrownStepByStep);
    }

    #[test]
    fn clones_in_a_loop() {
        let figures = kept(100, 10_000, 100);
        let expected = Some((Pattern::ClonedInLoop, 10_000));
        for source in
            ["let a = b.clone();", "f(b.to_owned())", "let a = String::from(b);", "b.to_vec()"]
        {
            assert_eq!(advice(10, source, figures), expected, "{source}");
        }
        // Once a call.
        assert_eq!(advice(100, "let a = b.clone();", figures), None);
        // An Rc's clone allocates nothing.
        assert_eq!(advice(10, "let a = b.clone();", kept(100, 0, 0)), None);
        assert_eq!(advice(10, "let a = b; // .clone()", figures), None);
        assert_eq!(advice(10, "let a = b.clone();", kept(100, 4095, 100)), None);
        // The collection's own growth is no clone.
        let growing = LineFigures {
            allocated_bytes: 10_000 + 2 * 512,
            freed_bytes: 512,
            reallocated_blocks: 4,
            ..figures
        };
        assert_eq!(advice(10, "all.push(b.clone());", growing), expected);
    }

    #[test]
    fn a_clone_on_a_line_that_goes_on() {
        let lines = [
            ("let a = b", Some(kept(100, 10_000, 100))),
            ("    .iter()", None),
            ("    .cloned()", None),
            ("    .last();", None),
            ("let c = d.clone();", None),
        ];
        let function = samples::function("f", "f.rs", 5, 1, &lines);
        let advice = samples::report(vec![function]).advice();
        assert_eq!(advice.len(), 1);
        assert_eq!((advice[0].line, advice[0].pattern), (5, Pattern::ClonedInLoop));
    }

    #[test]
    fn a_temporary_on_each_run() {
        let expected = Some((Pattern::FreedOnSameLine, 99_000));
        assert_eq!(advice(1, "let n = count(&all());", freed(100, 100_000, 100)), expected);
        // One run has nothing to reuse.
        assert_eq!(advice(1, "let n = count(&all());", freed(1, 100_000, 100)), None);
        // More stays than a little.
        let some_stays = LineFigures { increment_bytes: 2000, ..freed(100, 100_000, 100) };
        assert_eq!(advice(1, "let n = count(&all());", some_stays), None);
        assert_eq!(advice(1, "let n = count(&all());", kept(100, 100_000, 100)), None);
    }

    #[test]
    fn a_profiled_callee_speaks_for_itself() {
        let figures = freed(100, 100_000, 100);
        let report = |source: &str| {
            let from = samples::function("a::f", "f.rs", 1, 1, &[(source, Some(figures))]);
            let callee = samples::function("a::b::load", "f.rs", 9, 1, &[]);
            samples::report(vec![from, callee]).advice().len()
        };
        assert_eq!(report("let n = b::load(x);"), 0);
        assert_eq!(report("let n = load::<u8>(x);"), 0);
        assert_eq!(report("let n = reload(x);"), 1);
        assert_eq!(report("let n = load + other(x);"), 1);
    }

    #[test]
    fn what_saves_most_comes_first_and_names_its_place() {
        let lines = [
            ("    let a = b.clone();", Some(kept(9, 5000, 9))),
            ("    all.push(1);", Some(grown(100, 16 * KIB, 4))),
        ];
        let report = samples::report(vec![samples::function("a::f", "src/f.rs", 7, 1, &lines)]);
        let texts: Vec<_> = report.advice().iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "src/f.rs:8: `all.push(1);`: grown step by step: size it by with_capacity or \
                 reserve, and save up to 15.0 KiB",
                "src/f.rs:7: `let a = b.clone();`: cloned in a loop: borrow, or share by Rc, Arc \
                 or Cow, and save up to 4.88 KiB",
            ]
        );
    }
}
