//! Empty pools that stay on their class's list: *spare* ones.
//!
//! What one thread allocates and another frees comes home by the letter, often whole
//! pools at once, and just when the owner is out of blocks and about to take new pools.
//! So of those that others empty, the first few a class are not given back to their arena
//! and taken out of it again, but serve next. (A producer and a consumer: 0.9 of the
//! time.) What the owner itself empties is given back at once, for it has its bins.
//!
//! All of them lie in one arena, lest blocks that come to lie in them keep many arenas
//! from draining. They go back before a heap takes a new arena, and when its thread ends.
//!
//! Invariant: of a small class, so many pools on the list are empty as are counted here,
//! all in the arena that is noted; of others, none.

use core::ptr::NonNull;

use crate::arena::Arena;
use crate::cell::{OwnerPtr, OwnerU8, OwnerU32};
use crate::class::SizeClass;
use crate::config::{SMALL_CLASSES, SPARE_POOLS_MAX};

/// Who has freed what is put back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FreedBy {
    /// The heap's own thread.
    Owner,
    /// Other threads.
    Others,
}

/// How many spare pools a heap has, per class.
pub(crate) struct SparePools {
    counts: [OwnerU8; SMALL_CLASSES],
    all: OwnerU32,
    /// Where they are, if there are any.
    arena: OwnerPtr<Arena>,
}

impl SparePools {
    /// None.
    pub(crate) const fn new() -> Self {
        Self {
            counts: [const { OwnerU8::new(0) }; SMALL_CLASSES],
            all: OwnerU32::new(0),
            arena: OwnerPtr::null(),
        }
    }

    /// Those of a class.
    pub(crate) fn count(&self, class: SizeClass) -> usize {
        self.counts.get(class.index()).map_or(0, |count| usize::from(count.get()))
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.get() == 0
    }

    /// Whether they are all in `arena`.
    pub(crate) fn are_in(&self, arena: NonNull<Arena>) -> bool {
        self.is_empty() || self.arena.get() == arena.as_ptr()
    }

    /// Counts one more, of `arena`, unless the class has enough, or others are elsewhere.
    #[must_use]
    pub(crate) fn add(&self, class: SizeClass, arena: NonNull<Arena>) -> bool {
        let Some(count) = self.counts.get(class.index()) else { return false };
        let is_welcome = count.get() < SPARE_POOLS_MAX && self.are_in(arena);
        if is_welcome {
            count.set(count.get() + 1);
            self.all.set(self.all.get() + 1);
            self.arena.set(arena.as_ptr());
        }
        is_welcome
    }

    /// Counts one less: it serves, or goes back.
    pub(crate) fn remove(&self, class: SizeClass) {
        debug_assert!(self.count(class) > 0, "an empty pool that is listed is spare");
        if let Some(count) = self.counts.get(class.index()) {
            count.set(count.get().saturating_sub(1));
            self.all.set(self.all.get().saturating_sub(1));
        }
    }
}
