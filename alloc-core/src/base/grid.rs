//! How arenas are cut into pages: their *grid*.
//!
//! Every arena has 64 pages, so that a set of them is one `u64`, and its headers lie in the
//! first. A *narrow* grid has pages of 4 KiB in 256 KiB. Its 63 other pages hold three blocks
//! of 64 KiB, two of 96, one of 128; so slabs of such blocks have *wide* arenas, where 15, 10
//! and 7 of 16 fit: 1 MiB, in pages of a granule and [`COLOUR_BYTES`], lest blocks of whole
//! granules compete for the same sets of the caches.
//!
//! Invariants: page 0 starts `lead` bytes before the arena, so that page 63 ends where the
//! arena does; what of page 0 is inside holds the headers and, in hardened mode, the guard
//! behind them. All pages start on a multiple of [`COLOUR_BYTES`], narrow ones of a page.

use core::ptr::NonNull;

use crate::config::{
    ARENA_BYTES, ARENA_PAGES, COLOUR_BYTES, POOL_BYTES, POOL_SHIFT, USABLE_PAGES, WIDE_ARENA_BYTES,
    WIDE_PAGE_BYTES,
};

/// What [`WIDE_PAGE_BYTES`] times 64 have more than a wide arena.
const WIDE_LEAD_BYTES: usize = ARENA_PAGES * WIDE_PAGE_BYTES - WIDE_ARENA_BYTES;

const _: () = assert!(ARENA_PAGES * POOL_BYTES == ARENA_BYTES, "a narrow grid has no lead");
const _: () = assert!(
    WIDE_LEAD_BYTES + 2 * POOL_BYTES <= WIDE_PAGE_BYTES,
    "the headers and a guard lie before a wide arena's pages"
);
const _: () = assert!(WIDE_LEAD_BYTES.is_multiple_of(COLOUR_BYTES), "pages are aligned");

/// A grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grid {
    /// 64 pages of 4 KiB.
    Narrow,
    /// 64 pages of 16 KiB and 128 bytes, less what page 0 lacks.
    Wide,
}

impl Grid {
    /// Bytes of an arena, and its alignment.
    #[inline]
    pub(crate) const fn arena_bytes(self) -> usize {
        match self {
            Self::Narrow => ARENA_BYTES,
            Self::Wide => WIDE_ARENA_BYTES,
        }
    }

    /// Bytes of a page.
    #[inline]
    pub(crate) const fn page_bytes(self) -> usize {
        match self {
            Self::Narrow => POOL_BYTES,
            Self::Wide => WIDE_PAGE_BYTES,
        }
    }

    /// Bytes of an arena that are in no page that pools can use.
    pub(crate) const fn header_bytes(self) -> usize {
        self.arena_bytes() - USABLE_PAGES * self.page_bytes()
    }

    /// The arena that `address` lies in.
    #[inline]
    pub(crate) fn arena_of(self, address: NonNull<u8>) -> NonNull<u8> {
        let base = address.as_ptr().map_addr(|address| address & !(self.arena_bytes() - 1));
        // SAFETY: no arena starts at address zero, which the system does not map.
        unsafe { NonNull::new_unchecked(base) }
    }

    /// The number of the page that byte `offset` of an arena lies in.
    #[inline]
    pub(crate) const fn page_at(self, offset: usize) -> usize {
        match self {
            Self::Narrow => offset >> POOL_SHIFT,
            Self::Wide => (offset + WIDE_LEAD_BYTES) / WIDE_PAGE_BYTES,
        }
    }

    /// Where a page starts, in bytes from the arena's start; page 0, with it.
    #[inline]
    pub(crate) const fn page_offset(self, page: usize) -> usize {
        match self {
            Self::Narrow => page << POOL_SHIFT,
            Self::Wide => (page * WIDE_PAGE_BYTES).saturating_sub(WIDE_LEAD_BYTES),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_in_the_page_that_starts_last_before_it() {
        for grid in [Grid::Narrow, Grid::Wide] {
            for page in 0..ARENA_PAGES {
                let is_last = page + 1 == ARENA_PAGES;
                let start = grid.page_offset(page);
                let end = if is_last { grid.arena_bytes() } else { grid.page_offset(page + 1) };
                assert_eq!([grid.page_at(start), grid.page_at(end - 1)], [page; 2]);
                assert!(page == 0 || end - start == grid.page_bytes());
            }
            assert_eq!(grid.page_offset(0), 0);
        }
    }
}
