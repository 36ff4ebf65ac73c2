//! A pool: a run of pages cut into blocks of one class.
//!
//! Its header is one cache line in the arena's header page, away from the blocks,
//! so that an overflowing block cannot reach it and a freed block is not touched:
//! which blocks are free is a bit map here, not a list through them.
//!
//! A block is *untouched* (at or past the watermark), *free* (its bit is set) or
//! *allocated* (handed to a thread's cache or its user). Blocks leave lowest
//! address first, the free ones before the untouched ones.
//!
//! Invariants (checked by `check`):
//! - `free_blocks` = bits set; bits are set only below `watermark` ≤ capacity;
//! - allocated = `watermark` − `free_blocks`; none allocated: the pool is empty
//!   and its heap gives its pages back at once;
//! - `listed` ⇔ the pool is on its heap's list of pools that serve its class.
//!
//! Only the thread that owns the arena's heap writes a pool.

use core::ptr::NonNull;

use crate::cell::{OwnerPtr, OwnerU8, OwnerU16, OwnerU64};
use crate::class::SizeClass;

/// Bits of a word of the free map.
pub(crate) const WORD_BITS: usize = 64;

/// Some of a pool's blocks, at least one: bits of one word of its free map.
#[derive(Clone, Copy)]
pub(crate) struct BlockSet {
    /// The number of the word.
    pub(crate) word: usize,
    pub(crate) bits: u64,
    /// How many they are: known to who sets the bits, and dear to count.
    pub(crate) count: usize,
}

impl BlockSet {
    /// The first one's number.
    #[inline]
    pub(crate) fn first(self) -> usize {
        self.word * WORD_BITS + self.bits.trailing_zeros() as usize
    }

    /// The blocks' numbers, ascending.
    pub(crate) fn indices(self) -> impl Iterator<Item = usize> {
        let is_in_set = move |&place: &usize| self.bits >> place & 1 != 0;
        (0..WORD_BITS).filter(is_in_set).map(move |place| self.word * WORD_BITS + place)
    }

    /// One more than the last of them.
    #[inline]
    fn end(self) -> usize {
        (self.word + 1) * WORD_BITS - self.bits.leading_zeros() as usize
    }
}

/// A pool's header.
#[repr(C, align(64))]
pub(crate) struct Pool {
    free: [OwnerU64; 4],
    next: OwnerPtr<Pool>,
    prev: OwnerPtr<Pool>,
    watermark: OwnerU16,
    free_blocks: OwnerU16,
    class: OwnerU8,
    listed: OwnerU8,
}

const _: () = assert!(size_of::<Pool>() == 64, "64 headers fill the arena's first page");

/// How much of a pool is allocated. Derived, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoolState {
    /// No block is allocated.
    Empty,
    /// Some are.
    Used,
    /// All are.
    Full,
}

/// What putting blocks back asks of the heap.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    /// Nothing.
    Unchanged,
    /// The pool can serve again: list it.
    Rejoin,
    /// No block is allocated: give its pages back.
    Empty,
}

/// A block was put back that is not allocated: freed twice, or never handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAllocated;

impl Pool {
    /// Makes this the header of a pool without a block handed out.
    pub(crate) fn reset(&self, class: SizeClass) {
        for word in &self.free {
            word.set(0);
        }
        self.watermark.set(0);
        self.free_blocks.set(0);
        self.class.set(class.index() as u8);
        self.listed.set(0);
    }

    /// The class whose blocks this pool holds.
    pub(crate) fn class(&self) -> SizeClass {
        SizeClass::from_index(usize::from(self.class.get()))
    }

    /// Blocks ever handed out since the pool was made.
    pub(crate) fn watermark(&self) -> usize {
        usize::from(self.watermark.get())
    }

    /// Blocks handed out and put back.
    pub(crate) fn free_blocks(&self) -> usize {
        usize::from(self.free_blocks.get())
    }

    /// Blocks handed out and not put back.
    pub(crate) fn allocated_blocks(&self) -> usize {
        // A reader on another thread may see one field newer than the other.
        self.watermark().saturating_sub(self.free_blocks())
    }

    /// Blocks that `take` can hand out.
    pub(crate) fn available_blocks(&self) -> usize {
        self.class().capacity().saturating_sub(self.allocated_blocks())
    }

    /// How much of the pool is allocated.
    pub(crate) fn state(&self) -> PoolState {
        match self.allocated_blocks() {
            0 => PoolState::Empty,
            blocks if blocks == self.class().capacity() => PoolState::Full,
            _ => PoolState::Used,
        }
    }

    /// Whether the pool is on its heap's list of its class.
    pub(crate) fn is_listed(&self) -> bool {
        self.listed.get() != 0
    }

    /// The pool behind this one on the list that it is on.
    pub(crate) fn next(&self) -> Option<NonNull<Pool>> {
        NonNull::new(self.next.get())
    }

    /// Whether a block is handed out.
    pub(crate) fn is_allocated(&self, index: usize) -> bool {
        index < self.watermark()
            && self.free[index / WORD_BITS].get() >> (index % WORD_BITS) & 1 == 0
    }

    /// Bits set in the free map, counted.
    pub(crate) fn count_free_bits(&self) -> usize {
        self.free.iter().map(|word| word.get().count_ones() as usize).sum()
    }

    /// Bits set at or past the watermark: a broken invariant.
    pub(crate) fn has_free_bit_past_watermark(&self) -> bool {
        (self.watermark()..self.free.len() * WORD_BITS)
            .any(|index| self.free[index / WORD_BITS].get() >> (index % WORD_BITS) & 1 != 0)
    }

    /// Moves up to `wanted` blocks of class `class`, this pool's, to `slots` and
    /// returns how many. The lowest address comes last, where a cache pops first.
    ///
    /// # Safety
    /// - `self` is a pool of `class` whose blocks start at `base`.
    /// - `slots` is valid for writing `wanted` pointers.
    pub(crate) unsafe fn take(
        &self,
        class: SizeClass,
        base: NonNull<u8>,
        slots: *mut NonNull<u8>,
        wanted: usize,
    ) -> usize {
        let stride = class.stride_bytes();
        let (watermark, free) = (self.watermark(), self.free_blocks());
        debug_assert_eq!(class, self.class());
        debug_assert_eq!(free, self.count_free_bits());
        let count = wanted.min(class.capacity() - watermark + free);
        let mut left = count;
        let mut push = |index: usize| {
            left -= 1;
            // SAFETY: index is below the capacity, so the block lies in the
            // pool's pages.
            let block = unsafe { base.add(index * stride) };
            // SAFETY: left is below count ≤ wanted; the caller vouches for slots.
            let slot = unsafe { slots.add(left) };
            // SAFETY: as above.
            unsafe { slot.write(block) };
        };

        let from_map = count.min(free);
        let mut to_take = from_map;
        for (number, word) in self.free.iter().enumerate() {
            let mut bits = word.get();
            while bits != 0 && to_take > 0 {
                push(number * WORD_BITS + bits.trailing_zeros() as usize);
                bits &= bits - 1;
                to_take -= 1;
            }
            word.set(bits);
            if to_take == 0 {
                break;
            }
        }
        let untouched = count - from_map;
        for index in watermark..watermark + untouched {
            push(index);
        }
        self.free_blocks.set((free - from_map) as u16);
        self.watermark.set((watermark + untouched) as u16);
        count
    }

    /// Puts blocks of class `class` back.
    ///
    /// # Errors
    /// [`NotAllocated`] if any of them is free or untouched; then nothing changes.
    #[inline]
    pub(crate) fn put(
        &self,
        class: SizeClass,
        blocks: BlockSet,
    ) -> Result<Transition, NotAllocated> {
        debug_assert_eq!(blocks.count, blocks.bits.count_ones() as usize);
        if blocks.end() > self.watermark() {
            return Err(NotAllocated);
        }
        // Below the watermark, so in one of the words.
        let word = &self.free[blocks.word % self.free.len()];
        if word.get() & blocks.bits != 0 {
            return Err(NotAllocated);
        }
        word.set(word.get() | blocks.bits);
        let free = self.free_blocks() + blocks.count;
        self.free_blocks.set(free as u16);
        Ok(if free == self.watermark() {
            Transition::Empty
        } else if !self.is_listed() && free >= class.rejoin_blocks() {
            Transition::Rejoin
        } else {
            Transition::Unchanged
        })
    }
}

/// A heap's pools of one class that have blocks to hand out: doubly linked
/// through their headers, most recently listed first.
pub(crate) struct PoolList(OwnerPtr<Pool>);

impl PoolList {
    pub(crate) const fn new() -> Self {
        Self(OwnerPtr::null())
    }

    /// The first pool.
    #[inline]
    pub(crate) fn first(&self) -> Option<NonNull<Pool>> {
        NonNull::new(self.0.get())
    }

    /// Puts `pool` first.
    ///
    /// # Safety
    /// `pool` is in use, on no list, and the heap of this list owns it.
    pub(crate) unsafe fn insert(&self, pool: NonNull<Pool>) {
        let first = self.0.get();
        // SAFETY: the caller's contract: a live header.
        let header = unsafe { pool.as_ref() };
        debug_assert!(!header.is_listed());
        header.prev.set(core::ptr::null_mut());
        header.next.set(first);
        header.listed.set(1);
        // SAFETY: what is on the list is a live header or null.
        if let Some(first) = unsafe { first.as_ref() } {
            first.prev.set(pool.as_ptr());
        }
        self.0.set(pool.as_ptr());
    }

    /// Takes `pool` off the list.
    ///
    /// # Safety
    /// `pool` is on this list.
    pub(crate) unsafe fn remove(&self, pool: NonNull<Pool>) {
        // SAFETY: the caller's contract: a live header.
        let header = unsafe { pool.as_ref() };
        debug_assert!(header.is_listed());
        let (prev, next) = (header.prev.get(), header.next.get());
        // SAFETY: a neighbour is a live header or null.
        match unsafe { prev.as_ref() } {
            Some(prev) => prev.next.set(next),
            None => self.0.set(next),
        }
        // SAFETY: as above.
        if let Some(next) = unsafe { next.as_ref() } {
            next.prev.set(prev);
        }
        header.listed.set(0);
    }

    /// The pools of the list, in order.
    ///
    /// # Safety
    /// The list does not change while the iterator lives.
    pub(crate) unsafe fn iter(&self) -> impl Iterator<Item = NonNull<Pool>> {
        core::iter::successors(self.first(), |pool| {
            // SAFETY: what is on the list is a live header.
            unsafe { pool.as_ref() }.next()
        })
    }
}
