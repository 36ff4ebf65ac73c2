//! Giving memory back to the system, which may refuse.
//!
//! It refuses to unmap a part of a mapping when the process has too many mappings
//! (Linux, `vm.max_map_count`), and to take pages that the program has locked. The
//! latter only read zero then. What cannot be unmapped is a *leftover*: it keeps its
//! addresses and one page, until [`unmap_leftovers`] has more luck.
//!
//! Leftovers are a list that many push to and whoever retries takes whole, so no
//! lock is needed, and a fork's child at worst leaves some where they are.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::page_bytes;

/// A range that the system did not unmap; written to its start.
struct Leftover {
    next: *mut Leftover,
    bytes: usize,
}

static LEFTOVERS: AtomicPtr<Leftover> = AtomicPtr::new(core::ptr::null_mut());

/// Gives `bytes` from `start` back to the system; zero bytes is no call.
///
/// # Safety
/// - The range is page-aligned at both ends and mapped by this module.
/// - Nothing refers to it any more.
pub(crate) unsafe fn unmap(start: NonNull<u8>, bytes: usize) {
    // SAFETY: the caller's contract.
    if bytes > 0 && !unsafe { try_unmap(start, bytes) } {
        // Its memory at least; what of that is refused stays too.
        // SAFETY: it is mapped still, and nobody's.
        unsafe { discard(start, bytes) };
        // SAFETY: as above.
        unsafe { keep(start.cast(), bytes) };
    }
}

/// # Safety
/// As for [`unmap`]. `false`: nothing changed.
unsafe fn try_unmap(start: NonNull<u8>, bytes: usize) -> bool {
    // SAFETY: the caller's contract.
    unsafe { libc::munmap(start.as_ptr().cast(), bytes) == 0 }
}

/// Makes a range a leftover.
///
/// # Safety
/// The range is mapped, not empty, page-aligned at both ends, and nobody's.
#[cold]
unsafe fn keep(leftover: NonNull<Leftover>, bytes: usize) {
    let new = leftover.as_ptr();
    let mut next = LEFTOVERS.load(Ordering::Relaxed);
    loop {
        // SAFETY: at least a page, aligned to it, and nobody's.
        unsafe { leftover.write(Leftover { next, bytes }) };
        // Release: publishes what was just written (pairs with `unmap_leftovers`).
        match LEFTOVERS.compare_exchange_weak(next, new, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => next = now,
        }
    }
}

/// Tries once more to unmap what the system refused to, up to where it refuses again;
/// the next time begins elsewhere.
pub(crate) fn unmap_leftovers() {
    if LEFTOVERS.load(Ordering::Relaxed).is_null() {
        return;
    }
    // Acquire: sees what `keep` wrote.
    let mut next = LEFTOVERS.swap(core::ptr::null_mut(), Ordering::Acquire);
    let mut is_willing = true;
    while let Some(leftover) = NonNull::new(next) {
        // SAFETY: the list was taken whole: what is on it is valid and the caller's.
        let Leftover { next: after, bytes } = unsafe { leftover.read() };
        next = after;
        // SAFETY: a range that nobody has, which `keep` was told of.
        is_willing = is_willing && unsafe { try_unmap(leftover.cast(), bytes) };
        if !is_willing {
            // SAFETY: as above; it is mapped still.
            unsafe { keep(leftover, bytes) };
        }
    }
}

/// Gives the memory of a range back, keeping its addresses: the bytes read zero
/// when touched again, or as before where the range ends within an OS page.
///
/// # Safety
/// - The range is mapped by this module.
/// - Nothing refers to its bytes.
pub(crate) unsafe fn purge(start: NonNull<u8>, bytes: usize) {
    let (head, whole) = whole_pages(start.addr().get(), bytes, page_bytes());
    if whole > 0 {
        // SAFETY: head < bytes: inside the range.
        let start = unsafe { start.add(head) };
        // SAFETY: whole pages of the caller's range.
        if !unsafe { discard(start, whole) } {
            // SAFETY: as above.
            unsafe { super::clear_resident(start, whole) };
        }
    }
}

/// The whole pages in a range: how many bytes before them, and how many in them. The
/// system would round the range's end up, to bytes that are somebody else's.
pub(super) fn whole_pages(start: usize, bytes: usize, page_bytes: usize) -> (usize, usize) {
    let head = start.next_multiple_of(page_bytes) - start;
    (head, bytes.saturating_sub(head) / page_bytes * page_bytes)
}

/// Has whole pages taken and read zero; `false`: some may be as they were.
/// `MADV_DONTNEED`, not `MADV_FREE`: lazily freed pages still count as RSS.
#[cfg(target_os = "linux")]
pub(super) unsafe fn discard(start: NonNull<u8>, bytes: usize) -> bool {
    // SAFETY: the caller's contract; anonymous memory reads zero afterwards.
    unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_DONTNEED) == 0 }
}

/// Elsewhere only a fresh mapping over the range gives it back for sure.
#[cfg(not(target_os = "linux"))]
pub(super) unsafe fn discard(start: NonNull<u8>, bytes: usize) -> bool {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_FIXED;
    // SAFETY: replaces a range that the caller owns by fresh zero pages.
    let fresh = unsafe { libc::mmap(start.as_ptr().cast(), bytes, protection, flags, -1, 0) };
    fresh != libc::MAP_FAILED
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of 16 and 64 KiB exist; pools of 4 KiB and granules of 16 KiB then share
    /// them with others, whose bytes must stay.
    #[test]
    fn only_whole_pages_of_a_range_are_given_back() {
        for page in [4 << 10, 16 << 10, 64 << 10] {
            for start in (0..256 << 10).step_by(4 << 10) {
                for bytes in (0..256 << 10).step_by(4 << 10) {
                    let (head, whole) = whole_pages(start, bytes, page);
                    let is_inside = |first: &usize| first + page <= start + bytes;
                    let first = (0..).step_by(page).find(|first| *first >= start).unwrap();
                    let pages = (first..).step_by(page).take_while(is_inside).count();
                    assert_eq!(whole, pages * page, "{start} {bytes} {page}");
                    assert!(whole == 0 || start + head == first);
                }
            }
        }
    }
}
