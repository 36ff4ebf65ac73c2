//! An event for each finished profiled call, for those who log with `tracing`.
//!
//! Only the outermost profiled call on a thread's stack sends one: the calls in
//! it are part of its figures. With no subscriber it costs the check of one
//! static level. It is sent from the end of the call, never from the allocator,
//! and what the subscriber allocates meanwhile is charged to nobody.

use tracing::Level;

use crate::counters::HeapCounters;
use crate::slots::SiteSlots;
use crate::thread::Uncounted;

/// The target of the events.
const TARGET: &str = "alloc_profiler";

/// Tells subscribers that the outermost call, which recorded into `slots`, ends.
#[inline]
pub(crate) fn call_ended(slots: &SiteSlots, counters: &HeapCounters) {
    if tracing::enabled!(target: TARGET, Level::DEBUG) {
        send(slots, counters);
    }
}

#[cold]
#[inline(never)]
fn send(slots: &SiteSlots, counters: &HeapCounters) {
    let spent = counters.get().since(&slots.entry.get());
    let _uncounted = Uncounted::begin();
    tracing::debug!(
        target: TARGET,
        name = slots.site.name(),
        net_bytes = spent.net_bytes(),
        allocated_bytes = spent.allocated_bytes,
        freed_bytes = spent.freed_bytes,
        "profiled call ended",
    );
}
