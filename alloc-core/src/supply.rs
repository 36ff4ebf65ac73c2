//! Where arenas come from: chunks of eight, mapped from the system.
//!
//! An arena given back is purged at once: its memory is the system's again, its
//! addresses stay with the chunk. A chunk whose arenas are all free is unmapped,
//! but for the last such one, so that one arena going to and fro does not map
//! and unmap. Arenas in the supply hold zero bytes.
//!
//! One lock, taken once per 256 KiB. The table of chunks grows by doubling, in
//! mappings of its own; a chunk's number, its index, stays while it is mapped.

use core::ptr::NonNull;

use crate::class::Family;
use crate::config::{ARENA_BYTES, CHUNK_ARENAS, CHUNK_BYTES};
use crate::lock::Lock;
use crate::{os, pagemap};

/// The supply, locked; public to the crate for `fork`'s sake.
pub(crate) static LOCKED: Lock<Supply> = Lock::new(Supply::new());

/// Every arena of a chunk is free.
const ALL_FREE: u8 = u8::MAX >> (8 - CHUNK_ARENAS);
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
    /// The neighbours on the list of chunks with free arenas; on the list of
    /// entries without a chunk only `next` counts.
    next: u32,
    prev: u32,
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
    /// The chunk that is all free and kept.
    spare: u32,
    counts: [Counts; 2],
}

// SAFETY: the table belongs to the supply alone.
unsafe impl Send for Supply {}

/// A zeroed arena, or `None` when the system has no memory.
pub(crate) fn take(family: Family) -> Option<NonNull<u8>> {
    LOCKED.lock().take(family)
}

/// Takes an arena back.
///
/// # Safety
/// `arena` came from [`take`] with this family, and nothing refers to it or to
/// any block in it.
pub(crate) unsafe fn give(arena: NonNull<u8>, family: Family) {
    // Before the lock, and before anyone can take the arena again.
    // SAFETY: the caller's contract.
    unsafe { os::purge(arena, ARENA_BYTES) };
    let chunk = LOCKED.lock().give(arena, family);
    if let Some(chunk) = chunk {
        // SAFETY: the chunk is out of the table, all its arenas were free.
        unsafe { os::unmap(chunk, CHUNK_BYTES) };
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
            spare: NONE,
            counts: [Counts { taken: 0, given: 0, highwater: 0 }; 2],
        }
    }

    /// What was taken and given of `family`.
    pub(crate) fn counts(&self, family: Family) -> Counts {
        self.counts[family as usize]
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

    fn take(&mut self, family: Family) -> Option<NonNull<u8>> {
        if self.partial == NONE {
            self.map_chunk()?;
        }
        let number = self.partial;
        let chunk = self.chunk(number)?;
        let index = chunk.free.trailing_zeros() as usize;
        // SAFETY: a bit of `free` is below 8: inside the chunk.
        let arena = unsafe { chunk.base?.add(index * ARENA_BYTES) };
        if !pagemap::set_arena(arena.addr().get(), number as usize) {
            return None;
        }
        let free = chunk.free & !(1 << index);
        chunk.free = free;
        if free == 0 {
            self.unlink(number);
        }
        if self.spare == number {
            self.spare = NONE;
        }
        let counts = &mut self.counts[family as usize];
        counts.taken += 1;
        counts.highwater = counts.highwater.max(counts.taken - counts.given);
        Some(arena)
    }

    /// Marks an arena free; returns its chunk if it should be unmapped.
    fn give(&mut self, arena: NonNull<u8>, family: Family) -> Option<NonNull<u8>> {
        let pagemap::Unit::Arena { chunk: number } = pagemap::lookup(arena.addr().get()) else {
            return None;
        };
        let number = number as u32;
        pagemap::clear(arena.addr().get(), ARENA_BYTES);
        self.counts[family as usize].given += 1;
        let chunk = self.chunk(number)?;
        let base = chunk.base?;
        let before = chunk.free;
        chunk.free |= 1 << ((arena.addr().get() - base.addr().get()) / ARENA_BYTES);
        let now = chunk.free;
        if before == 0 {
            self.link(number);
        }
        if now != ALL_FREE {
            return None;
        }
        if self.spare == NONE {
            self.spare = number;
            return None;
        }
        self.unlink(number);
        let vacant = self.vacant;
        let chunk = self.chunk(number)?;
        chunk.base = None;
        chunk.next = vacant;
        self.vacant = number;
        Some(base)
    }

    fn map_chunk(&mut self) -> Option<()> {
        let number = if self.vacant == NONE { self.grow()? } else { self.vacant };
        let base = os::map_aligned(CHUNK_BYTES, CHUNK_BYTES)?;
        let chunk = self.chunk(number)?;
        let next_vacant = chunk.next;
        *chunk = Chunk { base: Some(base), free: ALL_FREE, next: NONE, prev: NONE };
        self.vacant = next_vacant;
        self.link(number);
        Some(())
    }

    /// Adds a vacant entry to the table and returns its number, first of the
    /// vacant ones.
    fn grow(&mut self) -> Option<u32> {
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
        unsafe { entry.write(Chunk { base: None, free: 0, next: self.vacant, prev: NONE }) };
        self.len += 1;
        self.vacant = number;
        Some(number)
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
