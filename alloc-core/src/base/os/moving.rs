//! Moving the pages of a range elsewhere, where copying them would cost more.
//!
//! Linux unmaps what is at the target first. Newer kernels look before whether they
//! can move at all; older ones then find a source that is several mappings to them
//! (one with huge pages in a part is), refuse, and leave a hole where the target was.
//! Another thread's mapping may be in it at once, so there is no way back: on those
//! kernels nothing is moved, and the caller copies.

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{move_pages, move_pages_leaving_addresses};
#[cfg(target_os = "linux")]
pub(crate) use linux::{move_pages, move_pages_leaving_addresses};

#[cfg(target_os = "linux")]
mod linux {
    use core::ffi::{c_int, c_void};
    use core::mem::MaybeUninit;
    use core::ptr::NonNull;
    use core::sync::atomic::{AtomicU8, Ordering};

    use crate::os::{abort_with, page_bytes};

    /// The first kernel whose refusals were seen to leave the target as it was. (They
    /// do since "mm/mremap: check remap conditions earlier", of 2025.)
    const LOOKS_FIRST: (u32, u32) = (6, 18);

    /// Moves the pages of a mapping over another one, without copying; the old range
    /// is unmapped. `false`: the source is as it was, the target mapped and unused.
    ///
    /// # Safety
    /// - `source` and `source_bytes` are a whole range mapped by `os`, so are `target`
    ///   and `target_bytes`, at least as long; they are apart.
    /// - Nothing refers to the target's bytes, which read zero.
    pub(crate) unsafe fn move_pages(
        source: NonNull<u8>,
        source_bytes: usize,
        target: NonNull<u8>,
        target_bytes: usize,
    ) -> bool {
        // SAFETY: the caller's contract.
        unsafe { move_over(source, source_bytes, target, target_bytes, 0) }
    }

    /// As [`move_pages`], between ranges of the same length; both stay mapped, and the
    /// source reads zero or as before.
    ///
    /// # Safety
    /// - Both ranges are page-aligned, `bytes` long, mapped by `os`, and apart.
    /// - Nothing refers to the bytes of either but the caller; the target's read zero.
    pub(crate) unsafe fn move_pages_leaving_addresses(
        source: NonNull<u8>,
        target: NonNull<u8>,
        bytes: usize,
    ) -> bool {
        // A system without this flag (before Linux 5.7) says no.
        // SAFETY: the caller's contract.
        unsafe { move_over(source, bytes, target, bytes, libc::MREMAP_DONTUNMAP) }
    }

    /// # Safety
    /// As for [`move_pages`], or with `MREMAP_DONTUNMAP` for the other.
    unsafe fn move_over(
        source: NonNull<u8>,
        source_bytes: usize,
        target: NonNull<u8>,
        target_bytes: usize,
        flags: c_int,
    ) -> bool {
        if !looks_first() {
            return false;
        }
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED | flags;
        let (from, to) = (source.as_ptr().cast(), target.as_ptr().cast::<c_void>());
        // SAFETY: the caller's contract; MREMAP_FIXED replaces the target.
        let moved = unsafe { libc::mremap(from, source_bytes, target_bytes, flags, to) };
        if moved != libc::MAP_FAILED {
            return true;
        }
        // Out of memory for its own tables, or of addresses, since the limit is lower
        // than what the process has: then even a new kernel leaves a hole.
        if !is_mapped(target) && !map_at(target, target_bytes) {
            abort_with(&["alloc-core: the system lost memory that it was to move pages to"]);
        }
        false
    }

    /// Whether the page at `start` is mapped.
    fn is_mapped(start: NonNull<u8>) -> bool {
        let mut residency = 0;
        // SAFETY: reads no byte of the page; one page has one byte of answer.
        unsafe { libc::mincore(start.as_ptr().cast(), page_bytes(), &raw mut residency) == 0 }
    }

    /// Maps `bytes` of zeroes where nothing is mapped; `false`: something is by now, or
    /// the system has no memory.
    fn map_at(start: NonNull<u8>, bytes: usize) -> bool {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
        let place = start.as_ptr().cast::<c_void>();
        // SAFETY: replaces no mapping.
        unsafe { libc::mmap(place, bytes, protection, flags, -1, 0) == place }
    }

    /// Whether the kernel leaves the target of a move alone that it refuses.
    fn looks_first() -> bool {
        const UNKNOWN: u8 = 2;
        static ANSWER: AtomicU8 = AtomicU8::new(UNKNOWN);
        match ANSWER.load(Ordering::Relaxed) {
            UNKNOWN => {
                let answer = kernel_version() >= LOOKS_FIRST;
                ANSWER.store(u8::from(answer), Ordering::Relaxed);
                answer
            }
            answer => answer == 1,
        }
    }

    fn kernel_version() -> (u32, u32) {
        let mut names = MaybeUninit::<libc::utsname>::zeroed();
        // SAFETY: a valid place.
        unsafe { libc::uname(names.as_mut_ptr()) };
        // SAFETY: all zeroes is a value, or the call wrote one.
        let names = unsafe { names.assume_init() };
        version(names.release.iter().map(|byte| byte.to_ne_bytes()[0]))
    }

    /// The first two numbers of a kernel's release, `6.18.44-fc` for one.
    fn version(release: impl Iterator<Item = u8>) -> (u32, u32) {
        let (mut numbers, mut dots) = ([0_u32; 2], 0);
        for byte in release {
            match byte {
                b'.' if dots == 0 => dots = 1,
                b'0'..=b'9' => {
                    let number = &mut numbers[dots];
                    *number = number.saturating_mul(10).saturating_add(u32::from(byte - b'0'));
                }
                _ => break,
            }
        }
        numbers.into()
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::os::{map, unmap};

        #[test]
        fn versions_are_the_first_two_numbers() {
            let parsed = |release: &str| version(release.bytes());
            assert_eq!(parsed("6.18.44-fc-v657"), (6, 18));
            assert_eq!(parsed("5.4"), (5, 4));
            assert_eq!(parsed("10.0-rc1"), (10, 0));
            assert_eq!(parsed("7"), (7, 0));
            assert_eq!(parsed(""), (0, 0));
            assert!(kernel_version() > (2, 0));
        }

        /// A source of which a part is another mapping to the kernel cannot be moved to
        /// a longer target. Whatever the kernel, that one can be written to afterwards.
        #[test]
        fn a_move_that_is_refused_leaves_the_target() {
            let page = page_bytes();
            let (source, target) = (map(2 * page).unwrap(), map(3 * page).unwrap());
            // SAFETY: two pages from the source's start.
            let second = unsafe { source.add(page) };
            // SAFETY: the test's own page.
            unsafe { libc::mprotect(second.as_ptr().cast(), page, libc::PROT_READ) };
            // SAFETY: both are whole mappings of the test's own, apart.
            assert!(!unsafe { move_pages(source, 2 * page, target, 3 * page) });
            // SAFETY: three pages that are mapped still.
            unsafe { target.write_bytes(7, 3 * page) };
            // SAFETY: nothing refers to it any more.
            unsafe { unmap(source, 2 * page) };
            // SAFETY: as above.
            unsafe { unmap(target, 3 * page) };
        }

        #[test]
        fn what_is_mapped_is_seen_and_not_replaced() {
            let page = page_bytes();
            let place = map(page).unwrap();
            assert!(is_mapped(place) && !map_at(place, page));
            // SAFETY: nothing refers to it any more.
            unsafe { unmap(place, page) };
            // The null page is nobody's.
            assert!(!is_mapped(NonNull::without_provenance(page.try_into().unwrap())));
        }
    }
}

/// Elsewhere pages cannot be moved.
#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use core::ptr::NonNull;

    /// # Safety
    /// None; the signature is Linux's.
    pub(crate) unsafe fn move_pages(
        _source: NonNull<u8>,
        _source_bytes: usize,
        _target: NonNull<u8>,
        _target_bytes: usize,
    ) -> bool {
        false
    }

    /// # Safety
    /// None; the signature is Linux's.
    pub(crate) unsafe fn move_pages_leaving_addresses(
        _source: NonNull<u8>,
        _target: NonNull<u8>,
        _bytes: usize,
    ) -> bool {
        false
    }
}
