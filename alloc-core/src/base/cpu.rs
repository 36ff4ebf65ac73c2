//! Hints to the processor.

/// Asks for the cache line at `address`, which may be anything, to be fetched for writing.
///
/// For reading would not do: where another core had the line last, the write that follows
/// would cost a second transfer. (Measured, a producer and a consumer: 1.6 times as long.)
#[inline]
pub(crate) fn prefetch_to_write(address: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a hint: it reads and writes nothing, no address can fault, and processors
    // that do not know it take it for no operation.
    unsafe {
        core::arch::asm!(
            "prefetchw byte ptr [{}]",
            in(reg) address.addr(),
            options(nomem, nostack, preserves_flags)
        );
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: as above; every processor knows it.
    unsafe {
        core::arch::asm!(
            "prfm pstl1keep, [{}]",
            in(reg) address.addr(),
            options(nomem, nostack, preserves_flags)
        );
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = address;
}

/// Asks for the cache line at `address`, which may be anything, to be fetched for reading.
#[inline]
pub(crate) fn prefetch_to_read(address: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a hint: it reads and writes nothing, no address can fault, and every processor
    // knows it.
    unsafe {
        core::arch::asm!(
            "prefetcht0 byte ptr [{}]",
            in(reg) address.addr(),
            options(nomem, nostack, preserves_flags)
        );
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: as above.
    unsafe {
        core::arch::asm!(
            "prfm pldl1keep, [{}]",
            in(reg) address.addr(),
            options(nomem, nostack, preserves_flags)
        );
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = address;
}
