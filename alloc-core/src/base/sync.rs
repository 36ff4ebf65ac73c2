//! The atomics of the protocols between threads, behind one name, so that the model
//! checker's tests can put loom's in their place (see `tests/tests/loom`).
//!
//! Under loom, making an atomic is not `const`, and each explored run has statics of its
//! own; two macros stand for the words that differ.

pub(crate) use core::hint::spin_loop;
pub(crate) use core::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence,
};

/// A function that is `const`, if making an atomic is.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)+) => {
        $(#[$attribute])*
        $visibility const fn $($rest)+
    };
}

/// Statics that all threads share.
macro_rules! shared {
    ($($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;)+) => {
        $($(#[$attribute])* static $name: $type = $value;)+
    };
}

pub(crate) use {const_fn, shared};
