//! `--events`: what the profiler tells `tracing`, as log lines.
//!
//! The profiler sends an event for each profiled call when it ends, and
//! [`HeapLayer`] one for each span when it closes; whoever subscribes gets the
//! figures as fields. Here that is `tracing_subscriber`, which writes a line for
//! each. What it takes from the heap meanwhile counts for nobody: the tables read the
//! same with and without it.

use std::io;

use alloc_profiler_tracing::HeapLayer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// Logs each profiled call and each span to standard error from now on, one line
/// each.
///
/// If the program has a subscriber already, that one gets the events.
///
/// ```
/// demo::events::log_to_stderr();
/// demo::numbers::test_func(&[1, 2, 3]);
/// ```
pub fn log_to_stderr() {
    let lines = fmt::layer()
        .with_ansi(false)
        .without_time()
        // Where standard error is closed, there is nobody to tell.
        .log_internal_errors(false)
        .with_writer(io::stderr);
    let subscriber = tracing_subscriber::registry();
    let _ = subscriber.with(LevelFilter::DEBUG).with(HeapLayer::new()).with(lines).try_init();
}
