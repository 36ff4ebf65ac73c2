//! Sequences of heap operations, run on `PoolAlloc` beside a naive oracle.
//!
//! A sequence is a list of [`Step`]s, each eight bytes: any bytes are a sequence, so
//! that a property test shrinks them, a fuzzer mutates them, and a seed stands for them.
//! Each step names one of a few threads and an operation: allocate, resize, free, give
//! memory back, end the thread and start another.
//!
//! Two ways to run one:
//! - [`in_turn`]: a step at a time, each by its own thread while the others rest. The
//!   whole heap is checked after every step. The same bytes do the same each time.
//! - [`at_once`]: each thread runs its own steps beside the others, on the same blocks.
//!   The whole heap is checked each time they rest.
//!
//! What is checked of blocks ([`Live`], [`Oracle`]): aligned, disjoint, zero where that was
//! promised, contents untouched whenever one is resized or freed, known to `block_of` and
//! `usable_bytes`. Of the whole heap: `alloc_core::check()`, and that the stats count just
//! the oracle's blocks, class by class. At a sequence's end nothing is in use, and nothing
//! is kept.
//!
//! `PoolAlloc` is not the global allocator here, so all that is in its heaps is the
//! sequence's. What is wrong panics; [`in_child`] gives each sequence a process, and so a
//! heap, of its own.
//!
//! ```
//! use alloc_core::PoolAlloc;
//! use sequences::{Step, in_turn};
//!
//! // On thread 0, a block of 1 byte; and what is at hand goes back to the system.
//! let steps = Step::all_of(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 240, 0, 0, 0, 0, 0, 0]);
//! in_turn(PoolAlloc::new(), &steps);
//! ```

use alloc_core::PoolAlloc;

mod child;
mod crew;
mod live;
mod model;
mod oracle;
mod place;
mod rest;
mod step;

pub use child::in_child;
pub use crew::{at_once, in_turn};
pub use live::Live;
pub use oracle::Oracle;
pub use step::{Operation, STEP_BYTES, Step, THREADS};

/// A `PoolAlloc` that caches and keeps as little as it can: its slow paths run all the
/// time, and memory goes back to the system as soon as it is free.
pub const SPARE: PoolAlloc =
    PoolAlloc::new().thread_cache_bytes(1 << 10).keep_bytes(0).keep_max_bytes(0).keep_percent(0);
