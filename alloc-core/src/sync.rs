//! The atomics of the lock-free parts, behind one name, so that the model
//! checker's tests can put loom's in their place (see `tests/loom.rs`).

pub(crate) use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering, fence};
