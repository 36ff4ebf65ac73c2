//! Words that one thread writes and any thread may read.
//!
//! A heap's fields belong to the thread that owns the heap, but `stats()` reads
//! some of them from outside. A plain `Cell` would make that a data race; an
//! atomic with relaxed loads and stores is the same machine code and is not.
//! There is no read-modify-write here on purpose: two writers would be a bug.

use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

macro_rules! owner_cell {
    ($name:ident, $atomic:ty, $value:ty) => {
        /// A value written by its owner only, readable by all.
        #[repr(transparent)]
        pub(crate) struct $name($atomic);

        impl $name {
            #[inline]
            pub(crate) fn get(&self) -> $value {
                self.0.load(Ordering::Relaxed)
            }

            #[inline]
            pub(crate) fn set(&self, value: $value) {
                self.0.store(value, Ordering::Relaxed);
            }
        }
    };
}

owner_cell!(OwnerU8, AtomicU8, u8);
owner_cell!(OwnerU16, AtomicU16, u16);
owner_cell!(OwnerU32, AtomicU32, u32);
owner_cell!(OwnerU64, AtomicU64, u64);

impl OwnerU8 {
    pub(crate) const fn new(value: u8) -> Self {
        Self(AtomicU8::new(value))
    }
}

impl OwnerU16 {
    pub(crate) const fn new(value: u16) -> Self {
        Self(AtomicU16::new(value))
    }
}

impl OwnerU32 {
    pub(crate) const fn new(value: u32) -> Self {
        Self(AtomicU32::new(value))
    }
}

impl OwnerU64 {
    pub(crate) const fn zero() -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline]
    pub(crate) fn add(&self, more: u64) {
        self.set(self.get().wrapping_add(more));
    }

    #[inline]
    pub(crate) fn subtract(&self, less: u64) {
        debug_assert!(self.get() >= less);
        self.set(self.get().wrapping_sub(less));
    }
}

/// A pointer written by its owner only, readable by all.
#[repr(transparent)]
pub(crate) struct OwnerPtr<T>(AtomicPtr<T>);

impl<T> OwnerPtr<T> {
    pub(crate) const fn null() -> Self {
        Self::new(core::ptr::null_mut())
    }

    pub(crate) const fn new(value: *mut T) -> Self {
        Self(AtomicPtr::new(value))
    }

    #[inline]
    pub(crate) fn get(&self) -> *mut T {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn set(&self, value: *mut T) {
        self.0.store(value, Ordering::Relaxed);
    }
}
