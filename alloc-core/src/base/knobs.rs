//! The settings that a user can change, and those in force: [`Settings`].
//!
//! Their values come from three places, the later over the earlier: the defaults
//! here, the const methods on [`PoolAlloc`](crate::PoolAlloc) (`builder`), the
//! environment (`environment`). All `PoolAlloc` values share the heaps, so what the
//! first of them to allocate says is the whole process's: [`apply`] takes it, once,
//! on the slow path of that first allocation. From then on the settings are
//! relaxed atomics that any layer reads; before, they hold the defaults.
//!
//! Invariant: every value in force is within its range here, whichever way it came.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;

use crate::config::{HARDENED, REGION_BYTES, SMALL_CACHE_BYTES};
use crate::lock::Lock;
use crate::{environment, key};

/// The biggest number of bytes that a setting takes: 1 TiB.
pub(crate) const KEEP_BYTES_MAX: usize = 1 << 40;
/// The biggest percentage.
pub(crate) const KEEP_PERCENT_MAX: u32 = 1000;
/// A thread's cache per class: from two blocks of the biggest small class to 4 MiB.
pub(crate) const THREAD_CACHE_BYTES: (usize, usize) = (1 << 10, 4 << 20);
/// The most that can do without huge pages, where there are any: the first region.
pub(crate) const HUGE_PAGES_AFTER_MAX: usize = REGION_BYTES;
/// The longest idleness to wait for: a day, in milliseconds.
pub(crate) const PURGE_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// What a user can set; see the methods of [`PoolAlloc`](crate::PoolAlloc) of the
/// same names. [`settings`] returns those in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Bytes of free memory that stay resident for reuse in any case.
    pub keep_bytes: usize,
    /// Up to how many bytes more stay once memory given back was wanted again.
    pub keep_max_bytes: usize,
    /// Per cent of what is in use that may be kept free and resident besides.
    pub keep_percent: u32,
    /// Bytes that a thread may cache, per small class.
    pub thread_cache_bytes: usize,
    /// Whether heaps beyond the first megabytes ask for transparent huge pages.
    pub huge_pages: bool,
    /// The bytes that do without them in any case.
    pub huge_pages_after: usize,
    /// The idleness after which a background thread gives back all that is kept;
    /// zero: there is no such thread.
    pub purge_after: Duration,
}

/// What holds where nobody says otherwise. What is kept in any case and what may be
/// learned are together less than a twentieth of a gibibyte; a part of what is in use
/// goes along as the heap shrinks.
pub(crate) const DEFAULTS: Settings = Settings {
    keep_bytes: 16 << 20,
    keep_max_bytes: 28 << 20,
    keep_percent: 25,
    thread_cache_bytes: SMALL_CACHE_BYTES,
    huge_pages: true,
    huge_pages_after: 8 << 20,
    purge_after: Duration::ZERO,
};

static KEEP_BYTES: AtomicUsize = AtomicUsize::new(DEFAULTS.keep_bytes);
static KEEP_MAX_BYTES: AtomicUsize = AtomicUsize::new(DEFAULTS.keep_max_bytes);
static KEEP_PERCENT: AtomicUsize = AtomicUsize::new(DEFAULTS.keep_percent as usize);
static CACHE_BYTES: AtomicUsize = AtomicUsize::new(DEFAULTS.thread_cache_bytes);
static HUGE_PAGES: AtomicBool = AtomicBool::new(DEFAULTS.huge_pages);
static HUGE_PAGES_AFTER: AtomicUsize = AtomicUsize::new(DEFAULTS.huge_pages_after);
static PURGE_AFTER_MS: AtomicUsize = AtomicUsize::new(0);

/// Whether the settings in force are final.
static APPLIED: AtomicBool = AtomicBool::new(false);
/// Held by who makes them so.
static APPLYING: Lock<()> = Lock::new(());

/// Puts `settings`, overridden by the environment, in force for the process, unless
/// some already are. Returns once some are. Allocates nothing.
#[inline]
pub(crate) fn apply(settings: &Settings) {
    // Acquire: sees the settings that were stored before (pairs with `apply_first`).
    if !APPLIED.load(Ordering::Acquire) {
        apply_first(settings);
    }
}

#[cold]
#[inline(never)]
fn apply_first(settings: &Settings) {
    let _turn = APPLYING.lock();
    if APPLIED.load(Ordering::Relaxed) {
        return;
    }
    let settings = environment::overriding(*settings);
    KEEP_BYTES.store(settings.keep_bytes, Ordering::Relaxed);
    KEEP_MAX_BYTES.store(settings.keep_max_bytes, Ordering::Relaxed);
    KEEP_PERCENT.store(settings.keep_percent as usize, Ordering::Relaxed);
    CACHE_BYTES.store(settings.thread_cache_bytes, Ordering::Relaxed);
    HUGE_PAGES.store(settings.huge_pages, Ordering::Relaxed);
    HUGE_PAGES_AFTER.store(settings.huge_pages_after, Ordering::Relaxed);
    PURGE_AFTER_MS.store(settings.purge_after.as_millis() as usize, Ordering::Relaxed);
    if HARDENED {
        key::make();
    }
    // Release: pairs with `apply`.
    APPLIED.store(true, Ordering::Release);
}

/// The settings in force: the defaults until the first allocation, from then on
/// what the [`PoolAlloc`](crate::PoolAlloc) that made it says, overridden by the
/// environment of that moment. They do not change any more.
///
/// # Examples
///
/// ```
/// use alloc_core::PoolAlloc;
///
/// #[global_allocator]
/// static GLOBAL: PoolAlloc = PoolAlloc::new().keep_bytes(8 << 20);
///
/// // Unless ALLOC_CORE_KEEP_BYTES was set when the program started:
/// # if std::env::var_os("ALLOC_CORE_KEEP_BYTES").is_none() {
/// assert_eq!(alloc_core::settings().keep_bytes, 8 << 20);
/// # }
/// ```
#[must_use]
pub fn settings() -> Settings {
    Settings {
        keep_bytes: keep_bytes(),
        keep_max_bytes: keep_max_bytes(),
        keep_percent: keep_percent() as u32,
        thread_cache_bytes: thread_cache_bytes(),
        huge_pages: huge_pages(),
        huge_pages_after: huge_pages_after(),
        purge_after: Duration::from_millis(purge_after_ms() as u64),
    }
}

/// Bytes of free memory that stay resident for reuse in any case.
pub(crate) fn keep_bytes() -> usize {
    KEEP_BYTES.load(Ordering::Relaxed)
}

/// Up to how many bytes more stay once memory given back was wanted again.
pub(crate) fn keep_max_bytes() -> usize {
    KEEP_MAX_BYTES.load(Ordering::Relaxed)
}

/// Per cent of what is in use that may be kept besides.
pub(crate) fn keep_percent() -> usize {
    KEEP_PERCENT.load(Ordering::Relaxed)
}

/// Bytes that a thread may cache, per small class.
pub(crate) fn thread_cache_bytes() -> usize {
    CACHE_BYTES.load(Ordering::Relaxed)
}

/// Whether to ask for transparent huge pages.
pub(crate) fn huge_pages() -> bool {
    HUGE_PAGES.load(Ordering::Relaxed)
}

/// The bytes that do without them in any case.
pub(crate) fn huge_pages_after() -> usize {
    HUGE_PAGES_AFTER.load(Ordering::Relaxed)
}

/// Milliseconds of idleness after which what is kept goes back; 0: never.
pub(crate) fn purge_after_ms() -> usize {
    PURGE_AFTER_MS.load(Ordering::Relaxed)
}
