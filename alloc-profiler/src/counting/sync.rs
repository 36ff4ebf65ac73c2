//! The atomics of what other threads read while its owner writes, behind one name, so that
//! the model checker's test can put loom's in their place (see `tests/loom`), where making
//! one is not `const`.

pub(crate) use std::hint::spin_loop;
pub(crate) use std::sync::atomic::{AtomicU64, Ordering, fence};

/// A function that is `const`, if making an atomic is.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)+) => {
        $(#[$attribute])*
        $visibility const fn $($rest)+
    };
}

pub(crate) use const_fn;
