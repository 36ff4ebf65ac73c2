//! A region: a long range of addresses, cut into granules of 16 KiB.
//!
//! Runs of granules are handed out as *spans*: an arena (16 granules, aligned) or
//! one block of the big tier. The header, in the first granule, has three sets of
//! granules and a length for each span:
//! - *free*: in no span;
//! - *dirty*: may hold something else than zeroes, or share a huge page with what
//!   does. Of the free ones, those that are resident; of a span's, those that were
//!   when it was taken;
//! - *heads*: the first granule of a span, and a summary of which words of that
//!   set are not empty, so that an interior address finds its head in O(1).
//!
//! Invariants (checked by `check`): a granule is free or in exactly one span; a
//! head is followed by as many granules of its span as its length says; the
//! header's granule is neither free nor in a span.
//!
//! Whoever holds the supply's lock writes a region; `span_at` may be called by any
//! thread, and tells the truth to the owner of the span.

mod huge_pages;

use core::ptr::NonNull;
use core::sync::atomic::AtomicU32;

use crate::cell::{OwnerU8, OwnerU16, OwnerU32, OwnerU64};
use crate::config::{GRANULE_BYTES, HARDENED, HUGE_PAGE_BYTES, REGION_GRANULES};
use crate::os::{self, Guard};

const WORD_BITS: usize = 64;
const WORDS: usize = REGION_GRANULES / WORD_BITS;
const _: () = assert!(WORDS <= WORD_BITS, "the summary of the heads is one u64");
const _: () = assert!(size_of::<Region>() <= GRANULE_BYTES, "the header fits its granule");
const _: () = assert!(REGION_GRANULES < ARENA_MARK as usize, "a length leaves room for the mark");
const _: () = assert!(
    REGION_GRANULES * GRANULE_BYTES / HUGE_PAGE_BYTES <= 32,
    "a region's huge pages are one u32"
);

const HUGE_PAGE_GRANULES: usize = HUGE_PAGE_BYTES / GRANULE_BYTES;

/// Set in the length of a span that is an arena.
const ARENA_MARK: u16 = 1 << 15;

/// What a span is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// As an arena.
    Arena,
    /// As a block of the big tier.
    Block,
}

/// Granules in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The first granule's number.
    pub(crate) first: usize,
    /// How many.
    pub(crate) granules: usize,
}

/// A span of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Where it lies.
    pub(crate) run: Run,
    /// What it is used as.
    pub(crate) used_as: Use,
}

/// Granules that came into a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Which.
    pub(crate) run: Run,
    /// How many of them are dirty.
    pub(crate) dirty: usize,
    /// The huge pages to ask for, if they come fast, as bits.
    pub(crate) fresh_pages: u32,
}

/// When a span is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    /// At once: its first touch may as well be the allocator's.
    Soon,
    /// Later, in parts, or never: as long as it is not, it must cost no memory.
    Perhaps,
}

/// Which free granules may make up a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Only resident ones.
    Dirty,
    /// Any.
    Any,
}

/// A region's header.
#[repr(C)]
pub(crate) struct Region {
    /// Granules in all, the header's included.
    granules: OwnerU32,
    /// This region's place in the supply's table.
    number: OwnerU32,
    /// The huge pages that the region asks the system for, as bits.
    huge: AtomicU32,
    /// Those that it may ask for, whoever is the first to use them.
    may_be_huge: OwnerU32,
    /// Those that it may ask for if one block covers them.
    may_be_huge_covered: OwnerU32,
    free: [OwnerU64; WORDS],
    dirty: [OwnerU64; WORDS],
    heads: [OwnerU64; WORDS],
    /// Which words of `heads` are not zero.
    head_words: OwnerU64,
    lengths: [OwnerU16; REGION_GRANULES],
    /// How each guard was installed: an [`os::Guard`].
    guards: [OwnerU8; 2],
}

/// Granules of a region that no span can use: the header's, and in hardened mode the
/// last one, a guard before what lies behind.
const OWN_GRANULES: usize = if HARDENED { 2 } else { 1 };

impl Region {
    /// Makes `bytes` from `base` a region without spans.
    ///
    /// # Safety
    /// The range is freshly mapped (zero), aligned to a huge page, at most
    /// [`REGION_GRANULES`] long, and nobody else's.
    pub(crate) unsafe fn init(
        base: NonNull<u8>,
        bytes: usize,
        number: usize,
        huge_pages_after: Option<usize>,
    ) -> NonNull<Self> {
        let region = base.cast::<Self>();
        // SAFETY: the caller's contract; zero bytes are valid atomics.
        let header = unsafe { region.as_ref() };
        let granules = bytes / GRANULE_BYTES;
        header.granules.set(granules as u32);
        header.number.set(number as u32);
        for (word, mask) in masks(Run { first: 1, granules: granules - OWN_GRANULES }) {
            header.free[word].set(mask);
        }
        if let Some(after) = huge_pages_after
            && os::has_huge_pages()
        {
            let (from, to) = (after.min(bytes) / HUGE_PAGE_BYTES, bytes / HUGE_PAGE_BYTES);
            header.may_be_huge.set(((1_u64 << to) - (1 << from)) as u32);
            header.may_be_huge_covered.set(((1_u64 << to) - 1) as u32);
        }
        if HARDENED {
            for (place, installed) in Self::guard_places(region).zip(&header.guards) {
                // SAFETY: of the region's own granules, and behind its header.
                installed.set(unsafe { os::install_guard(place.0, place.1) } as u8);
            }
        }
        region
    }

    /// Takes the guards away, before the region is unmapped.
    pub(crate) fn remove_guards(region: NonNull<Self>) {
        if HARDENED {
            // SAFETY: the caller got the region from the table: it is mapped.
            let header = unsafe { region.as_ref() };
            for (place, installed) in Self::guard_places(region).zip(&header.guards) {
                // SAFETY: as they were installed.
                unsafe { os::remove_guard(place.0, place.1, Guard::from_byte(installed.get())) };
            }
        }
    }

    /// Hardened mode's guards, start and bytes: what is left of the header's granule, and
    /// the last one.
    fn guard_places(region: NonNull<Self>) -> impl Iterator<Item = (NonNull<u8>, usize)> {
        // SAFETY: the caller has a live region.
        let last = unsafe { region.as_ref() }.granules.get() as usize - 1;
        // SAFETY: the header fits its granule.
        let behind = unsafe { region.add(1) }.cast();
        // SAFETY: a granule of the region.
        let last = unsafe { Self::address(region, last) };
        [(behind, GRANULE_BYTES - size_of::<Self>()), (last, GRANULE_BYTES)].into_iter()
    }

    /// This region's place in the supply's table.
    pub(crate) fn number(&self) -> usize {
        self.number.get() as usize
    }

    /// Bytes of the region.
    pub(crate) fn bytes(&self) -> usize {
        self.granules.get() as usize * GRANULE_BYTES
    }

    /// Granules that spans can use: all but its own.
    pub(crate) fn usable_granules(&self) -> usize {
        self.granules.get() as usize - OWN_GRANULES
    }

    /// Where granule `index` starts.
    ///
    /// # Safety
    /// `region` is live and `index` at most its granules.
    pub(crate) unsafe fn address(region: NonNull<Self>, index: usize) -> NonNull<u8> {
        // SAFETY: the caller's contract: inside the region, or its end.
        unsafe { region.cast::<u8>().add(index * GRANULE_BYTES) }
    }

    /// The number of the granule that holds `address`, which lies in `region`.
    pub(crate) fn granule_of(region: NonNull<Self>, address: usize) -> usize {
        (address - region.addr().get()) / GRANULE_BYTES
    }

    /// The lowest run of free granules of that length and alignment.
    pub(crate) fn find(&self, granules: usize, align: usize, choice: Choice) -> Option<usize> {
        let word = |index: usize| match choice {
            Choice::Dirty => self.free[index].get() & self.dirty[index].get(),
            Choice::Any => self.free[index].get(),
        };
        let mut from = 0;
        while let Some(start) = next_bit(from, word) {
            let end = next_bit(start, |index| !word(index)).unwrap_or(REGION_GRANULES);
            let first = start.next_multiple_of(align);
            if first + granules <= end {
                return Some(first);
            }
            from = end;
        }
        None
    }

    /// The highest run of free dirty granules, of which the last ones: about `most`,
    /// from the bound of a huge page on if there are as many. It starts and ends at
    /// multiples of `step`.
    pub(crate) fn highest_dirty(&self, most: usize, step: usize) -> Option<Run> {
        let word = |index: usize| self.free[index].get() & self.dirty[index].get();
        let mut below = REGION_GRANULES;
        loop {
            let last = previous_bit(below, word)?;
            let start = previous_bit(last, |index| !word(index)).map_or(0, |zero| zero + 1);
            let end = (last + 1) / step * step;
            let wanted = end.saturating_sub(most) / HUGE_PAGE_GRANULES * HUGE_PAGE_GRANULES;
            let first = start.max(wanted).next_multiple_of(step);
            if first < end {
                return Some(Run { first, granules: end - first });
            }
            below = start;
        }
    }

    /// How many granules of a run are dirty.
    fn dirty_in(&self, run: Run) -> usize {
        masks(run).map(|(word, mask)| (self.dirty[word].get() & mask).count_ones() as usize).sum()
    }

    /// Visits the dirty stretches of a run.
    pub(crate) fn for_each_dirty(&self, run: Run, mut visit: impl FnMut(Run)) {
        let end = run.first + run.granules;
        let mut from = run.first;
        while let Some(first) = next_bit(from, |word| self.dirty[word].get()) {
            if first >= end {
                return;
            }
            let next_clean = next_bit(first, |word| !self.dirty[word].get());
            let stop = next_clean.unwrap_or(REGION_GRANULES).min(end);
            visit(Run { first, granules: stop - first });
            from = stop;
        }
    }

    /// Makes a free run a span.
    pub(crate) fn take(&self, run: Run, used_as: Use, touch: Touch) -> Claim {
        let claim = self.claim(run, touch);
        let (word, bit) = (run.first / WORD_BITS, run.first % WORD_BITS);
        self.set_length(run.first, run.granules, used_as);
        self.heads[word].set(self.heads[word].get() | 1 << bit);
        self.head_words.set(self.head_words.get() | 1 << word);
        claim
    }

    /// Frees a span; its granules are dirty.
    pub(crate) fn give(&self, span: Span) {
        let (word, bit) = (span.run.first / WORD_BITS, span.run.first % WORD_BITS);
        self.heads[word].set(self.heads[word].get() & !(1 << bit));
        if self.heads[word].get() == 0 {
            self.head_words.set(self.head_words.get() & !(1 << word));
        }
        self.free_dirty(span.run);
    }

    /// Cuts a block short: keeps its first `granules`, fewer than it has, and frees
    /// the rest.
    pub(crate) fn cut(&self, run: Run, granules: usize) {
        self.set_length(run.first, granules, Use::Block);
        self.free_dirty(Run { first: run.first + granules, granules: run.granules - granules });
    }

    /// Lengthens a block by the free granules behind it; `None`: they are not
    /// all free.
    pub(crate) fn extend(&self, run: Run, granules: usize) -> Option<Claim> {
        let added = Run { first: run.first + run.granules, granules: granules - run.granules };
        if added.first + added.granules > self.granules.get() as usize {
            return None;
        }
        let is_free = |(word, mask): (usize, u64)| self.free[word].get() & mask == mask;
        if !masks(added).all(is_free) {
            return None;
        }
        let claim = self.claim(added, Touch::Perhaps);
        self.set_length(run.first, granules, Use::Block);
        Some(claim)
    }

    /// Makes free granules ones of a span.
    fn claim(&self, run: Run, touch: Touch) -> Claim {
        let fresh_pages = self.fresh_pages(run, touch);
        let claim = Claim { run, dirty: self.dirty_in(run), fresh_pages };
        self.hold(run);
        claim
    }

    /// Marks free granules as not free, in no span yet: being purged.
    pub(crate) fn hold(&self, run: Run) {
        for (word, mask) in masks(run) {
            debug_assert_eq!(self.free[word].get() & mask, mask, "what is taken is free");
            self.free[word].set(self.free[word].get() & !mask);
        }
    }

    /// Marks held granules as free and clean.
    pub(crate) fn free_clean(&self, run: Run) {
        for (word, mask) in masks(run) {
            debug_assert_eq!(self.free[word].get() & mask, 0, "held granules are not free");
            self.dirty[word].set(self.dirty[word].get() & !mask);
            self.free[word].set(self.free[word].get() | mask);
        }
    }

    fn free_dirty(&self, run: Run) {
        for (word, mask) in masks(run) {
            debug_assert_eq!(self.free[word].get() & mask, 0, "a span's granules are not free");
            self.dirty[word].set(self.dirty[word].get() | mask);
            self.free[word].set(self.free[word].get() | mask);
        }
    }

    /// The span that granule `index` belongs to.
    pub(crate) fn span_at(&self, index: usize) -> Option<Span> {
        let first = previous_head(index, self.head_words.get(), |word| self.heads[word].get())?;
        let length = self.lengths[first].get();
        let used_as = if length & ARENA_MARK == 0 { Use::Block } else { Use::Arena };
        let run = Run { first, granules: usize::from(length & !ARENA_MARK) };
        (index < first + run.granules).then_some(Span { run, used_as })
    }

    /// The spans, by address.
    pub(crate) fn spans(&self) -> impl Iterator<Item = Span> {
        let mut from = 0;
        core::iter::from_fn(move || {
            let head = next_bit(from, |word| self.heads[word].get())?;
            from = head + 1;
            self.span_at(head)
        })
    }

    /// How many granules are free, and how many of these dirty.
    pub(crate) fn count_free(&self) -> (usize, usize) {
        let count = |bits: u64| bits.count_ones() as usize;
        let words = || self.free.iter().zip(&self.dirty);
        (
            words().map(|(free, _)| count(free.get())).sum(),
            words().map(|(free, dirty)| count(free.get() & dirty.get())).sum(),
        )
    }

    fn set_length(&self, first: usize, granules: usize, used_as: Use) {
        let mark = match used_as {
            Use::Arena => ARENA_MARK,
            Use::Block => 0,
        };
        self.lengths[first].set(granules as u16 | mark);
    }
}

/// The words that a run, which is not empty, has bits in, each with these bits.
fn masks(run: Run) -> impl Iterator<Item = (usize, u64)> {
    let end = run.first + run.granules;
    let words = run.first / WORD_BITS..end.div_ceil(WORD_BITS);
    words.map(move |word| {
        let low = run.first.saturating_sub(word * WORD_BITS);
        let high = (end - word * WORD_BITS).min(WORD_BITS);
        (word, (u64::MAX >> (WORD_BITS - (high - low))) << low)
    })
}

/// The lowest one at or above bit `from`.
fn next_bit(from: usize, word: impl Fn(usize) -> u64) -> Option<usize> {
    let mut index = from / WORD_BITS;
    if index >= WORDS {
        return None;
    }
    let mut bits = word(index) & (u64::MAX << (from % WORD_BITS));
    while bits == 0 {
        index += 1;
        if index == WORDS {
            return None;
        }
        bits = word(index);
    }
    Some(index * WORD_BITS + bits.trailing_zeros() as usize)
}

/// The highest one below bit `below`.
fn previous_bit(below: usize, word: impl Fn(usize) -> u64) -> Option<usize> {
    let mut index = below.checked_sub(1)? / WORD_BITS;
    let mut bits = word(index) & (u64::MAX >> (WORD_BITS - 1 - (below - 1) % WORD_BITS));
    while bits == 0 {
        index = index.checked_sub(1)?;
        bits = word(index);
    }
    Some(index * WORD_BITS + bits.ilog2() as usize)
}

/// The highest one at or below bit `index`, with the help of the summary.
fn previous_head(index: usize, summary: u64, word: impl Fn(usize) -> u64) -> Option<usize> {
    let own = index / WORD_BITS;
    let bits = word(own) & (u64::MAX >> (WORD_BITS - 1 - index % WORD_BITS));
    if bits != 0 {
        return Some(own * WORD_BITS + bits.ilog2() as usize);
    }
    let below = (summary & ((1 << own) - 1)).checked_ilog2()? as usize;
    Some(below * WORD_BITS + word(below).checked_ilog2()? as usize)
}

/// Granules that hold so many bytes.
pub(crate) fn granules_for(bytes: usize) -> usize {
    bytes.div_ceil(GRANULE_BYTES)
}

#[cfg(test)]
mod tests;
