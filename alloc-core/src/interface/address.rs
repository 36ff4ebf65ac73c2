//! Freeing, resizing and measuring by address alone: for callers that know no layout, as C's.
//!
//! The page map says whether an address is in an arena, and if so the arena's headers
//! say in which block; else it is a span's or a mapping's. That costs a few dependent
//! loads more than with a layout, and finds on the way whether the address is one
//! that can be freed at all: if not, the process ends with a line that says why.

use core::ptr::NonNull;

use crate::{PoolAlloc, blocks};

impl PoolAlloc {
    /// Frees a block whose layout the caller does not know.
    ///
    /// With a layout, [`dealloc`](core::alloc::GlobalAlloc::dealloc) is faster.
    ///
    /// # Safety
    /// `block` was allocated by a `PoolAlloc` and is not used again.
    ///
    /// # Aborts
    /// The process, with one line on standard error, when `block` is not the first
    /// byte of a block: foreign memory, an interior pointer, never handed out.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::alloc::{GlobalAlloc, Layout};
    /// use std::ptr::NonNull;
    ///
    /// static POOL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new();
    ///
    /// // SAFETY: the layout is not empty.
    /// let block = unsafe { POOL.alloc(Layout::new::<[u8; 100]>()) };
    /// let block = NonNull::new(block).expect("memory");
    /// // SAFETY: allocated above, and used no more.
    /// unsafe { POOL.free_at(block) };
    /// ```
    #[inline]
    pub unsafe fn free_at(&self, block: NonNull<u8>) {
        // SAFETY: the caller's contract.
        unsafe { blocks::free_at(block) };
    }

    /// Resizes a block whose layout the caller does not know to `size` bytes, keeping
    /// its contents up to the smaller size, aligned to 16 bytes. Returns the block's new
    /// place; `None` when the system has no memory, and then the block is as it was.
    ///
    /// # Safety
    /// - `block` was allocated by a `PoolAlloc`, and is not used again if this succeeds.
    /// - `size` is not zero, and at most `isize::MAX - 15`.
    ///
    /// # Aborts
    /// As [`PoolAlloc::free_at`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::alloc::{GlobalAlloc, Layout};
    /// use std::ptr::NonNull;
    ///
    /// static POOL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new();
    ///
    /// // SAFETY: the layout is not empty.
    /// let block = unsafe { POOL.alloc_zeroed(Layout::new::<[u8; 100]>()) };
    /// let block = NonNull::new(block).expect("memory");
    /// // SAFETY: allocated above, and only its new place is used from here.
    /// let block = unsafe { POOL.resize_at(block, 5000) }.expect("memory");
    /// // SAFETY: of 5,000 bytes, whose first 100 were zero.
    /// assert_eq!(unsafe { block.add(99).read() }, 0);
    /// // SAFETY: used no more.
    /// unsafe { POOL.free_at(block) };
    /// ```
    pub unsafe fn resize_at(&self, block: NonNull<u8>, size: usize) -> Option<NonNull<u8>> {
        // SAFETY: the caller's contract.
        unsafe { blocks::resize_at(block, size, &self.settings) }
    }

    /// The bytes of a block that its user may use, of whose layout the caller knows nothing: at
    /// least as many as were asked for; in hardened mode just as many. `None`: no block of this
    /// allocator starts here.
    ///
    /// [`block_of`](crate::block_of) takes longer, and any address at all.
    ///
    /// # Safety
    /// `block` was allocated by a `PoolAlloc` and not freed, or is no memory of this allocator.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::alloc::{GlobalAlloc, Layout};
    /// use std::ptr::NonNull;
    ///
    /// static POOL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new();
    ///
    /// // SAFETY: the layout is not empty.
    /// let block = unsafe { POOL.alloc(Layout::new::<[u8; 100]>()) };
    /// let block = NonNull::new(block).expect("memory");
    /// // SAFETY: allocated above.
    /// assert!(unsafe { POOL.usable_bytes(block) }.is_some_and(|bytes| (100..128).contains(&bytes)));
    /// # // SAFETY: used no more.
    /// # unsafe { POOL.free_at(block) };
    /// ```
    #[inline]
    #[must_use]
    pub unsafe fn usable_bytes(&self, block: NonNull<u8>) -> Option<usize> {
        // SAFETY: the caller's contract.
        unsafe { blocks::bytes_at(block) }
    }
}
