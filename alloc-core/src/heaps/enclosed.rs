//! Other runs of a letter, enclosed in the block of one of them.
//!
//! Who collects what others freed has none of it in its cache; if each block only led to
//! the next, it would wait for one after the other. So a block that is long enough lists
//! the letter's next runs behind its own [`FreeRun`]. Of those no block is read on the way
//! home. (64 threads on two cores that free each other's blocks: 0.85 of the time.)
//!
//! Invariant: the list ends at its first place without a block, or where its room ends.
//!
//! In hardened mode nothing is enclosed: there every word in a free block that counts is
//! sealed, and all others are zero.

use core::ptr::{self, NonNull};

use crate::class::SizeClass;
use crate::config::{ENCLOSED_MAX, HARDENED};
use crate::free_run::FreeRun;

/// A run: its first block, and the blocks, as [`FreeRun`] has them.
#[repr(C)]
#[derive(Clone, Copy)]
struct Entry {
    first: *mut u8,
    mask: u64,
}

/// The list in one block.
#[derive(Clone, Copy)]
pub(crate) struct Enclosed {
    entries: NonNull<Entry>,
    room: usize,
}

impl Enclosed {
    /// The list in the block of `node`, one of `class`.
    ///
    /// # Safety
    /// The block is the caller's for as long as the list is used, and the list was ended
    /// ([`Self::end_at`]) before its runs are read.
    pub(crate) unsafe fn of(node: NonNull<FreeRun>, class: SizeClass) -> Self {
        // SAFETY: every block has 16 bytes: one past what the node takes is at most its end.
        let entries = unsafe { node.add(1) }.cast();
        Self { entries, room: room(class.block_bytes()) }
    }

    /// Makes `length` runs the whole list.
    pub(crate) fn end_at(self, length: usize) {
        self.write(length, Entry { first: ptr::null_mut(), mask: 0 });
    }

    /// Adds a run to a list of `length`; `false`: there is no room for it.
    #[must_use]
    pub(crate) fn push(self, length: usize, first: NonNull<u8>, mask: u64) -> bool {
        let has_room = self.write(length, Entry { first: first.as_ptr(), mask });
        if has_room {
            self.end_at(length + 1);
        }
        has_room
    }

    /// The runs of the list: each one's first block, and its mask.
    pub(crate) fn runs(self) -> impl Iterator<Item = (NonNull<u8>, u64)> {
        (0..self.room).map_while(move |place| {
            // SAFETY: within the room, so in the block.
            let entry = unsafe { self.entries.add(place) };
            // SAFETY: as above; the list has its end before what was not written.
            let Entry { first, mask } = unsafe { entry.read() };
            Some((NonNull::new(first)?, mask))
        })
    }

    /// Writes to a place of the list, if there is such a place.
    fn write(self, place: usize, entry: Entry) -> bool {
        if place >= self.room {
            return false;
        }
        // SAFETY: within the room, so in the block.
        let target = unsafe { self.entries.add(place) };
        // SAFETY: as above; the block is the caller's (`of`), and 16-aligned.
        unsafe { target.write(entry) };
        true
    }
}

/// How many runs a block of so many bytes has room for.
const fn room(block_bytes: usize) -> usize {
    let room = (block_bytes - size_of::<FreeRun>()) / size_of::<Entry>();
    if HARDENED {
        0
    } else if room < ENCLOSED_MAX {
        room
    } else {
        ENCLOSED_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words that no run is.
    const JUNK: u64 = u64::MAX;

    #[test]
    fn a_list_has_what_was_pushed_and_stays_in_its_block() {
        for class in SizeClass::all() {
            let words = class.block_bytes() / size_of::<u64>();
            let mut block = vec![JUNK; words + 2];
            let node = NonNull::from(&mut block[..]).cast::<FreeRun>();
            // SAFETY: the block is as long as one of this class, and this test's.
            let list = unsafe { Enclosed::of(node, class) };
            list.end_at(0);
            assert_eq!(list.runs().count(), 0);
            let run = |number: usize| {
                let place = NonNull::without_provenance((16 * number + 16).try_into().unwrap());
                (place, number as u64)
            };
            let pushed = (0..).take_while(|&length| {
                let (first, mask) = run(length);
                let is_in = list.push(length, first, mask);
                assert!(list.runs().eq((0..length + usize::from(is_in)).map(run)));
                is_in
            });
            assert_eq!(pushed.count(), room(class.block_bytes()));
            assert_eq!(block[words..], [JUNK; 2], "{class:?}");
            assert_eq!(block[..2], [JUNK; 2], "the run's own words, {class:?}");
        }
    }

    #[test]
    fn the_smallest_block_has_room_for_none_and_every_other_for_some() {
        for class in SizeClass::all() {
            let bytes = class.block_bytes();
            assert_eq!(room(bytes) == 0, HARDENED || bytes < 32, "{bytes}");
        }
    }
}
