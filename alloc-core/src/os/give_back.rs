//! Giving memory back to the system, which may refuse.
//!
//! It refuses to unmap a part of a mapping when the process has too many mappings
//! (Linux, `vm.max_map_count`), and to take pages that the program has locked.

use core::ptr::NonNull;

use super::page_bytes;

/// Gives `bytes` from `start` back to the system; zero bytes is no call.
///
/// # Safety
/// - The range is page-aligned at both ends and mapped by this module.
/// - Nothing refers to it any more.
pub(crate) unsafe fn unmap(start: NonNull<u8>, bytes: usize) {
    if bytes > 0 {
        // SAFETY: the caller's contract. A failure (only ENOMEM, when splitting
        // a mapping exceeds the system's count) leaves the range mapped: a leak
        // of address space, not an error.
        unsafe { libc::munmap(start.as_ptr().cast(), bytes) };
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
            // Pages that are locked (mlock) stay: then they only read zero.
            // SAFETY: as above.
            unsafe { start.write_bytes(0, whole) };
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
