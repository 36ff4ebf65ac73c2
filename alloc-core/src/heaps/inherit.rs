//! Arenas that pass from a heap that nobody has to one that needs memory.
//!
//! An ended thread's heap waits for the next thread, with its arenas. While it waits its
//! blocks come home one by one, so that ever more of its pages are free, and no other heap's
//! pools could lie there. So a heap that has no room left first looks for an arena of such a
//! heap, before memory comes from the supply; with its pages go its pools, which serve
//! their new heap as they are. (Threads that come and go, whose blocks survive them: 0.7 of
//! the memory.)
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
