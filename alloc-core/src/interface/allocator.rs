//! [`PoolAlloc`] as an `Allocator` of collections, feature `allocator-api2`.
//!
//! The crate `allocator-api2` mirrors the standard library's unstable trait; its own
//! collections, hashbrown's and others take an allocator through it. The same
//! functions as for `GlobalAlloc`, so the same fast paths, and three things more:
//! empty layouts, which have no block but a dangling pointer; alignments that change
//! on the way; and growth whose new bytes are zero.

use core::alloc::Layout;
use core::num::NonZero;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use crate::PoolAlloc;
use crate::blocks::{alloc, alloc_zeroed, dealloc, move_block, realloc};

// SAFETY: blocks are disjoint and stay valid until freed, for `GlobalAlloc`'s
// reasons. All values of the type share the heaps, so a copy, or any other value,
// may free what one allocated, and moving or dropping a value changes nothing.
unsafe impl Allocator for PoolAlloc {
    #[inline]
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if layout.size() == 0 {
            return Ok(empty(layout));
        }
        block_for(layout, alloc(layout, &self.settings))
    }

    #[inline]
    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        if layout.size() == 0 {
            return Ok(empty(layout));
        }
        block_for(layout, alloc_zeroed(layout, &self.settings))
    }

    #[inline]
    unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        if layout.size() > 0 {
            // SAFETY: the caller's contract: a block of this layout, not an empty one.
            unsafe { dealloc(block, layout) };
        }
    }

    #[inline]
    unsafe fn grow(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's contract.
        unsafe { self.resize(block, old, new) }
    }

    #[inline]
    unsafe fn grow_zeroed(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if old.size() == 0 {
            // Nothing to keep: memory that is known to be zero will do untouched.
            return self.allocate_zeroed(new);
        }
        // SAFETY: the caller's contract.
        let grown = unsafe { self.resize(block, old, new) }?;
        // SAFETY: the block has the new layout's bytes, no fewer than the old one's.
        let added = unsafe { grown.cast::<u8>().add(old.size()) };
        // SAFETY: as above; nobody else knows these bytes yet.
        unsafe { added.write_bytes(0, new.size() - old.size()) };
        Ok(grown)
    }

    #[inline]
    unsafe fn shrink(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's contract.
        unsafe { self.resize(block, old, new) }
    }
}

impl PoolAlloc {
    /// Makes a block of layout `old` one of layout `new`, bigger or smaller, keeping
    /// its contents up to the smaller size.
    ///
    /// # Safety
    /// `block` was allocated with `old`, and is not used again if this succeeds.
    #[inline]
    unsafe fn resize(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if old.size() == 0 {
            return self.allocate(new);
        }
        if new.size() == 0 {
            // SAFETY: the caller's contract; the old layout is not empty.
            unsafe { dealloc(block, old) };
            return Ok(empty(new));
        }
        let resized = if old.align() == new.align() {
            // SAFETY: the caller's contract; neither layout is empty.
            unsafe { realloc(block, old, new.size(), &self.settings) }
        } else {
            // SAFETY: as above.
            unsafe { move_block(block, old, new, &self.settings) }
        };
        block_for(new, resized)
    }
}

/// What stands for a block of no bytes: an aligned pointer to nothing.
#[inline]
fn empty(layout: Layout) -> NonNull<[u8]> {
    // An alignment is not zero, so nothing is replaced here.
    let align = NonZero::new(layout.align()).unwrap_or(NonZero::<usize>::MIN);
    NonNull::slice_from_raw_parts(NonNull::without_provenance(align), 0)
}

#[inline]
fn block_for(layout: Layout, block: Option<NonNull<u8>>) -> Result<NonNull<[u8]>, AllocError> {
    block.map(|block| NonNull::slice_from_raw_parts(block, layout.size())).ok_or(AllocError)
}
