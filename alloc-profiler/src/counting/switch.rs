//! The switch that turns the profiler on: at the first profiled call, or at the
//! first use of anything else that needs the counters. It is never turned off.

use std::sync::Once;

use crate::counting::alloc;
use crate::counting::baseline;
use crate::counting::installed;
use crate::measuring::limit;
use crate::output;

/// Begins to count, and arranges for the report at the program's exit.
pub(crate) fn on() {
    static SWITCH: Once = Once::new();
    SWITCH.call_once(|| {
        baseline::note();
        alloc::start_counting();
        installed::find_out();
        limit::apply_environment();
        output::at_exit();
    });
}
