//! [`Live`]: a block in use, and what its bytes must be.
//!
//! The pattern is different in every word of eight bytes, so that contents that were
//! moved to the wrong place show as well as those that were overwritten.

use std::alloc::{GlobalAlloc, Layout};
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use alloc_core::PoolAlloc;
use allocator_api2::alloc::Allocator;

const WORD_BYTES: usize = 8;

/// A block in use and what its bytes must be. It is not freed on drop.
///
/// # Examples
///
/// ```
/// use std::alloc::{Layout, System};
///
/// let mut live = sequences::Live::alloc(&System, Layout::new::<[u8; 100]>(), 7);
/// live.realloc(&System, 1000); // the first 100 bytes are as they were
/// live.free(&System); // all 1000 are
/// ```
#[derive(Debug)]
pub struct Live {
    start: NonNull<u8>,
    layout: Layout,
    seed: u8,
    by_address: bool,
}

// SAFETY: a block has one `Live`, and whoever has that owns the block.
unsafe impl Send for Live {}

impl Live {
    /// A new block, checked for null and alignment, filled with a pattern of
    /// `seed` to its last byte.
    ///
    /// # Panics
    /// When the layout is empty, or the allocator gives no block, or a misaligned one.
    pub fn alloc(allocator: &impl GlobalAlloc, layout: Layout, seed: u8) -> Self {
        assert_ne!(layout.size(), 0, "an empty layout has no block");
        // SAFETY: the layout is not empty.
        let start = unsafe { allocator.alloc(layout) };
        let mut live = Self::at(start, layout, seed);
        live.fill(0);
        live
    }

    /// A new block whose bytes the allocator promises to be zero, checked, then
    /// filled like any other.
    ///
    /// # Panics
    /// As for [`Live::alloc`], and when a byte is not zero.
    pub fn alloc_zeroed(allocator: &impl GlobalAlloc, layout: Layout, seed: u8) -> Self {
        assert_ne!(layout.size(), 0, "an empty layout has no block");
        // SAFETY: the layout is not empty.
        let start = unsafe { allocator.alloc_zeroed(layout) };
        let mut live = Self::at(start, layout, seed);
        live.check_zero(0);
        live.fill(0);
        live
    }

    /// Resizes the block; what was there must still be, and the rest is filled.
    ///
    /// # Panics
    /// When the size is zero, or the allocator gives no block, a misaligned one, or other
    /// contents.
    pub fn realloc(&mut self, allocator: &impl GlobalAlloc, size: usize) {
        assert!(size > 0 && !self.by_address, "{self:?} to {size}: not a call that may be made");
        let old = self.layout;
        // SAFETY: the block is live with this layout; the size is not zero.
        let start = unsafe { allocator.realloc(self.start.as_ptr(), old, size) };
        let layout = Layout::from_size_align(size, old.align()).expect("a valid layout");
        *self = Self::at(start, layout, self.seed);
        self.keep(old.size());
    }

    /// Resizes the block to another layout, as collections do; what is new reads zero
    /// if `zeroed`.
    ///
    /// # Panics
    /// As for [`Live::realloc`].
    pub fn resize(&mut self, allocator: &impl Allocator, layout: Layout, zeroed: bool) {
        assert!(layout.size() > 0 && !self.by_address, "{self:?} to {layout:?}");
        let old = self.layout;
        let resized = match (layout.size() < old.size(), zeroed) {
            // SAFETY: the block is live with this layout; the new one is no bigger.
            (true, _) => unsafe { allocator.shrink(self.start, old, layout) },
            // SAFETY: as above; the new one is no smaller.
            (false, true) => unsafe { allocator.grow_zeroed(self.start, old, layout) },
            // SAFETY: as above.
            (false, false) => unsafe { allocator.grow(self.start, old, layout) },
        };
        let start = resized.expect("a block").cast().as_ptr();
        *self = Self::at(start, layout, self.seed);
        if zeroed {
            self.check_zero(old.size());
        }
        self.keep(old.size());
    }

    /// Resizes the block by its address; from then on it has no other layout.
    ///
    /// # Panics
    /// As for [`Live::realloc`].
    pub fn resize_at(&mut self, allocator: &PoolAlloc, size: usize) {
        const ALIGN_BYTES: usize = 16;
        let layout = Layout::from_size_align(size, ALIGN_BYTES).expect("a valid layout");
        let old = self.layout;
        assert_ne!(size, 0, "an empty layout has no block");
        // SAFETY: the block is live, from a `PoolAlloc`; the size is not zero.
        let resized = unsafe { allocator.resize_at(self.start, size) };
        let start = resized.map_or(std::ptr::null_mut(), NonNull::as_ptr);
        *self = Self { by_address: true, ..Self::at(start, layout, self.seed) };
        self.keep(old.size());
    }

    /// Checks the contents and frees the block.
    ///
    /// # Panics
    /// When a byte is not what was written, or the block has no layout any more.
    pub fn free(self, allocator: &impl GlobalAlloc) {
        assert!(!self.by_address, "{self:?} is to be freed by its address");
        self.check(self.layout.size());
        // SAFETY: the block is live with this layout, and consumed here.
        unsafe { allocator.dealloc(self.start.as_ptr(), self.layout) };
    }

    /// Checks the contents and frees the block by its address.
    ///
    /// # Panics
    /// When a byte is not what was written.
    pub fn free_at(self, allocator: &PoolAlloc) {
        self.check(self.layout.size());
        // SAFETY: the block is live, from a `PoolAlloc`, and consumed here.
        unsafe { allocator.free_at(self.start) };
    }

    /// Where the block starts.
    pub fn start(&self) -> *const u8 {
        self.start.as_ptr()
    }

    /// The layout that it was asked for with.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Whether it was resized by its address: then only its address frees it.
    pub fn is_by_address(&self) -> bool {
        self.by_address
    }

    /// A block just come by, its place checked.
    fn at(start: *mut u8, layout: Layout, seed: u8) -> Self {
        let start = NonNull::new(start).unwrap_or_else(|| panic!("no block for {layout:?}"));
        let aligned = start.addr().get().is_multiple_of(layout.align());
        assert!(aligned, "{layout:?} at {start:p}");
        Self { start, layout, seed, by_address: false }
    }

    /// The pattern's word number `number`.
    #[inline]
    fn word(&self, number: usize) -> [u8; WORD_BYTES] {
        /// The golden ratio: no two words of a block are the same.
        const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
        let seeded = (u64::from(self.seed) << 48) + number as u64 + 1;
        seeded.wrapping_mul(MULTIPLIER).to_le_bytes()
    }

    /// Fills from byte `from` on; what is before has its pattern.
    fn fill(&mut self, from: usize) {
        let start = self.start.cast::<MaybeUninit<u8>>().as_ptr();
        // SAFETY: the block is live, that long, and this value's own.
        let bytes = unsafe { std::slice::from_raw_parts_mut(start, self.layout.size()) };
        let (words, rest) = bytes.as_chunks_mut::<WORD_BYTES>();
        let whole = words.len();
        for (number, word) in words.iter_mut().enumerate().skip(from / WORD_BYTES) {
            *word = self.word(number).map(MaybeUninit::new);
        }
        for (byte, value) in rest.iter_mut().zip(self.word(whole)) {
            byte.write(value);
        }
    }

    /// Checks what a resized block of `old` bytes kept, and fills the rest.
    fn keep(&mut self, old: usize) {
        let kept = old.min(self.layout.size());
        self.check(kept);
        self.fill(kept);
    }

    fn bytes(&self, count: usize) -> &[u8] {
        // SAFETY: the block is live, this long, and this value's own; who asks for more
        // than what was filled has been promised zeroes.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), count) }
    }

    fn check(&self, count: usize) {
        let (words, rest) = self.bytes(count).as_chunks::<WORD_BYTES>();
        let other = words.iter().enumerate().position(|(number, word)| *word != self.word(number));
        let rest_differs = *rest != self.word(words.len())[..rest.len()];
        if let Some(number) = other.or(rest_differs.then_some(words.len())) {
            let offset = number * WORD_BYTES;
            let found = &self.bytes(count)[offset..count.min(offset + WORD_BYTES)];
            panic!(
                "{:?} at {:p}: {found:x?} at byte {offset} of {count}, not {:x?}",
                self.layout,
                self.start,
                self.word(number)
            );
        }
    }

    fn check_zero(&self, from: usize) {
        let bytes = self.bytes(self.layout.size()).iter().enumerate().skip(from);
        let other = bytes.clone().find(|&(_, &byte)| byte != 0);
        assert!(other.is_none(), "{:?} at {:p}: {other:?} is not zero", self.layout, self.start);
    }
}
