//! Thread records: where each thread counts, and what it recorded.
//!
//! A thread takes a [`ThreadRecord`] when it first counts and gives it back when
//! it ends; the next new thread goes on with it. Counters never restart: all
//! figures are differences, and the sum over all records is the program's net
//! for ever. Records stand in a list that only grows, so any thread can read all
//! of them at any time.
//!
//! A thread's record is reached by one thread-local reference without a
//! destructor, which is valid before `main` and to the thread's very last
//! instruction. A second thread-local with a destructor gives the record back.
//! Code that runs after it (other destructors, in any order) *borrows* a record
//! for one operation or one profiled call.
//!
//! Invariant: a record is claimed by at most one thread, which alone writes it.

use std::alloc::{Layout, handle_alloc_error};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use crate::clock;
use crate::counting::baseline;
use crate::counting::counters::ThreadCounters;
use crate::counting::counts::{HeapCounts, Tally};
use crate::counting::thread_name::{NameTag, ThreadName};
use crate::recording::frame::Frame;
use crate::recording::site::Site;
use crate::recording::slot_table::SlotTable;
use crate::recording::slots::SiteSlots;
use crate::recording::timing::Lots;
use crate::statics::{self, AtomicRef, List, Node};

/// Records beyond which none is made for the sake of a thread's name.
const MAX_RECORDS: usize = 1024;

/// The record of a thread that has none: nothing is ever counted there.
static NOBODY: ThreadRecord = ThreadRecord::of_nobody();

/// Every record ever made.
static RECORDS: List<ThreadRecord> = List::new();

thread_local! {
    /// The calling thread's record.
    static RECORD: Cell<&'static ThreadRecord> = const { Cell::new(&NOBODY) };
    /// Gives the record back when the thread ends.
    static GIVE_BACK: GiveBack = const { GiveBack };
}

/// One thread's counters and slots.
#[derive(Debug)]
#[repr(C)] // The counters are in front, at the beginning of a cache line.
pub(crate) struct ThreadRecord {
    /// What the thread asked of the allocator.
    pub(crate) counters: ThreadCounters,
    /// Which runs of its lines are timed.
    pub(crate) lots: Lots,
    /// The name of the threads whose figures these are.
    name: NameTag,
    /// Whether the thread that has the record is known to have that name.
    is_named: AtomicBool,
    /// How much of the profiler's own work is under way on the thread.
    pub(super) muted: Tally,
    /// What it recorded, a [`SiteSlots`] for each function that it entered.
    slots: List<SiteSlots>,
    /// The way from a site's id to its slots.
    table: SlotTable,
    /// Profiled calls on the thread's stack now.
    calls: Tally,
    /// The live heap of the rest of the program,
    others_live_bytes: AtomicI64,
    /// and when it was last looked at, in ticks of the clock.
    looked_at: Tally,
    /// Whether a thread has the record.
    claimed: AtomicBool,
    /// Whether that thread has run its destructor already, so that the record
    /// must be given back as soon as it is no longer used.
    borrowed: AtomicBool,
    next: AtomicRef<ThreadRecord>,
}

impl Node for ThreadRecord {
    fn next(&self) -> &AtomicRef<Self> {
        &self.next
    }
}

/// Lets `step` count on the calling thread's record. For the allocator: it never
/// allocates there and never panics; if no record can be had, nothing is counted.
/// Returns what `step` does, or `false`.
#[inline]
pub(crate) fn count(step: impl FnOnce(&ThreadCounters) -> bool) -> bool {
    match existing() {
        Some(record) => step(&record.counters),
        None => count_on_new_record(step),
    }
}

/// As [`count`] on a thread that has no record.
#[cold]
#[inline(never)]
fn count_on_new_record(step: impl FnOnce(&ThreadCounters) -> bool) -> bool {
    let Some(record) = attach() else {
        return false;
    };
    let outcome = step(&record.counters);
    record.give_back_if_borrowed();
    outcome
}

/// Returns the calling thread's record. Aborts when the system has no memory
/// left for one.
#[inline]
pub(crate) fn current() -> &'static ThreadRecord {
    existing().unwrap_or_else(|| {
        attach().unwrap_or_else(|| handle_alloc_error(Layout::new::<ThreadRecord>()))
    })
}

/// Returns the calling thread's record, for a profiled call: one that has the
/// thread's name.
#[inline]
pub(crate) fn current_for_calls() -> &'static ThreadRecord {
    let record = current();
    if record.is_named.load(Ordering::Relaxed) { record } else { record.exchange_by_name() }
}

/// Returns the calling thread's record if it has one.
#[inline]
pub(crate) fn existing() -> Option<&'static ThreadRecord> {
    let record = RECORD.get();
    (!ptr::eq(record, &raw const NOBODY)).then_some(record)
}

/// Returns the calling thread's counters, or such as send everybody the careful way.
#[inline]
pub(crate) fn counters() -> &'static ThreadCounters {
    &RECORD.get().counters
}

/// Returns every record, of running and of ended threads.
pub(crate) fn records() -> impl Iterator<Item = &'static ThreadRecord> {
    RECORDS.iter()
}

/// Gives the calling thread a record.
#[cold]
fn attach() -> Option<&'static ThreadRecord> {
    let record = ThreadRecord::claim()?;
    // First, so that registering the destructor finds it if that allocates.
    RECORD.set(record);
    let ended = GIVE_BACK.try_with(|_| ()).is_err();
    record.borrowed.store(ended, Ordering::Relaxed);
    Some(record)
}

/// The thread-local whose destructor gives the thread's record back.
struct GiveBack;

impl Drop for GiveBack {
    fn drop(&mut self) {
        if let Some(record) = existing() {
            record.abandon_calls();
            // Somebody who is destroyed later may still measure.
            record.borrowed.store(true, Ordering::Relaxed);
            record.give_back_if_borrowed();
        }
    }
}

impl ThreadRecord {
    const fn new() -> Self {
        Self::with(ThreadCounters::new())
    }

    const fn of_nobody() -> Self {
        Self::with(ThreadCounters::of_nobody())
    }

    const fn with(counters: ThreadCounters) -> Self {
        Self {
            counters,
            lots: Lots::new(),
            name: NameTag::new(),
            is_named: AtomicBool::new(false),
            muted: Tally::new(),
            slots: List::new(),
            table: SlotTable::new(),
            calls: Tally::new(),
            others_live_bytes: AtomicI64::new(0),
            looked_at: Tally::new(),
            claimed: AtomicBool::new(true),
            borrowed: AtomicBool::new(false),
            next: AtomicRef::none(),
        }
    }

    /// Returns a record that no thread has, an old one if there is one.
    fn claim() -> Option<&'static Self> {
        records().find(|record| record.try_claim()).or_else(Self::make)
    }

    /// Returns a new record, claimed.
    fn make() -> Option<&'static Self> {
        let record = statics::leak(Self::new())?;
        RECORDS.push(record);
        Some(record)
    }

    /// Returns the calling thread's record from now on: this one, if the thread's
    /// name fits it, or one that has the name.
    ///
    /// A thread has its name only a moment after its first allocation, so the
    /// name is looked at when it first enters a profiled function.
    #[cold]
    #[inline(never)]
    fn exchange_by_name(&'static self) -> &'static Self {
        // Somebody holds on to the record until its own work is done.
        if self.is_muted() {
            return self;
        }
        let name = ThreadName::of_this_thread();
        let record = if self.name.is(name) || self.name.is_empty() {
            self
        } else {
            let has_name = |record: &&Self| record.name.is(name) && record.try_claim();
            let is_free = |record: &&Self| record.name.is_empty() && record.try_claim();
            let found = records().find(has_name).or_else(|| records().find(is_free));
            let new = || if records().count() < MAX_RECORDS { Self::make() } else { None };
            found.or_else(new).unwrap_or(self)
        };
        if record.name.is_empty() {
            record.name.set(name);
        } else if !record.name.is(name) {
            record.name.set(ThreadName::SEVERAL);
        }
        record.is_named.store(true, Ordering::Relaxed);
        if !ptr::eq(record, self) {
            let is_borrowed = self.borrowed.load(Ordering::Relaxed);
            record.borrowed.store(is_borrowed, Ordering::Relaxed);
            self.give_back();
            RECORD.set(record);
        }
        record
    }

    /// Returns the name of the threads whose figures these are.
    pub(crate) fn name(&self) -> ThreadName {
        self.name.get()
    }

    /// Returns whether what the thread allocates now is the profiler's own.
    pub(crate) fn is_muted(&self) -> bool {
        self.muted.get() > 0
    }

    /// Returns how many profiled calls are on the thread's stack.
    #[inline]
    pub(crate) fn calls(&self) -> u64 {
        self.calls.get()
    }

    fn try_claim(&self) -> bool {
        // Acquire pairs with the Release of `give_back`: the new owner goes on
        // from the last value that the old one wrote.
        !self.claimed.load(Ordering::Relaxed) && !self.claimed.swap(true, Ordering::Acquire)
    }

    /// Takes the record from the calling thread, for the next one that needs one.
    fn give_back(&self) {
        RECORD.set(&NOBODY);
        self.is_named.store(false, Ordering::Relaxed);
        // The next owner looks at once.
        self.looked_at.set(0);
        self.claimed.store(false, Ordering::Release);
    }

    /// Gives the record back if its thread has ended and no profiled call uses it.
    pub(crate) fn give_back_if_borrowed(&self) {
        if self.borrowed.load(Ordering::Relaxed) && self.calls.get() == 0 {
            self.give_back();
        }
    }

    /// Closes the books on calls that will never return.
    fn abandon_calls(&'static self) {
        // The innermost first, since each leaves its peak to the next.
        while let Some(slots) = self.innermost() {
            Frame::abandon(self, slots);
        }
    }

    /// Forgets `count` calls, which will not end.
    pub(crate) fn forget_calls(&self, count: u64) {
        self.calls.set(self.calls.get().saturating_sub(count));
    }

    /// Returns the slots of `site` on this thread. For the owning thread only.
    #[inline]
    pub(crate) fn slots_of(&self, site: &'static Site) -> &'static SiteSlots {
        let id = site.id();
        match self.table.get(id) {
            Some(slots) => slots,
            None => self.find_or_add_slots(site, id),
        }
    }

    #[cold]
    #[inline(never)]
    fn find_or_add_slots(&self, site: &'static Site, id: usize) -> &'static SiteSlots {
        // A site past the table's end is found the slow way, each time.
        let found = self.slots.iter().find(|slots| slots.site.id() == id);
        found.unwrap_or_else(|| {
            let slots = SiteSlots::leak(site);
            self.slots.push(slots);
            self.table.set(id, slots);
            slots
        })
    }

    /// Returns everything that this record's threads have recorded.
    pub(crate) fn all_slots(&self) -> impl Iterator<Item = &'static SiteSlots> + use<> {
        self.slots.iter()
    }

    /// Returns the slots of the innermost profiled call in progress.
    pub(crate) fn innermost(&self) -> Option<&'static SiteSlots> {
        self.running().max_by_key(|slots| slots.level.get())
    }

    /// Returns the slots of the functions that are running on the thread.
    pub(crate) fn running(&self) -> impl Iterator<Item = &'static SiteSlots> + use<> {
        self.slots.iter().filter(|slots| slots.depth.get() > 0)
    }

    /// Begins a profiled call.
    #[inline]
    pub(crate) fn begin_call(&self) {
        if self.calls.get() == 0 {
            self.look_at_others();
        }
        self.calls.add(1);
    }

    /// Ends a profiled call.
    #[inline]
    pub(crate) fn end_call(&self) {
        self.calls.add(u64::MAX);
        if self.borrowed.load(Ordering::Relaxed) {
            self.give_back_if_borrowed();
        }
    }

    /// Returns the live heap of the rest of the program, in bytes, as it was when
    /// the thread's outermost profiled call began, or a tick of the clock before.
    #[inline]
    pub(crate) fn others_live_bytes(&self) -> i64 {
        self.others_live_bytes.load(Ordering::Relaxed)
    }

    #[inline]
    fn look_at_others(&self) {
        let now = clock::ticks();
        if now != self.looked_at.get() {
            self.looked_at.set(now);
            self.add_up_others();
        }
    }

    #[cold]
    #[inline(never)]
    fn add_up_others(&self) {
        let others = records().filter(|record| !ptr::eq(*record, self));
        let live = others
            .fold(baseline::bytes(), |sum, record| sum.wrapping_add(record.counters.net_bytes()));
        self.others_live_bytes.store(live, Ordering::Relaxed);
    }
}

/// The calling thread's counts at one moment, for a report that goes on to
/// allocate on that very thread.
pub(crate) struct Moment {
    /// `None` if the thread has no record, and so has no call in progress.
    own: Option<(&'static ThreadRecord, HeapCounts, i64)>,
}

impl Moment {
    /// Returns this moment.
    pub(crate) fn now() -> Self {
        let own = existing();
        let figures = |record: &'static ThreadRecord| {
            (record, record.counters.get(), record.counters.peak_bytes())
        };
        Self { own: own.map(figures) }
    }

    /// Returns the counts of `record`: at this moment if it is the calling
    /// thread's, else now.
    pub(crate) fn counts_of(&self, record: &ThreadRecord) -> HeapCounts {
        match self.own {
            Some((own, counts, _)) if ptr::eq(own, record) => counts,
            _ => record.counters.get(),
        }
    }

    /// Returns the peak of the thread's live heap on the line that `slots` is at:
    /// the thread's own peak, and those that inner calls have put aside.
    pub(crate) fn peak_on_line(&self, record: &ThreadRecord, slots: &SiteSlots) -> i64 {
        let own = match self.own {
            Some((own, _, peak)) if ptr::eq(own, record) => peak,
            _ => record.counters.peak_bytes(),
        };
        let level = slots.level.get();
        let inner = record.running().filter(|inner| inner.level.get() > level);
        let peaks = inner.map(|inner| inner.peak_bytes.get().max(inner.outer_peak_bytes.get()));
        peaks.fold(own, i64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ended_threads_records_are_used_again() {
        let come_and_go = || {
            std::thread::spawn(|| count(|counters| counters.count_allocated(1))).join().unwrap();
        };
        come_and_go();
        let before = records().count();
        (0..500).for_each(|_| come_and_go());
        // The other tests' threads may have taken some meanwhile.
        assert!(records().count() <= before + 20, "{} records", records().count());
    }
}
