//! [`DebugAlloc`]: CPython's debug hooks around any allocator.
//!
//! What `PYTHONMALLOC=debug` does (`Objects/obmalloc.c`, the comment on the debug
//! hooks; PEP 445): every block is framed by bytes that nobody may write, new memory
//! and freed memory are filled with bytes that nobody takes for values, and a frame
//! that is not as it was left ends the process with CPython's report. `frame` is what
//! stands around the data, `report` says what is wrong with it.
//!
//! # Departures from CPython
//! - Rust says the size again when it frees. One that is not the header's is a fault, and
//!   where the header is overwritten the report finds the tail by it.
//! - A realloc always moves. CPython asks the inner allocator to resize, which may leave
//!   the block where it is; here a pointer kept across a realloc points to dead bytes
//!   each time, and a realloc that fails has changed nothing.
//! - One API, `'o'` for objects, as there is one `GlobalAlloc`.
//!
//! # Invariants
//! - A block that is out has its frame; one that went back to the inner allocator has
//!   nothing but dead bytes, until that allocator writes there.
//! - Nothing here takes a lock, or memory other than the inner allocator's.

mod frame;
mod report;

use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicU64, Ordering};

use frame::{CLEAN_BYTE, DEAD_BYTE, Frame};
use report::Deed;

/// An allocator that serves every request from `A` and ends the process when a block's
/// user has written past its ends, or frees it twice.
///
/// The layout of a block is that of CPython's debug hooks (`PYTHONMALLOC=debug`):
///
/// | at | bytes | |
/// |---|---|---|
/// | `p-16` | 8 | the size that was asked for, big endian |
/// | `p-8` | 1 | the API: `'o'` |
/// | `p-7` | 7 | `0xFD`, forbidden |
/// | `p` | size | the data: `0xCD` when new, `0xDD` when freed |
/// | `p+size` | 8 | `0xFD`, forbidden |
/// | `p+size+8` | 8 | the number of the call that made the block, big endian |
///
/// A block aligned to more than 16 bytes has more in front, `0xFD` too, so that `p` is
/// aligned.
///
/// `dealloc` and `realloc` check the block. A forbidden byte that was overwritten, a block
/// that was freed already, or a layout of another size is reported on standard error,
/// and the process aborts (SIGABRT):
///
/// ```text
/// Debug memory block at address p=0x7fda635b0880: API 'o'
///     20 bytes originally requested
///     The 7 pad bytes at p-7 are FORBIDDENBYTE, as expected.
///     The 8 pad bytes at tail=0x7fda635b0894 are not all FORBIDDENBYTE (0xfd):
///         at tail+0: 0x41 *** OUCH
///         at tail+1: 0xfd
///         …
///     The block was made by call #7 to debug malloc/realloc.
///     Data at p: cd cd cd cd cd cd cd cd ... cd cd cd cd cd cd cd cd
///
/// alloc-core: bad trailing pad byte: the block at 0x7fda635b0880 was freed with a layout of 20 bytes
/// ```
///
/// What is freed twice is found out as long as `A` has not handed the memory out again;
/// if `A` has given it back to the system, looking at it ends the process by SIGSEGV. A
/// realloc always moves the block.
///
/// # Examples
///
/// ```
/// use alloc_core::{DebugAlloc, PoolAlloc};
///
/// #[global_allocator]
/// static GLOBAL: DebugAlloc<PoolAlloc> = DebugAlloc::new(PoolAlloc::new());
///
/// let mut numbers: Vec<u32> = (0..1000).collect();
/// numbers.shrink_to(10);
/// assert_eq!(numbers[999], 999);
/// assert!(GLOBAL.calls() > 0);
/// ```
#[derive(Debug, Default)]
pub struct DebugAlloc<A> {
    inner: A,
    /// Blocks made so far; the last one has this number.
    calls: AtomicU64,
}

impl<A> DebugAlloc<A> {
    /// An allocator that takes its blocks from `inner`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::alloc::System;
    ///
    /// use alloc_core::DebugAlloc;
    ///
    /// #[global_allocator]
    /// static GLOBAL: DebugAlloc<System> = DebugAlloc::new(System);
    ///
    /// assert_eq!("pool".repeat(2), "poolpool");
    /// ```
    #[must_use]
    pub const fn new(inner: A) -> Self {
        Self { inner, calls: AtomicU64::new(0) }
    }

    /// The allocator that the blocks come from.
    ///
    /// # Examples
    ///
    /// ```
    /// let debug = alloc_core::DebugAlloc::new("inner");
    /// assert_eq!(*debug.inner(), "inner");
    /// ```
    pub const fn inner(&self) -> &A {
        &self.inner
    }

    /// The number of calls that made a block: the last one's *call #N* in a report.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::alloc::{GlobalAlloc, Layout, System};
    ///
    /// let debug = alloc_core::DebugAlloc::new(System);
    /// let layout = Layout::new::<u64>();
    /// // SAFETY: the layout is not empty.
    /// let block = unsafe { debug.alloc(layout) };
    /// assert_eq!(debug.calls(), 1);
    /// // SAFETY: allocated above, with this layout.
    /// unsafe { debug.dealloc(block, layout) };
    /// assert_eq!(debug.calls(), 1);
    /// ```
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Puts a frame around the data of a block, if there is one.
    ///
    /// # Safety
    /// `block` is null, or a new block of the frame's layout.
    unsafe fn framed(&self, frame: Frame, block: *mut u8) -> Option<NonNull<u8>> {
        let block = NonNull::new(block)?;
        // Relaxed: a number, unique by itself, that orders nothing.
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        // SAFETY: the caller's contract.
        Some(unsafe { frame.write(block, call) })
    }
}

impl<A: GlobalAlloc> DebugAlloc<A> {
    /// A block whose data are clean bytes.
    ///
    /// # Safety
    /// The layout is not empty.
    unsafe fn clean(&self, layout: Layout) -> Option<NonNull<u8>> {
        let frame = Frame::around(layout)?;
        // SAFETY: a frame has bytes.
        let block = unsafe { self.inner.alloc(frame.layout()) };
        // SAFETY: just allocated so.
        let data = unsafe { self.framed(frame, block) }?;
        // SAFETY: the data have this many bytes.
        unsafe { data.write_bytes(CLEAN_BYTE, layout.size()) };
        Some(data)
    }

    /// Hands a block back to the inner allocator, full of dead bytes.
    ///
    /// # Safety
    /// The data are those of a block with this frame, and not used again.
    unsafe fn bury(&self, frame: Frame, data: NonNull<u8>) {
        // SAFETY: the caller's contract: inside its block.
        let block = unsafe { frame.block_of(data) };
        // SAFETY: the block has this many bytes, which nobody uses.
        unsafe { block.write_bytes(DEAD_BYTE, frame.layout().size()) };
        // The compiler must not take the bytes for unseen, as it does before C's free.
        let block = black_box(block.as_ptr());
        // SAFETY: allocated with the frame's layout.
        unsafe { self.inner.dealloc(block, frame.layout()) };
    }
}

/// The frame of a block that is as it was left; for another one the process ends.
///
/// # Safety
/// `data` was allocated with `layout`; a caller who breaks this is found out where the
/// bytes around `data` can be read.
unsafe fn checked(data: NonNull<u8>, layout: Layout, deed: Deed) -> Frame {
    let found = match Frame::around(layout) {
        // SAFETY: the caller's contract.
        Some(frame) => unsafe { frame.check(data) }.map(|()| frame),
        // No block is that big, so this one is of another size.
        None => Err(frame::Fault::Size),
    };
    match found {
        Ok(frame) => frame,
        // SAFETY: as above.
        Err(fault) => unsafe { report::end(data, layout, fault, deed) },
    }
}

// SAFETY: the data are a part of an inner block of their own, aligned and as big as asked
// for: `Frame` says why. They stay valid as long as that block does, until it is freed.
// Nothing here unwinds unless the inner allocator does.
unsafe impl<A: GlobalAlloc> GlobalAlloc for DebugAlloc<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        to_raw(unsafe { self.clean(layout) })
    }

    unsafe fn dealloc(&self, data: *mut u8, layout: Layout) {
        // SAFETY: a block that was allocated is not at address zero.
        let data = unsafe { NonNull::new_unchecked(data) };
        // SAFETY: the caller's contract.
        let frame = unsafe { checked(data, layout, Deed::Freed) };
        // SAFETY: the caller's contract.
        unsafe { self.bury(frame, data) };
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(frame) = Frame::around(layout) else { return ptr::null_mut() };
        // SAFETY: a frame has bytes.
        let block = unsafe { self.inner.alloc_zeroed(frame.layout()) };
        // SAFETY: just allocated so.
        to_raw(unsafe { self.framed(frame, block) })
    }

    unsafe fn realloc(&self, data: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: a block that was allocated is not at address zero.
        let data = unsafe { NonNull::new_unchecked(data) };
        // SAFETY: the caller's contract.
        let frame = unsafe { checked(data, layout, Deed::Resized) };
        // SAFETY: the caller vouches that the new size makes a valid layout.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: the caller vouches that the new size is not zero.
        let Some(new_data) = (unsafe { self.clean(new_layout) }) else { return ptr::null_mut() };
        let kept = layout.size().min(new_size);
        // SAFETY: both have at least this many bytes, and are apart.
        unsafe { new_data.copy_from_nonoverlapping(data, kept) };
        // SAFETY: the caller's contract; the old block is done with.
        unsafe { self.bury(frame, data) };
        new_data.as_ptr()
    }
}

fn to_raw(data: Option<NonNull<u8>>) -> *mut u8 {
    data.map_or(ptr::null_mut(), NonNull::as_ptr)
}
