//! The heaps: what threads allocate from, and what passes between them.
//!
//! Each thread has a `heap`, with a `bin` of cached blocks a class in front of its pools.
//! Blocks that leave a bin are gathered by pool (`run`); those of other heaps go to these
//! in an `outbox`, and stand in their `remote` queue, each `free_run` in its own first
//! block, or `enclosed` in that of another one, until they come home (`receive`). `registry` has
//! all heaps; who has no room takes arenas over from those that nobody has (`inherit`). `warm`
//! is what an ended thread's heap keeps ready, `spare` the empty pools that a heap does not
//! give back.

pub(crate) mod bin;
pub(crate) mod enclosed;
pub(crate) mod free_run;
pub(crate) mod heap;
mod inherit;
pub(crate) mod outbox;
mod receive;
pub(crate) mod registry;
pub(crate) mod remote;
pub(crate) mod run;
pub(crate) mod spare;
pub(crate) mod warm;
