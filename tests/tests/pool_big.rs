//! Blocks above 512 bytes: growth and shrinking through every tier, alignments up
//! to 2 MiB, zeroed memory, and `block_of` from any byte.

use std::alloc::{GlobalAlloc as _, Layout};

use alloc_core::{PoolAlloc, Tier, block_of};
use integration_tests::{Live, Oracle, peak_resident_bytes, resident_bytes};

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

#[test]
fn big_blocks() {
    fresh_zeroed_memory_is_not_touched();
    growth_moves_pages_instead_of_copying();
    grow_and_shrink_through_every_tier();
    grow_beside_a_neighbour();
    alignments_to_2_mib();
    zeroed_after_use();
    #[cfg(feature = "hardened")]
    an_arena_goes_without_its_headers();
    every_byte_leads_to_its_block();
    impossible_sizes_are_null();
    alloc_core::check().unwrap();
    let stats = alloc_core::stats();
    assert_eq!((stats.big.spans_in_use, stats.big.span_bytes_in_use), (0, 0), "{stats}");
    assert_eq!((stats.big.mappings_in_use, stats.big.mapping_bytes_in_use), (0, 0), "{stats}");
}

fn grow_and_shrink_through_every_tier() {
    let mut live = Live::alloc(&GLOBAL, Layout::from_size_align(8, 8).unwrap(), 7);
    let sizes = [100, 513, 5000, 70_000, 131_072, 131_073, 300_000, 5 << 20, 40 << 20];
    for size in sizes.into_iter().chain(sizes.into_iter().rev()) {
        live.realloc(&GLOBAL, size);
        assert!(block_of(live.start()).unwrap().bytes >= size);
    }
    // By a page and less: mostly in place, all right in any case.
    for size in (200_000..400_000).step_by(1777).chain((200_000..400_000).rev().step_by(991)) {
        live.realloc(&GLOBAL, size);
    }
    live.free(&GLOBAL);
}

fn grow_beside_a_neighbour() {
    let layout = Layout::from_size_align(256 << 10, 16).unwrap();
    let mut blocks: Vec<Live> = (0..16).map(|seed| Live::alloc(&GLOBAL, layout, seed)).collect();
    for size in [512 << 10, 1 << 20, 9 << 20] {
        for live in &mut blocks {
            live.realloc(&GLOBAL, size);
        }
    }
    for live in blocks {
        live.free(&GLOBAL);
    }
}

fn alignments_to_2_mib() {
    let mut oracle = Oracle::default();
    for align in (12..=21).map(|shift| 1 << shift) {
        for size in [1, 100, 4096, 5000, 150_000, 3 << 20] {
            let layout = Layout::from_size_align(size, align).unwrap();
            oracle.insert(Live::alloc(&GLOBAL, layout, 3));
            oracle.insert(Live::alloc_zeroed(&GLOBAL, layout, 4));
            let mut grown = Live::alloc(&GLOBAL, layout, 5);
            grown.realloc(&GLOBAL, size + (1 << 20));
            oracle.insert(grown);
        }
    }
    for live in oracle.into_live() {
        live.free(&GLOBAL);
    }
}

const MIB: usize = 1 << 20;

fn fresh_zeroed_memory_is_not_touched() {
    let before = resident_bytes();
    let layout = Layout::from_size_align(256 * MIB, 16).unwrap();
    // SAFETY: the layout is not empty.
    let block = unsafe { GLOBAL.alloc_zeroed(layout) };
    let touched = resident_bytes().saturating_sub(before);
    assert!(touched < MIB as u64, "{touched} bytes touched");
    // SAFETY: the block is live with this layout.
    unsafe { GLOBAL.dealloc(block, layout) };
}

fn growth_moves_pages_instead_of_copying() {
    let live = Live::alloc(&GLOBAL, Layout::from_size_align(128 * MIB, 16).unwrap(), 6);
    let before = peak_resident_bytes();
    // SAFETY: the block is live with this layout; the new size is not zero.
    let grown = unsafe { GLOBAL.realloc(live.start().cast_mut(), live.layout(), 512 * MIB) };
    // A copy would have had both resident, 128 MiB more.
    let added = peak_resident_bytes() - before;
    assert!(!grown.is_null() && added < 8 * MIB as u64, "{added} bytes more at the peak");
    let layout = Layout::from_size_align(512 * MIB, 16).unwrap();
    // SAFETY: the block has moved here and has this layout now.
    unsafe { GLOBAL.dealloc(grown, layout) };
}

fn zeroed_after_use() {
    for size in [600, 4096, 100_000, 200_000, 2 << 20, 20 << 20] {
        let layout = Layout::from_size_align(size, 16).unwrap();
        Live::alloc(&GLOBAL, layout, 9).free(&GLOBAL);
        Live::alloc_zeroed(&GLOBAL, layout, 9).free(&GLOBAL);
    }
}

fn every_byte_leads_to_its_block() {
    let tiers =
        [(24, Tier::Small), (3000, Tier::Slab), (900_000, Tier::Span), (40 << 20, Tier::Mapping)];
    for (size, tier) in tiers {
        let live = Live::alloc(&GLOBAL, Layout::from_size_align(size, 8).unwrap(), 1);
        let block = block_of(live.start()).unwrap();
        assert_eq!((block.start.as_ptr().cast_const(), block.tier), (live.start(), tier));
        for offset in (0..block.bytes).step_by(size / 24) {
            assert_eq!(block_of(live.start().wrapping_add(offset)), Some(block));
        }
        assert_ne!(block_of(live.start().wrapping_add(block.bytes)), Some(block));
        assert_ne!(block_of(live.start().wrapping_sub(1)), Some(block));
        live.free(&GLOBAL);
    }
    // Of an arena's pages some are in pools, some are free, some hold its books or guard them.
    let live = Live::alloc(&GLOBAL, Layout::from_size_align(24, 8).unwrap(), 1);
    let arena = live.start().map_addr(|address| address & !((256 << 10) - 1));
    for offset in (0..256 << 10).step_by(8) {
        let address = arena.wrapping_add(offset + 7);
        if let Some(block) = block_of(address) {
            assert!(
                address.addr() - block.start.addr().get() < block.bytes,
                "{address:?} {block:?}"
            );
        }
    }
    live.free(&GLOBAL);
    let on_the_stack = 1_u8;
    assert_eq!(block_of(&raw const on_the_stack), None);
    assert_eq!(block_of(b"static".as_ptr()), None);
    assert_eq!(block_of(std::ptr::null()), None);
    assert_eq!(block_of(std::ptr::without_provenance(usize::MAX)), None);
}

fn impossible_sizes_are_null() {
    let most = isize::MAX as usize;
    for (size, align) in [(most, 1), (most - 4095, 4096), (1 << 60, 8), (1 << 47, 1 << 46)] {
        let layout = Layout::from_size_align(size, align).unwrap();
        // SAFETY: a valid layout that is not empty.
        assert!(unsafe { GLOBAL.alloc(layout) }.is_null(), "{layout:?}");
        // SAFETY: as above.
        assert!(unsafe { GLOBAL.alloc_zeroed(layout) }.is_null(), "{layout:?}");
    }
    for size in [10, 10_000, 1 << 20] {
        let live = Live::alloc(&GLOBAL, Layout::from_size_align(size, 8).unwrap(), 2);
        // SAFETY: the block is live with this layout; the new size is not zero.
        let grown = unsafe { GLOBAL.realloc(live.start().cast_mut(), live.layout(), most - 7) };
        assert!(grown.is_null());
        // It is as it was.
        live.free(&GLOBAL);
    }
    assert!(Vec::<u8>::new().try_reserve_exact(1 << 50).is_err());
}

/// Others' blocks will lie where the headers were, and hardened mode hands blocks out only if
/// they are zero.
#[cfg(feature = "hardened")]
fn an_arena_goes_without_its_headers() {
    const ARENA_BYTES: usize = 256 << 10;
    let blocks: Vec<Vec<u8>> = (0..1000).map(|_| vec![1; 8000]).collect();
    let arena_of = |block: &Vec<u8>| block.as_ptr().map_addr(|addr| addr & !(ARENA_BYTES - 1));
    let arenas: std::collections::BTreeSet<*const u8> = blocks.iter().map(arena_of).collect();
    drop(blocks);
    let is_clear = |arena: &&*const u8| {
        // SAFETY: a region's memory stays mapped, and readable at an arena's start.
        let headers = unsafe { arena.cast::<[u8; 4096]>().read_volatile() };
        headers.iter().all(|&byte| byte == 0)
    };
    let clear = arenas.iter().filter(is_clear).count();
    // Some keep cached blocks, or are the empty one that the heap keeps.
    assert!(clear + 5 >= arenas.len(), "{clear} of {} arenas", arenas.len());
}
