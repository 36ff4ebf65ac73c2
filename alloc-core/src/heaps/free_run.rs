//! A run of freed blocks on its way to its owner, written into the first of them.
//!
//! It is the only link that the allocator keeps in memory that was a user's, and who
//! writes to a freed block may smash it. In hardened mode it is *sealed*: both words are
//! combined with others that belong to their place, and the link's upper 16 bits, which
//! no address uses, hold a sum of both; a smashed one does not open, but for one in
//! 65,536.

use core::ptr::NonNull;

use crate::config::HARDENED;
use crate::key;

/// Bits of an address.
const ADDRESS_BITS: u32 = 48;

/// Blocks of one word of a pool's free map.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct FreeRun {
    next: *mut FreeRun,
    mask: u64,
}

/// A run's words were overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Smashed;

impl FreeRun {
    /// A run for `place`: the next one on its list, or null, and the blocks, as bits of
    /// the word of the free map that `place` has its own bit in.
    #[inline]
    pub(crate) fn new(place: NonNull<FreeRun>, next: *mut FreeRun, mask: u64) -> Self {
        if !HARDENED {
            return Self { next, mask };
        }
        let (link_key, mask_key) = keys(place);
        let sum = sum(next, mask, link_key) << ADDRESS_BITS;
        Self {
            next: next.map_addr(|address| (address as u64 ^ sum ^ link_key) as usize),
            mask: mask ^ mask_key,
        }
    }

    /// The next run and this one's blocks, as they were made for `place`.
    ///
    /// # Errors
    /// [`Smashed`] if the words are not what was made for it; only in hardened mode.
    #[inline]
    pub(crate) fn open(self, place: NonNull<FreeRun>) -> Result<(*mut FreeRun, u64), Smashed> {
        if !HARDENED {
            return Ok((self.next, self.mask));
        }
        let (link_key, mask_key) = keys(place);
        let (link, mask) = (self.next.addr() as u64 ^ link_key, self.mask ^ mask_key);
        let address = link & ((1 << ADDRESS_BITS) - 1);
        let next = self.next.map_addr(|_| address as usize);
        if link >> ADDRESS_BITS == sum(next, mask, link_key) {
            Ok((next, mask))
        } else {
            Err(Smashed)
        }
    }
}

/// The words that belong to a place.
fn keys(place: NonNull<FreeRun>) -> (u64, u64) {
    let link_key = key::mix(place.addr().get() as u64);
    (link_key, key::mix(link_key))
}

/// Sixteen bits of what a run says.
fn sum(next: *mut FreeRun, mask: u64, link_key: u64) -> u64 {
    key::mix(next.addr() as u64 ^ mask.rotate_left(23) ^ link_key) >> ADDRESS_BITS
}
