//! Giving memory back on request: [`collect`].

use crate::{background, tls};

/// Gives all memory back to the system that can be spared now: what the calling
/// thread has cached, what ended threads have left behind, and every free page,
/// arena and mapping kept for reuse.
///
/// Freed memory goes back by itself beyond a fraction of what is in use; this is
/// for a program about to be idle that wants the rest gone too (or see
/// [`PoolAlloc::purge_after`](crate::PoolAlloc::purge_after)). What other running
/// threads have cached stays theirs. The next allocations pay page faults for what
/// was given back. Takes time in proportion to the number of arenas; allocates
/// nothing.
///
/// # Examples
///
/// ```
/// #[global_allocator]
/// static GLOBAL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new();
///
/// let index: Vec<String> = (0..100_000).map(|word| word.to_string()).collect();
/// drop(index);
/// alloc_core::collect();
/// let stats = alloc_core::stats();
/// assert_eq!(stats.bytes_kept, 0);
/// ```
pub fn collect() {
    background::retire_released();
    if let Some(heap) = tls::current() {
        heap.purge();
    }
    background::give_back();
}
