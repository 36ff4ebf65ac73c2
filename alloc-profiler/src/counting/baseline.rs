//! The heap in use before counting began.
//!
//! Counters start at the first profiled call, so that a program pays nothing
//! before it; what was allocated until then is asked of the allocator, once.
//! [`PoolAlloc`](alloc_core::PoolAlloc) knows; under any other allocator it counts
//! as zero, and "Mem usage" is what was added since the first profiled call.

use std::sync::atomic::{AtomicI64, Ordering};

static BYTES: AtomicI64 = AtomicI64::new(0);

/// Notes the heap that is in use now. Called once, right before counting begins.
pub(crate) fn note() {
    let bytes = alloc_core::stats().bytes_in_use();
    BYTES.store(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
}

/// Returns the heap that was in use when counting began, in bytes.
pub(crate) fn bytes() -> i64 {
    BYTES.load(Ordering::Relaxed)
}
