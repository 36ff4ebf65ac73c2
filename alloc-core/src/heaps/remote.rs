//! Blocks freed by a thread that does not own them, on their way home.
//!
//! The freeing thread groups its foreign blocks by owner and sends each owner
//! one list with one exchange. A list element is a *run*: up to 64 blocks of one
//! word of a pool's free map. It lives in the first of these blocks, which the
//! freeing thread owns until it is sent: 16 bytes, a link and the run's mask, so
//! it fits the smallest block; a longer one encloses other runs (`enclosed`). The
//! last access of a sender to any block's arena is therefore the exchange on the
//! owner's queue, which lives forever: an arena can be unmapped as soon as its
//! owner has all its blocks.
//!
//! A heap whose thread has ended is *unclaimed*: nobody would empty its queue.
//! So who sends to it claims it, tidies it and releases it. The race between the
//! sender's look at the claim and the owner's last look at the queue is closed
//! by a fence on both sides: at least one of them sees what the other wrote.

use core::ptr::NonNull;

use crate::free_run::FreeRun;
use crate::sync::{AtomicBool, AtomicPtr, Ordering, fence};

/// What a sender has to do after sending.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Nothing: the heap's owner will collect.
    ToOwner,
    /// The heap has no owner: claim it and collect.
    ToNobody,
}

/// What a releaser has to do after releasing.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Released {
    /// Nothing.
    Empty,
    /// Runs came in between: claim again and collect, if nobody else does.
    MoreArrived,
}

/// The queue of runs for one heap, and the claim to empty it.
pub(crate) struct RemoteQueue {
    head: AtomicPtr<FreeRun>,
    claimed: AtomicBool,
}

impl RemoteQueue {
    /// A queue from its parts: `head` null and `claimed` true, the maker's claim.
    /// (Parts, because making an atomic is `const` here but not under loom.)
    pub(crate) const fn new(head: AtomicPtr<FreeRun>, claimed: AtomicBool) -> Self {
        Self { head, claimed }
    }

    /// Whether nothing waits. A hint: it may change at once.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.head.load(Ordering::Relaxed).is_null()
    }

    /// Whether somebody has the claim. A hint: it may change at once.
    pub(crate) fn is_claimed(&self) -> bool {
        self.claimed.load(Ordering::Relaxed)
    }

    /// Appends the list from `first` to `last`, whose blocks are `last_mask`.
    ///
    /// # Safety
    /// - The runs are valid, linked from `first` to `last`, and the caller's;
    ///   they are the queue's from now on.
    pub(crate) unsafe fn send(
        &self,
        first: NonNull<FreeRun>,
        last: NonNull<FreeRun>,
        last_mask: u64,
    ) -> Sent {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // SAFETY: `last` is still the caller's.
            unsafe { last.write(FreeRun::new(last, head, last_mask)) };
            // Release: the collector sees the runs (pairs with `take_all`). The
            // head may have been taken and be back: that is fine, it is only
            // linked to, never read through.
            match self.head.compare_exchange_weak(
                head,
                first.as_ptr(),
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(now) => head = now,
            }
        }
        // Pairs with the fence in `release`.
        fence(Ordering::SeqCst);
        if self.claimed.load(Ordering::Relaxed) { Sent::ToOwner } else { Sent::ToNobody }
    }

    /// Everything sent so far, or null. Only the claim's holder may call this.
    pub(crate) fn take_all(&self) -> *mut FreeRun {
        // Acquire: pairs with the release in `send`, whose later exchanges carry
        // the earlier ones' writes along.
        self.head.swap(core::ptr::null_mut(), Ordering::Acquire)
    }

    /// Takes the claim if nobody holds it.
    #[must_use]
    pub(crate) fn try_claim(&self) -> bool {
        // Acquire: sees the heap as its last holder left it (pairs with `release`).
        // An exchange that fails writes nothing, so losing never hides a release.
        self.claimed.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Gives the claim back.
    pub(crate) fn release(&self) -> Released {
        self.claimed.store(false, Ordering::Release);
        // Pairs with the fence in `send`.
        fence(Ordering::SeqCst);
        if self.is_empty() { Released::Empty } else { Released::MoreArrived }
    }
}
