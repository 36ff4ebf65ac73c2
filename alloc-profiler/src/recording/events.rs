//! An event for each finished profiled call, for those who log with `tracing`.
//!
//! With no subscriber that wants them it costs the check of one static level at
//! the call's start. An event is sent from the end of the call, never from the
//! allocator, and what the subscriber allocates meanwhile is charged to nobody.
//!
//! Target `alloc_profiler`, level DEBUG. Fields: `name`, the function's;
//! `net_bytes`, `allocated_bytes`, `freed_bytes`, `allocated_blocks`,
//! `freed_blocks`, `copied_bytes`; `peak_bytes`, the most that the thread's live
//! heap rose above its start; `duration_ns`, the time that the call ran, for a
//! future the time that it was being polled.

use tracing::Level;

use crate::measuring::measure::HeapUse;

/// The target of the events.
const TARGET: &str = "alloc_profiler";

/// Returns whether a subscriber wants the events.
#[inline]
pub(crate) fn are_wanted() -> bool {
    tracing::enabled!(target: TARGET, Level::DEBUG)
}

/// Tells subscribers that a call of the function `name` has ended.
pub(crate) fn call_ended(name: &str, spent: &HeapUse, duration_ns: u64) {
    tracing::debug!(
        target: TARGET,
        name,
        net_bytes = spent.net_bytes(),
        allocated_bytes = spent.allocated_bytes,
        freed_bytes = spent.freed_bytes,
        allocated_blocks = spent.allocated_blocks,
        freed_blocks = spent.freed_blocks,
        copied_bytes = spent.copied_bytes,
        peak_bytes = spent.peak_bytes,
        duration_ns,
        "profiled call ended",
    );
}
