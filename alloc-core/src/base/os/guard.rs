//! Pages that nobody may touch: whoever does dies of SIGSEGV.
//!
//! Linux has two ways. Since 6.13 `madvise` marks pages in the page table
//! (`MADV_GUARD_INSTALL`), which leaves the mapping whole. Before, `mprotect` cuts the
//! mapping in two, and a process has a limit of such parts (`vm.max_map_count`, 65,530
//! by default): so only so many guards are installed, lest the program's own mappings
//! fail. A guard is a second line of defence: that there is none is no error.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::give_back::whole_pages;
use super::{map, page_bytes, round_to_pages, unmap};
use crate::config::HARDENED;

/// Guards by `mprotect` at most: each cuts a mapping into up to three.
const PROTECTED_MAX: usize = 8192;

/// Guards by `mprotect`.
static PROTECTED: AtomicUsize = AtomicUsize::new(0);

/// How a guard was installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Not at all.
    None,
    /// In the page table.
    Marked,
    /// As a mapping's part.
    Protected,
}

impl Guard {
    /// The one that `as u8` made this number of.
    pub(crate) fn from_byte(byte: u8) -> Self {
        [Self::Marked, Self::Protected]
            .into_iter()
            .find(|&guard| guard as u8 == byte)
            .unwrap_or(Self::None)
    }
}

/// Makes the whole pages of a range untouchable; what they held is lost.
///
/// # Safety
/// The range is mapped by this module, and nothing refers to its bytes.
pub(crate) unsafe fn install(start: NonNull<u8>, bytes: usize) -> Guard {
    let (head, whole) = whole_pages(start.addr().get(), bytes, page_bytes());
    if whole == 0 {
        return Guard::None;
    }
    // SAFETY: head < bytes: inside the range.
    let start = unsafe { start.add(head) };
    // SAFETY: whole pages of the caller's range.
    if unsafe { mark(start, whole) } {
        return Guard::Marked;
    }
    // SAFETY: as above.
    unsafe { protect(start, whole) }
}

/// Takes a guard of [`install`] away, from the same range: its pages read zero.
///
/// # Safety
/// As for [`install`].
pub(crate) unsafe fn remove(start: NonNull<u8>, bytes: usize, guard: Guard) {
    let (head, whole) = whole_pages(start.addr().get(), bytes, page_bytes());
    // SAFETY: the guard was not installed unless head < bytes.
    let start = unsafe { start.add(head.min(bytes)) };
    match guard {
        Guard::None => {}
        // SAFETY: whole pages of the caller's range.
        Guard::Marked => unsafe { unmark(start, whole) },
        // SAFETY: as above.
        Guard::Protected => unsafe { unprotect(start, whole) },
    }
}

/// A new mapping for the allocator's own books, as [`map`] makes it; in hardened mode
/// with a guard on either side.
pub(crate) fn map_books(bytes: usize) -> Option<NonNull<u8>> {
    let bytes = round_to_pages(bytes)?;
    let start = map(bytes.checked_add(2 * margin_bytes())?)?;
    if !HARDENED {
        return Some(start);
    }
    // SAFETY: the mapping has a page more on either side.
    let inner = unsafe { start.add(margin_bytes()) };
    // SAFETY: as above: its last page.
    let behind = unsafe { inner.add(bytes) };
    for page in [start, behind] {
        // SAFETY: just mapped, and nobody's.
        unsafe { install(page, margin_bytes()) };
    }
    Some(inner)
}

/// Gives a mapping of [`map_books`] back to the system.
///
/// # Safety
/// It is one, of so many bytes, and nothing refers to it any more.
pub(crate) unsafe fn unmap_books(inner: NonNull<u8>, bytes: usize) {
    let Some(bytes) = round_to_pages(bytes) else { return };
    // SAFETY: a margin lies in front, of the same mapping.
    let start = unsafe { inner.sub(margin_bytes()) };
    if HARDENED {
        // Whichever it was: what cannot be unmapped is written to.
        for guard in [Guard::Marked, Guard::Protected] {
            // SAFETY: the caller's contract.
            unsafe { remove(start, margin_bytes(), guard) };
        }
    }
    // SAFETY: the caller's contract: the whole mapping.
    unsafe { unmap(start, bytes + 2 * margin_bytes()) };
}

/// Bytes of a guard beside books.
fn margin_bytes() -> usize {
    if HARDENED { page_bytes() } else { 0 }
}

#[cfg(target_os = "linux")]
unsafe fn mark(start: NonNull<u8>, bytes: usize) -> bool {
    /// `include/uapi/asm-generic/mman-common.h`, Linux 6.13.
    const MADV_GUARD_INSTALL: core::ffi::c_int = 102;
    // SAFETY: the caller's contract. A system that does not know this advice refuses it.
    unsafe { libc::madvise(start.as_ptr().cast(), bytes, MADV_GUARD_INSTALL) == 0 }
}

#[cfg(target_os = "linux")]
unsafe fn unmark(start: NonNull<u8>, bytes: usize) {
    /// See [`mark`].
    const MADV_GUARD_REMOVE: core::ffi::c_int = 103;
    // SAFETY: the caller's contract; marked before, so the system knows the advice.
    unsafe { libc::madvise(start.as_ptr().cast(), bytes, MADV_GUARD_REMOVE) };
}

#[cfg(not(target_os = "linux"))]
unsafe fn mark(_start: NonNull<u8>, _bytes: usize) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
unsafe fn unmark(_start: NonNull<u8>, _bytes: usize) {}

/// As [`install`], of whole pages, by `mprotect`.
unsafe fn protect(start: NonNull<u8>, bytes: usize) -> Guard {
    if PROTECTED.fetch_add(1, Ordering::Relaxed) < PROTECTED_MAX {
        // SAFETY: the caller's contract: nobody needs the range's bytes.
        unsafe { super::purge(start, bytes) };
        // SAFETY: as above.
        if unsafe { libc::mprotect(start.as_ptr().cast(), bytes, libc::PROT_NONE) } == 0 {
            return Guard::Protected;
        }
    }
    PROTECTED.fetch_sub(1, Ordering::Relaxed);
    Guard::None
}

unsafe fn unprotect(start: NonNull<u8>, bytes: usize) {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: the caller's contract. The range is joined with its neighbours again,
    // which takes nothing that the system could lack.
    unsafe { libc::mprotect(start.as_ptr().cast(), bytes, access) };
    // Not below zero, should there have been none.
    let _ = PROTECTED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a process that writes there dies of SIGSEGV.
    fn faults(place: NonNull<u8>) -> bool {
        // SAFETY: the child writes one byte, and ends.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: none, if it is a guard: that is the question.
            unsafe { place.write_volatile(1) };
            // SAFETY: no preconditions.
            unsafe { libc::_exit(0) };
        }
        let mut status = 0;
        // SAFETY: a place for the status of a child of this process.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGSEGV
    }

    #[test]
    fn a_guard_keeps_everybody_out_until_it_is_removed() {
        let page = page_bytes();
        let start = map(3 * page).unwrap();
        // SAFETY: inside the mapping.
        let guarded = unsafe { start.add(page) };
        // SAFETY: as above.
        let behind = unsafe { guarded.add(page) };
        // As the system has it, and as systems have it that know no marks.
        for install in [install, protect] {
            // SAFETY: mapped above.
            unsafe { start.write_bytes(7, 3 * page) };
            // SAFETY: a page that nobody refers to.
            let guard = unsafe { install(guarded, page) };
            assert_ne!(guard, Guard::None);
            assert_eq!(Guard::from_byte(guard as u8), guard);
            assert!(faults(guarded) && !faults(start) && !faults(behind));
            // SAFETY: as it was installed.
            unsafe { remove(guarded, page, guard) };
            assert!(!faults(guarded));
            // SAFETY: the mapping can be read again.
            let bytes = [start, guarded, behind].map(|place| unsafe { place.read() });
            assert_eq!(bytes, [7, 0, 7]);
        }
        // Only so many parts of mappings: then there is no guard, and no harm.
        PROTECTED.fetch_add(PROTECTED_MAX, Ordering::Relaxed);
        // SAFETY: a page that nobody refers to.
        assert_eq!(unsafe { protect(guarded, page) }, Guard::None);
        PROTECTED.fetch_sub(PROTECTED_MAX, Ordering::Relaxed);
        assert!(!faults(guarded));
        // SAFETY: as it was mapped.
        unsafe { unmap(start, 3 * page) };
    }

    #[test]
    fn less_than_a_page_has_no_guard() {
        let start = map(page_bytes()).unwrap();
        // SAFETY: mapped, and nobody's.
        let guard = unsafe { install(start, page_bytes() / 2) };
        assert_eq!(guard, Guard::None);
        // SAFETY: as it was mapped.
        unsafe { unmap(start, page_bytes()) };
    }
}
