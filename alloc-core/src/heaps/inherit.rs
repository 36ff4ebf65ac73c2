//! Arenas that pass from a heap that nobody has to one that needs memory.
//!
//! An ended thread's heap waits for the next thread, with its arenas. While it waits its
//! blocks come home one by one, so that ever more of its pages are free, and no other heap's
//! pools could lie there. So a heap that has no room left first looks for an arena of such a
//! heap, before memory comes from the supply; with its pages go its pools, which serve
//! their new heap as they are. (`thread_churn`: 0.77 of its heaps' memory; with 16 threads at
//! once 0.67.)
//!
//! Who frees a block reads its arena's owner, and may send it to the one before: that heap
//! finds that the arena is no longer its own and sends it on (`receive`). The heir has
//! the other heap's claim when the owner changes, so whoever claims that heap later sees it.

use core::ptr::NonNull;

use crate::arena::Arena;
use crate::class::SizeClass;
use crate::heap::{Owned, ThreadHeap};
use crate::registry;

impl Owned {
    /// Takes over an arena that has room for a pool of `class`; `false`: no heap that nobody
    /// has has one.
    #[cold]
    pub(crate) fn inherit_arena(self, class: SizeClass) -> bool {
        let has_room = |heap: &ThreadHeap| heap.arenas(class.family()).has_room(class);
        registry::visit_released(has_room, |ended| {
            // What is spare is counted by its heap.
            ended.give_spare_pools(class.family());
            let Some(arena) = ended.heap().arenas(class.family()).take_with_room(class) else {
                return false;
            };
            // SAFETY: it was just taken out of the set of a heap whose claim is held.
            unsafe { self.take_over(arena, ended) };
            true
        })
    }

    /// Makes an arena this heap's, with its pools.
    ///
    /// # Safety
    /// `arena` is `ended`'s, and in no set; no pool of it is spare.
    unsafe fn take_over(self, arena: NonNull<Arena>, ended: Owned) {
        // SAFETY: the caller's contract: a live arena.
        let header = unsafe { arena.as_ref() };
        header.pass_to(self.heap());
        for pool in Arena::pools(arena) {
            // SAFETY: a pool of a live arena has a live header.
            let pool_header = unsafe { pool.as_ref() };
            if pool_header.is_listed() {
                let class = pool_header.class();
                // SAFETY: listed pools of a class are on their heap's list.
                unsafe { ended.heap().serving(class).remove(pool) };
                // SAFETY: this heap's by now, and just taken off the other's list.
                unsafe { self.heap().serving(class).insert(pool) };
            }
        }
        // SAFETY: the caller's contract, and it is this heap's by now.
        unsafe { self.heap().arenas(header.family()).insert_shared(arena) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox;

    fn heap() -> Owned {
        ThreadHeap::map().expect("memory for a heap")
    }

    /// Makes `heir` the owner of the arena of one of `ended`'s blocks.
    fn pass_arena(ended: Owned, heir: Owned, class: SizeClass) {
        let arena = ended.heap().arenas(class.family()).take_with_room(class).expect("an arena");
        // SAFETY: just taken out of the set; a new heap has no spare pools.
        unsafe { heir.take_over(arena, ended) };
    }

    #[test]
    fn blocks_sent_to_the_heap_before_are_sent_on() {
        for bytes in [64, 512, 3000] {
            let class = SizeClass::of(bytes, 16).unwrap();
            let (ended, heir) = (heap(), heap());
            let blocks: Vec<_> = (0..3).map(|_| ended.refill(class).unwrap()).collect();
            // One before the arena passes on, one after, and one that is freed by the heir itself.
            outbox::send_block(class, blocks[0]);
            pass_arena(ended, heir, class);
            outbox::send_block(class, blocks[1]);
            assert!(heir.push(class, blocks[2]));
            assert_eq!(
                (ended.heap().transit_blocks(class), heir.heap().transit_blocks(class)),
                (1, 1)
            );

            ended.collect();
            assert_eq!(
                (ended.heap().transit_blocks(class), heir.heap().transit_blocks(class)),
                (0, 2)
            );
            // What was in the first heap's bin is sent, too.
            ended.retire();
            assert_eq!(ended.heap().arenas(class.family()).used_pages(), 0);
            heir.retire();
            assert_eq!(heir.heap().transit_blocks(class), 0);
            assert_eq!(heir.heap().arenas(class.family()).used_pages(), 0);
        }
    }

    #[test]
    fn pools_serve_their_new_heap() {
        let class = SizeClass::of(64, 16).unwrap();
        let (ended, heir) = (heap(), heap());
        let block = ended.refill(class).unwrap();
        pass_arena(ended, heir, class);
        assert!(ended.heap().serving(class).first().is_none());
        let pool = heir.heap().serving(class).first().expect("the pool that has more blocks");
        let next = heir.refill(class).unwrap();
        assert!(Arena::pools(Arena::of_pool(pool)).eq([pool]), "no other one was made");
        assert_ne!(block, next);
        for block in [block, next] {
            outbox::send_block(class, block);
        }
        ended.retire();
        heir.retire();
    }
}
