//! Hints to the processor.

/// A function that asks for a cache line, by the instruction of each processor.
macro_rules! prefetch {
    ($(#[$doc:meta])* $name:ident, x86_64: $x86_64:literal, aarch64: $aarch64:literal) => {
        $(#[$doc])*
        #[inline]
        pub(crate) fn $name(address: *const u8) {
            #[cfg(all(target_arch = "x86_64", not(miri)))]
            // SAFETY: a hint: it reads and writes nothing, no address can fault, and processors
            // that do not know it take it for no operation.
            unsafe {
                core::arch::asm!(
                    concat!($x86_64, " byte ptr [{}]"),
                    in(reg) address.addr(),
                    options(nomem, nostack, preserves_flags)
                );
            }
            #[cfg(all(target_arch = "aarch64", not(miri)))]
            // SAFETY: as above; every processor knows it.
            unsafe {
                core::arch::asm!(
                    concat!("prfm ", $aarch64, ", [{}]"),
                    in(reg) address.addr(),
                    options(nomem, nostack, preserves_flags)
                );
            }
            #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
            let _ = address;
        }
    };
}

prefetch! {
    /// Asks for the cache line at `address`, which may be anything, to be fetched for writing.
    ///
    /// For reading would not do: where another core had the line last, the write that follows
    /// would cost a second transfer. (Measured, a producer and a consumer: 1.6 times as long.)
    prefetch_to_write, x86_64: "prefetchw", aarch64: "pstl1keep"
}

prefetch! {
    /// The same for reading, where it may well stay another core's.
    prefetch_to_read, x86_64: "prefetcht0", aarch64: "pldl1keep"
}
