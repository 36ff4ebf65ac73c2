//! Counting: what passes through the allocator, thread by thread.
//!
//! - `alloc`: `ProfiledAlloc`, which counts
//! - `counts`: the figures, with one writer and many readers; `counters`: those of a thread,
//!   whose bytes are in a `ledger`
//! - `thread`: every thread's record, and which is this one's; `thread_name` names it,
//!   `uncounted` keeps the profiler's own work out of it
//! - `switch`: the one moment at which counting begins; `baseline` is the heap in use
//!   then, `installed` whether anything will be counted at all
//!
//! Uses `recording` for one thing: a thread that ends closes its books.

pub(crate) mod alloc;
pub(crate) mod baseline;
pub(crate) mod counters;
pub(crate) mod counts;
pub(crate) mod installed;
pub(crate) mod ledger;
pub(crate) mod switch;
pub(crate) mod sync;
pub(crate) mod thread;
pub(crate) mod thread_name;
pub(crate) mod uncounted;
