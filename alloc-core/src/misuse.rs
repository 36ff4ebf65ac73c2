//! The mistakes of users that are caught: each ends the process with one line on standard
//! error that says what, where, and of which class and arena.
//!
//! Nothing here allocates or takes a lock: the heap may be in any state.

use core::fmt::{self, Write as _};
use core::ptr::NonNull;

use crate::arena::Arena;
use crate::block::{Block, find};
use crate::class::SizeClass;
use crate::line::Line;
use crate::os;

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

/// A block, in words.
struct InArena(NonNull<u8>, SizeClass);

impl fmt::Display for InArena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let &Self(block, class) = self;
        let (bytes, arena) = (class.block_bytes(), Arena::of(block));
        write!(f, "the block at {block:p}, of class {bytes} bytes in arena {arena:p}")
    }
}

fn end(what: fmt::Arguments<'_>) -> ! {
    let mut line = Line::new();
    // The line takes what fits and never fails.
    let _ = write!(line, "alloc-core: {what}");
    os::abort_with(&[line.as_str()])
}
