//! Memory in blocks: arenas, pools, and what is found out about a block.
//!
//! `arenas` serves from the fullest `arena`, which is 64 pages, of which each `pool` has
//! blocks of one class; `large` has the blocks above 128 KiB. `block` finds the block around
//! an address; `seal` and `scrub` prove that nobody overran it or wrote to it once it was
//! free (hardened mode); `misuse` says in words what is caught.

pub(crate) mod arena;
pub(crate) mod arenas;
pub(crate) mod block;
pub(crate) mod large;
pub(crate) mod misuse;
pub(crate) mod pool;
#[cfg(feature = "hardened")]
pub(crate) mod scrub;
#[cfg(feature = "hardened")]
pub(crate) mod seal;
