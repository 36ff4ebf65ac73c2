//! A bin: the blocks of one class that a thread holds ready.
//!
//! A stack of pointers in memory of its own. A pop and a push each touch `top` and
//! a slot or two, never the block, which may be cold. At the bottom stands a slot
//! without a block, which a pop reads as "empty": so neither counts. Blocks in bins
//! are allocated as far as their pools know, and free as far as users do.
//!
//! In hardened mode the lowest blocks *wait*: a pop takes one of them, and the one on top
//! takes its place. They have their turn a few at a time, in an order by lot. So reuse is
//! delayed, and its order unforeseeable, and yet what was allocated in a row lies near.
//!
//! Invariants: `bottom` ≤ `top` ≤ `limit`; the slots above `bottom` up to `top` hold
//! blocks, `bottom` itself holds none. Of the blocks that wait, those from place `turn`
//! modulo `waiting` on have still their turn; those below came in the place of one that
//! had it.
//!
//! Only the heap's owner pops and pushes; the length may be read by any thread.

use core::cell::Cell;
use core::ptr::{self, NonNull};

use crate::cell::{OwnerPtr, OwnerU16};
use crate::config::{DRAWN_BLOCKS, FETCHED_BLOCKS, FIRST_BATCH_BLOCKS};
use crate::cpu::prefetch_to_write;
use crate::key::Random;

/// A place for a block.
pub(crate) type Slot = Option<NonNull<u8>>;

/// A bounded stack of free blocks of one class. A power of two long, so that finding
/// a class's bin takes no multiplication.
#[repr(C, align(32))]
pub(crate) struct Bin {
    top: OwnerPtr<Slot>,
    /// The room, which does not change once other threads can see the bin.
    limit: Cell<*mut Slot>,
    bottom: Cell<*mut Slot>,
    /// Blocks that the next refill brings.
    batch: OwnerU16,
    /// Pops from those that wait, modulo 2^16.
    turn: OwnerU16,
    /// Blocks that wait, none or a power of two; as constant as the room.
    waiting: Cell<u32>,
}

/// The bottom of all bins without room.
static NO_BLOCK: Slots<1> = Slots([None]);

/// Slots in static memory.
struct Slots<const N: usize>([Slot; N]);

// SAFETY: never written: a bin without room takes no block.
unsafe impl<const N: usize> Sync for Slots<N> {}

impl Bin {
    /// Slots that a bin needs for so many blocks.
    pub(crate) const fn slots_for(blocks: usize) -> usize {
        blocks + 1
    }

    /// A bin without room: both its pop and its push fail.
    pub(crate) const fn without_room() -> Self {
        let nowhere = (&raw const NO_BLOCK.0[0]).cast_mut();
        Self {
            top: OwnerPtr::new(nowhere),
            limit: Cell::new(nowhere),
            bottom: Cell::new(nowhere),
            batch: OwnerU16::new(FIRST_BATCH_BLOCKS),
            turn: OwnerU16::new(0),
            waiting: Cell::new(0),
        }
    }

    /// Gives an empty bin its room, in which up to `waiting` blocks wait.
    ///
    /// # Safety
    /// - `slots` is valid for [`Bin::slots_for`] `capacity`, forever, zeroed, and this
    ///   bin's alone.
    /// - No other thread can see the bin yet.
    pub(crate) unsafe fn set_room(&self, slots: NonNull<Slot>, capacity: usize, waiting: usize) {
        // SAFETY: the caller's contract: the last of the slots.
        let limit = unsafe { slots.add(capacity) };
        self.bottom.set(slots.as_ptr());
        self.top.set(slots.as_ptr());
        self.limit.set(limit.as_ptr());
        // Rounded down to a power of two.
        self.waiting.set(waiting.checked_ilog2().map_or(0, |log| 1 << log));
    }

    /// Blocks held.
    pub(crate) fn len(&self) -> usize {
        slots_between(self.bottom.get(), self.top.get())
    }

    /// Blocks that it has room for.
    pub(crate) fn capacity(&self) -> usize {
        slots_between(self.bottom.get(), self.limit.get())
    }

    /// The block pushed last.
    #[inline]
    pub(crate) fn pop(&self) -> Option<NonNull<u8>> {
        let top = self.top.get();
        // SAFETY: from bottom to limit, all slots are valid.
        let block = unsafe { top.read() }?;
        // There was a block, so top was above bottom.
        self.top.set(top.wrapping_sub(1));
        Some(block)
    }

    /// One of the blocks that wait, the lowest in the bin; the one pushed last takes its
    /// place. Each comes out once until all have, and those of a group of [`DRAWN_BLOCKS`] in an
    /// order by lot: Durstenfeld's shuffle, a step a pop. (R. Durstenfeld, Algorithm 235: Random
    /// Permutation, CACM 7 (7), 1964.)
    #[inline]
    pub(crate) fn pop_by_lot(&self, random: &Random) -> Option<NonNull<u8>> {
        let (top, waiting) = (self.top.get(), self.waiting.get() as usize);
        if waiting == 0 {
            return self.pop();
        }
        if slots_between(self.bottom.get(), top) <= waiting {
            return None;
        }
        let turn = self.turn.get();
        self.turn.set(turn.wrapping_add(1));
        let place = usize::from(turn) & (waiting - 1);
        let left = DRAWN_BLOCKS.min(waiting) - place % DRAWN_BLOCKS;
        let first = self.bottom.get().wrapping_add(1 + place);
        let drawn = first.wrapping_add(random.below(left));
        // SAFETY: top is above bottom, since the bin is not empty.
        let newest = unsafe { top.read() };
        // SAFETY: both places are among the `waiting` lowest, and more are there: they hold
        // blocks, and only this thread reads or writes them.
        let block = unsafe { drawn.read() };
        // SAFETY: as above. In this order, for they may be the same.
        unsafe { drawn.copy_from(first, 1) };
        // SAFETY: as above.
        unsafe { first.write(newest) };
        self.top.set(top.wrapping_sub(1));
        block
    }

    /// The block pushed last, which stays.
    #[inline]
    pub(crate) fn newest(&self) -> Option<NonNull<u8>> {
        // SAFETY: from bottom to limit, all slots are valid.
        unsafe { self.top.get().read() }
    }

    /// Adds a block; `false` when the bin is full, or the block is on top of it already.
    #[inline]
    #[must_use]
    pub(crate) fn push(&self, block: NonNull<u8>) -> bool {
        let top = self.top.get();
        // SAFETY: from bottom to limit, all slots are valid.
        if top == self.limit.get() || unsafe { top.read() } == Some(block) {
            return false;
        }
        let next = top.wrapping_add(1);
        // SAFETY: top < limit, so this is at most limit.
        unsafe { next.write(Some(block)) };
        self.top.set(next);
        true
    }

    /// How many blocks a refill should bring: few at first, for a thread that ends
    /// soon puts back what it did not use; each time twice as many, to half the room.
    /// Those that wait come on top.
    pub(crate) fn next_batch(&self) -> usize {
        let most = u16::try_from(self.capacity() / 2).unwrap_or(u16::MAX).max(1);
        let batch = self.batch.get().min(most);
        self.batch.set(batch.saturating_mul(2));
        let missing = (self.waiting.get() as usize).saturating_sub(self.len());
        (batch as usize + missing).min(self.capacity() - self.len())
    }

    /// Whether a refill that has brought so many blocks has still to get one that need
    /// not wait.
    pub(crate) fn needs_more(&self, brought: usize) -> bool {
        self.len() + brought <= self.waiting.get() as usize
    }

    /// Starts with few blocks again.
    pub(crate) fn reset_batch(&self) {
        self.batch.set(FIRST_BATCH_BLOCKS);
    }

    /// Fills a bin: `fill` gets its free slots and says how many it wrote.
    pub(crate) fn fill(&self, fill: impl FnOnce(*mut NonNull<u8>) -> usize) {
        let written = fill(self.top.get().wrapping_add(1).cast());
        debug_assert!(self.len() + written <= self.capacity());
        self.top.set(self.top.get().wrapping_add(written));
    }

    /// Has the blocks that the next pops yield fetched into the cache, [`FETCHED_BLOCKS`] at most.
    pub(crate) fn fetch_newest(&self) {
        for depth in 0..FETCHED_BLOCKS.min(self.len()) {
            // SAFETY: a slot above bottom.
            let block = unsafe { self.top.get().wrapping_sub(depth).read() };
            prefetch_to_write(block.map_or(ptr::null(), |block| block.as_ptr()));
        }
    }

    /// How many of the `most` blocks pushed last, from the last one on, `fits` takes.
    pub(crate) fn count_newest(&self, most: usize, fits: impl Fn(NonNull<u8>) -> bool) -> usize {
        let blocks = (0..most.min(self.len())).map_while(|depth| {
            // SAFETY: the slots above bottom up to top hold blocks.
            unsafe { self.top.get().wrapping_sub(depth).read() }
        });
        blocks.take_while(|&block| fits(block)).count()
    }

    /// Removes the `count` blocks pushed longest ago, after `visit` saw them.
    pub(crate) fn drain_oldest(&self, count: usize, visit: impl FnOnce(&[NonNull<u8>])) {
        debug_assert!(count <= self.len());
        if count == 0 {
            return;
        }
        let first = self.bottom.get().wrapping_add(1).cast::<NonNull<u8>>();
        let left = self.len() - count;
        // SAFETY: the slots above bottom up to top hold blocks, and only this thread
        // writes them; `visit` cannot reach the bin's slots but through this slice.
        visit(unsafe { core::slice::from_raw_parts(first, count) });
        // SAFETY: count + left = the length: both ranges hold blocks; they may overlap.
        unsafe { core::ptr::copy(first.wrapping_add(count), first, left) };
        self.top.set(self.bottom.get().wrapping_add(left));
    }
}

/// How many slots `to` is above `from`, both of one bin.
fn slots_between(from: *mut Slot, to: *mut Slot) -> usize {
    (to.addr() - from.addr()) / size_of::<Slot>()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const ROOM: usize = 64;
    const WAITING: usize = 16;

    /// An empty bin, of whose blocks so many wait.
    fn bin_with_room(room: usize, waiting: usize) -> Bin {
        let slots: Box<[Slot]> = vec![None; Bin::slots_for(room)].into();
        let bin = Bin::without_room();
        // SAFETY: leaked just now, zeroed, of the room's length, and this bin's alone.
        unsafe { bin.set_room(NonNull::from(Box::leak(slots)).cast(), room, waiting) };
        bin
    }

    /// A bin that holds the blocks 1 to `blocks`, which are addresses alone.
    fn bin_of(blocks: usize) -> Bin {
        let bin = bin_with_room(ROOM, WAITING);
        for number in 1..=blocks {
            assert!(bin.push(NonNull::without_provenance(number.try_into().unwrap())));
        }
        bin
    }

    fn pop(bin: &Bin, random: &Random) -> Option<usize> {
        bin.pop_by_lot(random).map(|block| block.addr().get())
    }

    #[test]
    fn batches_double_to_half_the_room_however_large() {
        for room in [1, 2, 64, 1 << 16, 1 << 18] {
            let bin = bin_with_room(room, 0);
            let batches: Vec<_> = (0..20).map(|_| bin.next_batch()).collect();
            assert!(batches.is_sorted() && batches[0] == room.div_ceil(2).min(8), "{batches:?}");
            assert_eq!(batches[19], (room / 2).clamp(1, usize::from(u16::MAX)), "{batches:?}");
        }
    }

    #[test]
    fn what_waits_stays_until_more_comes() {
        let random = Random::new();
        assert_eq!(pop(&bin_of(WAITING), &random), None);
        let bin = bin_of(WAITING + 1);
        assert!(pop(&bin, &random).is_some());
        assert_eq!((pop(&bin, &random), bin.len()), (None, WAITING));
    }

    #[test]
    fn each_that_waits_comes_out_once_and_after_those_before_it() {
        let random = Random::new();
        let bin = bin_of(3 * WAITING);
        // The lowest first, then those that took their places: from the top downwards.
        let oldest_first = (1..=WAITING).chain((2 * WAITING + 1..=3 * WAITING).rev());
        let oldest_first: Vec<_> = oldest_first.collect();
        for group in oldest_first.chunks(DRAWN_BLOCKS) {
            let popped: HashSet<_> =
                (0..DRAWN_BLOCKS).map(|_| pop(&bin, &random).unwrap()).collect();
            assert_eq!(popped, group.iter().copied().collect());
        }
    }

    #[test]
    fn every_order_comes_up() {
        let random = Random::new();
        let order = |_| {
            let bin = bin_of(2 * WAITING);
            (0..DRAWN_BLOCKS).map(|_| pop(&bin, &random).unwrap()).collect::<Vec<_>>()
        };
        let orders: HashSet<_> = (0..1000).map(order).collect();
        assert_eq!(orders.len(), (1..=DRAWN_BLOCKS).product::<usize>());
    }
}
