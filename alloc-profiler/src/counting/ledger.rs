//! A thread's bytes: allocated, freed, and the peak of what is live.
//!
//! # Design
//! Bytes are counted down, so that what is counted is also what is compared. An allocation
//! takes its bytes from the *room*: what may be allocated until somebody looks. A free takes
//! them from the *room at the peak*: what the room will be when the live heap is as high as
//! its peak. An allocation leaves the peak alone, since a heap is at its highest right before
//! it shrinks: the next free finds it, or whoever asks before that.
//!
//! # Invariants
//! With the *end*, what is allocated in all when no room is left:
//! - allocated = end − room, and freed = end − room at the peak − peak;
//! - so live = peak + room at the peak − room: above the peak if there is less room than at
//!   the peak;
//! - the room is less than 2^63, as is the size of any block.
//!
//! One thread, the owner, writes, and all may read. An allocation or a free writes one word.
//! What writes more is a *revision*: it keeps the balance as it was for those who read
//! meanwhile, so that they never wait, not even for an owner that was lost in a fork.

use crate::counting::sync::{AtomicU64, Ordering, const_fn, fence, spin_loop};

/// Revisions are numbered by this; what is added to the number while one is under way says
/// whether it is one of the peak, which leaves the room and the end alone,
const NEXT: u64 = 4;
const OF_PEAK: u64 = 1;
/// or one of all.
const OF_ALL: u64 = 2;

/// What a ledger says at one moment. All arithmetic wraps, as in `counts`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Balance {
    room: u64,
    room_at_peak: i64,
    end: u64,
    peak: i64,
}

impl Balance {
    /// Returns the bytes allocated in all.
    #[inline]
    pub(crate) fn allocated(self) -> u64 {
        self.end.wrapping_sub(self.room)
    }

    /// Returns the bytes freed in all.
    #[inline]
    pub(crate) fn freed(self) -> u64 {
        self.end.wrapping_sub(self.room_at_peak.wrapping_add(self.peak).cast_unsigned())
    }

    /// Returns the bytes that were allocated and not freed.
    #[inline]
    pub(crate) fn live(self) -> i64 {
        self.peak.wrapping_add(self.above_peak())
    }

    /// Returns the highest that this was.
    #[inline]
    pub(crate) fn peak(self) -> i64 {
        self.peak.wrapping_add(self.above_peak().max(0))
    }

    #[inline]
    fn above_peak(self) -> i64 {
        self.room_at_peak.wrapping_sub_unsigned(self.room)
    }

    /// Returns the same with so much allocated and freed.
    #[must_use]
    pub(crate) fn with(self, allocated: u64, freed: u64) -> Self {
        let end = allocated.wrapping_add(self.room);
        let room_at_peak = end.wrapping_sub(freed).cast_signed().wrapping_sub(self.peak);
        Self { room_at_peak, end, ..self }
    }

    /// Returns the same with that peak.
    #[inline]
    #[must_use]
    fn with_peak(self, peak: i64) -> Self {
        let raised = peak.wrapping_sub(self.peak);
        Self { room_at_peak: self.room_at_peak.wrapping_sub(raised), peak, ..self }
    }

    /// Returns the same whose peak is what is live.
    #[inline]
    #[must_use]
    fn at_peak(self) -> Self {
        Self { room_at_peak: self.room.cast_signed(), peak: self.live(), ..self }
    }

    /// Returns the same with that room.
    #[must_use]
    pub(crate) fn with_room(self, room: u64) -> Self {
        Self { room, ..self.with_later_end(room.wrapping_sub(self.room)) }
    }

    /// Returns the same with an end so many bytes later.
    fn with_later_end(self, bytes: u64) -> Self {
        let room_at_peak = self.room_at_peak.wrapping_add_unsigned(bytes);
        Self { room_at_peak, end: self.end.wrapping_add(bytes), ..self }
    }
}

/// A balance in words.
#[derive(Debug)]
#[repr(C)]
struct Words {
    room: AtomicU64,
    room_at_peak: AtomicU64,
    end: AtomicU64,
    peak: AtomicU64,
}

impl Words {
    const_fn! {
        fn of(balance: Balance) -> Self {
            Self {
                room: AtomicU64::new(balance.room),
                room_at_peak: AtomicU64::new(balance.room_at_peak.cast_unsigned()),
                end: AtomicU64::new(balance.end),
                peak: AtomicU64::new(balance.peak.cast_unsigned()),
            }
        }
    }

    #[inline]
    fn get(&self) -> Balance {
        Balance {
            room: self.room.load(Ordering::Relaxed),
            room_at_peak: self.room_at_peak.load(Ordering::Relaxed).cast_signed(),
            end: self.end.load(Ordering::Relaxed),
            peak: self.peak.load(Ordering::Relaxed).cast_signed(),
        }
    }

    #[inline]
    fn set(&self, balance: Balance) {
        self.set_room(balance);
        self.set_peak(balance);
    }

    #[inline]
    fn set_room(&self, balance: Balance) {
        self.room.store(balance.room, Ordering::Relaxed);
        self.end.store(balance.end, Ordering::Relaxed);
    }

    #[inline]
    fn set_peak(&self, balance: Balance) {
        self.room_at_peak.store(balance.room_at_peak.cast_unsigned(), Ordering::Relaxed);
        self.peak.store(balance.peak.cast_unsigned(), Ordering::Relaxed);
    }
}

/// A balance that one thread writes and every thread may read.
#[derive(Debug)]
#[repr(C)] // What every block reads and writes is in front.
pub(crate) struct Ledger {
    now: Words,
    revision: AtomicU64,
    /// As it was before the revision that is under way.
    before: Words,
}

impl Ledger {
    const_fn! {
        /// Returns a ledger in which nothing was allocated or freed. It has no room.
        pub(crate) fn new() -> Self {
            Self::of(Balance { room: 0, room_at_peak: 0, end: 0, peak: 0 })
        }
    }

    const_fn! {
        /// Returns a ledger that stays so: it has no room, and is above its peak.
        pub(crate) fn of_nobody() -> Self {
            Self::of(Balance { room: 0, room_at_peak: 1, end: 0, peak: -1 })
        }
    }

    const_fn! {
        fn of(balance: Balance) -> Self {
            let (now, before) = (Words::of(balance), Words::of(balance));
            Self { now, revision: AtomicU64::new(0), before }
        }
    }

    /// Returns the balance. For any thread.
    pub(crate) fn get(&self) -> Balance {
        loop {
            // Acquire pairs with the Release of each half of a revision, and the fence with
            // the one before each half's words: whoever reads a word of a later half finds
            // that half's number, or a later one.
            let revision = self.revision.load(Ordering::Acquire);
            let (now, before) = (self.now.get(), self.before.get());
            fence(Ordering::Acquire);
            if self.revision.load(Ordering::Relaxed) == revision {
                let Balance { room_at_peak, peak, .. } = before;
                return match revision % NEXT {
                    OF_PEAK => Balance { room_at_peak, peak, ..now },
                    OF_ALL => before,
                    _ => now,
                };
            }
            spin_loop();
        }
    }

    /// Returns the balance. For the owning thread only.
    #[inline]
    pub(crate) fn own(&self) -> Balance {
        self.now.get()
    }

    /// Replaces the balance. For the owning thread only.
    pub(crate) fn revise(&self, balance: Balance) {
        self.revise_by(OF_ALL, balance, Words::set);
    }

    /// Replaces its peak. For the owning thread only.
    #[inline]
    fn revise_peak(&self, balance: Balance) {
        self.revise_by(OF_PEAK, balance, Words::set_peak);
    }

    #[inline]
    fn revise_by(&self, kind: u64, balance: Balance, set: impl Fn(&Words, Balance)) {
        let revision = self.revision.load(Ordering::Relaxed);
        fence(Ordering::Release);
        set(&self.before, self.own());
        self.revision.store(revision.wrapping_add(kind), Ordering::Release);
        fence(Ordering::Release);
        set(&self.now, balance);
        self.revision.store(revision.wrapping_add(NEXT), Ordering::Release);
    }

    /// Takes `bytes` from the room, as a block of so many is allocated; returns whether
    /// there was room. For the owning thread only.
    #[inline]
    pub(crate) fn allocate(&self, bytes: u64) -> bool {
        // Both are below 2^63. (As a checked subtraction, one of a constant is compiled to a
        // comparison, and then the subtraction.)
        let room = self.now.room.load(Ordering::Relaxed).wrapping_sub(bytes);
        let is_room = room.cast_signed() >= 0;
        if is_room {
            self.now.room.store(room, Ordering::Relaxed);
        }
        is_room
    }

    /// As [`allocate`](Self::allocate), but whether or not there is room; if not, there is
    /// as much as before.
    pub(crate) fn allocate_anyway(&self, bytes: u64) -> bool {
        let is_room = self.allocate(bytes);
        if !is_room {
            self.revise(self.own().with_later_end(bytes));
        }
        is_room
    }

    /// Takes back that `bytes` were allocated last. For the owning thread only.
    pub(crate) fn take_back(&self, bytes: u64) {
        let Balance { room, .. } = self.own();
        self.now.room.store(room.wrapping_add(bytes), Ordering::Relaxed);
    }

    /// Takes `bytes` from the room at the peak, as a block of so many is freed, if the heap
    /// is not above its peak; returns whether it was so. For the owning thread only.
    #[inline]
    pub(crate) fn free(&self, bytes: u64) -> bool {
        let room_at_peak = self.now.room_at_peak.load(Ordering::Relaxed).cast_signed();
        let is_within = room_at_peak <= self.now.room.load(Ordering::Relaxed).cast_signed();
        if is_within {
            let rest = room_at_peak.wrapping_sub_unsigned(bytes);
            self.now.room_at_peak.store(rest.cast_unsigned(), Ordering::Relaxed);
        }
        is_within
    }

    /// As [`free`](Self::free), but whether or not the heap is above its peak; if it is,
    /// that is its peak.
    #[inline]
    pub(crate) fn free_anyway(&self, bytes: u64) {
        if !self.free(bytes) {
            self.revise_peak(self.own().at_peak());
            self.free(bytes);
        }
    }

    /// Lowers the peak to what is live; returns what it was. For the owning thread only.
    #[inline]
    pub(crate) fn lower_peak(&self) -> i64 {
        let balance = self.own();
        if balance.above_peak() != 0 {
            self.revise_peak(balance.at_peak());
        }
        balance.peak()
    }

    /// Replaces the peak. For the owning thread only.
    #[inline]
    pub(crate) fn set_peak(&self, peak: i64) {
        let balance = self.own();
        if balance.peak != peak {
            self.revise_peak(balance.with_peak(peak));
        }
    }
}
