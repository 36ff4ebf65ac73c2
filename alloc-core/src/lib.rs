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
//! # The layers, each using only those below it
//!
//! | layer | modules |
//! |---|---|
//! | interface | `global` + `builder`, `address` (no layout), `allocator` (a feature), `stats` + `report`, `collect`, `check`; `debug` (around any allocator) |
//! | modes | `plain` or `hardened` (what users get), `tiers` (by size) |
//! | threads | `tls` (whose heap), `registry` (all heaps), `warm` (for the next thread), `outbox` (frees to others), `background` (idle: gives back) |
//! | a heap | `heap`, `bin` (cached blocks), `run` (blocks of one pool), `remote` + `free_run` (frees from others) |
//! | memory | `arenas`, `arena`, `pool`; `large` (above 128 KiB); `block` (address → block); `seal`, `scrub` (hardened); `misuse` (what is caught) |
//! | ground | `supply` + `region` (spans), `mapping`, `keep` (what stays), `huge` (huge pages, while cheap), `relief` (when there is none), `pagemap` (address → owner) |
//! | base | `knobs` + `environment` (settings), `class`, `config`, `cell`, `key`, `line`, `lock`, `sync`, `os` (the only platform code) |
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

mod address;
#[cfg(feature = "allocator-api2")]
mod allocator;
mod arena;
mod arenas;
mod background;
mod bin;
mod block;
mod builder;
mod cell;
mod check;
mod class;
mod collect;
mod config;
mod debug;
mod environment;
mod free_run;
mod global;
#[cfg(feature = "hardened")]
mod hardened;
mod heap;
mod huge;
mod keep;
mod key;
mod knobs;
mod large;
mod line;
mod lock;
mod mapping;
mod misuse;
mod os;
mod outbox;
mod pagemap;
#[cfg(not(feature = "hardened"))]
mod plain;
mod pool;
mod region;
mod registry;
mod relief;
mod remote;
mod report;
mod run;
#[cfg(feature = "hardened")]
mod scrub;
#[cfg(feature = "hardened")]
mod seal;
mod stats;
mod supply;
mod sync;
mod tiers;
mod tls;
mod warm;

#[cfg(feature = "hardened")]
use hardened as blocks;
#[cfg(not(feature = "hardened"))]
use plain as blocks;

pub use block::{Block, Tier, block_of};
pub use check::{Violation, check};
pub use collect::collect;
pub use debug::DebugAlloc;
pub use global::PoolAlloc;
pub use knobs::{Settings, settings};
pub use stats::{ArenaStats, BigStats, ClassStats, Stats, stats};
