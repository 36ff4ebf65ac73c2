//! Blocks, as all of C's and C++'s functions take and free them.

use core::alloc::{GlobalAlloc as _, Layout};
use core::ffi::c_void;
use core::ptr::{NonNull, null_mut};

use alloc_core::PoolAlloc;

/// The allocator. Leaner than by default: a shell script's many programs are small and
/// short, and a page fault more costs them less than a page that they would not fill.
pub(crate) static POOL: PoolAlloc = PoolAlloc::new().keep_bytes(512 << 10).keep_percent(10);

/// What `max_align_t` needs on 64-bit systems, and every block has.
pub(crate) const ALIGN: usize = 16;

/// A block of `size` bytes aligned to `align`, a power of two and at least [`ALIGN`];
/// null when the system has no memory. Zero bytes have a block of their own.
#[inline]
pub(crate) fn take(size: usize, align: usize) -> *mut c_void {
    layout(size, align).map_or(null_mut(), |layout| {
        // SAFETY: the layout is not empty.
        unsafe { POOL.alloc(layout) }.cast()
    })
}

/// As [`take`]; the block's bytes are zero.
#[inline]
pub(crate) fn take_zeroed(size: usize) -> *mut c_void {
    layout(size, ALIGN).map_or(null_mut(), |layout| {
        // SAFETY: the layout is not empty.
        unsafe { POOL.alloc_zeroed(layout) }.cast()
    })
}

#[inline]
fn layout(size: usize, align: usize) -> Option<Layout> {
    Layout::from_size_align(size.max(1), align).ok()
}

/// Frees a block, if it is not null.
///
/// # Safety
/// `block` is null, or came from here and is not used again.
#[inline]
pub(crate) unsafe fn give(block: *mut c_void) {
    if let Some(block) = NonNull::new(block.cast()) {
        // SAFETY: the caller's contract.
        unsafe { POOL.free_at(block) };
    }
}
