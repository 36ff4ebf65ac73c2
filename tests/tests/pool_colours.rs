//! Buffers of whole granules start at different places of a page, so that the same places of
//! many do not compete for one set of the processor's cache.

use std::collections::HashMap;

use alloc_core::PoolAlloc;

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

const PAGE_BYTES: usize = 4 << 10;
const BUFFERS: usize = 64;

/// Of them, those that may start at the same place. (Without colours, all would.)
const MOST: usize = BUFFERS / 3;

#[test]
#[cfg_attr(feature = "hardened", ignore = "a seal puts them in the next class, without colours")]
fn few_buffers_share_a_set() {
    for kib in [16, 32, 48, 64, 80, 96, 112, 128] {
        let buffers: Vec<Vec<u8>> = (0..BUFFERS).map(|_| Vec::with_capacity(kib << 10)).collect();
        let mut starts: HashMap<usize, usize> = HashMap::new();
        for buffer in &buffers {
            *starts.entry(buffer.as_ptr().addr() % PAGE_BYTES).or_default() += 1;
        }
        let most = starts.values().max().unwrap();
        assert!(*most <= MOST, "{kib} KiB: {most} of {BUFFERS} start at one place of a page");
    }
}
