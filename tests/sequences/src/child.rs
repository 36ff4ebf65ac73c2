//! [`in_child`]: a process of its own for what may break the heap.

use std::backtrace::Backtrace;
use std::io::{Read as _, Write as _, pipe};
use std::os::fd::AsRawFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::{Mutex, PoisonError};

/// A child that takes longer hangs, and is ended.
const HANGS_AFTER_SECONDS: libc::c_uint = 120;

/// Runs `body` in a child of this process, which ends with it.
///
/// The child has a copy of the heap as it is now: untouched, if nobody here has used it.
/// So whatever happens to it there, the next child finds it whole, and the same body
/// finds the same heap each time.
///
/// # Errors
/// When the child panics, on any thread, is ended by a signal, or hangs: what it said.
///
/// # Panics
/// When the system has no process or pipe for it.
///
/// # Examples
///
/// ```
/// assert_eq!(sequences::in_child(|| assert_eq!(1 + 1, 2)), Ok(()));
/// let failed = sequences::in_child(|| assert_eq!(1 + 1, 3, "a wrong sum"));
/// assert!(failed.unwrap_err().contains("a wrong sum"));
/// ```
pub fn in_child(body: impl FnOnce()) -> Result<(), String> {
    /// One at a time: a child would hold a copy of its sibling's pipe.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut reader, writer) = pipe().expect("a pipe");
    // SAFETY: the child is this thread alone. What it uses of the others' state, the
    // system's malloc, is kept consistent by the C library.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "no process: {}", std::io::Error::last_os_error());
    if child == 0 {
        // What the allocator says when it ends a process goes the same way.
        // SAFETY: both are open; this process's standard error is its own.
        unsafe { libc::dup2(writer.as_raw_fd(), libc::STDERR_FILENO) };
        std::panic::set_hook(Box::new(move |panic| {
            // As RUST_BACKTRACE says.
            let backtrace = Backtrace::capture();
            // Past standard error's lock, which the parent may have held.
            let _ = write!(&writer, "{panic}\n{backtrace}");
            exit(101);
        }));
        // SAFETY: a signal that nobody catches.
        unsafe { libc::alarm(HANGS_AFTER_SECONDS) };
        body();
        exit(0);
    }
    drop(writer);
    let mut said = Vec::new();
    reader.read_to_end(&mut said).expect("the pipe");
    let mut status = 0;
    // SAFETY: waits for the child just made.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(waited, child, "waitpid: {}", std::io::Error::last_os_error());
    match ExitStatus::from_raw(status) {
        status if status.success() => Ok(()),
        status => Err(format!("{status}: {}", String::from_utf8_lossy(&said).trim_end())),
    }
}

/// Ends this process at once, without what the parent has registered for its own end.
fn exit(code: i32) -> ! {
    // SAFETY: always allowed.
    unsafe { libc::_exit(code) }
}
