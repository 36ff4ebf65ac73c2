//! Puts the attribute before every function of a source text that it can take.
//!
//! The text is parsed to find the functions, and never printed from its syntax
//! tree: the attribute is inserted on the function's own line, behind the other
//! attributes, and every other byte, line number and comment stays.
//!
//! What the tokens of a macro say is known to that macro alone, so the functions
//! in there are counted and left.

use std::collections::BTreeMap;
use std::fmt;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::visit::{self, Visit};
use syn::{ImplItemFn, ItemFn, Macro, Signature, TraitItemFn};

/// What is inserted before a function.
const ATTRIBUTE: &str = "#[::alloc_profiler::profile] ";

/// A source text with the attribute on its functions.
#[derive(Debug)]
pub(crate) struct Marked {
    /// The text.
    pub(crate) text: String,
    /// How many functions have the attribute, and how many not.
    pub(crate) tally: Tally,
}

/// How many functions were marked, and how many were left out for which reason.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// The marked functions.
    pub(crate) marked: usize,
    left_out: BTreeMap<Reason, usize>,
}

impl Tally {
    /// Adds what `other` counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.marked += other.marked;
        for (reason, count) in &other.left_out {
            *self.left_out.entry(*reason).or_default() += count;
        }
    }

    fn leave_out(&mut self, reason: Reason, count: usize) {
        if count > 0 {
            *self.left_out.entry(reason).or_default() += count;
        }
    }
}

/// As `96 functions marked; left out: 4 const, 17 in macros`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} functions marked", self.marked)?;
        for (place, (reason, count)) in self.left_out.iter().enumerate() {
            let before = if place == 0 { "; left out:" } else { "," };
            write!(f, "{before} {count} {reason}")?;
        }
        Ok(())
    }
}

/// Why a function has no attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// A `const fn`: the attribute refuses it.
    Const,
    /// It stands in the tokens of a macro.
    Macro,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Const => "const",
            Self::Macro => "in macros",
        })
    }
}

/// Returns `text` with the attribute on every function that can have it.
///
/// The error is the parser's, at its line of `text`.
pub(crate) fn mark(text: &str) -> syn::Result<Marked> {
    let file: syn::File = syn::parse_str(text)?;
    let mut functions = Functions::default();
    functions.visit_file(&file);

    let mut out = String::with_capacity(text.len() + functions.starts.len() * ATTRIBUTE.len());
    let mut copied = 0;
    for start in functions.starts {
        out.push_str(&text[copied..start]);
        out.push_str(ATTRIBUTE);
        copied = start;
    }
    out.push_str(&text[copied..]);
    Ok(Marked { text: out, tally: functions.tally })
}

/// The functions found so far.
#[derive(Default)]
struct Functions {
    /// Where those to be marked start, in bytes, in the order of the text.
    starts: Vec<usize>,
    tally: Tally,
}

impl Functions {
    /// Notes a function with a body, whose tokens after its attributes are `head`.
    fn note(&mut self, signature: &Signature, head: TokenStream) {
        if signature.constness.is_some() {
            self.tally.leave_out(Reason::Const, 1);
        } else if let Some(first) = head.into_iter().next() {
            self.starts.push(first.span().byte_range().start);
            self.tally.marked += 1;
        }
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        let ItemFn { vis, sig, .. } = function;
        self.note(sig, quote!(#vis #sig));
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, method: &'ast ImplItemFn) {
        let ImplItemFn { vis, defaultness, sig, .. } = method;
        self.note(sig, quote!(#vis #defaultness #sig));
        visit::visit_impl_item_fn(self, method);
    }

    fn visit_trait_item_fn(&mut self, method: &'ast TraitItemFn) {
        if method.default.is_some() {
            let signature = &method.sig;
            self.note(signature, quote!(#signature));
        }
        visit::visit_trait_item_fn(self, method);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tally.leave_out(Reason::Macro, functions_in(call.tokens.clone()));
    }
}

/// Returns how many functions are written in `tokens`: `fn` with a name behind it,
/// or with a `$`. A type as `fn()` has neither.
fn functions_in(tokens: TokenStream) -> usize {
    let mut count = 0;
    let mut is_after_fn = false;
    for token in tokens {
        match &token {
            TokenTree::Ident(_) if is_after_fn => count += 1,
            TokenTree::Punct(punct) if is_after_fn && punct.as_char() == '$' => count += 1,
            TokenTree::Group(group) => count += functions_in(group.stream()),
            _ => {}
        }
        is_after_fn = matches!(&token, TokenTree::Ident(ident) if ident == "fn");
    }
    count
}

#[cfg(test)]
mod tests;
