//! The tiers as one: a block of any size, from where its size belongs.
//!
//! The fast path of a class is here and inlined: the class from the layout, the
//! heap from thread-local storage, a pop or a push. Everything else is cold and
//! apart. Nothing here panics, unwinds or waits for a lock on the fast path.
//!
//! The settings are passed on to where memory comes from, by reference: only there
//! does the process's first allocation put them in force. Frees need none: what is
//! freed was allocated.

use core::alloc::Layout;
use core::ptr::NonNull;

use crate::class::SizeClass;
use crate::knobs::{self, Settings};
use crate::{background, large, misuse, os, outbox, tls};

/// A block for a layout that is not empty.
#[inline]
pub(crate) fn alloc(layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    if let Some(class) = SizeClass::looked_up(layout.size(), layout.align())
        && let Some(block) = tls::fast().pop(class)
    {
        return Some(block);
    }
    alloc_slow(layout, settings)
}

/// As [`alloc`], when the table has no class for it or its bin is empty. The fast path hands on
/// the layout as it came, in the registers that it came in; the class is found again. One
/// call for both, since each is code at every place that allocates.
#[cold]
#[inline(never)]
fn alloc_slow(layout: Layout, settings: &Settings) -> Option<NonNull<u8>> {
    if let Some(class) = SizeClass::looked_up(layout.size(), layout.align()) {
        return refill(class, settings);
    }
    match SizeClass::of(layout.size(), layout.align()) {
        Some(class) => alloc_in(class, settings),
        None => alloc_large(layout, settings, large::alloc),
    }
}

/// A block of a class.
#[inline]
pub(crate) fn alloc_in(class: SizeClass, settings: &Settings) -> Option<NonNull<u8>> {
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

/// Frees a block of the class, whose bin is full, or has it already.
#[cold]
pub(crate) fn flush(class: SizeClass, block: NonNull<u8>) {
    let _errno = os::Errno::keep();
    background::note();
    let Some(heap) = tls::attached() else {
        // After the thread's end, or without memory for a heap: straight to the
        // block's owner.
        return outbox::send_block(class, block);
    };
    if heap.newest(class) == Some(block) {
        misuse::freed_twice(block, class);
    }
    // A heap attached just now has room.
    if !heap.push(class, block) {
        heap.flush(class);
        if !heap.push(class, block) {
            outbox::send_block(class, block);
        }
    }
}

/// A large block, from the function of `large` that is named. Apart, as [`dealloc_large`] is,
/// so that the way to slabs saves no registers for it.
#[inline(never)]
pub(crate) fn alloc_large(
    layout: Layout,
    settings: &Settings,
    alloc: fn(usize, usize) -> Option<NonNull<u8>>,
) -> Option<NonNull<u8>> {
    knobs::apply(settings);
    background::note();
    alloc(layout.size(), layout.align())
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
#[inline(never)]
pub(crate) unsafe fn dealloc_large(block: NonNull<u8>) {
    let _errno = os::Errno::keep();
    background::note();
    // SAFETY: the caller's contract: a large block.
    unsafe { large::dealloc(block) }
}

/// Resizes a large block to a layout that is large too, keeping its contents up to the
/// smaller size; `None` when the system has no memory, and then the block is as it was.
///
/// # Safety
/// `block` is one, of that alignment, and is not used again if another one is returned.
pub(crate) unsafe fn resize_large(block: NonNull<u8>, layout: Layout) -> Option<NonNull<u8>> {
    background::note();
    // SAFETY: the caller's contract.
    unsafe { large::realloc(block, layout.size(), layout.align()) }
}
