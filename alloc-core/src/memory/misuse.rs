//! The mistakes of users that are caught: each ends the process with one line on standard
//! error that says what, where, and of which class and arena.
//!
//! Nothing here allocates or takes a lock: the heap may be in any state.

use core::fmt::{self, Write as _};
use core::ptr::NonNull;

use crate::arena::Arena;
#[cfg(feature = "hardened")]
use crate::block::Tier;
use crate::block::{Block, find};
use crate::class::SizeClass;
#[cfg(feature = "hardened")]
use crate::grid::Grid;
use crate::line::Line;
use crate::os;
#[cfg(feature = "hardened")]
use crate::pagemap;

/// A block of a class is freed that is free already, or was never handed out.
#[cold]
pub(crate) fn freed_twice(block: NonNull<u8>, class: SizeClass) -> ! {
    end(format_args!("{}, was freed twice, or never allocated", InArena(block, class)))
}

/// A block of a class is freed with a layout of another one.
#[cold]
pub(crate) fn freed_as(block: NonNull<u8>, class: SizeClass, freed_as: SizeClass) -> ! {
    let bytes = freed_as.block_bytes();
    end(format_args!("{}, was freed with a layout of {bytes} bytes", InArena(block, class)))
}

/// What is freed or resized is not where a block starts.
#[cold]
pub(crate) fn not_a_block(address: NonNull<u8>) -> ! {
    match find(address.as_ptr()) {
        Some(Block { start, bytes, .. }) if start != address => end(format_args!(
            "freed or resized {address:p}, which lies inside the block of {bytes} bytes at {start:p}"
        )),
        _ => end(format_args!("freed or resized {address:p}, which is no block of this allocator")),
    }
}

/// The words that a freed block carries to its owner, or to the next such block, are not
/// those that were written.
#[cold]
pub(crate) fn link_smashed(block: NonNull<u8>) -> ! {
    end(format_args!(
        "the link in a freed block was overwritten: it leads to {block:p}, or that block's own does not open"
    ))
}

/// A block that was to be freed or resized is not in use.
#[cfg(feature = "hardened")]
#[cold]
pub(crate) fn not_in_use(found: Block) -> ! {
    end(format_args!("{}, was freed twice, or never allocated", Found(found)))
}

/// A block is freed or resized with a layout of another size.
#[cfg(feature = "hardened")]
#[cold]
pub(crate) fn freed_with_size(found: Block, size: usize, claimed: usize) -> ! {
    end(format_args!(
        "{}, was allocated with {size} bytes, and freed or resized with a layout of {claimed}",
        Found(found)
    ))
}

/// What lies behind a block's bytes was overwritten.
#[cfg(feature = "hardened")]
#[cold]
pub(crate) fn overrun(found: Block) -> ! {
    end(format_args!(
        "{}, was written to past its end, or the block behind it before its start",
        Found(found)
    ))
}

/// A free block that is about to be handed out is not as its last user left it.
#[cfg(feature = "hardened")]
#[cold]
pub(crate) fn written_after_free(block: NonNull<u8>, class: SizeClass) -> ! {
    end(format_args!("{}, was written to after it was freed", InArena(block, class)))
}

/// A block of any tier, in words.
#[cfg(feature = "hardened")]
struct Found(Block);

#[cfg(feature = "hardened")]
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Block { start, bytes, tier } = self.0;
        match tier {
            Tier::Small | Tier::Slab => {
                let grid = pagemap::grid_at(start.addr().get()).unwrap_or(Grid::Narrow);
                let arena = Arena::of(start, grid);
                write!(f, "the block at {start:p}, of class {bytes} bytes in arena {arena:p}")
            }
            Tier::Span | Tier::Mapping => write!(f, "the block at {start:p}, of {bytes} bytes"),
        }
    }
}

/// A block, in words.
struct InArena(NonNull<u8>, SizeClass);

impl fmt::Display for InArena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let &Self(block, class) = self;
        let (bytes, arena) = (class.block_bytes(), Arena::of(block, class.family().grid()));
        write!(f, "the block at {block:p}, of class {bytes} bytes in arena {arena:p}")
    }
}

fn end(what: fmt::Arguments<'_>) -> ! {
    let mut line = Line::new();
    // The line takes what fits and never fails.
    let _ = write!(line, "alloc-core: {what}");
    os::abort_with(&[line.as_str()])
}
