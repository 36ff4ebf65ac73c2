//! The function's own text, to be embedded in the program.
//!
//! It is cut from the source file while that is at hand, comments, indentation
//! and all. The compiler may see something else than the file (an editor's
//! unsaved buffer, a file that changed meanwhile), so the cut must hold the body
//! as the compiler knows it; else the text is put together from the body alone.

use std::fs;
use std::ops::RangeInclusive;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Block, Signature, Visibility};

use crate::tokens::Start;

/// Where a function stands, and what is written there.
pub(crate) struct Source {
    /// The file, as the compiler was given it.
    pub(crate) file: String,
    /// The lines from the attribute to the closing brace.
    pub(crate) lines: RangeInclusive<usize>,
    /// Their text.
    pub(crate) text: String,
}

impl Source {
    /// Returns the source of a function, whose own attribute, if it has one, stands
    /// at `attribute`.
    pub(crate) fn of(
        attribute: Option<Span>,
        attributes: &[Attribute],
        visibility: Option<&Visibility>,
        signature: &Signature,
        body: &Block,
    ) -> Self {
        let braces = body.brace_token.span;
        let (open, close) = (braces.open().start().line, braces.close().start().line);
        let file = braces.open().file();
        let first = first_line(attribute, attributes, visibility, signature)
            .filter(|line| (1..=open).contains(line));
        let first = first.unwrap_or(open);
        let lines = first..=close.max(first);
        let text = braces.join().source_text();
        let text = cut(braces.open(), &lines, text.as_deref())
            .unwrap_or_else(|| put_together(signature, open - first, text.as_deref()));
        Self { file, lines, text }
    }
}

impl Source {
    /// Returns the source of a block, from the line of `start` on.
    pub(crate) fn of_block(start: Span, body: &Block) -> Self {
        let braces = body.brace_token.span;
        let (open, close) = (braces.open().start().line, braces.close().start().line);
        let first = Some(start.start().line).filter(|line| (1..=open).contains(line));
        let lines = first.unwrap_or(open)..=close.max(open);
        let text = braces.join().source_text();
        let text = cut(braces.open(), &lines, text.as_deref()).or(text).unwrap_or_default();
        Self { file: braces.open().file(), lines, text }
    }
}

/// Returns the line of the attribute, or the one on which the function begins if
/// the attribute does not stand right above it: a macro may have put the function
/// together from pieces.
fn first_line(
    attribute: Option<Span>,
    attributes: &[Attribute],
    visibility: Option<&Visibility>,
    signature: &Signature,
) -> Option<usize> {
    let line_of = |tokens: TokenStream| Start::of(tokens).map(|start| start.span.start().line);
    let own = line_of(quote!(#visibility #signature))?;
    let Some(attribute) = attribute else {
        return Some(own);
    };
    let above = attribute.end().line;
    let others = attributes.iter().map(|attribute| attribute.pound_token.span.start().line);
    let next = others.chain([own]).filter(|line| *line >= above).min()?;
    let is_adjacent = attribute.file() == signature.fn_token.span.file() && next - above <= 1;
    Some(if is_adjacent { attribute.start().line } else { own })
}

/// Returns the lines of `span`'s file, if `body` is in them.
fn cut(span: Span, lines: &RangeInclusive<usize>, body: Option<&str>) -> Option<String> {
    let file = fs::read_to_string(span.local_file()?).ok()?;
    let count = lines.end() - lines.start() + 1;
    let cut: Vec<_> = file.lines().skip(lines.start().checked_sub(1)?).take(count).collect();
    let text = cut.join("\n");
    text.contains(body?).then_some(text)
}

/// Returns the signature, as its tokens read, and `body` from `open` lines below.
fn put_together(signature: &Signature, open: usize, body: Option<&str>) -> String {
    let signature = signature.to_token_stream().to_string();
    let gap = if open == 0 { " ".to_owned() } else { "\n".repeat(open) };
    format!("{signature}{gap}{}", body.unwrap_or("{ … }"))
}

#[cfg(test)]
mod tests {
    use syn::ItemFn;

    use super::*;

    fn source_of(text: &str) -> Source {
        let function: ItemFn = syn::parse_str(text).unwrap();
        let ItemFn { attrs, vis, sig, block } = &function;
        Source::of(Some(sig.fn_token.span), attrs, Some(vis), sig, block)
    }

    /// There is no file behind parsed text, so the body alone is what is known.
    #[test]
    fn without_a_file_the_body_is_kept_with_its_comments() {
        let text = "fn f(a: u8)\n    -> u8\n{\n    // why\n    a\n}";
        let source = source_of(text);
        assert_eq!(source.lines, 1..=6);
        assert_eq!(source.text, "fn f (a : u8) -> u8\n\n{\n    // why\n    a\n}");
    }

    #[test]
    fn a_function_on_one_line_stays_on_one() {
        let source = source_of("fn f() { g() }");
        assert_eq!(source.lines, 1..=1);
        assert_eq!(source.text, "fn f () { g() }");
    }
}
