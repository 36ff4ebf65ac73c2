//! The C library's `errno`, kept over what a free does.

use libc::c_int;

/// Puts `errno` back when dropped: who frees memory between a failed call and the look
/// at its reason must find it unchanged, as POSIX wants of `free` (IEEE Std 1003.1-2024).
pub(crate) struct Errno(c_int);

impl Errno {
    /// Keeps the `errno` of now.
    pub(crate) fn keep() -> Self {
        // SAFETY: no preconditions.
        let place = unsafe { place() };
        // SAFETY: a valid place of this thread, at any time.
        Self(unsafe { place.read() })
    }
}

impl Drop for Errno {
    fn drop(&mut self) {
        // SAFETY: no preconditions.
        let place = unsafe { place() };
        // SAFETY: a valid place of this thread, at any time.
        unsafe { place.write(self.0) };
    }
}

#[cfg(target_os = "linux")]
use libc::__errno_location as place;
#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
use libc::__error as place;
