//! Zeroes over memory of which a part may never have been touched.

use core::ptr::NonNull;

#[cfg(target_os = "linux")]
use super::give_back::{discard, whole_pages};

/// Makes a range read zero: resident pages by writing zeroes, the others by giving them
/// back, for one may wait in the system's swap.
///
/// # Safety
/// The range is mapped by this module and writable, and nothing refers to its bytes.
#[cfg(target_os = "linux")]
pub(crate) unsafe fn clear(start: NonNull<u8>, bytes: usize) {
    let page_bytes = super::page_bytes();
    let (head, whole) = whole_pages(start.addr().get(), bytes, page_bytes);
    let head = head.min(bytes);
    // SAFETY: the caller's contract: the part before the first whole page.
    unsafe { start.write_bytes(0, head) };
    let mut offset = head;
    while offset < head + whole {
        let mut pages = [0_u8; 256];
        let count = ((head + whole - offset) / page_bytes).min(pages.len());
        // SAFETY: inside the range.
        let first = unsafe { start.add(offset) };
        let vec = pages.as_mut_ptr();
        // SAFETY: whole pages, and a byte for each.
        let known =
            unsafe { libc::mincore(first.as_ptr().cast(), count * page_bytes, vec.cast()) } == 0;
        for run in pages[..count].chunk_by(|one, next| one & 1 == next & 1) {
            let (is_resident, length) = (run[0] & 1 != 0 || !known, run.len() * page_bytes);
            // SAFETY: inside the range.
            let place = unsafe { start.add(offset) };
            // SAFETY: as above, whole pages.
            if is_resident || !unsafe { discard(place, length) } {
                // SAFETY: as above; nobody needs these bytes.
                unsafe { place.write_bytes(0, length) };
            }
            offset += length;
        }
    }
    // SAFETY: inside the range.
    let rest = unsafe { start.add(offset) };
    // SAFETY: the part behind the last whole page.
    unsafe { rest.write_bytes(0, bytes - offset) };
}

/// Elsewhere all of it is written.
///
/// # Safety
/// As on Linux.
#[cfg(not(target_os = "linux"))]
pub(crate) unsafe fn clear(start: NonNull<u8>, bytes: usize) {
    // SAFETY: the caller's contract.
    unsafe { start.write_bytes(0, bytes) };
}
