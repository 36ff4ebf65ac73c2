//! Heap memory charged to `tracing` spans, exact to the byte.
//!
//! Wrap the program's allocator in [`alloc_profiler::ProfiledAlloc`] and put a
//! [`HeapLayer`] into its `tracing_subscriber` registry. What a thread allocates
//! and frees while it is in a span is that span's, and its parents' if they are
//! entered there too. Spans of `async` functions are charged while the future is
//! polled, on whatever thread, and when it is dropped.
//!
//! ```
//! use std::alloc::System;
//! use alloc_profiler::ProfiledAlloc;
//! use alloc_profiler_tracing::HeapLayer;
//! use tracing::instrument;
//! use tracing_subscriber::prelude::*;
//!
//! #[global_allocator]
//! static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);
//!
//! #[instrument(skip_all)]
//! fn request(text: &str) -> usize {
//!     let copy = text.to_owned();
//!     words(&copy).len()
//! }
//!
//! #[instrument(skip_all)]
//! fn words(text: &str) -> Vec<&str> {
//!     let mut words = Vec::with_capacity(10);
//!     words.extend(text.split(' '));
//!     words
//! }
//!
//! let (layer, handle) = HeapLayer::with_report();
//! tracing_subscriber::registry().with(layer).init();
//! assert_eq!(request("to be or not to be"), 6);
//!
//! let report = handle.report();
//! let words = report.span(&["request", "words"]).unwrap();
//! assert_eq!((words.heap.net_bytes(), words.own.allocated_bytes), (160, 160));
//! println!("{report}");
//! ```
//!
//! prints
//!
//! ```text
//! Net  Allocated  Own  Peak  Count    Busy  Span
//! ==================================================
//!   0        178   18   178      1  14.1µs  request
//! 160        160  160   160      1   2.9µs    words
//! ```
//!
//! # Figures
//!
//! - **Net**, **allocated**, **freed**: what code in the span asked of the
//!   allocator, and in the spans that were entered within, on the same thread.
//! - **Own**: the same without what was asked in the spans entered within.
//! - **Peak**: the most that the heap rose above its level at the span's start,
//!   as far as the span moved it. What other tasks do while it is suspended is not
//!   in it; what it holds meanwhile is. Of a span that is entered on several
//!   threads at once, stays are put one behind the other as they end.
//! - **Busy**: how long threads were in the span. The figures of a path are sums,
//!   but the peak, which is the highest of a single span.
//!
//! # Events
//!
//! When a span closes that was ever entered, its subscriber is sent an event in
//! the context of the span's parent: target `alloc_profiler::span`, level DEBUG,
//! with the fields `name`, the span's; `net_bytes`, `allocated_bytes`,
//! `freed_bytes`, `allocated_blocks`, `freed_blocks`, `copied_bytes` (by
//! reallocations), `peak_bytes`; `own_net_bytes`, `own_allocated_bytes`,
//! `own_freed_bytes`, `own_allocated_blocks`; and `busy_ns`. What subscribers
//! allocate as they take it in is charged to nobody, and spans that they enter
//! meanwhile are not measured.
//!
//! # What is charged to whom
//!
//! - Memory is charged where it is asked for: what a thread that is not in the
//!   span allocates for it is not charged to it, so spawned threads and tasks need
//!   spans of their own.
//! - Memory is credited where it is freed: a span that frees what another one
//!   allocated has a net below zero.
//! - What `tracing` and other layers allocate to open, enter and record spans is
//!   charged to the span in which that happens, like any other library's work. The
//!   layer's own memory is charged to nobody.
//! - Counting begins when the first span is entered. A span or a layer that a
//!   filter has switched off is not measured, and costs what `tracing` takes for it.
//!
//! # Design
//!
//! `open` has the calling thread's open spans and measures them; `spent` is the
//! arithmetic of their figures; `layer` keeps these with the span and, when it
//! closes, hands them to `event` and `report`, which `table` prints. `counting`
//! says whether there is a `ProfiledAlloc` at all.

#![forbid(unsafe_code)]

mod counting;
mod event;
mod layer;
mod open;
mod report;
mod spent;
mod table;

pub use layer::HeapLayer;
pub use report::{HeapReport, ReportHandle, SpanReport};
pub use spent::OwnUse;
