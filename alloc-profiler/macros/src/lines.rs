//! The lines of a function that have a probe, numbered in the order in which
//! they were asked for. A probe names its line by that index, so that the
//! run-time slots are a dense array.

use std::ops::RangeInclusive;

use proc_macro2::{Span, TokenStream};
use quote::quote;

/// A line with a probe.
struct Line {
    number: usize,
    is_brace: bool,
}

/// The probed lines; the first one stands for the function's entry.
pub(crate) struct Lines {
    lines: Vec<Line>,
    /// The function's own lines. Tokens from elsewhere (passed in by a macro)
    /// have no row in its table.
    range: RangeInclusive<usize>,
}

impl Lines {
    /// Returns the table of a function on the lines `range`, with its entry.
    pub(crate) fn new(range: RangeInclusive<usize>) -> Self {
        let entry = Line { number: *range.start(), is_brace: false };
        Self { lines: vec![entry], range }
    }

    /// Returns the line number of `span`, or `None` if it is none of the function's.
    pub(crate) fn number_of(&self, span: Span) -> Option<usize> {
        let number = span.start().line;
        self.range.contains(&number).then_some(number)
    }

    /// Returns the index of a line on which a statement begins.
    pub(crate) fn statement(&mut self, number: usize) -> usize {
        let index = self.find_or_add(number);
        self.lines[index].is_brace = false;
        index
    }

    /// Returns the index of a line that closes a block.
    pub(crate) fn brace(&mut self, number: usize) -> usize {
        self.find_or_add(number)
    }

    fn find_or_add(&mut self, number: usize) -> usize {
        let found = self.lines.iter().position(|line| line.number == number);
        found.unwrap_or_else(|| {
            self.lines.push(Line { number, is_brace: true });
            self.lines.len() - 1
        })
    }

    /// Returns the array literal that describes the lines at run time.
    pub(crate) fn to_array(&self) -> TokenStream {
        let lines = self.lines.iter().map(|line| {
            let number = u32::try_from(line.number).unwrap_or(u32::MAX);
            let kind = if line.is_brace { quote!(brace) } else { quote!(statement) };
            quote!(::alloc_profiler::private::Line::#kind(#number))
        });
        quote!([#(#lines),*])
    }
}
