//! Delayed reuse: freed blocks wait here before they can be handed out again.
//!
//! Hardened mode alone. A place is drawn by lot, the block in it leaves, and the one
//! that was just freed takes it: so nobody can foretell when a block comes back, and
//! what a stale pointer writes meanwhile is found when it does. Blocks that wait are
//! allocated as far as their pools know, and free as far as users do, as those in bins.
//!
//! Invariant: of a class's places, only the first `places` ever hold a block.

use core::ptr::NonNull;

use crate::cell::OwnerPtr;
use crate::class::SizeClass;
use crate::config::{CLASSES, HARDENED};
use crate::key::Random;

/// Blocks of a class that wait at most.
const PLACES: usize = 16;

/// In the default mode nothing waits.
const WAITING_CLASSES: usize = if HARDENED { CLASSES } else { 0 };

/// What waits in one heap.
pub(crate) struct Quarantine {
    /// The heap's lots. Until they are started, nothing waits.
    pub(crate) random: Random,
    waiting: [[OwnerPtr<u8>; PLACES]; WAITING_CLASSES],
}

impl Quarantine {
    /// An empty one, in which nothing waits.
    pub(crate) const fn new() -> Self {
        Self {
            random: Random::none(),
            waiting: [const { [const { OwnerPtr::null() }; PLACES] }; WAITING_CLASSES],
        }
    }

    /// Has a block wait. Returns the one whose turn it is to leave, if there is one.
    #[cfg(feature = "hardened")]
    #[inline]
    pub(crate) fn exchange(&self, class: SizeClass, block: NonNull<u8>) -> Option<NonNull<u8>> {
        let lot = self.random.next();
        let places = places(class);
        // Not started, that is a heap without room; or a class that does not wait.
        if lot == 0 || places == 0 {
            return Some(block);
        }
        let place =
            &self.waiting[class.index()][(lot >> 32) as usize & (places - 1) & (PLACES - 1)];
        let leaves = place.get();
        place.set(block.as_ptr());
        NonNull::new(leaves)
    }

    /// Blocks of a class that wait.
    pub(crate) fn len(&self, class: SizeClass) -> usize {
        self.places(class).iter().filter(|place| !place.get().is_null()).count()
    }

    /// Has all blocks of a class leave.
    pub(crate) fn drain(&self, class: SizeClass, mut leave: impl FnMut(NonNull<u8>)) {
        for place in self.places(class) {
            if let Some(block) = NonNull::new(place.get()) {
                place.set(core::ptr::null_mut());
                leave(block);
            }
        }
    }

    fn places(&self, class: SizeClass) -> &[OwnerPtr<u8>] {
        self.waiting.get(class.index()).map_or(&[], |waiting| waiting.as_slice())
    }
}

/// How many blocks of a class wait, none or a power of two: many small ones, a few bigger
/// ones, none of those that would hold too much memory.
#[cfg(feature = "hardened")]
#[inline]
fn places(class: SizeClass) -> usize {
    match class.block_bytes() {
        0..=1024 => PLACES,
        1025..=16_384 => 2,
        _ => 0,
    }
}
