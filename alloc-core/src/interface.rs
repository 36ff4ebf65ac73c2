//! The interface: what a program calls.
//!
//! `global` is [`PoolAlloc`](crate::PoolAlloc), and `builder` its settings' methods; `address`
//! frees without a layout; `allocator`, a feature, serves single collections; `stats` and
//! `report` say where every byte is, `collect` gives memory back, `check` walks the
//! invariants; `debug` is CPython's debug hooks around any allocator.

pub(crate) mod address;
#[cfg(feature = "allocator-api2")]
pub(crate) mod allocator;
pub(crate) mod builder;
pub(crate) mod check;
pub(crate) mod collect;
pub(crate) mod debug;
pub(crate) mod global;
pub(crate) mod report;
pub(crate) mod stats;
