//! Internal waste: a block has at most an eighth more bytes than were asked for, for
//! every size from 513 bytes to 1 MiB, fresh or served from what was kept.

use std::alloc::{GlobalAlloc as _, Layout};

use alloc_core::{PoolAlloc, block_of};

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

/// Every size to this one; above it those around each KiB.
const EVERY: usize = 64 << 10;
const MOST: usize = 1 << 20;

#[test]
fn at_most_an_eighth_is_wasted() {
    println!("fresh: at most {:.2} %", worst_waste() * 100.0);
    // Long mappings, kept when they are freed, for the next to be cut from.
    drop([3, 5, 8].map(|eighths| vec![1_u8; eighths * MOST / 4]));
    println!("kept: at most {:.2} %", worst_waste() * 100.0);
}

/// The most that any size wastes, as a fraction of it.
fn worst_waste() -> f64 {
    sizes().map(waste).fold(0.0, f64::max)
}

fn waste(size: usize) -> f64 {
    let layout = Layout::from_size_align(size, 1).unwrap();
    // SAFETY: the layout is not empty.
    let block = unsafe { GLOBAL.alloc(layout) };
    let bytes = block_of(block).expect("the allocator's own block").bytes;
    assert!(bytes >= size && (bytes - size) * 8 <= size, "{size} bytes in a block of {bytes}");
    // SAFETY: just allocated with this layout.
    unsafe { GLOBAL.dealloc(block, layout) };
    (bytes - size) as f64 / size as f64
}

fn sizes() -> impl Iterator<Item = usize> {
    let around = |kib| [kib - 1, kib, kib + 1];
    let rest = (EVERY..=MOST).step_by(1 << 10).flat_map(around).filter(|&size| size <= MOST);
    (513..=EVERY).chain(rest)
}
