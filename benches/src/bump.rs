//! A thread-local bump allocator that never frees: the floor under `pairs`.
//!
//! # Design
//! Each thread moves a cursor through a chunk of its own; a chunk that is used
//! up is left behind and a new one is taken from the system. `dealloc` does
//! nothing. No allocator that can reuse a block can do less, so the time of a
//! pair here is what the loop itself and one addition cost.
//!
//! A bump allocator that runs on would measure page faults and cache misses
//! instead: 50 million pairs pass through gigabytes. A workload whose blocks are
//! all dead from time to time may therefore set the cursor back, through
//! [`Region`].
//!
//! # Invariants
//! - `next <= end`, and both lie in one chunk, or both are 0 before the first.
//! - Memory between `next` and `end` belongs to no block.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Bytes of a chunk, unless one allocation needs more.
const CHUNK_BYTES: usize = 1 << 20;

/// Where the next block of this thread may lie.
#[derive(Clone, Copy)]
struct Cursor {
    next: *mut u8,
    /// One past the last byte of the chunk.
    end: *mut u8,
}

impl Cursor {
    const NONE: Self = Self { next: std::ptr::null_mut(), end: std::ptr::null_mut() };

    /// Splits a block for `layout` off the front; `None` if there is no room.
    #[inline]
    fn take(self, layout: Layout) -> Option<(*mut u8, Self)> {
        let padding = self.next.addr().wrapping_neg() & (layout.align() - 1);
        // A layout's size is at most `isize::MAX`, so this sum cannot wrap.
        let needed = padding + layout.size();
        if needed > self.end.addr() - self.next.addr() {
            return None;
        }
        let block = self.next.wrapping_add(padding);
        Some((block, Self { next: self.next.wrapping_add(needed), end: self.end }))
    }
}

thread_local! {
    /// Const-initialised and without a destructor: usable at any time of a
    /// thread's life, and one load away.
    static CURSOR: Cell<Cursor> = const { Cell::new(Cursor::NONE) };
    /// The cursor as [`Region::open`] found it.
    static MARK: Cell<Cursor> = const { Cell::new(Cursor::NONE) };
}

/// A global allocator that only ever moves a cursor.
///
/// ```
/// use benches::bump::Bump;
/// use std::alloc::{GlobalAlloc, Layout};
///
/// let (bump, layout) = (Bump::new(), Layout::new::<u64>());
/// // SAFETY: the layout's size is not zero.
/// let first = unsafe { bump.alloc(layout) };
/// // SAFETY: as above.
/// let second = unsafe { bump.alloc(layout) };
/// assert_eq!(second.addr() - first.addr(), 8);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Bump;

impl Bump {
    /// Returns the allocator; all its state is per thread.
    pub const fn new() -> Self {
        Self
    }
}

// SAFETY: a block comes from the front of the cursor's chunk, is aligned as asked
// and reaches at most to the chunk's end; the cursor then passes it for good, or
// until `rewind`, whose caller vouches that the block is dead. The default
// `realloc` and `alloc_zeroed` are built on `alloc`.
unsafe impl GlobalAlloc for Bump {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match CURSOR.get().take(layout) {
            Some((block, rest)) => {
                CURSOR.set(rest);
                block
            }
            None => alloc_from_new_chunk(layout),
        }
    }

    #[inline]
    unsafe fn dealloc(&self, _block: *mut u8, _layout: Layout) {}
}

/// Leaves the current chunk behind; null if the system has no memory.
#[cold]
#[inline(never)]
fn alloc_from_new_chunk(layout: Layout) -> *mut u8 {
    let Some(bytes) = layout.size().checked_add(layout.align()) else {
        return std::ptr::null_mut();
    };
    let Some((block, rest)) = new_chunk(bytes).and_then(|chunk| chunk.take(layout)) else {
        return std::ptr::null_mut();
    };
    CURSOR.set(rest);
    block
}

/// Takes a chunk of at least `bytes` from the system.
fn new_chunk(bytes: usize) -> Option<Cursor> {
    let size = bytes.max(CHUNK_BYTES);
    let chunk = Layout::from_size_align(size, 16).ok()?;
    // SAFETY: the size is at least CHUNK_BYTES, thus not zero.
    let next = unsafe { System.alloc(chunk) };
    (!next.is_null()).then(|| Cursor { next, end: next.wrapping_add(size) })
}

/// How a workload lets an allocator that never frees begin again: the two
/// functions act on the calling thread alone.
///
/// ```
/// use benches::bump::{Bump, REGION};
/// use std::alloc::{GlobalAlloc, Layout};
///
/// let (bump, layout) = (Bump::new(), Layout::new::<u64>());
/// (REGION.open)(4096);
/// // SAFETY: the layout's size is not zero.
/// let first = unsafe { bump.alloc(layout) };
/// // SAFETY: `first` is never used again.
/// unsafe { (REGION.rewind)() };
/// // SAFETY: the layout's size is not zero.
/// assert_eq!(unsafe { bump.alloc(layout) }, first);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// Makes room for so many bytes and remembers the place.
    pub open: fn(usize),
    /// Goes back to the place of the last `open`.
    ///
    /// # Safety
    /// Every block that this thread allocated since that `open` is dead: nothing
    /// reads, writes or frees it any more.
    pub rewind: unsafe fn(),
}

/// The [`Region`] of [`Bump`].
pub const REGION: Region = Region { open, rewind };

fn open(bytes: usize) {
    let cursor = CURSOR.get();
    if cursor.end.addr() - cursor.next.addr() < bytes
        && let Some(chunk) = new_chunk(bytes)
    {
        CURSOR.set(chunk);
    }
    MARK.set(CURSOR.get());
}

/// # Safety
/// As [`Region::rewind`] says.
unsafe fn rewind() {
    CURSOR.set(MARK.get());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alloc(size: usize, align: usize) -> *mut u8 {
        let layout = Layout::from_size_align(size, align).expect("a valid layout");
        // SAFETY: every caller asks for at least one byte.
        unsafe { Bump.alloc(layout) }
    }

    #[test]
    fn blocks_are_aligned_and_disjoint() {
        let mut end = 0;
        for (size, align) in [(1, 1), (8, 8), (3, 1), (64, 64), (1, 1), (100, 4096), (7, 2)] {
            let start = alloc(size, align).addr();
            assert_eq!(start % align, 0);
            assert!(start >= end, "blocks of one chunk ascend");
            end = start + size;
        }
    }

    #[test]
    fn a_block_larger_than_a_chunk_has_a_chunk_of_its_own() {
        let size = 3 * CHUNK_BYTES;
        let block = alloc(size, 64);
        assert!(!block.is_null());
        let last = block.wrapping_add(size - 1);
        // SAFETY: the last byte of a block of `size` bytes.
        unsafe { last.write(7) };
        assert!(alloc(1, 1) > last);
    }

    #[test]
    fn rewinding_hands_out_the_same_memory_after_a_chunk_was_left_behind() {
        (REGION.open)(64);
        let first = alloc(64, 16);
        alloc(2 * CHUNK_BYTES, 16);
        // SAFETY: neither block is used again.
        unsafe { (REGION.rewind)() };
        assert_eq!(alloc(64, 16), first);
    }
}
