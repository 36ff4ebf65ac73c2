//! Line-level heap deltas, exact to the byte.
//!
//! Wrap the program's allocator in [`ProfiledAlloc`], put [`macro@profile`] on a
//! function, and when the program exits it prints what each line of the function
//! added to the heap or gave back, callees included, and how often it ran, in
//! the table of Python's `memory_profiler`:
//!
//! ```
//! use std::alloc::System;
//! use alloc_profiler::{ProfiledAlloc, profile};
//!
//! #[global_allocator]
//! static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);
//!
//! #[profile]
//! fn words(text: &str) -> usize {
//!     // The body's own comments are in the table.
//!     let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
//!     words.len()
//! }
//!
//! assert_eq!(words("to be or not to be"), 6);
//! println!("{}", alloc_profiler::report());
//! ```
//!
//! `ALLOC_PROFILER=wide` in the environment prints every figure instead, with
//! advice; `json:PATH` writes a file that [`Report::diff`] can compare with another
//! build's; `off` silences the table; see [`print_report`].
//!
//! The [`guide`] goes from these lines to every figure, one step after the other.
//!
//! | to | there is |
//! |---|---|
//! | see what each line takes | [`macro@profile`], [`print_report`], [`set_output`] |
//! | read the figures in the program | [`report()`], [`Report::advice`], [`Report::diff`] |
//! | keep them for later, and read them again | [`Report::to_json`], [`Report::from_json`], [`json`] |
//! | hold a test to a budget | [`assert_heap!`], [`measure`], [`Measuring`] |
//! | see a stretch of the run, or the memory over time | [`timestamp`], [`memory_usage`], [`Sampler`] |
//! | stop where the heap grows too large | [`set_limit`] |
//!
//! # Design
//!
//! - `counting`: the allocator counts what passes through it, in the record of the
//!   calling thread.
//! - `recording`: the attribute puts a guard and probes into the function, and a task
//!   around a future; a probe charges what its thread counted since the last probe to
//!   the line that ran in between, in the thread's own slots. Nothing is shared, locked
//!   or searched on that path; bytes and blocks are all counted, time is sampled.
//! - `report` adds up all threads' slots at any time; `render` and `json` write them,
//!   `advice` and `diff` tell what they show; `output` prints them at exit.
//! - `measuring`: the same for code that is no function, and the limit that stops the
//!   program that takes too much.
//! - `statics` is the uncounted memory that the books are kept in, `clock` the time,
//!   `options` what the attribute was told.

// The attribute's expansion names this crate, and it is tested here too.
extern crate self as alloc_profiler;

mod advice;
mod clock;
mod counting;
mod diff;
pub mod guide;
pub mod json;
mod measuring;
mod options;
mod output;
#[doc(hidden)]
pub mod private;
mod recording;
mod render;
mod report;
#[cfg(test)]
mod samples;
mod statics;

/// A crate has one edition, a documentation test its own:
///
/// ```test_harness,edition2021
/// include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shapes/all.rs"));
/// ```
#[cfg(doctest)]
struct ShapesInEdition2021;

pub use advice::{Advice, Pattern};
pub use counting::alloc::ProfiledAlloc;
pub use diff::{Cost, FunctionDiff, Growth, LineDiff, ReportDiff};
pub use measuring::limit::{AtLimit, set_limit};
pub use measuring::measure::{HeapUse, Measuring, measure, uncounted};
pub use measuring::sampler::{MemoryUsage, Sample, Sampler, memory_usage};
pub use measuring::scopes::{Timestamp, timestamp};
pub use options::{Backend, Stream};
pub use output::{Output, print_report, set_output};
pub use report::{
    FunctionReport, LineFigures, LineReport, Report, ScopeReport, ThreadReport, Usage, report,
};

/// Records, for each line of a function, the heap bytes that it added or gave
/// back, its peak, how often it ran and how long.
///
/// Everything that a line calls is charged to it, profiled or not; a function
/// that is called there and profiled too has its own table besides. Under
/// recursion only the outermost call's bytes are charged, so nothing counts
/// twice. The program's global allocator must be a
/// [`ProfiledAlloc`].
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
/// # What it goes on
///
/// Any function with a body but `const fn`: methods, trait methods, generic,
/// `unsafe` and `extern` functions, `async fn`. On an `impl` or `trait` block or an
/// inline module it goes on every function in it, and `#[profile(skip)]` leaves one
/// out. Only calls are put between the statements, so values, types, drop order,
/// panics and lints stay as they were. With the crate's feature `off` it leaves the
/// bare function.
///
/// # Options
///
/// As in `#[profile(precision = 3, stream = "stderr")]`:
///
/// | option | means |
/// |---|---|
/// | `precision = N` | decimals of the classic table, 1 if not given |
/// | `stream = "stdout"`, `"stderr"` or a path | where the function's tables go |
/// | `backend = "heap"`, `"rss"`, `"pss"` or `"uss"` | what the classic table shows; see [`Backend`] |
/// | `each_call` | a table after each call, of that call alone |
/// | `name = "…"` | the name in the report, instead of the path |
/// | `skip` | leave the function as it is |
///
/// # What is charged where
///
/// - A statement is charged to the line on which it begins, with all the lines
///   that it goes on over. Statements in the blocks of `if`, `match`, loops, `unsafe`
///   and so on have lines of their own, and so has a match arm without a block, and
///   statements in closures and `async` blocks, wherever and whenever these run.
///   Nested functions need the attribute themselves.
/// - A loop's line has what its iterator or condition does, and what drops
///   between two rounds. It occurs once for each round and, but for `loop`, once
///   more.
/// - The locals of a block are dropped on the line of its closing brace, which
///   shows figures if that moved any bytes; after `return`, `continue`, `break`, `?`
///   or a panic on the line of that exit. (A `?` or a panic in a block's last statement
///   looks like the block's end: on the brace, and what is around it on its own line.)
/// - The function's parameters are dropped after it has returned: on the
///   caller's line. Those of an `async fn` are dropped by itself, on its last line.
/// - An `async fn` is charged while it is polled, on whatever thread; what others do
///   while it waits is theirs. One that is dropped while it waits has its locals
///   dropped on the line on which it waited.
/// - "Mem usage" is the largest live heap right after the line. What other threads
///   hold is in it as of the start of the outermost profiled call, give or take
///   some milliseconds.
/// - Time is the clock's on the wall. A line's first 64 runs on each thread are timed, and
///   then one in 64 on average, drawn by lot, for the others too; from 65,536 runs on
///   ever fewer, to one in 1,024.
pub use alloc_profiler_macros::profile;

/// Runs a block, and panics if it did more to the heap than its limits allow.
///
/// Limits compare a figure with a number: `allocs`, `frees`, `reallocs` and
/// `leaked_blocks` in blocks; `bytes` (allocated), `freed_bytes`, `leaked` (bytes
/// allocated less freed), `copied` (by reallocations) and `peak` (the most above
/// the start) in bytes; with `<=`, `<`, `==`, `>=` or `>`. The value is the
/// block's, which is still alive when the heap is looked at: what it holds is
/// allocated, and not yet freed.
///
/// A failure says what was found, and names the lines of the block that spent
/// most. Counted is what the calling thread does, so tests that run side by side
/// do not disturb each other; the block may not `.await`. The program's global
/// allocator must be a [`ProfiledAlloc`], else it panics and says so.
///
/// ```
/// use std::alloc::System;
/// use alloc_profiler::{ProfiledAlloc, assert_heap};
///
/// #[global_allocator]
/// static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);
///
/// let sum = assert_heap!(allocs <= 1, bytes <= 4096, leaked == 0, {
///     let squares: Vec<u64> = (1..=100).map(|n| n * n).collect();
///     squares.iter().sum::<u64>()
/// });
/// assert_eq!(sum, 338_350);
/// ```
///
/// [`measure`] is the same as a function, without limits.
pub use alloc_profiler_macros::assert_heap;
