//! Threads' names, as the system keeps them: 15 bytes at most.
//!
//! The standard library's own name would have to be asked of a handle that may
//! allocate; the system's is copied to where it is wanted.

use std::borrow::Cow;

use crate::counting::counts::Tally;

/// Bytes of a name, with its end.
const SIZE: usize = 16;

/// A thread's name, padded with zeroes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadName([u8; SIZE]);

impl ThreadName {
    /// What stands for threads of many names.
    pub(crate) const SEVERAL: Self = Self(*b"(several)\0\0\0\0\0\0\0");
    /// What the first thread is called, whose name is the program's.
    const MAIN: Self = Self(*b"main\0\0\0\0\0\0\0\0\0\0\0\0");
    /// What stands for a name that the system does not say.
    const UNKNOWN: Self = Self(*b"(unknown)\0\0\0\0\0\0\0");

    /// Returns the calling thread's name.
    pub(crate) fn of_this_thread() -> Self {
        if is_main() {
            return Self::MAIN;
        }
        let mut name = [0_u8; SIZE];
        // SAFETY: the call takes nothing and always succeeds.
        let this = unsafe { libc::pthread_self() };
        // SAFETY: the handle is the calling thread's own, and the buffer is as
        // long as it says.
        let failed = unsafe { libc::pthread_getname_np(this, name.as_mut_ptr().cast(), SIZE) };
        if failed == 0 && name[0] != 0 { Self(name) } else { Self::UNKNOWN }
    }

    /// Returns the name as text.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(SIZE);
        String::from_utf8_lossy(&self.0[..end])
    }

    fn halves(self) -> [u64; 2] {
        let number = u128::from_ne_bytes(self.0);
        // Truncation is the point.
        #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
        let low = number as u64;
        [low, (number >> 64) as u64]
    }
}

/// Returns whether the calling thread is the process's first.
fn is_main() -> bool {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: the call takes nothing and always succeeds.
        let thread = unsafe { libc::gettid() };
        std::process::id().cast_signed() == thread
    }
    #[cfg(not(target_os = "linux"))]
    false
}

/// A name that one thread sets and every thread may read. A reader may see half
/// of a name that is being set: a wrong word in one report.
#[derive(Debug)]
pub(crate) struct NameTag([Tally; 2]);

impl NameTag {
    /// Returns a tag without a name.
    pub(crate) const fn new() -> Self {
        Self([Tally::new(), Tally::new()])
    }

    /// Returns whether no name was set.
    pub(crate) fn is_empty(&self) -> bool {
        self.0[0].get() == 0
    }

    /// Returns whether the name is `name`.
    pub(crate) fn is(&self, name: ThreadName) -> bool {
        self.get() == name
    }

    /// Returns the name.
    pub(crate) fn get(&self) -> ThreadName {
        let number = u128::from(self.0[0].get()) | u128::from(self.0[1].get()) << 64;
        ThreadName(number.to_ne_bytes())
    }

    /// Sets the name. For the owning thread only.
    pub(crate) fn set(&self, name: ThreadName) {
        let [low, high] = name.halves();
        self.0[0].set(low);
        self.0[1].set(high);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn names_are_the_systems() {
        let named = |name: &str| {
            let thread = thread::Builder::new().name(name.to_owned());
            thread.spawn(ThreadName::of_this_thread).unwrap().join().unwrap()
        };
        assert_eq!(named("worker").text(), "worker");
        assert_eq!(named("a name of more than 15").text(), "a name of more ");
        assert_ne!(named("a"), named("b"));
    }

    #[test]
    fn tags_keep_names() {
        let tag = NameTag::new();
        assert!(tag.is_empty());
        for name in [ThreadName::MAIN, ThreadName::SEVERAL, ThreadName(*b"0123456789abcde\0")] {
            tag.set(name);
            assert!(!tag.is_empty() && tag.is(name));
            assert_eq!(tag.get(), name);
        }
        assert_eq!(tag.get().text(), "0123456789abcde");
    }
}
