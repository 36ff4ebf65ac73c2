//! [`PoolAlloc`]: CPython's memory system as a global allocator for Rust.
//!
//! ```
//! #[global_allocator]
//! static GLOBAL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new();
//!
//! let words: Vec<String> = ["arena", "pool", "block"].map(String::from).into();
//! println!("{}", alloc_core::stats());
//! # assert_eq!(words.len(), 3);
//! ```
//!
//! Small objects (16 to 512 bytes) live in *blocks* of 32 size classes; blocks of
//! one class share a *pool* of 4 KiB; 63 pools share an *arena* of 256 KiB. Bigger
//! objects have *slabs* (to 128 KiB) or *mappings* of their own. Each thread has a
//! *heap* that it uses without a lock; a block freed by another thread goes home
//! as a *remote free*.
//!
//! - [`stats()`] says where every byte is; its `Display` is the report of CPython's
//!   `sys._debugmallocstats()`.
//! - [`block_of`] finds the block that any address lies in.
//! - [`collect()`] gives back what is kept for reuse.
//! - [`settings`] says which settings are in force: what [`PoolAlloc`]'s methods
//!   and the environment set.
//! - [`check()`] walks the heaps and checks their invariants.
//! - [`DebugAlloc`] finds what a program writes past the ends of its blocks, or frees twice.
//!
//! # Features
//!
//! `allocator-api2` makes [`PoolAlloc`] an `Allocator` in the sense of the crate of
//! that name, for collections with an allocator of their own: hashbrown's maps,
//! `allocator_api2::vec::Vec` and more. These hold a copy of what they are given:
//! `&POOL`, with a `static POOL: PoolAlloc`, is one pointer.
//!
//! `initial-exec` is for a library that is loaded when a program starts, as
//! `alloc-preload` is: it reaches the thread's heap in one load where such a library
//! would call a function (x86-64 only; no effect elsewhere). A library that is loaded
//! later may then find no room for its thread-locals.
//!
//! `hardened` is the mode that finds overflows, use after free, every double free and more,
//! at a cost; SECURITY.md has the table.
//!
//! # The layers, a folder each, each using only those below it
//!
//! | folder | modules |
//! |---|---|
//! | interface | `global` + `builder`, `address` (no layout), `allocator` (a feature), `stats` + `report`, `collect`, `check`; `debug` (around any allocator) |
//! | modes | `plain` or `hardened` (what users get), `tiers` (by size) |
//! | threads | `tls` (whose heap), `background` (idle: gives back) |
//! | heaps | `heap`, `bin` (cached blocks), `run` (blocks of one pool), `outbox` (frees to others), `remote` + `free_run` + `enclosed` (frees from others), `receive` (which come home), `registry` (all heaps), `inherit` (arenas of ended threads' heaps), `warm` (for the next thread), `spare` (empty pools at hand) |
//! | memory | `arenas`, `arena`, `pool`; `large` (above 128 KiB); `block` (address → block); `seal`, `scrub` (hardened); `misuse` (what is caught) |
//! | ground | `supply` + `region` (spans), `mapping`, `keep` (what stays), `huge` (huge pages, while cheap), `relief` (when there is none), `pagemap` (address → owner) |
//! | base | `knobs` + `environment` (settings), `class` + `family` + `shape`, `config`, `cell`, `key`, `line`, `lock`, `sync`, `cpu` and `os` (the only platform code) |
//!
//! ARCHITECTURE.md at the root walks an allocation and a free through them.

#![allow(
    clippy::cast_possible_truncation,
    reason = "addresses are 64-bit, and every narrowed count is bounded by the geometry: see the assertions in config"
)]

#[cfg(not(unix))]
compile_error!("alloc-core needs a Unix system: mmap, pthread keys");
#[cfg(not(target_pointer_width = "64"))]
compile_error!("alloc-core needs 64-bit addresses");

mod base;
mod ground;
mod heaps;
mod interface;
mod memory;
mod modes;
mod threads;

// Modules by their short names, `crate::keep` say, whatever layer they are in.
use base::{
    cell, class, config, cpu, environment, family, grid, key, knobs, line, lock, os, pages, shape,
    sync,
};
use ground::{huge, keep, mapping, pagemap, region, relief, supply};
use heaps::{bin, enclosed, free_run, heap, outbox, registry, remote, run, spare, warm};
use memory::{arena, arenas, block, large, misuse, pool};
#[cfg(feature = "hardened")]
use memory::{scrub, seal};
#[cfg(feature = "hardened")]
use modes::hardened as blocks;
#[cfg(not(feature = "hardened"))]
use modes::plain as blocks;
use modes::tiers;
use threads::{background, tls};

pub use block::{Block, Tier, block_of};
pub use interface::check::{Violation, check};
pub use interface::collect::collect;
pub use interface::debug::DebugAlloc;
pub use interface::global::PoolAlloc;
pub use interface::stats::{ArenaStats, BigStats, ClassStats, Stats, stats};
pub use knobs::{Settings, settings};
