//! The attribute of `alloc_profiler`; use it through that crate.
//!
//! `budget` is `assert_heap!`; `attr` parses what the attribute was given and put on, `expand` puts the
//! probes in, `lines` numbers the source lines that have one, `tokens` reads
//! statements' spans and `#[cfg]`s, `source` finds the function's own text.

#![forbid(unsafe_code)]

mod attr;
mod budget;
mod expand;
mod lines;
mod source;
mod tokens;

use proc_macro::TokenStream;

/// See `alloc_profiler::profile`, where this is documented.
#[proc_macro_attribute]
pub fn profile(args: TokenStream, item: TokenStream) -> TokenStream {
    let attribute = proc_macro2::Span::call_site();
    expand::profile(attribute, args.into(), item.into()).into()
}

/// See `alloc_profiler::assert_heap`, where this is documented.
#[proc_macro]
pub fn assert_heap(input: TokenStream) -> TokenStream {
    budget::assert_heap(input.into()).into()
}
