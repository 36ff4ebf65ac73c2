//! `alloc_profiler` as a program sees it that has a `ProfiledAlloc`.
//!
//! A crate that depends on this one under the name `alloc-profiler` can use the
//! attribute, and every test binary that links the crate has the allocator,
//! without a line of its sources saying so.
//!
//! ```
//! #[alloc_profiler_installed::profile]
//! fn work() -> String {
//!     "worked".repeat(1000)
//! }
//! # use alloc_profiler_installed as alloc_profiler;
//! # fn main() {
//! work();
//! assert!(alloc_profiler_installed::report().is_counting);
//! # }
//! ```

#![forbid(unsafe_code)]

use std::alloc::System;

pub use alloc_profiler::*;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);
