//! The way from a site's id to a thread's slots of it.

use std::fmt;

use crate::recording::slots::SiteSlots;
use crate::statics::{self, AtomicRef};

/// Sites that one [`Segment`] covers, and segments that a [`SlotTable`] covers.
const SEGMENT: usize = 64;

/// The slots of [`SEGMENT`] sites with neighbouring ids.
#[derive(Debug)]
struct Segment([AtomicRef<SiteSlots>; SEGMENT]);

/// A thread's slots by the site's id: two loads, no hashing. It grows by whole
/// segments that never move, and ends at 4096 sites.
pub(crate) struct SlotTable([AtomicRef<Segment>; SEGMENT]);

impl SlotTable {
    /// Returns a table without slots.
    pub(crate) const fn new() -> Self {
        Self([const { AtomicRef::none() }; SEGMENT])
    }

    /// Returns the slots of the site `id`, if it has any here.
    #[inline]
    pub(crate) fn get(&self, id: usize) -> Option<&'static SiteSlots> {
        self.0.get(id / SEGMENT)?.get()?.0[id % SEGMENT].get()
    }

    /// Sets the slots of the site `id`, if it is not past the table's end.
    pub(crate) fn set(&self, id: usize, slots: &'static SiteSlots) {
        let Some(place) = self.0.get(id / SEGMENT) else {
            return;
        };
        let segment = place.get().or_else(|| {
            let segment = statics::leak(Segment([const { AtomicRef::none() }; SEGMENT]));
            place.set(segment);
            segment
        });
        if let Some(segment) = segment {
            segment.0[id % SEGMENT].set(Some(slots));
        }
    }
}

impl fmt::Debug for SlotTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlotTable").finish_non_exhaustive()
    }
}
