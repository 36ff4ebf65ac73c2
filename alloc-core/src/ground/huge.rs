//! Whether huge pages are worth asking for: as the last ones cost.
//!
//! A huge page saves 511 page faults and many misses of the processor's address cache, if
//! the system has one at hand. If not, the first touch of it can take as long as ten
//! thousand such misses: where the system must gather it from small ones, or where, on a
//! virtual machine that reports its free pages, the host must find the memory first (Linux,
//! `Documentation/mm/free_page_reporting.rst`). So the first touch of what was asked for is
//! timed, on the thread's own clock. While it is cheap, all is asked for; when it is dear,
//! the rest is forgone and the next huge pages are passed over, more of them each time, and
//! then one is tried again. (The system hands out what it has at hand first: after a dear
//! one come others, until somebody frees memory.) What the process itself gives back
//! meanwhile is at hand, so as many are asked for all the same.
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

/// So many huge pages went back to the system, which has them at hand for a while.
pub(crate) fn give_back(pages: usize) {
    POLICY.give_back(pages);
}

/// What a huge page's first touch was, beside what small ones cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    Cheap,
    Dear,
}

/// Touches a huge page of those that were granted, and notes what it cost.
///
/// # Safety
/// The byte at `place` is the caller's and reads zero.
pub(crate) unsafe fn touch(place: NonNull<u8>) -> Cost {
    let before = os::thread_nanoseconds();
    // SAFETY: the caller's contract; its value stays what it was.
    unsafe { place.write_volatile(0) };
    POLICY.note(os::thread_nanoseconds().wrapping_sub(before))
}

/// What the last huge pages have taught.
struct Policy {
    /// Whether the last one was cheap.
    is_proven: AtomicBool,
    /// How many are still to be passed over.
    to_pass: AtomicUsize,
    /// How many will be after the next dear one.
    pause: AtomicUsize,
    /// How many were given back since the last dear one, and not asked for again.
    at_hand: AtomicUsize,
}

impl Policy {
    const fn new() -> Self {
        Self {
            is_proven: AtomicBool::new(false),
            to_pass: AtomicUsize::new(0),
            pause: AtomicUsize::new(HUGE_PAGE_PAUSES.0),
            at_hand: AtomicUsize::new(0),
        }
    }

    fn grant(&self, pages: usize) -> usize {
        let given_back = self.at_hand.load(Relaxed);
        let at_hand = pages.min(given_back);
        if at_hand > 0 {
            self.at_hand.store(given_back - at_hand, Relaxed);
        }
        let others = pages - at_hand;
        if self.pass(others) {
            at_hand
        } else if self.is_proven.load(Relaxed) {
            pages
        } else {
            at_hand + others.min(1)
        }
    }

    fn give_back(&self, pages: usize) {
        if pages > 0 {
            self.at_hand.fetch_add(pages, Relaxed);
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
    fn note(&self, nanoseconds: usize) -> Cost {
        let is_cheap = nanoseconds <= HUGE_PAGE_DEAR_NS;
        let pause = self.pause.load(Relaxed);
        self.is_proven.store(is_cheap, Relaxed);
        if is_cheap {
            self.pause.store((pause / 2).max(HUGE_PAGE_PAUSES.0), Relaxed);
            Cost::Cheap
        } else {
            self.to_pass.store(pause, Relaxed);
            self.at_hand.store(0, Relaxed);
            self.pause.store((pause * 2).min(HUGE_PAGE_PAUSES.1), Relaxed);
            Cost::Dear
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
        assert_eq!(policy.note(CHEAP_NS), Cost::Cheap);
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
            assert_eq!(policy.note(DEAR_NS), Cost::Dear);
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
        for _ in 0..2 {
            policy.note(DEAR_NS);
        }
        assert_eq!(passed_over(&policy), HUGE_PAGE_PAUSES.0 * 2);
        policy.note(CHEAP_NS);
        assert_eq!(policy.grant(16), 16);
        policy.note(DEAR_NS);
        assert_eq!(passed_over(&policy), HUGE_PAGE_PAUSES.0 * 2);
        for _ in 0..20 {
            policy.note(CHEAP_NS);
        }
        policy.note(DEAR_NS);
        assert_eq!(passed_over(&policy), HUGE_PAGE_PAUSES.0);
    }

    #[test]
    fn what_was_given_back_is_asked_for_again_in_a_pause() {
        let policy = Policy::new();
        policy.note(DEAR_NS);
        policy.give_back(3);
        assert_eq!((policy.grant(2), policy.grant(2), policy.grant(2)), (2, 1, 0));
        // It does not make the pause longer or shorter.
        assert_eq!(passed_over(&policy), HUGE_PAGE_PAUSES.0 - 3);
    }

    #[test]
    fn what_was_given_back_is_forgotten_if_one_is_dear_again() {
        let policy = Policy::new();
        policy.note(DEAR_NS);
        policy.give_back(3);
        assert_eq!(policy.grant(1), 1);
        policy.note(DEAR_NS);
        assert_eq!(policy.grant(1), 0);
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
