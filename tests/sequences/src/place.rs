//! What a block takes up, in the mode that is under test: by arithmetic that shares nothing
//! with the allocator's.

use std::ops::RangeInclusive;

use alloc_core::{Block, PoolAlloc, Stats, Tier, block_of};

use crate::Live;

/// The smallest unit of a span, and of a mapping.
const GRANULE_BYTES: usize = 16 << 10;
/// The biggest alignment of a block of a class.
const CLASS_ALIGN_MAX_BYTES: usize = 4 << 10;
/// The same where its blocks are whole granules, or so long that their slabs are wide.
const COLOUR_BYTES: usize = 128;
const WIDE_FROM_BYTES: usize = 64 << 10;
/// The hardened mode's blocks have a seal more than was asked for, and are told of without
/// it.
const HARDENED: bool = cfg!(feature = "hardened");
const SEAL_BYTES: usize = if HARDENED { 8 } else { 0 };

/// What a block takes up: one of a class, known by what that serves, or bytes of a large
/// tier, as far as they are known.
pub(crate) enum Place {
    Class(usize),
    Span(RangeInclusive<usize>),
    Mapping(RangeInclusive<usize>),
}

impl Place {
    /// What `live` takes up.
    ///
    /// # Errors
    /// In words, when the allocator knows no block there, or one that is not for such a layout.
    pub(crate) fn find(live: &Live, stats: &Stats) -> Result<Self, String> {
        let (start, layout) = (live.start(), live.layout());
        let found = block_of(start).ok_or_else(|| format!("{live:?} is no block"))?;
        let fits = found.start.as_ptr().cast_const() == start && found.bytes >= layout.size();
        ensure(fits, || format!("{live:?} is {found:?}"))?;
        let last = block_of(start.wrapping_add(layout.size() - 1));
        ensure(last == Some(found), || format!("{live:?} is {found:?}, its end in {last:?}"))?;
        // SAFETY: the block is in use, from a `PoolAlloc`.
        let usable = unsafe { PoolAlloc::new().usable_bytes(found.start) };
        ensure(usable == Some(found.bytes), || format!("{usable:?} are usable of {found:?}"))?;
        let place = Self::of(live, found, class_of(live, stats));
        place.ok_or_else(|| format!("{live:?} has a block of its own size in {found:?}"))
    }

    /// The place of a block that was found there; `None`: it is not for such a layout.
    fn of(live: &Live, found: Block, class: Option<Class>) -> Option<Self> {
        let room = live.layout().size() + SEAL_BYTES;
        let granules = |bytes: usize| bytes.next_multiple_of(GRANULE_BYTES);
        // The default mode tells of all bytes, the hardened one of those that were asked for.
        let told = |bytes: RangeInclusive<usize>| {
            if HARDENED {
                (found.bytes == live.layout().size()).then_some(bytes)
            } else {
                bytes.contains(&found.bytes).then_some(found.bytes..=found.bytes)
            }
        };
        // A large block that only its address knows may stay one up to half its length.
        let (may_stay, long) = (live.is_by_address() && !HARDENED, room..=granules(2 * room));
        match (found.tier, class) {
            (Tier::Small | Tier::Slab, Some(Class { serves, block_bytes, .. })) => {
                told(block_bytes..=block_bytes).map(|_| Self::Class(serves))
            }
            (Tier::Span, None) => told(granules(room)..=granules(room)).map(Self::Span),
            // Kept mappings may be longer by an eighth, and so may those that were shrunk.
            (Tier::Mapping, None) => told(room..=granules(room + room / 7)).map(Self::Mapping),
            (Tier::Span, Some(_)) if may_stay => told(long).map(Self::Span),
            (Tier::Mapping, Some(_)) if may_stay => told(long).map(Self::Mapping),
            _ => None,
        }
    }
}

/// The first class that serves a block's layout, by linear search; `None`: it is large.
fn class_of(live: &Live, stats: &Stats) -> Option<Class> {
    let (room, align) = (live.layout().size() + SEAL_BYTES, live.layout().align());
    let fits = |class: &Class| class.serves >= room && class.serves.is_multiple_of(align);
    classes(stats).find(fits).filter(|class| align <= align_max_bytes(class.serves))
}

/// The biggest alignment that blocks of a class have which serves so many bytes.
fn align_max_bytes(served_bytes: usize) -> usize {
    let is_coloured = served_bytes.is_multiple_of(GRANULE_BYTES) || served_bytes >= WIDE_FROM_BYTES;
    if is_coloured { COLOUR_BYTES } else { CLASS_ALIGN_MAX_BYTES }
}

/// A size class, as the stats have it.
pub(crate) struct Class {
    /// The longest request, in bytes.
    pub(crate) serves: usize,
    pub(crate) block_bytes: usize,
    pub(crate) blocks_in_use: usize,
}

/// The classes, the smallest first: up to 512 bytes sixteen apart, from there eight steps to
/// each power of two.
pub(crate) fn classes(stats: &Stats) -> impl Iterator<Item = Class> {
    let small = (1..=32).map(|step| 16 * step);
    let slabs = (0..8).flat_map(|octave| (9..=16).map(move |eighths| eighths * (64 << octave)));
    let all = stats.classes.iter().chain(&stats.big.slabs);
    small.chain(slabs).zip(all).map(|(serves, class)| Class {
        serves,
        block_bytes: class.block_bytes,
        blocks_in_use: class.blocks_in_use,
    })
}

/// An error of these words unless something holds.
pub(crate) fn ensure(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}
