//! Numbers that nobody can foretell.

/// A random word; if the system has none yet, one that changes with time and place.
pub(crate) fn random() -> u64 {
    let mut bytes = [0_u8; 8];
    if fill(&mut bytes) {
        return u64::from_ne_bytes(bytes);
    }
    // Where the stack is, by the system's own randomisation, and the time.
    let place = bytes.as_ptr().addr() as u64;
    place.rotate_left(32) ^ (super::thread_nanoseconds() ^ super::milliseconds()) as u64
}

#[cfg(target_os = "linux")]
fn fill(bytes: &mut [u8; 8]) -> bool {
    // SAFETY: the buffer is as long as is said. Without blocking: early in a system's
    // start there may be no randomness.
    let length =
        unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), libc::GRND_NONBLOCK) };
    usize::try_from(length) == Ok(bytes.len())
}

#[cfg(not(target_os = "linux"))]
fn fill(bytes: &mut [u8; 8]) -> bool {
    // SAFETY: the buffer is as long as is said.
    unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), bytes.len()) == 0 }
}
