//! Recording: which line of which function is charged with what was counted.
//!
//! - `site`: a function as the attribute describes it; `slots`: what one thread has
//!   recorded of it, found by `slot_table`; `timing`: how long its lines run
//! - `frame`: a function's progress on a thread; `probes`: the calls that move it on
//! - `guard`, `task`, `budget`: activations: of a function or a closure, of a future,
//!   of a block of `assert_heap!`
//! - `call`: one call's own figures, for `events` and tables after each call
//! - `usage`: the process's memory as the system counts it, for those who ask

pub(crate) mod budget;
pub(crate) mod call;
pub(crate) mod events;
pub(crate) mod frame;
pub(crate) mod guard;
pub(crate) mod probes;
pub(crate) mod site;
pub(crate) mod slot_table;
pub(crate) mod slots;
pub(crate) mod task;
pub(crate) mod timing;
pub(crate) mod usage;
