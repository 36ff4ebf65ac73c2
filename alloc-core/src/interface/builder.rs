//! The settings as const methods on [`PoolAlloc`], for a `static`'s initialiser.
//!
//! Each only notes a value in the `PoolAlloc`, which hands its settings to the cold
//! functions of the first allocation; see `knobs`. A value out of range does not
//! compile in a const context, since the method's assertion fails there.

use core::time::Duration;

use crate::PoolAlloc;
use crate::knobs::{
    HUGE_PAGES_AFTER_MAX, KEEP_BYTES_MAX, KEEP_PERCENT_MAX, PURGE_AFTER_MS_MAX, THREAD_CACHE_BYTES,
};

/// Settings. Each also has an environment variable, read when the process first
/// allocates, that goes before what the program says. Sizes there are bytes, or have
/// a unit: `64KiB`, `8M`, `1gib`. A value that cannot be used, or an `ALLOC_CORE_`
/// variable that is no setting's, is ignored with one line on standard error.
///
/// All `PoolAlloc` values share the heaps: the settings of the first one to allocate
/// are the process's; those of others have no effect. [`settings`](crate::settings)
/// says which are in force.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use alloc_core::PoolAlloc;
///
/// #[global_allocator]
/// static GLOBAL: PoolAlloc = PoolAlloc::new()
///     .keep_bytes(8 << 20)
///     .thread_cache_bytes(32 << 10)
///     .purge_after(Duration::from_secs(5));
///
/// assert_eq!(alloc_core::settings().keep_percent, 25);
/// ```
impl PoolAlloc {
    /// Keeps this many bytes of free memory resident for reuse in any case; 16 MiB by
    /// default, or `ALLOC_CORE_KEEP_BYTES`.
    ///
    /// More makes a program faster that frees much and allocates it again; less makes
    /// it leaner while it rests. Up to an eighth more stays where memory would go back
    /// in small pieces.
    ///
    /// # Panics
    /// When `bytes` is above 1 TiB; at compile time in a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// static POOL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new().keep_bytes(64 << 20);
    /// ```
    ///
    /// ```compile_fail
    /// static POOL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new().keep_bytes(usize::MAX);
    /// ```
    #[must_use]
    pub const fn keep_bytes(mut self, bytes: usize) -> Self {
        assert!(bytes <= KEEP_BYTES_MAX, "keep_bytes is at most 1 TiB");
        self.settings.keep_bytes = bytes;
        self
    }

    /// Keeps up to this many bytes more once the allocator has seen that memory given
    /// back was wanted again; 28 MiB by default, or `ALLOC_CORE_KEEP_MAX_BYTES`.
    ///
    /// # Panics
    /// When `bytes` is above 1 TiB; at compile time in a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// static POOL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new().keep_max_bytes(0);
    /// ```
    #[must_use]
    pub const fn keep_max_bytes(mut self, bytes: usize) -> Self {
        assert!(bytes <= KEEP_BYTES_MAX, "keep_max_bytes is at most 1 TiB");
        self.settings.keep_max_bytes = bytes;
        self
    }

    /// Keeps this many per cent of what is in use free and resident besides; 25 by
    /// default, or `ALLOC_CORE_KEEP_PERCENT`.
    ///
    /// # Panics
    /// When `percent` is above 1000; at compile time in a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// static POOL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new().keep_percent(10);
    /// ```
    #[must_use]
    pub const fn keep_percent(mut self, percent: u32) -> Self {
        assert!(percent <= KEEP_PERCENT_MAX, "keep_percent is at most 1000");
        self.settings.keep_percent = percent;
        self
    }

    /// Lets each thread cache this many bytes of each small class; 16 KiB by default,
    /// or `ALLOC_CORE_THREAD_CACHE_BYTES`.
    ///
    /// Blocks of less than 64 bytes count as 64. More means fewer trips to the pools,
    /// and more memory that other threads cannot have.
    ///
    /// # Panics
    /// When `bytes` is not within 1 KiB and 4 MiB; at compile time in a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// static POOL: alloc_core::PoolAlloc =
    ///     alloc_core::PoolAlloc::new().thread_cache_bytes(32 << 10);
    /// ```
    #[must_use]
    pub const fn thread_cache_bytes(mut self, bytes: usize) -> Self {
        let (least, most) = THREAD_CACHE_BYTES;
        assert!(least <= bytes && bytes <= most, "thread_cache_bytes is 1 KiB to 4 MiB");
        self.settings.thread_cache_bytes = bytes;
        self
    }

    /// Says whether heaps beyond the first megabytes ask for transparent huge pages;
    /// they do by default, or as `ALLOC_CORE_HUGE_PAGES` says: 0, 1, false or true.
    /// Where the first touch of one takes longer than 4 milliseconds, they pause.
    ///
    /// # Examples
    ///
    /// ```
    /// static POOL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new().huge_pages(false);
    /// ```
    #[must_use]
    pub const fn huge_pages(mut self, wanted: bool) -> Self {
        self.settings.huge_pages = wanted;
        self
    }

    /// Has the heap's first bytes, so many, do without huge pages; 8 MiB by default, or
    /// `ALLOC_CORE_HUGE_PAGES_AFTER`. A block that covers such a page whole, and is not
    /// asked to be zero, has it in any case.
    ///
    /// More makes small programs leaner, which would not fill such pages; less makes
    /// them faster, for a page fault then brings 2 MiB at once.
    ///
    /// # Panics
    /// When `bytes` is above 64 MiB; at compile time in a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// static POOL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new().huge_pages_after(0);
    /// ```
    #[must_use]
    pub const fn huge_pages_after(mut self, bytes: usize) -> Self {
        assert!(bytes <= HUGE_PAGES_AFTER_MAX, "huge_pages_after is at most 64 MiB");
        self.settings.huge_pages_after = bytes;
        self
    }

    /// Has a background thread give back all that is kept once the allocator has been
    /// idle this long; never by default, or by `ALLOC_CORE_PURGE_AFTER_MS`.
    ///
    /// Zero means never: then there is no such thread. What is less than a millisecond
    /// counts as one. Idle means that no slow path runs, and memory goes back between
    /// once and twice this long after the last one did. What running threads have
    /// cached stays theirs, as with [`collect`](crate::collect()).
    ///
    /// The thread, `alloc-core` by name, is started by the first slow path, in a fork's
    /// child anew. It takes no signals, and while all is given back it waits without
    /// waking up. If the system has no thread for it, memory is kept as without it.
    ///
    /// # Panics
    /// When `idle` is above a day; at compile time in a `static`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// static POOL: alloc_core::PoolAlloc =
    ///     alloc_core::PoolAlloc::new().purge_after(Duration::from_secs(1));
    /// ```
    #[must_use]
    pub const fn purge_after(mut self, idle: Duration) -> Self {
        let milliseconds = idle.as_nanos().div_ceil(1_000_000);
        assert!(milliseconds <= PURGE_AFTER_MS_MAX as u128, "purge_after is at most a day");
        self.settings.purge_after = Duration::from_millis(milliseconds as u64);
        self
    }
}
