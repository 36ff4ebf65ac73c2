//! `--events`: the profiler's tracing events as log lines.
//!
//! The profiler tells `tracing` of each profiled call when it ends; whoever
//! subscribes gets the figures as fields. Here that is `tracing_subscriber`, which
//! writes a line for each. What it takes from the heap meanwhile counts for
//! nobody: the tables read the same with and without it.

use std::io;

use tracing_subscriber::filter::LevelFilter;

/// Logs each profiled call to standard error from now on, one line a call.
///
/// If the program has a subscriber already, that one gets the events.
///
/// ```
/// demo::events::log_to_stderr();
/// demo::numbers::test_func(&[1, 2, 3]);
/// ```
pub fn log_to_stderr() {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::DEBUG)
        .with_ansi(false)
        .without_time()
        // Where standard error is closed, there is nobody to tell.
        .log_internal_errors(false)
        .with_writer(io::stderr);
    let _ = subscriber.try_init();
}
