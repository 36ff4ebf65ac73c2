//! Where arenas come from: chunks of eight, mapped from the system.
//!
//! A free arena is *kept* (its memory resident, for the next taker) or *purged* (its
//! memory the system's again, its addresses the chunk's). Kept arenas are at most
//! a fraction of those in use: `give` purges what is over, so a heap that shrinks
//! gives its memory back on the way, with nobody left to do it later. A chunk whose
//! arenas are all free is unmapped when it would be purged, but for one spare.
//!
//! One lock, taken once per 256 KiB and not held during the system's work on what
//! is given back. The table of chunks grows by doubling, in mappings of its own; a
//! chunk's number, its index, stays while it is mapped.
//!
//! Invariants: `kept` bits are `free` bits; `kept_arenas` counts them all, and
//! `free_chunks` the chunks all of whose bits are `free`; a chunk with a free arena
//! is on the `partial` list.

use core::ptr::NonNull;

use crate::class::Family;
use crate::config::{ARENA_BYTES, CHUNK_ARENAS, CHUNK_BYTES, KEPT_ARENAS_DIVISOR, KEPT_ARENAS_MIN};
use crate::lock::Lock;
use crate::{os, pagemap};

/// The supply, locked; public to the crate for `fork`'s sake.
pub(crate) static LOCKED: Lock<Supply> = Lock::new(Supply::new());

/// Every arena of a chunk is free.
const ALL_FREE: u8 = u8::MAX >> (8 - CHUNK_ARENAS);
/// What is behind the addresses of an arena from the supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Nothing yet: it reads zero.
    Purged,
    /// What its last user left.
    Kept,
}

/// No chunk: the end of a list.
const NONE: u32 = u32::MAX;

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

/// Eight arenas' addresses, and which of them are free.
#[derive(Clone, Copy)]
struct Chunk {
    /// Where it starts; `None` for a table entry without a chunk.
    base: Option<NonNull<u8>>,
    free: u8,
    /// Of the free ones, those whose memory is resident.
    kept: u8,
    /// The neighbours on the list of chunks with free arenas; on the list of
    /// entries without a chunk only `next` counts.
    next: u32,
    prev: u32,
}

impl Chunk {
    const VACANT: Self = Self { base: None, free: 0, kept: 0, next: NONE, prev: NONE };
}

/// All chunks.
pub(crate) struct Supply {
    table: NonNull<Chunk>,
    len: usize,
    capacity: usize,
    /// First chunk with a free arena.
    partial: u32,
    /// First table entry without a chunk.
    vacant: u32,
    /// Where the search for kept arenas goes on: near the last one.
    near_kept: u32,
    kept_arenas: usize,
    /// Chunks whose arenas are all free.
    free_chunks: usize,
    counts: [Counts; 2],
}

/// Free memory that the system should have back.
enum Surplus {
    /// A whole chunk, out of the table.
    Chunk(NonNull<u8>),
    /// An arena, marked as out until it is purged.
    Arena {
        /// Where it is.
        base: NonNull<u8>,
        /// Its chunk.
        chunk: u32,
        /// Its bit in the chunk's sets.
        bit: u8,
    },
}

// SAFETY: the table belongs to the supply alone.
unsafe impl Send for Supply {}

/// An arena, or `None` when the system has no memory.
pub(crate) fn take(family: Family) -> Option<(NonNull<u8>, Memory)> {
    LOCKED.lock().take(family)
}

/// Takes an arena back, and purges what is kept beyond the allowance.
///
/// # Safety
/// `arena` came from [`take`] with this family, and nothing refers to it or to
/// any block in it.
pub(crate) unsafe fn give(arena: NonNull<u8>, family: Family) {
    LOCKED.lock().give(arena, family);
    purge_beyond(Supply::allowance);
}

/// Gives what is kept back to the system.
pub(crate) fn purge_all() {
    purge_beyond(|_| 0);
}

/// Gives back what is kept beyond as many arenas as `allowance` says.
fn purge_beyond(allowance: fn(&Supply) -> usize) {
    while let Some(surplus) = { LOCKED.lock().surplus(allowance) } {
        match surplus {
            // SAFETY: the chunk is out of the table, all its arenas were free.
            Surplus::Chunk(base) => unsafe { os::unmap(base, CHUNK_BYTES) },
            Surplus::Arena { base, chunk, bit } => {
                // SAFETY: the arena is free, and marked so that nobody takes it.
                unsafe { os::purge(base, ARENA_BYTES) };
                LOCKED.lock().free(chunk, bit);
            }
        }
    }
}

impl Supply {
    const fn new() -> Self {
        Self {
            table: NonNull::dangling(),
            len: 0,
            capacity: 0,
            partial: NONE,
            vacant: NONE,
            near_kept: 0,
            kept_arenas: 0,
            free_chunks: 0,
            counts: [Counts { taken: 0, given: 0, highwater: 0 }; 2],
        }
    }

    /// What was taken and given of `family`.
    pub(crate) fn counts(&self, family: Family) -> Counts {
        self.counts[family as usize]
    }

    /// Free arenas whose memory is resident.
    pub(crate) fn kept_arenas(&self) -> usize {
        self.kept_arenas
    }

    /// The arenas that are out, of both families, by chunk.
    pub(crate) fn taken(&self) -> impl Iterator<Item = NonNull<u8>> {
        self.chunks().iter().filter_map(|chunk| Some((chunk.base?, chunk.free))).flat_map(
            |(base, free)| {
                (0..CHUNK_ARENAS).filter(move |arena| free >> arena & 1 == 0).map(move |arena| {
                    // SAFETY: arena < 8: inside the chunk.
                    unsafe { base.add(arena * ARENA_BYTES) }
                })
            },
        )
    }

    fn take(&mut self, family: Family) -> Option<(NonNull<u8>, Memory)> {
        let number = match self.find_kept() {
            Some(number) => number,
            None if self.partial == NONE => self.map_chunk()?,
            None => self.partial,
        };
        let chunk = self.chunk(number)?;
        let (candidates, memory) = match chunk.kept {
            0 => (chunk.free, Memory::Purged),
            kept => (kept, Memory::Kept),
        };
        let index = candidates.trailing_zeros() as usize;
        // SAFETY: a bit of `free` is below 8: inside the chunk.
        let arena = unsafe { chunk.base?.add(index * ARENA_BYTES) };
        if !pagemap::set_arena(arena.addr().get(), number as usize) {
            return None;
        }
        self.occupy(number, 1 << index);
        let counts = &mut self.counts[family as usize];
        counts.taken += 1;
        counts.highwater = counts.highwater.max(counts.taken - counts.given);
        Some((arena, memory))
    }

    /// Marks an arena free, its memory kept.
    fn give(&mut self, arena: NonNull<u8>, family: Family) {
        let pagemap::Unit::Arena { chunk: number } = pagemap::lookup(arena.addr().get()) else {
            return;
        };
        let number = number as u32;
        pagemap::clear(arena.addr().get(), ARENA_BYTES);
        self.counts[family as usize].given += 1;
        let Some(chunk) = self.chunk(number) else { return };
        let Some(base) = chunk.base else { return };
        let bit = 1 << ((arena.addr().get() - base.addr().get()) / ARENA_BYTES);
        chunk.kept |= bit;
        self.kept_arenas += 1;
        self.near_kept = number;
        self.free(number, bit);
    }

    /// How many free arenas may be kept for those that are out.
    fn allowance(&self) -> usize {
        let out: usize = self.counts.iter().map(|counts| counts.taken - counts.given).sum();
        KEPT_ARENAS_MIN.max(out / KEPT_ARENAS_DIVISOR)
    }

    /// What to give back to the system while more is kept than the allowance.
    fn surplus(&mut self, allowance: fn(&Self) -> usize) -> Option<Surplus> {
        if self.kept_arenas <= allowance(self) {
            return None;
        }
        let number = self.find_kept()?;
        let has_spare = self.free_chunks > 1;
        let chunk = self.chunk(number)?;
        let base = chunk.base?;
        if chunk.free == ALL_FREE && has_spare {
            let kept = chunk.kept.count_ones() as usize;
            self.kept_arenas -= kept;
            self.free_chunks -= 1;
            self.unlink(number);
            self.put_on_vacant(number);
            return Some(Surplus::Chunk(base));
        }
        let index = chunk.kept.trailing_zeros() as usize;
        // SAFETY: a bit of `kept` is below 8: inside the chunk.
        let arena = unsafe { base.add(index * ARENA_BYTES) };
        self.occupy(number, 1 << index);
        Some(Surplus::Arena { base: arena, chunk: number, bit: 1 << index })
    }

    /// A chunk with kept arenas, the nearest to where the last one was.
    fn find_kept(&mut self) -> Option<u32> {
        if self.kept_arenas == 0 {
            return None;
        }
        let near = (self.near_kept as usize).min(self.len);
        let (before, after) = self.chunks().split_at(near);
        let holds_kept = |chunk: &Chunk| chunk.kept != 0;
        let found = match after.iter().position(holds_kept) {
            Some(distance) => near + distance,
            None => before.iter().rposition(holds_kept)?,
        };
        self.near_kept = found as u32;
        Some(self.near_kept)
    }

    /// Marks a free arena of a chunk as out.
    fn occupy(&mut self, number: u32, bit: u8) {
        let Some(chunk) = self.chunk(number) else { return };
        let was_kept = chunk.kept & bit != 0;
        let was_all_free = chunk.free == ALL_FREE;
        chunk.free &= !bit;
        chunk.kept &= !bit;
        let exhausted = chunk.free == 0;
        self.kept_arenas -= usize::from(was_kept);
        self.free_chunks -= usize::from(was_all_free);
        if exhausted {
            self.unlink(number);
        }
    }

    /// Marks an arena of a chunk as free.
    fn free(&mut self, number: u32, bit: u8) {
        let Some(chunk) = self.chunk(number) else { return };
        let was_exhausted = chunk.free == 0;
        chunk.free |= bit;
        let is_all_free = chunk.free == ALL_FREE;
        self.free_chunks += usize::from(is_all_free);
        if was_exhausted {
            self.link(number);
        }
    }

    /// Maps a chunk, puts it on the list and returns its number.
    fn map_chunk(&mut self) -> Option<u32> {
        if self.vacant == NONE {
            self.grow()?;
        }
        let number = self.vacant;
        let base = os::map_aligned(CHUNK_BYTES, CHUNK_BYTES)?;
        let chunk = self.chunk(number)?;
        let next_vacant = chunk.next;
        *chunk = Chunk { base: Some(base), free: ALL_FREE, ..Chunk::VACANT };
        self.vacant = next_vacant;
        self.free_chunks += 1;
        self.link(number);
        Some(number)
    }

    /// Adds a vacant entry to the table, first on their list.
    fn grow(&mut self) -> Option<()> {
        if self.len == self.capacity {
            let bytes = os::round_to_pages((self.capacity * 2).max(1) * size_of::<Chunk>())?;
            let table = os::map(bytes)?.cast::<Chunk>();
            // SAFETY: the new table is bigger than the old one and apart from it.
            unsafe { table.copy_from_nonoverlapping(self.table, self.len) };
            let old_bytes = os::round_to_pages(self.capacity * size_of::<Chunk>())?;
            // SAFETY: the old table, if any, was mapped here and is copied.
            unsafe { os::unmap(self.table.cast(), old_bytes) };
            self.table = table;
            self.capacity = bytes / size_of::<Chunk>();
        }
        let number = self.len as u32;
        // SAFETY: len < capacity.
        let entry = unsafe { self.table.add(self.len) };
        // SAFETY: as above.
        unsafe { entry.write(Chunk::VACANT) };
        self.len += 1;
        self.put_on_vacant(number);
        Some(())
    }

    fn put_on_vacant(&mut self, number: u32) {
        let next = self.vacant;
        if let Some(chunk) = self.chunk(number) {
            *chunk = Chunk { next, ..Chunk::VACANT };
        }
        self.vacant = number;
    }

    fn chunks(&self) -> &[Chunk] {
        // SAFETY: the first `len` entries are initialised; with len 0 the
        // pointer is dangling but aligned.
        unsafe { core::slice::from_raw_parts(self.table.as_ptr(), self.len) }
    }

    fn chunk(&mut self, number: u32) -> Option<&mut Chunk> {
        // SAFETY: as in `chunks`, and the supply is borrowed mutably.
        unsafe { core::slice::from_raw_parts_mut(self.table.as_ptr(), self.len) }
            .get_mut(number as usize)
    }

    /// Puts a chunk first on the list of those with free arenas.
    fn link(&mut self, number: u32) {
        let first = self.partial;
        if let Some(first) = self.chunk(first) {
            first.prev = number;
        }
        if let Some(chunk) = self.chunk(number) {
            (chunk.next, chunk.prev) = (first, NONE);
        }
        self.partial = number;
    }

    /// Takes a chunk off that list.
    fn unlink(&mut self, number: u32) {
        let Some(&mut Chunk { next, prev, .. }) = self.chunk(number) else {
            return;
        };
        match self.chunk(prev) {
            Some(prev) => prev.next = next,
            None => self.partial = next,
        }
        if let Some(next) = self.chunk(next) {
            next.prev = prev;
        }
    }
}
