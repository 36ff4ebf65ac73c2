//! Which block an address lies in: [`block_of`].

use core::ptr::NonNull;

use crate::arena::Arena;
use crate::class::SizeClass;
use crate::config::GRANULE_BYTES;
use crate::family::Family;
use crate::grid::Grid;
use crate::pagemap::{self, Unit};
use crate::region::{Region, Span, Use};

/// The tier that a block belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// At most 512 bytes: a block of a 4 KiB pool.
    Small,
    /// 513 bytes to 128 KiB: a block of a slab.
    Slab,
    /// To 32 MiB; also what is aligned beyond 4 KiB, or beyond 128 bytes if its blocks are
    /// multiples of 16 KiB or above 60 KiB: a span of a region.
    Span,
    /// Bigger, or aligned beyond 2 MiB: a mapping of its own.
    Mapping,
}

/// A block of memory that [`PoolAlloc`](crate::PoolAlloc) manages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// Where the block starts, the pointer that its allocation returned.
    pub start: NonNull<u8>,
    /// Its usable bytes: at least as many as were asked for; in hardened mode just as many.
    pub bytes: usize,
    /// Where it comes from.
    pub tier: Tier,
}

/// The block that encloses `address`, be it its first byte or any other; `None`
/// when the address is in no block of [`PoolAlloc`](crate::PoolAlloc): on the
/// stack, in static memory, another allocator's, in a header, or never handed out.
///
/// O(1), without a lock. Whether the block is allocated or has been freed is the
/// caller's to know: a freed block of the small and slab tiers is still a block
/// until its pool is given up. If another thread frees the block meanwhile, the
/// answer is either the old or the new state.
///
/// # Examples
///
/// ```
/// #[global_allocator]
/// static GLOBAL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new();
///
/// let text = String::from("twenty bytes of text");
/// let block = alloc_core::block_of(&raw const text.as_bytes()[7]).unwrap();
/// assert_eq!(block.start.as_ptr().cast_const(), text.as_ptr());
/// # if !cfg!(feature = "hardened") {
/// assert_eq!(block.bytes, 32); // the class that serves 20 bytes
/// # }
///
/// let local = 0u8;
/// assert!(alloc_core::block_of(&raw const local).is_none());
/// ```
#[must_use]
pub fn block_of(address: *const u8) -> Option<Block> {
    let found = find(address);
    #[cfg(feature = "hardened")]
    let found = found.and_then(|found| crate::seal::as_asked_for(found, address));
    found
}

/// As [`block_of`], in the allocator's own eyes.
pub(crate) fn find(address: *const u8) -> Option<Block> {
    let address = NonNull::new(address.cast_mut())?;
    match pagemap::lookup(address.addr().get()) {
        Unit::Foreign => None,
        Unit::Region { base } => block_in_region(base, address),
        Unit::Mapping { base, .. } => block_in_mapping(address, base),
    }
}

fn block_in_region(region: NonNull<Region>, address: NonNull<u8>) -> Option<Block> {
    let granule = Region::granule_of(region, address.addr().get());
    // SAFETY: the page map says that a region is mapped here.
    let Span { run, used_as } = unsafe { region.as_ref() }.span_at(granule)?;
    // SAFETY: a span lies in its region.
    let start = unsafe { Region::address(region, run.first) };
    match used_as {
        Use::Arena => block_in_arena(start.cast(), address),
        Use::Block => Some(Block { start, bytes: run.granules * GRANULE_BYTES, tier: Tier::Span }),
    }
}

fn block_in_arena(arena: NonNull<Arena>, address: NonNull<u8>) -> Option<Block> {
    // SAFETY: the region says that an arena is here.
    let header = unsafe { arena.as_ref() };
    let grid = header.family().grid();
    let page = grid.page_at(address.addr().get() - arena.addr().get());
    if !header.is_in_pool(page) {
        return None;
    }
    let pool = Arena::pool_at(arena, header.head_page(page));
    // SAFETY: a header of a mapped arena.
    let class = unsafe { pool.as_ref() }.class();
    let blocks = Arena::blocks_of(pool, class, grid);
    // SAFETY: as above.
    let pool = unsafe { pool.as_ref() };
    // `None`: it lies before the first one.
    let offset = address.addr().get().checked_sub(blocks.addr().get())?;
    let index = class.block_index(offset);
    let is_between = offset - index * class.stride_bytes() >= class.block_bytes();
    if is_between || index >= pool.watermark() {
        return None;
    }
    let tier = match class.family() {
        Family::Small => Tier::Small,
        Family::Slab | Family::WideSlab => Tier::Slab,
    };
    // SAFETY: a block below the watermark lies in the pool's pages.
    let start = unsafe { blocks.add(index * class.stride_bytes()) };
    Some(Block { start, bytes: class.block_bytes(), tier })
}

fn block_in_mapping(address: NonNull<u8>, base: usize) -> Option<Block> {
    let Unit::Mapping { bytes, .. } = pagemap::lookup(base) else {
        return None;
    };
    if address.addr().get() - base >= bytes {
        return None;
    }
    let start = NonNull::new(address.as_ptr().with_addr(base))?;
    Some(Block { start, bytes, tier: Tier::Mapping })
}

/// The class of a block that starts at this address, which lies in an arena that is cut so.
#[inline]
pub(crate) fn class_at(block: NonNull<u8>, grid: Grid) -> Option<SizeClass> {
    // Known grids, each by itself: the divisions and masks of a narrow one are shifts.
    match grid {
        Grid::Narrow => class_in(block, Grid::Narrow),
        Grid::Wide => class_in(block, Grid::Wide),
    }
}

#[inline(always)]
fn class_in(block: NonNull<u8>, grid: Grid) -> Option<SizeClass> {
    let arena = Arena::of(block, grid);
    let page = grid.page_at(block.addr().get() - arena.addr().get());
    // SAFETY: the page map says that an arena is out here: its header is in place.
    let head = unsafe { arena.as_ref() }.head_page(page);
    if head == 0 {
        return None;
    }
    let pool = Arena::pool_at(arena, head);
    // SAFETY: a header of that arena.
    let class = unsafe { pool.as_ref() }.class();
    let blocks = Arena::blocks_of(pool, class, grid);
    // SAFETY: as above.
    let pool = unsafe { pool.as_ref() };
    // `None`: it lies before the first one.
    let offset = block.addr().get().checked_sub(blocks.addr().get())?;
    let index = class.block_index(offset);
    (index * class.stride_bytes() == offset && index < pool.watermark()).then_some(class)
}
