//! How much freed memory stays resident for reuse: the one policy for all tiers.
//!
//! Kept may be: some megabytes in any case; a part of what is in use; and what the program
//! has shown to want again; each as the settings say (`knobs`). Memory that was given back
//! and is asked for again within a second was given back in vain, so from then on four
//! times as much more is kept, up to a bound. So a large program that frees what it has and
//! falls idle gives its memory back at once, with no thread or timer to do it later, one
//! that frees and allocates the same again and again pays for it once, and a small one not
//! at all. (glibc's `M_TRIM_THRESHOLD` learns in the same spirit from mappings that are
//! freed.)
//!
//! Who frees memory adds it here, and purges while there is an [`excess`]. The
//! figures are sums over all threads, relaxed: they steer, nothing relies on them.
//! Exact they are too, but for the dirty pages of heaps, which come by the batch, so
//! that the one in use may fall below zero for a while.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::config::{LEARNED_PER_BYTE, TOLERANCE_DIVISOR};
use crate::{knobs, os};

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static KEPT: AtomicUsize = AtomicUsize::new(0);
/// What is kept beyond the rest because it was wanted again.
static LEARNED: AtomicUsize = AtomicUsize::new(0);
/// What was given back, and when last.
static GIVEN_BACK: AtomicUsize = AtomicUsize::new(0);
static GIVEN_BACK_MS: AtomicUsize = AtomicUsize::new(0);

/// Longer ago than this many milliseconds, memory was given back for good.
const SOON_MS: usize = 1000;

/// Kept memory comes into use again.
pub(crate) fn reuse(bytes: usize) {
    IN_USE.fetch_add(bytes, Relaxed);
    let kept = KEPT.fetch_sub(bytes, Relaxed);
    debug_assert!(kept >= bytes, "more comes into use than is kept");
}

/// Memory comes into use that was not resident.
pub(crate) fn touch(bytes: usize) {
    IN_USE.fetch_add(bytes, Relaxed);
    note_fresh(bytes);
}

/// Free memory became resident beside what came into use: the rest of a huge page, which is
/// what is taken next. It was asked for as much as the part that came into use.
pub(crate) fn add(bytes: usize) {
    KEPT.fetch_add(bytes, Relaxed);
    note_fresh(bytes);
}

/// Memory is freed: so much of what was in use, so much to keep. (The two differ
/// where a part of it was not resident.)
pub(crate) fn free(in_use: usize, kept: usize) {
    IN_USE.fetch_sub(in_use, Relaxed);
    KEPT.fetch_add(kept, Relaxed);
}

/// Memory is freed and goes back to the system at once.
pub(crate) fn give_back_used(bytes: usize) {
    IN_USE.fetch_sub(bytes, Relaxed);
    note_given_back(bytes);
}

/// Kept memory goes back to the system.
pub(crate) fn give_back(bytes: usize) {
    let kept = KEPT.fetch_sub(bytes, Relaxed);
    debug_assert!(kept >= bytes, "more goes back than is kept");
    note_given_back(bytes);
}

/// Bytes in use: blocks' spans, mappings, and what of the arenas is resident and
/// not known to be kept.
pub(crate) fn in_use() -> usize {
    usize::try_from(IN_USE.load(Relaxed).cast_signed()).unwrap_or(0)
}

/// Bytes that are kept, free and resident.
pub(crate) fn kept() -> usize {
    KEPT.load(Relaxed)
}

/// Bytes that may be kept.
pub(crate) fn allowance() -> usize {
    knobs::keep_bytes() + LEARNED.load(Relaxed) + in_use() / 100 * knobs::keep_percent()
}

/// Bytes that are kept beyond the allowance.
pub(crate) fn excess() -> usize {
    kept().saturating_sub(allowance())
}

/// Bytes of excess that are not worth a purge of pages here and there.
pub(crate) fn tolerance() -> usize {
    knobs::keep_bytes() / TOLERANCE_DIVISOR
}

fn note_given_back(bytes: usize) {
    GIVEN_BACK.fetch_add(bytes, Relaxed);
    GIVEN_BACK_MS.store(os::milliseconds(), Relaxed);
}

/// Memory is resident that was not.
fn note_fresh(bytes: usize) {
    if GIVEN_BACK.load(Relaxed) > 0 {
        learn(bytes);
    }
}

#[cold]
fn learn(fresh: usize) {
    let given_back = GIVEN_BACK.load(Relaxed);
    if os::milliseconds().wrapping_sub(GIVEN_BACK_MS.load(Relaxed)) > SOON_MS {
        GIVEN_BACK.store(0, Relaxed);
        return;
    }
    let in_vain = fresh.min(given_back);
    GIVEN_BACK.store(given_back - in_vain, Relaxed);
    let learned = LEARNED.load(Relaxed) + in_vain * LEARNED_PER_BYTE;
    LEARNED.store(learned.min(knobs::keep_max_bytes()), Relaxed);
}
