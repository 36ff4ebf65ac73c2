//! The allocator's fast paths, and those of the profiler around it, each as a function with a
//! plain name: compiled and disassembled by `tests/tests/fast_path.rs`, never run.
//!
//! Rust functions, as `__rust_alloc` is one: in an `extern "C"` one the compiler
//! would guard the slow path's calls against unwinding, and the fast path would pay.

use std::alloc::{GlobalAlloc as _, Layout};

use alloc_core::PoolAlloc;
use alloc_profiler::ProfiledAlloc;

static POOL: PoolAlloc = PoolAlloc::new();
static PROFILED: ProfiledAlloc<PoolAlloc> = ProfiledAlloc::new(PoolAlloc::new());

const LAYOUT: Layout = Layout::new::<[u64; 8]>();

/// A block of a size known when this was compiled.
#[unsafe(no_mangle)]
extern "Rust" fn alloc_64_bytes() -> *mut u8 {
    // SAFETY: the layout is not empty.
    unsafe { POOL.alloc(LAYOUT) }
}

/// Frees such a block.
///
/// # Safety
/// `block` came from [`alloc_64_bytes`] and is not used again.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn dealloc_64_bytes(block: *mut u8) {
    // SAFETY: the caller's contract.
    unsafe { POOL.dealloc(block, LAYOUT) }
}

/// A block of any layout, as in `__rust_alloc`.
///
/// # Safety
/// The layout is valid and not empty.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn alloc_any(size: usize, align: usize) -> *mut u8 {
    // SAFETY: the caller's contract.
    let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
    // SAFETY: as above.
    unsafe { POOL.alloc(layout) }
}

/// Frees such a block, as in `__rust_dealloc`.
///
/// # Safety
/// `block` came from [`alloc_any`] with this layout and is not used again.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn dealloc_any(block: *mut u8, size: usize, align: usize) {
    // SAFETY: the caller's contract.
    let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
    // SAFETY: as above.
    unsafe { POOL.dealloc(block, layout) }
}

/// As [`alloc_64_bytes`], counted if anything is.
#[unsafe(no_mangle)]
extern "Rust" fn profiled_alloc_64_bytes() -> *mut u8 {
    // SAFETY: the layout is not empty.
    unsafe { PROFILED.alloc(LAYOUT) }
}

/// As [`dealloc_64_bytes`], counted if anything is.
///
/// # Safety
/// `block` came from [`profiled_alloc_64_bytes`] and is not used again.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn profiled_dealloc_64_bytes(block: *mut u8) {
    // SAFETY: the caller's contract.
    unsafe { PROFILED.dealloc(block, LAYOUT) }
}

fn main() {}
