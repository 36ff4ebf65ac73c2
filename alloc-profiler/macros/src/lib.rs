//! The attribute of `alloc_profiler`; use it through that crate.
//!
//! `attr` parses what the attribute was given and put on, `expand` puts the
//! probes in, `lines` numbers the source lines that have one, `tokens` reads
//! statements' spans and `#[cfg]`s, `source` finds the function's own text.

#![forbid(unsafe_code)]

mod attr;
mod expand;
mod lines;
mod source;
mod tokens;

use proc_macro::TokenStream;

/// Records, for each line of a function, the heap bytes that it added or gave
/// back, and how often it ran.
///
/// Everything that a line calls is charged to it, profiled or not; a function
/// that is called there and profiled too has its own table besides. Under
/// recursion only the outermost call's bytes are charged, so nothing counts
/// twice. The program's global allocator must be a
/// [`ProfiledAlloc`](https://docs.rs/alloc-profiler).
///
/// ```
/// # use std::alloc::System;
/// # #[global_allocator]
/// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
/// #[alloc_profiler::profile]
/// fn lengths(n: usize) -> Vec<String> {
///     let mut all = Vec::with_capacity(n);
///     for i in 0..n {
///         all.push("x".repeat(i));
///     }
///     all
/// }
///
/// lengths(10);
/// let report = alloc_profiler::report();
/// let function = report.function("lengths").unwrap();
/// let (with_capacity, header, push) = (&function.lines[2], &function.lines[3], &function.lines[4]);
/// assert_eq!(with_capacity.figures.unwrap().increment_bytes, 240);
/// assert_eq!(header.figures.unwrap().occurrences, 11);
/// assert_eq!(push.figures.unwrap().increment_bytes, 45);
/// assert_eq!(push.figures.unwrap().occurrences, 10);
/// ```
///
/// # What is charged where
///
/// - A statement is charged to the line on which it begins, with all the lines
///   that it goes on over, and closures in it. Statements in the blocks of `if`,
///   `match`, loops, `unsafe` and so on have lines of their own, and so has a
///   match arm without a block. Nested functions need the attribute themselves.
/// - A loop's line has what its iterator or condition does, and what drops
///   between two rounds. It occurs once for each round and, but for `loop`, once
///   more.
/// - The locals of a block are dropped on the line of its closing brace, which
///   shows figures if that moved any bytes; after `return`, `?` or `break`
///   before the block's last statement, on the line of that exit.
/// - The function's parameters are dropped after it has returned: on the
///   caller's line.
/// - "Mem usage" is the largest live heap right after the line.
///
/// # What it takes
///
/// Any function with a body, but `const fn` and `async fn`. Only calls are put
/// between the statements, so values, types, drop order, panics and lints stay
/// as they were.
#[proc_macro_attribute]
pub fn profile(args: TokenStream, item: TokenStream) -> TokenStream {
    let attribute = proc_macro2::Span::call_site();
    expand::profile(attribute, args.into(), item.into()).into()
}
