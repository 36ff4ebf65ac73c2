//! The table of regions, and the sums over them: what the supply's lock protects.
//!
//! Invariants: an entry's counts are those of its region's sets; `find` fails for more
//! granules than an entry's bounds say; `keep` knows every dirty free granule as kept.

use core::ptr::NonNull;

use crate::config::{
    GRANULE_BYTES, HUGE_PAGE_BYTES, PURGE_GRANULES_MIN, REGION_BYTES, REGION_GRANULES,
    REGION_MIN_BYTES,
};
use crate::family::Family;
use crate::region::{Choice, Claim, Region, Run, Touch, Use, granules_for};
use crate::{huge, keep, knobs, os, pagemap};

/// How many arenas of one family were taken and given, in CPython's terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Arenas taken since the process started.
    pub(crate) taken: usize,
    /// Arenas given back since then.
    pub(crate) given: usize,
    /// The most that were out at once.
    pub(crate) highwater: usize,
}

/// The spans that are blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Blocks {
    /// How many there are.
    pub(crate) count: usize,
    /// Their granules.
    pub(crate) granules: usize,
}

/// Granules that were taken.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    /// Where they start.
    pub(super) base: NonNull<u8>,
    /// Bytes of them that are dirty: counted as in use already.
    pub(super) dirty: usize,
    /// The region that they are in.
    pub(super) region: NonNull<Region>,
    /// Its huge pages that were asked for just now, as bits.
    pub(super) new_pages: u32,
}

/// A place in the table, and what is known of its region without looking there.
#[derive(Clone, Copy)]
struct Entry {
    /// `None`: a place without a region.
    region: Option<NonNull<Region>>,
    free: u32,
    /// Of the free granules, those that are dirty.
    dirty: u32,
    /// No run of free granules, of dirty ones, is longer than this.
    free_bound: u32,
    dirty_bound: u32,
}

impl Entry {
    const VACANT: Self = Self { region: None, free: 0, dirty: 0, free_bound: 0, dirty_bound: 0 };

    /// Granules may have become free.
    fn forget_bounds(&mut self) {
        self.free_bound = REGION_GRANULES as u32;
        self.dirty_bound = REGION_GRANULES as u32;
    }
}

/// All regions.
pub(crate) struct Supply {
    table: NonNull<Entry>,
    len: usize,
    capacity: usize,
    counts: [Counts; Family::ALL.len()],
    blocks: Blocks,
}

// SAFETY: the table belongs to the supply alone.
unsafe impl Send for Supply {}

impl Supply {
    pub(super) const fn new() -> Self {
        Self {
            table: NonNull::dangling(),
            len: 0,
            capacity: 0,
            counts: [Counts { taken: 0, given: 0, highwater: 0 }; Family::ALL.len()],
            blocks: Blocks { count: 0, granules: 0 },
        }
    }

    /// What was taken and given of `family`.
    pub(crate) fn counts(&self, family: Family) -> Counts {
        self.counts[family as usize]
    }

    /// The spans that are blocks of the big tier.
    pub(crate) fn blocks(&self) -> Blocks {
        self.blocks
    }

    pub(super) fn count_taken_arena(&mut self, family: Family) {
        let counts = &mut self.counts[family as usize];
        counts.taken += 1;
        counts.highwater = counts.highwater.max(counts.taken - counts.given);
    }

    pub(super) fn count_given_arena(&mut self, family: Family) {
        self.counts[family as usize].given += 1;
    }

    pub(super) fn count_taken_block(&mut self, granules: usize) {
        self.blocks.count += 1;
        self.blocks.granules += granules;
    }

    pub(super) fn count_given_block(&mut self, granules: usize) {
        self.blocks.count -= 1;
        self.blocks.granules -= granules;
    }

    /// Every region.
    pub(crate) fn regions(&self) -> impl Iterator<Item = NonNull<Region>> {
        self.entries().iter().filter_map(|entry| entry.region)
    }

    /// The arenas that are out, of all families.
    pub(crate) fn arenas(&self) -> impl Iterator<Item = NonNull<u8>> {
        self.regions().flat_map(|region| {
            // SAFETY: a region in the table is mapped.
            let spans = unsafe { region.as_ref() }.spans();
            let arenas = spans.filter(|span| span.used_as == Use::Arena);
            // SAFETY: a span lies in its region.
            arenas.map(move |span| unsafe { Region::address(region, span.run.first) })
        })
    }

    /// Free bytes of the regions that are kept.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.entries().iter().map(|entry| entry.dirty as usize * GRANULE_BYTES).sum()
    }

    /// Whether the table's counts are those of the regions.
    pub(crate) fn counts_agree(&self) -> bool {
        let (mut blocks, mut granules) = (0, 0);
        let mut agree = true;
        for (number, entry) in self.entries().iter().enumerate() {
            let Some(region) = entry.region else { continue };
            // SAFETY: a region in the table is mapped.
            let region = unsafe { region.as_ref() };
            let (mut used, mut end) = (0, 1);
            for span in region.spans() {
                agree &= span.run.first >= end;
                end = span.run.first + span.run.granules;
                used += span.run.granules;
                if span.used_as == Use::Block {
                    blocks += 1;
                    granules += span.run.granules;
                }
            }
            agree &= region.count_free() == (entry.free as usize, entry.dirty as usize);
            agree &= region.number() == number;
            agree &= used + entry.free as usize == region.usable_granules();
        }
        agree && self.blocks == Blocks { count: blocks, granules }
    }

    /// A span.
    pub(super) fn take(
        &mut self,
        granules: usize,
        align: usize,
        used_as: Use,
        touch: Touch,
    ) -> Option<Taken> {
        let found = self
            .find(granules, align, Choice::Dirty)
            .or_else(|| self.find(granules, align, Choice::Any))
            .or_else(|| {
                self.map_region()?;
                self.find(granules, align, Choice::Any)
            });
        let (number, first) = found?;
        self.occupy(number, Run { first, granules }, used_as, touch)
    }

    /// Makes a free run of a region a span; returns what [`Supply::take`] does.
    pub(super) fn occupy(
        &mut self,
        number: usize,
        run: Run,
        used_as: Use,
        touch: Touch,
    ) -> Option<Taken> {
        let entry = self.entry(number)?;
        let region = entry.region?;
        // SAFETY: a region in the table is mapped.
        let claim = unsafe { region.as_ref() }.take(run, used_as, touch);
        Some(entry.take(region, claim))
    }

    /// The lowest fitting run in the first region that has one.
    pub(super) fn find(
        &mut self,
        granules: usize,
        align: usize,
        choice: Choice,
    ) -> Option<(usize, usize)> {
        for (number, entry) in self.entries_mut().iter_mut().enumerate() {
            let (count, bound) = match choice {
                Choice::Dirty => (entry.dirty, &mut entry.dirty_bound),
                Choice::Any => (entry.free, &mut entry.free_bound),
            };
            let (Some(region), true) = (entry.region, count.min(*bound) as usize >= granules)
            else {
                continue;
            };
            // SAFETY: a region in the table is mapped.
            if let Some(first) = unsafe { region.as_ref() }.find(granules, align, choice) {
                return Some((number, first));
            }
            if align == 1 {
                *bound = granules as u32 - 1;
            }
        }
        None
    }

    /// Frees the span that starts at `start`, one of `region`.
    pub(super) fn give(&mut self, region: NonNull<Region>, start: NonNull<u8>) {
        // SAFETY: the page map says that a region is mapped here.
        let header = unsafe { region.as_ref() };
        let granule = Region::granule_of(region, start.addr().get());
        let Some(span) = header.span_at(granule) else { return };
        let Some(entry) = self.entry(header.number()) else { return };
        header.give(span);
        entry.give(span.run.granules);
    }

    pub(super) fn resize(&mut self, region: NonNull<Region>, run: Run, granules: usize) -> bool {
        // SAFETY: the page map says that a region is mapped here.
        let header = unsafe { region.as_ref() };
        let Some(entry) = self.entry(header.number()) else { return false };
        if granules < run.granules {
            header.cut(run, granules);
            let cut = run.granules - granules;
            entry.give(cut);
            keep::free(cut * GRANULE_BYTES, cut * GRANULE_BYTES);
        } else {
            let Some(claim) = header.extend(run, granules) else { return false };
            let added = entry.take(region, claim);
            keep::touch(claim.run.granules * GRANULE_BYTES - added.dirty);
        }
        self.blocks.granules = self.blocks.granules + granules - run.granules;
        true
    }

    /// Holds some of what is kept, if `excess` bytes are too much: whole huge pages,
    /// or where there are none and the excess is at least `parts_from`, parts of them.
    /// A huge page given back in part is one no longer, and its next faults cost more.
    pub(super) fn hold_surplus(
        &mut self,
        excess: usize,
        parts_from: usize,
    ) -> Option<(NonNull<Region>, Run)> {
        if excess == 0 {
            return None;
        }
        let page = os::page_bytes().div_ceil(GRANULE_BYTES);
        let whole = HUGE_PAGE_BYTES / GRANULE_BYTES;
        self.hold_last(excess, whole)
            .or_else(|| if excess >= parts_from { self.hold_last(excess, page) } else { None })
    }

    /// Holds about `excess` bytes of what is kept, the last of it by address, in
    /// multiples of `step` granules, and enough to be worth a system call.
    fn hold_last(&mut self, excess: usize, step: usize) -> Option<(NonNull<Region>, Run)> {
        let most = granules_for(excess).max(PURGE_GRANULES_MIN);
        for entry in self.entries_mut().iter_mut().rev().filter(|entry| entry.dirty > 0) {
            let Some(region) = entry.region else { continue };
            // SAFETY: a region in the table is mapped.
            let header = unsafe { region.as_ref() };
            if let Some(run) = header.highest_dirty(most, step) {
                header.hold(run);
                entry.free -= run.granules as u32;
                entry.dirty -= run.granules as u32;
                keep::give_back(run.granules * GRANULE_BYTES);
                return Some((region, run));
            }
        }
        None
    }

    /// Frees what [`Supply::hold_surplus`] held. Returns the region's range, for
    /// unmapping, if nothing else is in it and another one is as empty.
    pub(super) fn free_clean(
        &mut self,
        region: NonNull<Region>,
        run: Run,
    ) -> Option<(NonNull<u8>, usize)> {
        // SAFETY: a region with held granules is mapped.
        let header = unsafe { region.as_ref() };
        header.free_clean(run);
        let entry = self.entry(header.number())?;
        entry.free += run.granules as u32;
        entry.forget_bounds();
        if entry.dirty > 0 || !entry.is_unused() {
            return None;
        }
        if self.entries().iter().filter(|entry| entry.is_unused()).count() < 2 {
            return None;
        }
        self.remove(header.number())
    }

    /// Removes a region that nothing is in or kept of. Returns its range, for unmapping.
    pub(super) fn remove_unused(&mut self) -> Option<(NonNull<u8>, usize)> {
        let is_unused = |entry: &Entry| entry.dirty == 0 && entry.is_unused();
        let number = self.entries().iter().position(is_unused)?;
        self.remove(number)
    }

    fn remove(&mut self, number: usize) -> Option<(NonNull<u8>, usize)> {
        let entry = self.entry(number)?;
        let region = entry.region?;
        *entry = Entry::VACANT;
        // SAFETY: a region is mapped while it is in the table, as it was.
        let bytes = unsafe { region.as_ref() }.bytes();
        Region::remove_guards(region);
        pagemap::clear(region.addr().get(), bytes);
        Some((region.cast(), bytes))
    }

    /// Maps a region, as long as the system has room for.
    fn map_region(&mut self) -> Option<()> {
        let number = self.vacant_place()?;
        // In the process's first megabytes small blocks do without, for a small program would
        // not fill huge pages.
        let after = if number == 0 { knobs::huge_pages_after() } else { 0 };
        let huge_pages_after = knobs::huge_pages().then_some(after);
        let mut bytes = REGION_BYTES;
        let base = loop {
            match os::map_aligned(bytes, HUGE_PAGE_BYTES) {
                Some(base) => break base,
                None if bytes > REGION_MIN_BYTES => bytes /= 2,
                None => return None,
            }
        };
        // SAFETY: fresh, aligned, at most REGION_BYTES, and this table's alone.
        let region = unsafe { Region::init(base, bytes, number, huge_pages_after) };
        if !pagemap::set_region(region, bytes) {
            // SAFETY: nobody knows of it yet.
            unsafe { os::unmap(base, bytes) };
            return None;
        }
        // SAFETY: made above.
        let free = unsafe { region.as_ref() }.usable_granules() as u32;
        let entry = self.entry(number)?;
        *entry = Entry { region: Some(region), free, ..Entry::VACANT };
        entry.forget_bounds();
        Some(())
    }

    /// A place in the table without a region.
    fn vacant_place(&mut self) -> Option<usize> {
        if let Some(place) = self.entries().iter().position(|entry| entry.region.is_none()) {
            return Some(place);
        }
        if self.len == self.capacity {
            let bytes = os::round_to_pages((self.capacity * 2).max(1) * size_of::<Entry>())?;
            let table = os::map(bytes)?.cast::<Entry>();
            // SAFETY: the new table is bigger than the old one and apart from it.
            unsafe { table.copy_from_nonoverlapping(self.table, self.len) };
            let old_bytes = os::round_to_pages(self.capacity * size_of::<Entry>())?;
            // SAFETY: the old table, if any, was mapped here and is copied.
            unsafe { os::unmap(self.table.cast(), old_bytes) };
            self.table = table;
            self.capacity = bytes / size_of::<Entry>();
        }
        // SAFETY: len < capacity.
        let place = unsafe { self.table.add(self.len) };
        // SAFETY: as above.
        unsafe { place.write(Entry::VACANT) };
        self.len += 1;
        Some(self.len - 1)
    }

    fn entries(&self) -> &[Entry] {
        // SAFETY: the first `len` entries are initialised; with len 0 the
        // pointer is dangling but aligned.
        unsafe { core::slice::from_raw_parts(self.table.as_ptr(), self.len) }
    }

    fn entries_mut(&mut self) -> &mut [Entry] {
        // SAFETY: as in `entries`, and the supply is borrowed mutably.
        unsafe { core::slice::from_raw_parts_mut(self.table.as_ptr(), self.len) }
    }

    fn entry(&mut self, number: usize) -> Option<&mut Entry> {
        self.entries_mut().get_mut(number)
    }
}

impl Entry {
    /// Whether no span is in the region, and nothing of it held.
    fn is_unused(&self) -> bool {
        self.region.is_some_and(|region| {
            // SAFETY: a region in the table is mapped.
            self.free as usize == unsafe { region.as_ref() }.usable_granules()
        })
    }

    /// Counts granules of `region`, this entry's, that were taken.
    fn take(&mut self, region: NonNull<Region>, claim: Claim) -> Taken {
        let Claim { run, dirty, fresh_pages } = claim;
        // SAFETY: a region in the table is mapped.
        let header = unsafe { region.as_ref() };
        self.free -= run.granules as u32;
        self.dirty -= dirty as u32;
        keep::reuse(dirty * GRANULE_BYTES);
        let granted = lowest_bits(fresh_pages, huge::grant(fresh_pages.count_ones() as usize));
        // SAFETY: claimed from this region.
        unsafe { Region::advise(region, granted, true) };
        // SAFETY: as above.
        unsafe { Region::advise(region, fresh_pages & !granted, false) };
        let beside = header.dirty_beside(run);
        if beside > 0 {
            self.dirty += beside as u32;
            self.dirty_bound = REGION_GRANULES as u32;
            keep::add(beside * GRANULE_BYTES);
        }
        // SAFETY: the run lies in the region.
        let base = unsafe { Region::address(region, run.first) };
        Taken { base, dirty: dirty * GRANULE_BYTES, region, new_pages: granted }
    }

    /// Counts granules that were freed.
    fn give(&mut self, granules: usize) {
        self.free += granules as u32;
        self.dirty += granules as u32;
        debug_assert!(self.dirty <= self.free && self.free < REGION_GRANULES as u32);
        self.forget_bounds();
    }
}

/// The lowest `count` bits of a set, or all there are.
fn lowest_bits(set: u32, count: usize) -> u32 {
    let mut rest = set;
    for _ in 0..count.min(set.count_ones() as usize) {
        rest &= rest - 1;
    }
    set & !rest
}
