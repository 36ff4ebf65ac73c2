//! A bin: the blocks of one class that a thread holds ready.
//!
//! A stack of pointers in memory of its own. A pop and a push each touch the
//! counter and one slot, never the block, which is often cold. Blocks in bins
//! are allocated as far as their pools know, and free as far as users do.
//!
//! Only the heap's owner pops and pushes; `len` may be read by any thread.

use core::ptr::NonNull;

use crate::cell::{OwnerPtr, OwnerU32};

/// A bounded stack of free blocks of one class.
#[repr(C)]
pub(crate) struct Bin {
    len: OwnerU32,
    capacity: OwnerU32,
    slots: OwnerPtr<NonNull<u8>>,
}

impl Bin {
    /// A bin without room: both its pop and its push fail.
    pub(crate) const fn without_room() -> Self {
        Self { len: OwnerU32::zero(), capacity: OwnerU32::zero(), slots: OwnerPtr::null() }
    }

    /// Gives an empty bin its room.
    ///
    /// # Safety
    /// `slots` is valid for `capacity` pointers, forever, and this bin's alone.
    pub(crate) unsafe fn set_room(&self, slots: NonNull<NonNull<u8>>, capacity: usize) {
        self.slots.set(slots.as_ptr());
        self.capacity.set(capacity as u32);
    }

    /// Blocks held.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len.get() as usize
    }

    /// Blocks that it has room for.
    pub(crate) fn capacity(&self) -> usize {
        self.capacity.get() as usize
    }

    /// The block pushed last.
    #[inline]
    pub(crate) fn pop(&self) -> Option<NonNull<u8>> {
        let left = self.len.get().checked_sub(1)?;
        self.len.set(left);
        // SAFETY: left < len ≤ capacity, the room of `slots`.
        let slot = unsafe { self.slots.get().add(left as usize) };
        // SAFETY: slots below len hold blocks.
        Some(unsafe { slot.read() })
    }

    /// Adds a block; `false` when the bin is full.
    #[inline]
    #[must_use]
    pub(crate) fn push(&self, block: NonNull<u8>) -> bool {
        let len = self.len.get();
        if len == self.capacity.get() {
            return false;
        }
        // SAFETY: len < capacity, the room of `slots`.
        let slot = unsafe { self.slots.get().add(len as usize) };
        // SAFETY: as above.
        unsafe { slot.write(block) };
        self.len.set(len + 1);
        true
    }

    /// Fills an empty bin: `fill` gets the free slots and says how many it wrote.
    pub(crate) fn fill(&self, fill: impl FnOnce(*mut NonNull<u8>) -> usize) {
        debug_assert_eq!(self.len(), 0);
        let written = fill(self.slots.get());
        debug_assert!(written <= self.capacity());
        self.len.set(written as u32);
    }

    /// Removes the `count` blocks pushed longest ago, after `visit` saw them.
    pub(crate) fn drain_oldest(&self, count: usize, visit: impl FnOnce(&[NonNull<u8>])) {
        let slots = self.slots.get();
        if count == 0 || slots.is_null() {
            return;
        }
        debug_assert!(count <= self.len());
        // SAFETY: slots below len hold blocks, and only this thread writes them;
        // `visit` cannot reach the bin's slots but through this slice.
        visit(unsafe { core::slice::from_raw_parts(slots, count) });
        let left = self.len() - count;
        // SAFETY: count + left = len: both ranges lie in the room of `slots`.
        let rest = unsafe { slots.add(count) };
        // SAFETY: as above; the ranges may overlap.
        unsafe { core::ptr::copy(rest, slots, left) };
        self.len.set(left as u32);
    }
}
