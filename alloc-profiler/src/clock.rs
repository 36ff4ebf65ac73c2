//! A clock that is nearly free to read and ticks every few milliseconds.
//!
//! It says when it is time again to look at what other threads hold. Looking on
//! every profiled call would make threads wait for each other's counters.

/// The system's cheapest clock that never goes back.
#[cfg(target_os = "linux")]
const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC_COARSE;
#[cfg(not(target_os = "linux"))]
const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;

/// Nanoseconds in a tick: a little over four milliseconds.
const TICK: u64 = 1 << 22;

/// Returns the number of ticks since some moment in the past.
#[inline]
pub(crate) fn ticks() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid place for the answer. If the system had no such
    // clock it would be left at zero: the clock stands still, and nothing breaks.
    unsafe { libc::clock_gettime(CLOCK, &raw mut now) };
    let (seconds, nanoseconds) = (now.tv_sec.cast_unsigned(), now.tv_nsec.cast_unsigned());
    seconds.wrapping_mul(1_000_000_000).wrapping_add(nanoseconds) / TICK
}

/// Returns the nanoseconds since some moment in the past, never zero.
pub(crate) fn nanoseconds() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid place for the answer, as above.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    let (seconds, nanoseconds) = (now.tv_sec.cast_unsigned(), now.tv_nsec.cast_unsigned());
    seconds.wrapping_mul(1_000_000_000).wrapping_add(nanoseconds).max(1)
}
