//! Which of a region's huge pages the system is asked for.
//!
//! One is asked for when it is *fresh*, that is, free and clean as a whole, and some
//! granule of it comes into use: so the first touch makes all of it resident, and the
//! granules beside count as dirty from then on. In the process's first megabytes only
//! a block that covers one and is written to at once asks for it, for what a small
//! program has would not fill it. Whether it is worth asking is [`huge`](crate::huge)'s
//! to say.
//!
//! Invariant: the bits of `huge` are the advice that the system has been given. They
//! change under the supply's lock, but for pages that are purged, those of an arena by
//! the arena's owner; and those of a span that are forgone, by who has just taken it.

use core::ptr::NonNull;
use core::sync::atomic::Ordering;

use super::{HUGE_PAGE_GRANULES, Region, Run, Touch, WORD_BITS, masks};
use crate::config::{GRANULE_BYTES, HUGE_PAGE_BYTES};
use crate::{huge, os};

const PAGE_WORDS: usize = HUGE_PAGE_GRANULES / WORD_BITS;
const _: () = assert!(HUGE_PAGE_GRANULES.is_multiple_of(WORD_BITS), "a page is whole words");

impl Region {
    /// The fresh huge pages, as bits, that a run of free granules lies in and may ask for.
    pub(super) fn fresh_pages(&self, run: Run, touch: Touch) -> u32 {
        let (first, last) = pages_of(run);
        let fresh = (first..=last).filter(|&page| self.is_fresh(page));
        let fresh = fresh.fold(0, |bits, page| bits | 1 << page);
        let covered = match touch {
            Touch::Soon => {
                let end = run.first + run.granules;
                pages_within(run.first * GRANULE_BYTES, end * GRANULE_BYTES)
            }
            Touch::Perhaps => 0,
        };
        fresh & (self.may_be_huge.get() | covered & self.may_be_huge_covered.get())
    }

    fn is_fresh(&self, page: usize) -> bool {
        (page * PAGE_WORDS..(page + 1) * PAGE_WORDS)
            .all(|word| self.free[word].get() == u64::MAX && self.dirty[word].get() == 0)
    }

    /// Asks the system for these huge pages, or tells it that they are not wanted.
    ///
    /// # Safety
    /// `region` is live, and has these pages.
    pub(crate) unsafe fn advise(region: NonNull<Self>, pages: u32, wanted: bool) {
        // SAFETY: the caller's contract.
        let huge = &unsafe { region.as_ref() }.huge;
        let asked_for = huge.load(Ordering::Relaxed);
        let mut rest = pages & if wanted { !asked_for } else { asked_for };
        while rest != 0 {
            let first = rest.trailing_zeros();
            let count = (rest >> first).trailing_ones();
            let bits = (u32::MAX >> (u32::BITS - count)) << first;
            // SAFETY: the caller's contract: the page lies in the region.
            let start = unsafe { Self::huge_page(region, first as usize) };
            if wanted {
                huge.fetch_or(bits, Ordering::Relaxed);
                os::ask_for_huge_pages(start, count as usize * HUGE_PAGE_BYTES);
            } else {
                huge.fetch_and(!bits, Ordering::Relaxed);
                os::forgo_huge_pages(start, count as usize * HUGE_PAGE_BYTES);
            }
            rest &= !bits;
        }
    }

    /// Marks as dirty the free granules that share a huge page with a run in use:
    /// the first touch of the run makes them resident too. Returns how many.
    pub(crate) fn dirty_beside(&self, run: Run) -> usize {
        let asked_for = self.huge.load(Ordering::Relaxed);
        let (first, last) = pages_of(run);
        let pages = [Some(first), (last != first).then_some(last)].into_iter().flatten();
        let mut added = 0;
        for page in pages.filter(|page| asked_for >> page & 1 != 0) {
            let granules = Run { first: page * HUGE_PAGE_GRANULES, granules: HUGE_PAGE_GRANULES };
            for (word, mask) in masks(granules) {
                let clean = self.free[word].get() & mask & !self.dirty[word].get();
                self.dirty[word].set(self.dirty[word].get() | clean);
                added += clean.count_ones() as usize;
            }
        }
        added
    }

    /// Gives the memory of a range in `region` back to the system.
    ///
    /// A huge page that is given back in part is no longer asked for: else the
    /// system's khugepaged, which by default fills a huge page for the sake of one
    /// small one (Linux, Documentation/admin-guide/mm/transhuge.rst,
    /// `max_ptes_none`), would bring it all back behind our back.
    ///
    /// # Safety
    /// The range lies in `region`, and nothing refers to its bytes.
    pub(crate) unsafe fn purge(region: NonNull<Self>, start: NonNull<u8>, bytes: usize) {
        // SAFETY: the caller's contract.
        unsafe { os::purge(start, bytes) };
        let offset = start.addr().get() - region.addr().get();
        let whole = pages_within(offset, offset + bytes);
        let parts = pages_around(offset, offset + bytes) & !whole;
        // SAFETY: the caller's contract.
        let asked_for = unsafe { region.as_ref() }.huge.load(Ordering::Relaxed);
        huge::give_back((whole & asked_for).count_ones() as usize);
        // SAFETY: the caller's contract: the range, and so its pages, lie in a live
        // region.
        unsafe { Self::advise(region, parts, false) };
    }

    /// Where a huge page starts.
    ///
    /// # Safety
    /// `region` is live and has that page.
    pub(crate) unsafe fn huge_page(region: NonNull<Self>, page: usize) -> NonNull<u8> {
        // SAFETY: the caller's contract: inside the region.
        unsafe { region.cast::<u8>().add(page * HUGE_PAGE_BYTES) }
    }
}

/// The huge pages, as bits, that lie in a range of a region as a whole.
fn pages_within(from: usize, to: usize) -> u32 {
    pages(from.div_ceil(HUGE_PAGE_BYTES), to / HUGE_PAGE_BYTES)
}

/// Those that any of it lies in.
fn pages_around(from: usize, to: usize) -> u32 {
    pages(from / HUGE_PAGE_BYTES, to.div_ceil(HUGE_PAGE_BYTES))
}

/// The pages from `first` on, before `end`.
fn pages(first: usize, end: usize) -> u32 {
    (first..end).fold(0, |bits, page| bits | 1 << page)
}

/// The first and the last huge page that a run lies in.
fn pages_of(run: Run) -> (usize, usize) {
    (run.first / HUGE_PAGE_GRANULES, (run.first + run.granules - 1) / HUGE_PAGE_GRANULES)
}
