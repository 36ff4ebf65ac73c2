//! Whether the program's global allocator is a [`ProfiledAlloc`] at all.
//!
//! If it is not, every figure would be zero, and a table of zeros is a lie. So
//! the profiler allocates one byte when it is switched on and sees whether it
//! was counted.
//!
//! [`ProfiledAlloc`]: crate::ProfiledAlloc

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::counting::uncounted::Uncounted;

static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Tries it. Called once, right after counting began.
pub(crate) fn find_out() {
    let uncounted = Uncounted::begin();
    // `black_box`, because the compiler may leave an unused allocation out.
    drop(black_box(Box::new(0_u8)));
    INSTALLED.store(uncounted.saw_anything(), Ordering::Relaxed);
}

/// Returns whether allocations reach a `ProfiledAlloc`.
pub(crate) fn is_installed() -> bool {
    INSTALLED.load(Ordering::Relaxed)
}
