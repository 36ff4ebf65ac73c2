//! C's functions: ISO C 2023, 7.24.3; POSIX's `posix_memalign`; the rest as the GNU C
//! library documents it ("Allocating Storage For Program Data" in its manual).
//!
//! What fails returns null with `errno` set, `ENOMEM` or `EINVAL`; `free` leaves it.

use core::ffi::{c_int, c_void};
use core::ptr::{NonNull, null_mut};

use crate::block::{ALIGN, POOL, give, take, take_zeroed};

#[unsafe(no_mangle)]
unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    or_errno(take(size, ALIGN))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    or_errno(count.checked_mul(size).map_or(null_mut(), take_zeroed))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn free(block: *mut c_void) {
    // SAFETY: the caller's contract.
    unsafe { give(block) };
}

/// Zero bytes free the block, as the GNU C library has it.
#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    let Some(old) = NonNull::new(block) else {
        return or_errno(take(size, ALIGN));
    };
    if size == 0 {
        // SAFETY: the caller's contract.
        unsafe { give(block) };
        return null_mut();
    }
    if size > isize::MAX as usize - (ALIGN - 1) {
        return or_errno(null_mut());
    }
    // SAFETY: the caller's contract, and the size's bounds are checked above.
    let resized = unsafe { POOL.resize_at(old.cast(), size) };
    or_errno(resized.map_or(null_mut(), |block| block.as_ptr().cast()))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn reallocarray(block: *mut c_void, count: usize, size: usize) -> *mut c_void {
    match count.checked_mul(size) {
        // SAFETY: the caller's contract.
        Some(bytes) => unsafe { realloc(block, bytes) },
        None => or_errno(null_mut()),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memalign(align: usize, size: usize) -> *mut c_void {
    aligned(align, size)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    aligned(align, size)
}

/// Returns the error, and leaves `errno` and, if it fails, `place` as they are.
#[unsafe(no_mangle)]
unsafe extern "C" fn posix_memalign(place: *mut *mut c_void, align: usize, size: usize) -> c_int {
    if !align.is_power_of_two() || !align.is_multiple_of(size_of::<*mut c_void>()) {
        return libc::EINVAL;
    }
    let before = errno();
    let block = take(size, align.max(ALIGN));
    set_errno(before);
    if block.is_null() {
        return libc::ENOMEM;
    }
    // SAFETY: the caller's contract: a place for the pointer.
    unsafe { place.write(block) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn valloc(size: usize) -> *mut c_void {
    aligned(page_bytes(), size)
}

/// As `valloc`, of whole pages.
#[unsafe(no_mangle)]
unsafe extern "C" fn pvalloc(size: usize) -> *mut c_void {
    let pages = size.max(1).checked_next_multiple_of(page_bytes());
    pages.map_or_else(|| or_errno(null_mut()), |bytes| aligned(page_bytes(), bytes))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn malloc_usable_size(block: *mut c_void) -> usize {
    let block = NonNull::new(block.cast());
    // SAFETY: the caller's contract: a live block, or null.
    block.and_then(|block| unsafe { POOL.usable_bytes(block) }).unwrap_or(0)
}

/// The size is not needed.
#[unsafe(no_mangle)]
unsafe extern "C" fn free_sized(block: *mut c_void, _size: usize) {
    // SAFETY: the caller's contract.
    unsafe { give(block) };
}

/// Nor the alignment.
#[unsafe(no_mangle)]
unsafe extern "C" fn free_aligned_sized(block: *mut c_void, _align: usize, _size: usize) {
    // SAFETY: the caller's contract.
    unsafe { give(block) };
}

/// Gives back what can be spared. Returns 1 if that was something.
#[unsafe(no_mangle)]
unsafe extern "C" fn malloc_trim(_pad: usize) -> c_int {
    let before = alloc_core::stats().bytes_mapped();
    alloc_core::collect();
    c_int::from(alloc_core::stats().bytes_mapped() < before)
}

/// The fields of the GNU C library that have a meaning here; the others are zero.
#[unsafe(no_mangle)]
unsafe extern "C" fn mallinfo2() -> libc::mallinfo2 {
    let stats = alloc_core::stats();
    let in_use = stats.bytes_in_use();
    let mappings = stats.big.mapping_bytes_in_use;
    libc::mallinfo2 {
        arena: stats.bytes_mapped() - mappings,
        ordblks: stats.classes.iter().map(|class| class.blocks_available).sum(),
        smblks: 0,
        hblks: stats.big.mappings_in_use,
        hblkhd: mappings,
        usmblks: 0,
        fsmblks: 0,
        uordblks: in_use,
        fordblks: stats.bytes_mapped() - in_use,
        keepcost: stats.bytes_kept,
    }
}

fn aligned(align: usize, size: usize) -> *mut c_void {
    if !align.is_power_of_two() {
        set_errno(libc::EINVAL);
        return null_mut();
    }
    or_errno(take(size, align.max(ALIGN)))
}

#[inline]
fn or_errno(block: *mut c_void) -> *mut c_void {
    if block.is_null() {
        set_errno(libc::ENOMEM);
    }
    block
}

fn page_bytes() -> usize {
    // SAFETY: no preconditions.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes).unwrap_or(4096)
}

fn errno() -> c_int {
    // SAFETY: no preconditions.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: this thread's own place.
    unsafe { place.read() }
}

#[cold]
fn set_errno(value: c_int) {
    // SAFETY: no preconditions.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: this thread's own place.
    unsafe { place.write(value) };
}
