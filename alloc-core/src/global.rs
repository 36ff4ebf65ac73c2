//! [`PoolAlloc`]: the three tiers as one `GlobalAlloc`.
//!
//! The fast path of a class is here and inlined: the class from the layout, the
//! heap from thread-local storage, a pop or a push. Everything else is cold and
//! apart. Nothing here panics, unwinds or waits for a lock on the fast path.
//!
//! The settings are passed on to where memory comes from, by reference: only there
//! does the process's first allocation put them in force. Frees need none: what is
//! freed was allocated.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use crate::class::SizeClass;
use crate::knobs::{self, Settings};
use crate::{background, large, os, outbox, tls};

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

/// A block for a layout that is not empty.
#[inline]
pub(crate) fn alloc(layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    match SizeClass::small(layout.size(), layout.align()) {
        Some(class) => match tls::fast().pop(class) {
            Some(block) => Some(block),
            None => alloc_small_slow(layout, settings),
        },
        None => alloc_big(layout, settings),
    }
}

/// Frees a block.
///
/// # Safety
/// `block` was allocated with `layout` and is not used again.
#[inline]
pub(crate) unsafe fn dealloc(block: NonNull<u8>, layout: Layout) {
    match SizeClass::small(layout.size(), layout.align()) {
        Some(class) => {
            if !tls::fast().push(class, block) {
                dealloc_small_slow(block, layout);
            }
        }
        // SAFETY: the caller's contract.
        None => unsafe { dealloc_big(block, layout) },
    }
}

/// A block whose bytes are zero, for a layout that is not empty.
#[inline]
pub(crate) fn alloc_zeroed(layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    if SizeClass::small(layout.size(), layout.align()).is_none() {
        return alloc_zeroed_big(layout, settings);
    }
    let block = alloc(layout, settings)?;
    // SAFETY: the block is new and has at least this many bytes.
    unsafe { block.write_bytes(0, layout.size()) };
    Some(block)
}

/// Resizes a block, keeping its contents up to the smaller size; `None` when the
/// system has no memory, and then the block is as it was.
///
/// # Safety
/// - `block` was allocated with `layout`, and is not used again if another one is
///   returned.
/// - `new_size` is not zero and makes a valid layout.
#[inline]
pub(crate) unsafe fn realloc(
    block: NonNull<u8>,
    layout: Layout,
    new_size: usize,
    settings: &Settings,
) -> Option<NonNull<u8>> {
    let old = SizeClass::small(layout.size(), layout.align());
    if old.is_some() && old == SizeClass::small(new_size, layout.align()) {
        return Some(block);
    }
    // SAFETY: the caller's contract.
    unsafe { realloc_slow(block, layout, new_size, settings) }
}

/// As [`alloc`] for a small block, when its bin is empty. The fast path hands on the
/// layout as it came, in the registers that it came in; the class is found again.
#[cold]
#[inline(never)]
fn alloc_small_slow(layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    refill(SizeClass::small(layout.size(), layout.align())?, settings)
}

/// As [`dealloc`] for a small block, when its bin is full.
#[cold]
#[inline(never)]
fn dealloc_small_slow(block: NonNull<u8>, layout: Layout) {
    if let Some(class) = SizeClass::small(layout.size(), layout.align()) {
        flush(class, block);
    }
}

/// A slab's block.
#[inline]
fn alloc_slab(class: SizeClass, settings: &Settings) -> Option<NonNull<u8>> {
    match tls::fast().pop(class) {
        Some(block) => Some(block),
        None => refill(class, settings),
    }
}

/// A block of the class, whose bin is empty.
#[cold]
fn refill(class: SizeClass, settings: &Settings) -> Option<NonNull<u8>> {
    knobs::apply(settings);
    background::note();
    match tls::attached() {
        Some(heap) => heap.refill(class),
        None => tls::borrowed(|heap| heap.refill(class))?,
    }
}

/// Frees a block of the class, whose bin is full.
#[cold]
fn flush(class: SizeClass, block: NonNull<u8>) {
    let _errno = os::Errno::keep();
    background::note();
    let Some(heap) = tls::attached() else {
        // After the thread's end, or without memory for a heap: straight to the
        // block's owner.
        return outbox::send_block(class, block);
    };
    // A heap attached just now has room.
    if !heap.push(class, block) {
        heap.flush(class);
        if !heap.push(class, block) {
            outbox::send_block(class, block);
        }
    }
}

#[inline(never)]
fn alloc_big(layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    match SizeClass::slab(layout.size(), layout.align()) {
        Some(class) => alloc_slab(class, settings),
        None => alloc_large(layout, settings, large::alloc),
    }
}

fn alloc_large(
    layout: Layout,
    settings: &Settings,
    alloc: fn(usize, usize) -> Option<NonNull<u8>>,
) -> Option<NonNull<u8>> {
    knobs::apply(settings);
    background::note();
    alloc(layout.size(), layout.align())
}

#[inline(never)]
unsafe fn dealloc_big(block: NonNull<u8>, layout: Layout) {
    match SizeClass::slab(layout.size(), layout.align()) {
        Some(class) => dealloc_in(class, block),
        // SAFETY: the caller's contract: a block of this layout.
        None => unsafe { dealloc_large(block) },
    }
}

/// Frees a block of a class.
#[inline]
pub(crate) fn dealloc_in(class: SizeClass, block: NonNull<u8>) {
    if !tls::fast().push(class, block) {
        flush(class, block);
    }
}

/// Frees a large block.
///
/// # Safety
/// `block` is one, and is not used again.
pub(crate) unsafe fn dealloc_large(block: NonNull<u8>) {
    let _errno = os::Errno::keep();
    background::note();
    // SAFETY: the caller's contract: a large block.
    unsafe { large::dealloc(block) }
}

#[inline(never)]
fn alloc_zeroed_big(layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    let Some(class) = SizeClass::slab(layout.size(), layout.align()) else {
        return alloc_large(layout, settings, large::alloc_zeroed);
    };
    let block = alloc_slab(class, settings)?;
    // SAFETY: the block is new and has at least this many bytes.
    unsafe { block.write_bytes(0, layout.size()) };
    Some(block)
}

#[inline(never)]
unsafe fn realloc_slow(
    block: NonNull<u8>,
    layout: Layout,
    new_size: usize,
    settings: &Settings,
) -> Option<NonNull<u8>> {
    let align = layout.align();
    match (SizeClass::of(layout.size(), align), SizeClass::of(new_size, align)) {
        (Some(old), Some(new)) if old == new => Some(block),
        (None, None) => {
            // SAFETY: the caller vouches that the new size makes a valid layout.
            let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, align) };
            // SAFETY: both sizes are large; the caller's contract.
            unsafe { resize_large(block, new_layout) }
        }
        _ => {
            // SAFETY: the caller vouches that the new size makes a valid layout.
            let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, align) };
            // SAFETY: the caller's contract.
            unsafe { move_block(block, layout, new_layout, settings) }
        }
    }
}

/// Resizes a large block to a layout that is large too, as [`realloc`] does.
///
/// # Safety
/// As for [`realloc`].
pub(crate) unsafe fn resize_large(block: NonNull<u8>, layout: Layout) -> Option<NonNull<u8>> {
    background::note();
    // SAFETY: the caller's contract.
    unsafe { large::realloc(block, layout.size(), layout.align()) }
}

/// Copies a block into one of another layout and frees it; `None` when the system
/// has no memory, and then the block is as it was.
///
/// # Safety
/// - `block` was allocated with `layout`, and is not used again if this succeeds.
/// - `new_layout` is not empty.
pub(crate) unsafe fn move_block(
    block: NonNull<u8>,
    layout: Layout,
    new_layout: Layout,
    settings: &Settings,
) -> Option<NonNull<u8>> {
    let is_large = SizeClass::of(new_layout.size(), new_layout.align()).is_none();
    let new_block = if is_large && layout.size() < new_layout.size() {
        alloc_large(new_layout, settings, large::alloc_to_grow)?
    } else {
        alloc(new_layout, settings)?
    };
    let kept = layout.size().min(new_layout.size());
    // SAFETY: both blocks have at least this many bytes, and are apart.
    unsafe { new_block.copy_from_nonoverlapping(block, kept) };
    // SAFETY: the caller's contract; the old block is done with.
    unsafe { dealloc(block, layout) };
    Some(new_block)
}
