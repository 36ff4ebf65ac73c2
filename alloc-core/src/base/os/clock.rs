//! Time: of the system, of a thread, and spent asleep.

/// Milliseconds since some point in the past, to the precision of the system's tick.
pub(crate) fn milliseconds() -> usize {
    #[cfg(target_os = "linux")]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC_COARSE;
    #[cfg(not(target_os = "linux"))]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid place; a failure leaves it zero.
    unsafe { libc::clock_gettime(CLOCK, &raw mut now) };
    (now.tv_sec * 1000 + now.tv_nsec / 1_000_000).cast_unsigned() as usize
}

/// Nanoseconds that the calling thread has run on a processor.
pub(crate) fn thread_nanoseconds() -> usize {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid place; a failure leaves it zero.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut now) };
    (now.tv_sec * 1_000_000_000 + now.tv_nsec).cast_unsigned() as usize
}

/// Sleeps for so many milliseconds, or less if something interrupts it.
pub(crate) fn sleep(milliseconds: usize) {
    let time = libc::timespec {
        tv_sec: libc::time_t::try_from(milliseconds / 1000).unwrap_or(libc::time_t::MAX),
        tv_nsec: ((milliseconds % 1000) as u32 * 1_000_000).into(),
    };
    // SAFETY: a valid time, and nobody asks what is left of it.
    unsafe { libc::nanosleep(&raw const time, core::ptr::null_mut()) };
}
