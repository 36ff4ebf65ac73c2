//! The event that tells of a closed span.
//!
//! It goes to the subscriber whose span it was, which may not be the default of
//! the thread on which the span closes; so it is put together by hand here, and
//! the subscriber is asked each time whether it wants it. (The interest that tracing
//! notes for a callsite is that of the thread's default.) Its fields are listed on
//! the crate's page.

use tracing_core::callsite::{Callsite, DefaultCallsite};
use tracing_core::field::Value;
use tracing_core::metadata::Kind;
use tracing_core::span::Id;
use tracing_core::{Dispatch, Event, Level, Metadata, metadata};

use crate::spent::Spent;

const FIELDS: &[&str] = &[
    "message",
    "name",
    "net_bytes",
    "allocated_bytes",
    "freed_bytes",
    "allocated_blocks",
    "freed_blocks",
    "copied_bytes",
    "peak_bytes",
    "own_net_bytes",
    "own_allocated_bytes",
    "own_freed_bytes",
    "own_allocated_blocks",
    "busy_ns",
];

static CALLSITE: DefaultCallsite = DefaultCallsite::new(&METADATA);

static METADATA: Metadata<'static> = metadata! {
    name: "span closed",
    target: "alloc_profiler::span",
    level: Level::DEBUG,
    fields: FIELDS,
    callsite: &CALLSITE,
    kind: Kind::EVENT,
};

/// Tells `subscriber` that the span `name` has closed, in the context of the span
/// `parent`.
pub(crate) fn send(subscriber: &Dispatch, parent: Option<Id>, name: &str, spent: &Spent) {
    let metadata = CALLSITE.metadata();
    if !subscriber.enabled(metadata) {
        return;
    }
    let (heap, own) = (&spent.heap, &spent.own);
    let values: [&dyn Value; FIELDS.len()] = [
        &"span closed",
        &name,
        &heap.net_bytes(),
        &heap.allocated_bytes,
        &heap.freed_bytes,
        &heap.allocated_blocks,
        &heap.freed_blocks,
        &heap.copied_bytes,
        &heap.peak_bytes,
        &own.net_bytes(),
        &own.allocated_bytes,
        &own.freed_bytes,
        &own.allocated_blocks,
        &u64::try_from(spent.busy.as_nanos()).unwrap_or(u64::MAX),
    ];
    let values = values.map(Some);
    // Hidden in tracing-core's documentation, but what its macros expand to in
    // every crate that uses them: it cannot go away in 0.1.
    let values = metadata.fields().value_set_all(&values);
    subscriber.event(&Event::new_child_of(parent, metadata, &values));
}
