//! An arena: 256 KiB, aligned to its size, cut into 64 pages of 4 KiB; or of wide slabs, 1 MiB
//! and pages of 16 KiB (`grid`).
//!
//! Page 0 is the header page: the arena's own line of 64 bytes and 63 pool
//! headers, one for each page behind it (1/64 of the arena, 1.56 %; 1/256 of a wide one). A
//! pool takes a run of pages; the header that counts is that of its first page.
//!
//! Two sets of pages say everything: `free_pages` (in no pool) and `heads`
//! (first page of a pool). The header page is in neither. A page that is not
//! free belongs to the pool whose head is the nearest at or below it. A third,
//! `dirty`, says which of the free pages may be resident: those that a pool has
//! left and that have not been purged since.
//!
//! Only the owning heap's thread writes an arena; `owner` alone is read by
//! threads that free a block here.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::cell::{OwnerPtr, OwnerU8, OwnerU64};
use crate::class::SizeClass;
use crate::config::{
    ARENA_PAGES, HARDENED, LONG_RUN_BYTES, NEARLY_EMPTY_PAGES, ORDER_PAGES, POOL_BYTES,
    SPARSE_PAGES, USABLE_PAGES,
};
use crate::family::Family;
use crate::grid::Grid;
use crate::heap::ThreadHeap;
use crate::keep;
use crate::os::{self, Guard};
use crate::pages::{ALL_PAGES, first_run, long_runs, longest_run, run};
use crate::pool::Pool;
use crate::supply::{self, Memory};

/// Where hardened mode's guards, of 4 KiB, start in an arena: behind the headers, and before
/// the next arena's.
const fn guards_at(grid: Grid) -> [usize; 2] {
    [POOL_BYTES, grid.arena_bytes() - POOL_BYTES]
}

/// The arena's own line and its pools' headers: its first page.
#[repr(C)]
pub(crate) struct Arena {
    line: Line,
    pools: [Pool; ARENA_PAGES - 1],
}

const _: () = assert!(size_of::<Arena>() == POOL_BYTES, "the headers fill one page");

#[repr(C, align(64))]
struct Line {
    owner: AtomicPtr<ThreadHeap>,
    free_pages: OwnerU64,
    heads: OwnerU64,
    dirty: OwnerU64,
    next: OwnerPtr<Arena>,
    prev: OwnerPtr<Arena>,
    /// A [`Family`], by its number.
    family: OwnerU8,
    /// The [`Standing`] that it had when its set placed it.
    standing: OwnerU8,
    /// How each guard was installed: an [`os::Guard`].
    guards: [OwnerU8; 2],
}

/// Where an arena stands among its heap's: its order, of which the lowest that has room serves,
/// and whether it is worth a purge.
///
/// The order is 0 without a free page and [`USABLE_PAGES`] if all are free; between them, of
/// small blocks' arenas the free pages by [`ORDER_PAGES`], and of slabs', which take several in
/// a row, the most that are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing(u8);

const _: () = assert!(USABLE_PAGES < 1 << 7, "an order leaves the byte's last bit");

impl Standing {
    const fn new(order: usize, is_worth_purging: bool) -> Self {
        Self((order as u8) << 1 | is_worth_purging as u8)
    }

    pub(crate) const fn order(self) -> usize {
        self.0 as usize >> 1
    }

    /// Whether purging gives back enough for the system calls.
    pub(crate) const fn is_worth_purging(self) -> bool {
        self.0 & 1 != 0
    }
}

impl Arena {
    /// Makes the arena at `base` an unused one of `owner`.
    ///
    /// # Safety
    /// `base` is the start of an arena of this family from the supply that nobody uses.
    pub(crate) unsafe fn init(
        base: NonNull<u8>,
        owner: &'static ThreadHeap,
        family: Family,
        memory: Memory,
    ) -> NonNull<Arena> {
        debug_assert!(base.addr().get().is_multiple_of(family.grid().arena_bytes()));
        let arena = base.cast::<Arena>();
        // SAFETY: the first page is readable and writable; any bytes, all zero
        // here, are valid atomics, so a shared reference is sound at once.
        let line = &unsafe { arena.as_ref() }.line;
        line.heads.set(0);
        line.free_pages.set(ALL_PAGES);
        line.dirty.set(match memory {
            Memory::Purged => 0,
            Memory::Kept => ALL_PAGES,
        });
        line.family.set(family as u8);
        line.next.set(core::ptr::null_mut());
        line.prev.set(core::ptr::null_mut());
        // Release: a thread that frees here learns the owner from its block,
        // whose hand-over ordered it after this; `stats` reads it under a lock.
        line.owner.store(core::ptr::from_ref(owner).cast_mut(), Ordering::Release);
        if HARDENED {
            for (offset, installed) in guards_at(family.grid()).into_iter().zip(&line.guards) {
                // SAFETY: inside the arena, where pools have no pages.
                let start = unsafe { base.add(offset) };
                // SAFETY: as above: nobody refers to it.
                installed.set(unsafe { os::install_guard(start, POOL_BYTES) } as u8);
            }
        }
        arena
    }

    /// Takes an empty arena out of use and returns where it starts, for the supply.
    ///
    /// # Safety
    /// `arena` is empty and in no set.
    pub(crate) unsafe fn retire(arena: NonNull<Arena>) -> NonNull<u8> {
        // SAFETY: the caller's contract: a live arena.
        let header = unsafe { arena.as_ref() };
        let line = &header.line;
        debug_assert_eq!((line.free_pages.get(), line.heads.get()), (ALL_PAGES, 0));
        // Without an owner it is in nobody's figures; see `stats`.
        line.owner.store(core::ptr::null_mut(), Ordering::Relaxed);
        if HARDENED {
            for (offset, installed) in guards_at(header.grid()).into_iter().zip(&line.guards) {
                // SAFETY: inside the arena.
                let start = unsafe { arena.cast::<u8>().add(offset) };
                // SAFETY: as it was installed.
                unsafe { os::remove_guard(start, POOL_BYTES, Guard::from_byte(installed.get())) };
            }
        }
        arena.cast()
    }

    /// Makes an arena's headers zero.
    ///
    /// # Safety
    /// [`Arena::retire`] has returned `base`, and nobody else has the memory yet.
    pub(crate) unsafe fn clear_headers(base: NonNull<u8>) {
        // SAFETY: the headers fill a page, which is the caller's to write to. Whatever they are,
        // they are words; shared ones, for `stats` may be reading them still.
        let words =
            unsafe { base.cast::<[OwnerU64; POOL_BYTES / size_of::<OwnerU64>()]>().as_ref() };
        for word in words {
            word.set(0);
        }
    }

    /// The arena that holds `block`, which lies in one that is cut so.
    #[inline]
    pub(crate) fn of(block: NonNull<u8>, grid: Grid) -> NonNull<Arena> {
        grid.arena_of(block).cast()
    }

    /// The heap that owns the arena, or `None` if it is not in use.
    #[inline]
    pub(crate) fn owner(&self) -> Option<&'static ThreadHeap> {
        // SAFETY: heaps live forever.
        unsafe { self.line.owner.load(Ordering::Relaxed).as_ref() }
    }

    /// Makes the arena another heap's.
    pub(crate) fn pass_to(&self, heir: &'static ThreadHeap) {
        // Release: as in `init`. Who reads the one before sends his block there, whence it
        // is sent on.
        self.line.owner.store(core::ptr::from_ref(heir).cast_mut(), Ordering::Release);
    }

    /// The family whose pools this arena holds.
    pub(crate) fn family(&self) -> Family {
        match self.line.family.get() {
            0 => Family::Small,
            1 => Family::Slab,
            _ => Family::WideSlab,
        }
    }

    /// How it is cut.
    fn grid(&self) -> Grid {
        self.family().grid()
    }

    /// Pages in no pool.
    pub(crate) fn free_page_count(&self) -> usize {
        self.line.free_pages.get().count_ones() as usize
    }

    /// Where the arena stands now.
    pub(crate) fn standing(&self) -> Standing {
        let free = self.free_page_count();
        let order = match self.family() {
            Family::Small if free == USABLE_PAGES => free,
            Family::Small => free.div_ceil(ORDER_PAGES),
            Family::Slab | Family::WideSlab => longest_run(self.line.free_pages.get()),
        };
        Standing::new(order, self.is_worth_purging())
    }

    /// Where its set has placed it.
    pub(crate) fn placed(&self) -> Standing {
        Standing(self.line.standing.get())
    }

    /// Notes where its set places it.
    pub(crate) fn place(&self, standing: Standing) {
        self.line.standing.set(standing.0);
    }

    /// Free pages that may be resident.
    pub(crate) fn dirty_page_count(&self) -> usize {
        self.line.dirty.get().count_ones() as usize
    }

    /// Bytes that are in pools, dirty, or the headers': what may be resident.
    pub(crate) fn resident_bytes(&self) -> usize {
        let clean = self.line.free_pages.get() & !self.line.dirty.get();
        let grid = self.grid();
        grid.arena_bytes() - clean.count_ones() as usize * grid.page_bytes()
    }

    fn is_worth_purging(&self) -> bool {
        self.free_page_count() >= SPARSE_PAGES
            && self.worth_purging().count_ones() as usize >= long_run_pages(self.grid())
    }

    /// The dirty pages in long runs; all of them if the arena is nearly empty. A short run
    /// costs as much as it saves, for it serves again soon, unless the arena drains.
    fn worth_purging(&self) -> u64 {
        let dirty = self.line.dirty.get();
        if self.free_page_count() >= NEARLY_EMPTY_PAGES {
            dirty
        } else {
            long_runs(dirty, long_run_pages(self.grid()))
        }
    }

    /// Whether the dirty pages are all free.
    pub(crate) fn has_only_free_dirty_pages(&self) -> bool {
        self.line.dirty.get() & !self.line.free_pages.get() == 0
    }

    /// Whether no page is in a pool.
    pub(crate) fn is_empty(&self) -> bool {
        self.line.free_pages.get() == ALL_PAGES
    }

    /// Whether `page` is in a pool: it is no page of headers or guards, and not free.
    pub(crate) fn is_in_pool(&self, page: usize) -> bool {
        (ALL_PAGES & !self.line.free_pages.get()) >> page & 1 != 0
    }

    /// The first page of the pool that `page`, which is in one, belongs to.
    #[inline]
    pub(crate) fn head_page(&self, page: usize) -> usize {
        let heads_up_to_page = self.line.heads.get() & (u64::MAX >> (ARENA_PAGES - 1 - page));
        // `| 1`: a page in no pool yields the header page instead of a shift
        // out of range.
        (heads_up_to_page | 1).ilog2() as usize
    }

    /// The header for page `page`.
    #[inline]
    pub(crate) fn pool_at(arena: NonNull<Arena>, page: usize) -> NonNull<Pool> {
        // SAFETY: page is below 64, and headers and arena line, all of 64
        // bytes, fill the arena's first page: header p is line p.
        unsafe { arena.cast::<Pool>().add(page) }
    }

    /// The header of the pool that holds `block`.
    ///
    /// # Safety
    /// `block` lies in a pool of `arena`, which is in use.
    pub(crate) unsafe fn pool_of(arena: NonNull<Arena>, block: NonNull<u8>) -> NonNull<Pool> {
        // SAFETY: the caller's contract.
        let header = unsafe { arena.as_ref() };
        let page = header.grid().page_at(block.addr().get() - arena.addr().get());
        Self::pool_at(arena, header.head_page(page))
    }

    /// The arena that holds this header.
    pub(crate) fn of_pool(pool: NonNull<Pool>) -> NonNull<Arena> {
        // Both are in the arena's first 4 KiB.
        let base = pool.as_ptr().map_addr(|address| address & !(POOL_BYTES - 1));
        // SAFETY: no arena starts at address zero, which the system does not map.
        unsafe { NonNull::new_unchecked(base) }.cast()
    }

    /// The number of the page whose header this is.
    pub(crate) fn page_of(pool: NonNull<Pool>) -> usize {
        (pool.addr().get() % POOL_BYTES) / size_of::<Pool>()
    }

    /// Where the pages of `pool` start, in an arena that is cut so.
    #[inline]
    pub(crate) fn pages_of(pool: NonNull<Pool>, grid: Grid) -> NonNull<u8> {
        let arena = Self::of_pool(pool).cast::<u8>();
        // SAFETY: the page's number is below 64, so it lies in the arena.
        unsafe { arena.add(grid.page_offset(Self::page_of(pool))) }
    }

    /// Where the blocks of `pool`, one of `class`, start, in an arena that is cut so.
    #[inline]
    pub(crate) fn blocks_of(pool: NonNull<Pool>, class: SizeClass, grid: Grid) -> NonNull<u8> {
        let pages = Self::pages_of(pool, grid);
        // SAFETY: a lead is shorter than a page, so this is in the pool's first one.
        unsafe { pages.add(class.lead_bytes(pages)) }
    }

    /// Takes a run of free pages, lowest address first, as a pool of `class`; returns how many
    /// of them were dirty, too. `None`: no run is long enough.
    pub(crate) fn take_pool(
        arena: NonNull<Arena>,
        class: SizeClass,
    ) -> Option<(NonNull<Pool>, usize)> {
        // SAFETY: the caller got the arena from its heap's set: it is in use.
        let line = &unsafe { arena.as_ref() }.line;
        let pages = class.pool_pages();
        let page = first_run(line.free_pages.get(), pages)?;
        debug_assert_eq!(line.heads.get() & run(page, pages), 0, "free pages are no heads");
        let pool = Self::pool_at(arena, page);
        // SAFETY: a header in the arena's first page; see `init` on validity.
        unsafe { pool.as_ref() }.reset(class);
        line.free_pages.set(line.free_pages.get() & !run(page, pages));
        let were_dirty = (run(page, pages) & line.dirty.get()).count_ones() as usize;
        if were_dirty < pages {
            keep::touch((pages - were_dirty) * class.family().grid().page_bytes());
        }
        line.dirty.set(line.dirty.get() & !run(page, pages));
        line.heads.set(line.heads.get() | 1 << page);
        Some((pool, were_dirty))
    }

    /// Gives the pages of an empty pool back to its arena, and returns how many.
    ///
    /// # Safety
    /// `pool` is in use, empty, and on no list.
    pub(crate) unsafe fn give_pool(pool: NonNull<Pool>) -> usize {
        let page = Self::page_of(pool);
        // SAFETY: the caller's contract: a live header.
        let pages = unsafe { pool.as_ref() }.class().pool_pages();
        // SAFETY: as above.
        debug_assert!(unsafe { pool.as_ref() }.allocated_blocks() == 0);
        // SAFETY: as above.
        debug_assert!(!unsafe { pool.as_ref() }.is_listed());
        // SAFETY: the arena of a pool in use is in use.
        let line = &unsafe { Self::of_pool(pool).as_ref() }.line;
        debug_assert_eq!(
            line.free_pages.get() & run(page, pages),
            0,
            "a pool's pages are not free"
        );
        debug_assert_eq!(line.heads.get() & run(page, pages), 1 << page, "one pool has them");
        line.heads.set(line.heads.get() & !(1 << page));
        line.free_pages.set(line.free_pages.get() | run(page, pages));
        line.dirty.set(line.dirty.get() | run(page, pages));
        pages
    }

    /// Gives the memory of all dirty pages back to the system.
    pub(crate) fn purge(arena: NonNull<Arena>) {
        Self::purge_pages(arena, u64::MAX);
    }

    /// Gives back what is worth the system calls.
    pub(crate) fn purge_what_is_worth_it(arena: NonNull<Arena>) {
        // SAFETY: the caller got the arena from its heap's set: it is in use.
        Self::purge_pages(arena, unsafe { arena.as_ref() }.worth_purging());
    }

    fn purge_pages(arena: NonNull<Arena>, which: u64) {
        // SAFETY: the caller got the arena from its heap's set: it is in use.
        let header = unsafe { arena.as_ref() };
        let (line, grid) = (&header.line, header.grid());
        let mut dirty = line.dirty.get() & which;
        debug_assert_eq!(dirty & !line.free_pages.get(), 0, "what is purged is free");
        line.dirty.set(line.dirty.get() & !dirty);
        keep::give_back_used(dirty.count_ones() as usize * grid.page_bytes());
        while dirty != 0 {
            let page = dirty.trailing_zeros() as usize;
            let pages = (!(dirty >> page)).trailing_zeros() as usize;
            dirty &= !run(page, pages);
            // SAFETY: page is below 64: inside the arena.
            let start = unsafe { arena.cast::<u8>().add(grid.page_offset(page)) };
            // SAFETY: dirty pages are free, so nothing refers to them.
            unsafe { supply::purge_pages(start, pages * grid.page_bytes()) };
        }
    }

    /// The arena's pools, by address.
    pub(crate) fn pools(arena: NonNull<Arena>) -> impl Iterator<Item = NonNull<Pool>> {
        // SAFETY: the caller got the arena from a set or the supply: it is mapped.
        let mut heads = unsafe { arena.as_ref() }.line.heads.get();
        core::iter::from_fn(move || {
            let page = heads.trailing_zeros() as usize;
            heads &= heads.wrapping_sub(1);
            (page < ARENA_PAGES).then(|| Self::pool_at(arena, page))
        })
    }

    /// The links of the set that this arena is in.
    pub(crate) fn links(&self) -> (&OwnerPtr<Arena>, &OwnerPtr<Arena>) {
        (&self.line.next, &self.line.prev)
    }
}

/// Pages of a run that is worth a system call; a power of two.
const fn long_run_pages(grid: Grid) -> usize {
    LONG_RUN_BYTES.div_ceil(grid.page_bytes()).next_power_of_two()
}
