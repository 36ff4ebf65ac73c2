//! Whether huge pages are worth asking for: as the last ones cost.
//!
//! A huge page saves 511 page faults and many misses of the processor's address
//! cache, if the system has one at hand. If not, the first touch of it can take as
//! long as ten thousand such misses: where the system must gather it from small ones,
//! or where, on a virtual machine that reports its free pages, the host must find the
//! memory first (Linux, `Documentation/mm/free_page_reporting.rst`). So the first touch
//! of what was asked for is timed, on the thread's own clock. While it is cheap, all is
//! asked for; when it is dear, the next huge pages are passed over, more of them each
//! time, and then one is tried again.
//!
//! The figures are relaxed and shared by all threads: they steer, nothing relies on
//! them.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use crate::config::{HUGE_PAGE_DEAR_NS, HUGE_PAGE_PAUSES};
use crate::os;

/// Whether the last one was cheap.
static IS_PROVEN: AtomicBool = AtomicBool::new(false);
/// How many are still to be passed over.
static TO_PASS: AtomicUsize = AtomicUsize::new(0);
/// How many will be after the next dear one.
static PAUSE: AtomicUsize = AtomicUsize::new(HUGE_PAGE_PAUSES.0);

/// How many of so many huge pages, which come into use now, to ask for. Of the first
/// one the caller should [`touch`] a byte, if it is to be used in any case.
pub(crate) fn grant(pages: usize) -> usize {
    if pass(pages) {
        0
    } else if IS_PROVEN.load(Relaxed) {
        pages
    } else {
        pages.min(1)
    }
}

/// Whether to do without so many huge pages, since the last one was dear.
pub(crate) fn pass(pages: usize) -> bool {
    let to_pass = TO_PASS.load(Relaxed);
    if to_pass > 0 {
        TO_PASS.store(to_pass.saturating_sub(pages), Relaxed);
    }
    to_pass > 0
}

/// Touches the first huge page of those that were granted, and notes what it cost.
///
/// # Safety
/// The byte at `place` is the caller's and reads zero.
pub(crate) unsafe fn touch(place: NonNull<u8>) {
    let before = os::thread_nanoseconds();
    // SAFETY: the caller's contract; its value stays what it was.
    unsafe { place.write_volatile(0) };
    note(os::thread_nanoseconds().wrapping_sub(before));
}

fn note(nanoseconds: usize) {
    let is_cheap = nanoseconds <= HUGE_PAGE_DEAR_NS;
    let pause = PAUSE.load(Relaxed);
    IS_PROVEN.store(is_cheap, Relaxed);
    if is_cheap {
        PAUSE.store((pause / 2).max(HUGE_PAGE_PAUSES.0), Relaxed);
    } else {
        TO_PASS.store(pause, Relaxed);
        PAUSE.store((pause * 2).min(HUGE_PAGE_PAUSES.1), Relaxed);
    }
}
