//! Where spans come from: the table of regions, and what of them is resident.
//!
//! A span is served from free granules that are resident (*kept*), lowest address
//! first; failing that, from any free ones; failing that, from a new region. What
//! is freed is kept as far as [`keep`] allows; what is over goes back to the
//! system, highest addresses first, so that what is in use gathers at the low end.
//! A region without spans and without kept memory is unmapped, but for one spare.
//!
//! One lock, taken once a span and not held during the system's work on what is
//! given back: that is *held* meanwhile, in no span and not free.
//!
//! Invariants: an entry's counts are those of its region's sets; `find` fails for
//! more granules than an entry's bounds say; `keep` knows every dirty free granule
//! as kept, and of every span what is resident as in use.

use core::ptr::NonNull;

use crate::class::Family;
use crate::config::{
    ARENA_BYTES, GRANULE_BYTES, HUGE_PAGE_BYTES, POOL_BYTES, PURGE_GRANULES_MIN, REGION_BYTES,
    REGION_GRANULES, REGION_MIN_BYTES, SMALL_PAGE_BYTES,
};
use crate::lock::Lock;
use crate::pagemap::{self, Unit};
use crate::region::{ARENA_SHAPE, Choice, Region, Run, Use, granules_for};
use crate::{keep, knobs, os};

/// The supply, locked; public to the crate for `fork`'s sake.
pub(crate) static LOCKED: Lock<Supply> = Lock::new(Supply::new());

/// What is behind the addresses of a span from the supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Nothing yet: it reads zero.
    Purged,
    /// What its last user left, at least in parts.
    Kept,
}

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
    counts: [Counts; 2],
    blocks: Blocks,
}

// SAFETY: the table belongs to the supply alone.
unsafe impl Send for Supply {}

/// An arena, or `None` when the system has no memory.
pub(crate) fn take_arena(family: Family) -> Option<(NonNull<u8>, Memory)> {
    let mut supply = LOCKED.lock();
    let (base, dirty) = supply.take(ARENA_SHAPE.0, ARENA_SHAPE.1, Use::Arena)?;
    let counts = &mut supply.counts[family as usize];
    counts.taken += 1;
    counts.highwater = counts.highwater.max(counts.taken - counts.given);
    drop(supply);
    // Of a purged arena, each page comes into use when its pool is made.
    let (fresh, memory) = match dirty {
        0 => (POOL_BYTES, Memory::Purged),
        _ => (ARENA_BYTES - dirty, Memory::Kept),
    };
    keep::touch(fresh);
    Some((base, memory))
}

/// Takes an arena back, of which `resident` bytes are in use or dirty.
///
/// # Safety
/// `arena` came from [`take_arena`] with this family, and nothing refers to it or
/// to any block in it.
pub(crate) unsafe fn give_arena(arena: NonNull<u8>, family: Family, resident: usize) {
    let Unit::Region { base } = pagemap::lookup(arena.addr().get()) else { return };
    let mut supply = LOCKED.lock();
    supply.counts[family as usize].given += 1;
    supply.give(base, arena);
    keep::free(resident, ARENA_BYTES);
    drop(supply);
    purge_excess();
}

/// A block of at least `bytes`, aligned to `align`, at most a huge page; if possible
/// where it can grow to `room` bytes later. `None` when the system has no memory for
/// another region.
pub(crate) fn take_block(bytes: usize, align: usize, room: usize) -> Option<(NonNull<u8>, Memory)> {
    let mut supply = LOCKED.lock();
    let granules = granules_for(bytes);
    let align = align.div_ceil(GRANULE_BYTES);
    let roomy = (room > bytes).then(|| supply.find(granules_for(room), align, Choice::Any));
    let (base, dirty) = match roomy.flatten() {
        Some((number, first)) => supply.occupy(number, Run { first, granules }, Use::Block)?,
        None => supply.take(granules, align, Use::Block)?,
    };
    supply.blocks.count += 1;
    supply.blocks.granules += granules;
    drop(supply);
    keep::touch(granules * GRANULE_BYTES - dirty);
    Some((base, if dirty == 0 { Memory::Purged } else { Memory::Kept }))
}

/// Takes the block at `start` in `region` back; `false` if there is none.
///
/// # Safety
/// If `start` is a block of [`take_block`], nothing refers to it any more.
#[must_use]
pub(crate) unsafe fn give_block(region: NonNull<Region>, start: NonNull<u8>) -> bool {
    let mut supply = LOCKED.lock();
    let Some(run) = block_at(region, start) else { return false };
    supply.blocks.count -= 1;
    supply.blocks.granules -= run.granules;
    supply.give(region, start);
    keep::free(run.granules * GRANULE_BYTES, run.granules * GRANULE_BYTES);
    drop(supply);
    purge_excess();
    true
}

/// Makes the block at `start` as long as `bytes` need, where it lies; `false`: not
/// possible, and nothing changed.
///
/// # Safety
/// `start` is a block of [`take_block`] in `region`; nothing refers to what is cut.
#[must_use]
pub(crate) unsafe fn resize_block(
    region: NonNull<Region>,
    start: NonNull<u8>,
    bytes: usize,
) -> bool {
    let Some(run) = block_at(region, start) else { return false };
    let granules = granules_for(bytes);
    if granules == run.granules {
        return true;
    }
    let resized = LOCKED.lock().resize(region, run, granules);
    if granules < run.granules {
        purge_excess();
    }
    resized
}

/// The granules of the block that starts at `start`.
fn block_at(region: NonNull<Region>, start: NonNull<u8>) -> Option<Run> {
    let address = start.addr().get();
    let granule = Region::granule_of(region, address);
    // SAFETY: the page map says that a region is mapped here.
    let span = unsafe { region.as_ref() }.span_at(granule)?;
    let is_block = span.used_as == Use::Block
        && span.run.first == granule
        && address.is_multiple_of(GRANULE_BYTES);
    is_block.then_some(span.run)
}

/// Bytes of the block that starts at `start`, if there is one.
pub(crate) fn block_bytes(region: NonNull<Region>, start: NonNull<u8>) -> Option<usize> {
    Some(block_at(region, start)?.granules * GRANULE_BYTES)
}

/// Writes zeroes over what of the first `bytes` of a new block may be something else.
///
/// # Safety
/// `start` is a block of [`take_block`], at least that long, not yet written to.
pub(crate) unsafe fn clear_dirty(start: NonNull<u8>, bytes: usize) {
    let Unit::Region { base: region } = pagemap::lookup(start.addr().get()) else { return };
    let first = Region::granule_of(region, start.addr().get());
    // SAFETY: the page map says that a region is mapped here.
    let header = unsafe { region.as_ref() };
    header.for_each_dirty(Run { first, granules: granules_for(bytes) }, |run| {
        let offset = (run.first - first) * GRANULE_BYTES;
        let length = (run.granules * GRANULE_BYTES).min(bytes - offset);
        // SAFETY: the run lies in the block.
        let stale = unsafe { start.add(offset) };
        // SAFETY: the caller's contract: the block is as long, and nobody's yet.
        unsafe { stale.write_bytes(0, length) };
    });
}

/// Gives the memory of pages in an arena back to the system.
///
/// # Safety
/// The range lies in an arena from the supply, and nothing refers to its bytes.
pub(crate) unsafe fn purge_pages(start: NonNull<u8>, bytes: usize) {
    if let Unit::Region { base } = pagemap::lookup(start.addr().get()) {
        // SAFETY: the caller's contract.
        unsafe { Region::purge(base, start, bytes) };
    }
}

/// Gives all that is kept back to the system.
pub(crate) fn purge_all() {
    purge(keep::kept, 0);
}

/// Gives back what is kept beyond the allowance.
pub(crate) fn purge_excess() {
    if keep::excess() > 0 {
        purge(keep::excess, HUGE_PAGE_BYTES);
    }
}

/// Gives kept memory back until `excess` says zero, or for parts of huge pages less
/// than `parts_from`.
#[cold]
fn purge(excess: fn() -> usize, parts_from: usize) {
    while let Some(held) = { LOCKED.lock().hold_surplus(excess(), parts_from) } {
        let (region, run) = held;
        // SAFETY: the granules are the region's.
        let start = unsafe { Region::address(region, run.first) };
        // SAFETY: the granules are held: nobody has them or can get them.
        unsafe { Region::purge(region, start, run.granules * GRANULE_BYTES) };
        let unused = { LOCKED.lock().free_clean(region, run) };
        if let Some((base, bytes)) = unused {
            // SAFETY: the region has no spans and is out of table and page map.
            unsafe { os::unmap(base, bytes) };
        }
    }
}

impl Supply {
    const fn new() -> Self {
        Self {
            table: NonNull::dangling(),
            len: 0,
            capacity: 0,
            counts: [Counts { taken: 0, given: 0, highwater: 0 }; 2],
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

    /// Every region.
    pub(crate) fn regions(&self) -> impl Iterator<Item = NonNull<Region>> {
        self.entries().iter().filter_map(|entry| entry.region)
    }

    /// The arenas that are out, of both families.
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

    /// A span, and how many bytes of it are dirty: those count as in use from here.
    fn take(
        &mut self,
        granules: usize,
        align: usize,
        used_as: Use,
    ) -> Option<(NonNull<u8>, usize)> {
        let found = self
            .find(granules, align, Choice::Dirty)
            .or_else(|| self.find(granules, align, Choice::Any))
            .or_else(|| {
                self.map_region()?;
                self.find(granules, align, Choice::Any)
            });
        let (number, first) = found?;
        self.occupy(number, Run { first, granules }, used_as)
    }

    /// Makes a free run of a region a span; returns what [`Supply::take`] does.
    fn occupy(&mut self, number: usize, run: Run, used_as: Use) -> Option<(NonNull<u8>, usize)> {
        let entry = self.entry(number)?;
        let region = entry.region?;
        // SAFETY: a region in the table is mapped.
        let header = unsafe { region.as_ref() };
        header.take(run, used_as);
        let dirty = entry.take(header, run);
        // SAFETY: the run lies in the region.
        let base = unsafe { Region::address(region, run.first) };
        Some((base, dirty))
    }

    /// The lowest fitting run in the first region that has one.
    fn find(&mut self, granules: usize, align: usize, choice: Choice) -> Option<(usize, usize)> {
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
    fn give(&mut self, region: NonNull<Region>, start: NonNull<u8>) {
        // SAFETY: the page map says that a region is mapped here.
        let header = unsafe { region.as_ref() };
        let granule = Region::granule_of(region, start.addr().get());
        let Some(span) = header.span_at(granule) else { return };
        let Some(entry) = self.entry(header.number()) else { return };
        header.give(span);
        entry.give(span.run.granules);
    }

    fn resize(&mut self, region: NonNull<Region>, run: Run, granules: usize) -> bool {
        // SAFETY: the page map says that a region is mapped here.
        let header = unsafe { region.as_ref() };
        let Some(entry) = self.entry(header.number()) else { return false };
        if granules < run.granules {
            header.cut(run, granules);
            let cut = run.granules - granules;
            entry.give(cut);
            keep::free(cut * GRANULE_BYTES, cut * GRANULE_BYTES);
        } else {
            let Some(added) = header.extend(run, granules) else { return false };
            let dirty = entry.take(header, added);
            keep::touch(added.granules * GRANULE_BYTES - dirty);
        }
        self.blocks.granules = self.blocks.granules + granules - run.granules;
        true
    }

    /// Holds some of what is kept, if `excess` bytes are too much: whole huge pages,
    /// or where there are none and the excess is at least `parts_from`, parts of them.
    /// A huge page given back in part is one no longer, and its next faults cost more.
    fn hold_surplus(&mut self, excess: usize, parts_from: usize) -> Option<(NonNull<Region>, Run)> {
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
    fn free_clean(&mut self, region: NonNull<Region>, run: Run) -> Option<(NonNull<u8>, usize)> {
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
        *self.entry(header.number())? = Entry::VACANT;
        let bytes = header.bytes();
        pagemap::clear(region.addr().get(), bytes);
        Some((region.cast(), bytes))
    }

    /// Maps a region, as long as the system has room for.
    fn map_region(&mut self) -> Option<()> {
        let number = self.vacant_place()?;
        // Where huge pages come in: beyond the process's first megabytes, which a
        // small program may not fill.
        let small_page_bytes = match number {
            _ if !knobs::huge_pages() => usize::MAX,
            0 => SMALL_PAGE_BYTES,
            _ => 0,
        };
        let mut bytes = REGION_BYTES;
        let base = loop {
            match os::map_aligned(bytes, HUGE_PAGE_BYTES) {
                Some(base) => break base,
                None if bytes > REGION_MIN_BYTES => bytes /= 2,
                None => return None,
            }
        };
        // SAFETY: fresh, aligned, at most REGION_BYTES, and this table's alone.
        let region = unsafe { Region::init(base, bytes, number, small_page_bytes) };
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

    /// Counts a run that was taken; returns the bytes of its dirty granules.
    fn take(&mut self, region: &Region, run: Run) -> usize {
        let dirty = region.dirty_in(run);
        self.free -= run.granules as u32;
        self.dirty -= dirty as u32;
        keep::reuse(dirty * GRANULE_BYTES);
        let beside = region.dirty_beside(run);
        if beside > 0 {
            self.dirty += beside as u32;
            self.dirty_bound = REGION_GRANULES as u32;
            keep::add(beside * GRANULE_BYTES);
        }
        dirty * GRANULE_BYTES
    }

    /// Counts granules that were freed.
    fn give(&mut self, granules: usize) {
        self.free += granules as u32;
        self.dirty += granules as u32;
        self.forget_bounds();
    }
}
