//! The comparison of `PoolAlloc` with the allocators that people use, and of programs
//! with and without the profiler.
//!
//! # Design
//! - [`workloads`]: what is measured. Each workload is a function from a
//!   [`Context`](workloads::Context) to a [`Measurement`](workloads::Measurement)
//!   and knows nothing of the allocator below it.
//! - [`worker`]: one process, one global allocator, one workload, once. The
//!   binaries `worker-*` differ in their `#[global_allocator]` alone.
//! - [`empty`]: one process, one global allocator, and no use for it: the binaries
//!   `empty-*`.
//! - [`compare`]: builds the workers, runs them in interleaved rounds, checks
//!   that they agree, and prints, saves and draws the figures.
//! - [`scale`]: runs the same workers at growing heaps and numbers of threads, and
//!   shows how the cost of an operation grows.
//! - [`soak`]: one process, one load for ten minutes: shows whether its memory settles.
//! - [`profiler`]: what the profiler costs: its presence, an allocation, a line, and all
//!   of it beside another heap profiler.
//! - [`bump`]: an allocator that never frees, the floor under `pairs`.
//!
//! # Invariants
//! - A workload does the same work in every run: its random numbers are seeded
//!   and its checksum does not depend on the order in which threads ran.
//! - What is not the allocator's or its user's work (making inputs, reading
//!   `/proc`, printing) happens outside the measured part.

pub mod bump;
pub mod compare;
pub mod empty;
mod processor;
pub mod profiler;
mod resident;
pub mod scale;
pub mod soak;
mod twins;
pub mod worker;
pub mod workloads;
