//! The base: the geometry, the settings, and the system.
//!
//! `config` is the geometry; `class` has the size classes in it, `family` what has arenas of
//! its own, `shape` their pools' shapes, `grid` how arenas are cut; `knobs` are the settings in
//! force, and `environment` reads them; `cell` has words with one writer, `lock` a lock,
//! `sync` the atomics; `key` is the process's secret; `line` is text without the heap. `cpu`
//! and `os` are the only platform code.

pub(crate) mod cell;
pub(crate) mod class;
pub(crate) mod config;
pub(crate) mod cpu;
pub(crate) mod environment;
pub(crate) mod family;
pub(crate) mod grid;
pub(crate) mod key;
pub(crate) mod knobs;
pub(crate) mod line;
pub(crate) mod lock;
pub(crate) mod os;
pub(crate) mod pages;
pub(crate) mod shape;
pub(crate) mod sync;
