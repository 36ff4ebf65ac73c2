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
//! `ALLOC_PROFILER=off` in the environment silences the table at exit.
//!
//! # Design
//!
//! `alloc` counts what passes through the allocator, per thread, in the records
//! of `thread`. The attribute puts the probes of `guard` into the function; a
//! probe charges what its thread counted since the last probe to the line that
//! ran in between, in the thread's own `slots`. Nothing is shared, locked or
//! searched on that path, and nothing is sampled. `report` adds up all threads'
//! slots at any time; `table` prints them; `output` does so at exit. `site` is
//! what is known of a function beforehand; `statics` is the uncounted memory that
//! the books are kept in; `baseline` is the heap before counting began.

// The attribute's expansion names this crate, and it is tested here too.
extern crate self as alloc_profiler;

mod alloc;
mod baseline;
mod counters;
mod events;
mod guard;
mod installed;
mod output;
#[doc(hidden)]
pub mod private;
mod report;
mod site;
mod slots;
mod statics;
mod table;
mod thread;

pub use alloc::ProfiledAlloc;
pub use alloc_profiler_macros::profile;
pub use output::print_report;
pub use report::{FunctionReport, LineFigures, LineReport, Report, report};
