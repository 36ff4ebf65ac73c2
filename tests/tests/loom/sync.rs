//! Loom's atomics in place of the processor's: see the allocator's `sync`.

pub(crate) use loom::hint::spin_loop;
pub(crate) use loom::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence,
};

/// A function that makes an atomic: not `const` here.
macro_rules! const_fn {
    ($($function:tt)+) => { $($function)+ };
}

/// Statics that are new in each run that loom explores.
macro_rules! shared {
    ($($(#[$attribute:meta])* static $name:ident: $type:ty = $value:expr;)+) => {
        loom::lazy_static! { $($(#[$attribute])* static ref $name: $type = $value;)+ }
    };
}

pub(crate) use {const_fn, shared};
