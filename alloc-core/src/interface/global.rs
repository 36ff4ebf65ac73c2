//! [`PoolAlloc`], and its blocks as a `GlobalAlloc`.
//!
//! What hands them out is `blocks`: one of the two modes, `plain` and `hardened`.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use crate::blocks::{alloc, alloc_zeroed, dealloc, realloc};
use crate::knobs::{self, Settings};

/// CPython's pool allocator as a Rust global allocator.
///
/// Blocks of at most 512 bytes come from 4 KiB pools in 256 KiB arenas, bigger
/// ones from slabs (to 128 KiB), spans (to 32 MiB) or mappings. All values of this type
/// share one heap a thread; a value holds nothing but settings, and those of the
/// first value to allocate are the process's.
///
/// # Examples
///
/// ```
/// #[global_allocator]
/// static GLOBAL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new();
///
/// let numbers: Vec<u32> = (0..1000).collect();
/// assert!(alloc_core::stats().bytes_in_use() >= 4000);
/// # drop(numbers);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PoolAlloc {
    pub(crate) settings: Settings,
}

impl PoolAlloc {
    /// An allocator with the default settings, ready for use: nothing is set up
    /// before the first block.
    #[must_use]
    pub const fn new() -> Self {
        Self { settings: knobs::DEFAULTS }
    }
}

impl Default for PoolAlloc {
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: blocks are disjoint, aligned and as big as asked for: `class` and
// `large` say why; they stay valid until freed; no path unwinds. The thread-safety
// rests on heaps being used by their claim's holder alone.
unsafe impl GlobalAlloc for PoolAlloc {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        to_raw(alloc(layout, &self.settings))
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: a block that was allocated is not at address zero.
        let block = unsafe { NonNull::new_unchecked(block) };
        // SAFETY: the caller's contract.
        unsafe { dealloc(block, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        to_raw(alloc_zeroed(layout, &self.settings))
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: a block that was allocated is not at address zero.
        let block = unsafe { NonNull::new_unchecked(block) };
        // SAFETY: the caller's contract.
        to_raw(unsafe { realloc(block, layout, new_size, &self.settings) })
    }
}

#[inline]
fn to_raw(block: Option<NonNull<u8>>) -> *mut u8 {
    block.map_or(core::ptr::null_mut(), NonNull::as_ptr)
}
