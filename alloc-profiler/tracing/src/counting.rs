//! Whether there is anything to charge: if the program's global allocator is not a
//! [`ProfiledAlloc`](alloc_profiler::ProfiledAlloc), all figures are zero.

use std::hint::black_box;
use std::io::{self, Write};
use std::sync::OnceLock;

use alloc_profiler::measure;

/// What is printed then.
pub(crate) const NOT_COUNTING: &str = "alloc_profiler_tracing: nothing is counted, because the \
                                       program's global allocator is not a ProfiledAlloc; declare \
                                       one with #[global_allocator]";

/// Returns whether allocations are counted.
///
/// For a thread that was in a span: counting has begun by then, and the byte that
/// this allocates goes to uncounted work.
pub(crate) fn is_on() -> bool {
    static IS_ON: OnceLock<bool> = OnceLock::new();
    *IS_ON.get_or_init(|| {
        // `black_box`, because the compiler may leave an unused allocation out.
        let ((), heap) = measure(|| drop(black_box(Box::new(0_u8))));
        heap.allocated_blocks > 0
    })
}

/// Says so on standard error, once, if nothing is counted.
pub(crate) fn warn_if_not() {
    static WARNED: OnceLock<()> = OnceLock::new();
    WARNED.get_or_init(|| {
        if !is_on() {
            let line = format!("{NOT_COUNTING}\n");
            // Nobody is left to hear of a failure to write.
            let _ = io::stderr().write_all(line.as_bytes());
        }
    });
}
