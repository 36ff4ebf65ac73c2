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

/// The process's.
static POLICY: Policy = Policy::new();

/// How many of so many huge pages, which come into use now, to ask for. Of the first
/// one the caller should [`touch`] a byte, if it is to be used in any case.
pub(crate) fn grant(pages: usize) -> usize {
    POLICY.grant(pages)
}

/// Whether to do without so many huge pages, since the last one was dear.
pub(crate) fn pass(pages: usize) -> bool {
    POLICY.pass(pages)
}

/// Touches the first huge page of those that were granted, and notes what it cost.
///
/// # Safety
/// The byte at `place` is the caller's and reads zero.
pub(crate) unsafe fn touch(place: NonNull<u8>) {
    let before = os::thread_nanoseconds();
    // SAFETY: the caller's contract; its value stays what it was.
    unsafe { place.write_volatile(0) };
    POLICY.note(os::thread_nanoseconds().wrapping_sub(before));
}

/// What the last huge pages have taught.
struct Policy {
    /// Whether the last one was cheap.
    is_proven: AtomicBool,
    /// How many are still to be passed over.
    to_pass: AtomicUsize,
    /// How many will be after the next dear one.
    pause: AtomicUsize,
}

impl Policy {
    const fn new() -> Self {
        Self {
            is_proven: AtomicBool::new(false),
            to_pass: AtomicUsize::new(0),
            pause: AtomicUsize::new(HUGE_PAGE_PAUSES.0),
        }
    }

    fn grant(&self, pages: usize) -> usize {
        if self.pass(pages) {
            0
        } else if self.is_proven.load(Relaxed) {
            pages
        } else {
            pages.min(1)
        }
    }

    fn pass(&self, pages: usize) -> bool {
        let to_pass = self.to_pass.load(Relaxed);
        if to_pass > 0 {
            self.to_pass.store(to_pass.saturating_sub(pages), Relaxed);
        }
        to_pass > 0
    }

    /// Learns what the first touch of a huge page cost.
    fn note(&self, nanoseconds: usize) {
        let is_cheap = nanoseconds <= HUGE_PAGE_DEAR_NS;
        let pause = self.pause.load(Relaxed);
        self.is_proven.store(is_cheap, Relaxed);
        if is_cheap {
            self.pause.store((pause / 2).max(HUGE_PAGE_PAUSES.0), Relaxed);
        } else {
            self.to_pass.store(pause, Relaxed);
            self.pause.store((pause * 2).min(HUGE_PAGE_PAUSES.1), Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP_NS: usize = HUGE_PAGE_DEAR_NS;
    const DEAR_NS: usize = HUGE_PAGE_DEAR_NS + 1;

    /// How many huge pages are passed over, one at a time, before one is granted.
    fn passed_over(policy: &Policy) -> usize {
        (0..=HUGE_PAGE_PAUSES.1).find(|_| policy.grant(1) == 1).unwrap()
    }

    #[test]
    fn one_is_tried_before_all_are_granted() {
        let policy = Policy::new();
        assert_eq!((policy.grant(0), policy.grant(1), policy.grant(16)), (0, 1, 1));
        policy.note(CHEAP_NS);
        assert_eq!((policy.grant(0), policy.grant(1), policy.grant(16)), (0, 1, 16));
        policy.note(CHEAP_NS);
        assert_eq!(policy.grant(3), 3);
    }

    #[test]
    fn dear_ones_are_followed_by_pauses_that_double_to_a_bound() {
        let policy = Policy::new();
        policy.note(CHEAP_NS);
        let mut pause = HUGE_PAGE_PAUSES.0;
        for _ in 0..10 {
            policy.note(DEAR_NS);
            assert_eq!(passed_over(&policy), pause);
            // One was tried, and nothing is known of it yet.
            assert_eq!(policy.grant(16), 1);
            pause = (pause * 2).min(HUGE_PAGE_PAUSES.1);
        }
        assert_eq!(pause, HUGE_PAGE_PAUSES.1);
    }

    #[test]
    fn cheap_ones_make_the_next_pause_shorter() {
        let policy = Policy::new();
        for _ in 0..4 {
            policy.note(DEAR_NS);
        }
        assert_eq!(passed_over(&policy), HUGE_PAGE_PAUSES.0 * 8);
        policy.note(CHEAP_NS);
        assert_eq!(policy.grant(16), 16);
        policy.note(DEAR_NS);
        assert_eq!(passed_over(&policy), HUGE_PAGE_PAUSES.0 * 8);
        for _ in 0..20 {
            policy.note(CHEAP_NS);
        }
        policy.note(DEAR_NS);
        assert_eq!(passed_over(&policy), HUGE_PAGE_PAUSES.0);
    }

    #[test]
    fn a_pause_counts_pages_whether_granted_or_mapped() {
        let policy = Policy::new();
        policy.note(DEAR_NS);
        assert!(policy.pass(HUGE_PAGE_PAUSES.0 - 1));
        // The last of the pause takes the rest of its request along.
        assert_eq!(policy.grant(100), 0);
        assert!(!policy.pass(1));
        assert_eq!(policy.grant(100), 1);
    }
}
