//! Printing: at the program's exit, and on demand.
//!
//! The text goes to a duplicate of the standard output's descriptor and not
//! through [`std::io::Stdout`], whose lock another thread may hold for ever when
//! the program ends. Rust has flushed its own buffer by then. Nobody is left to
//! hear of a failure to write (a closed pipe, say), so it is ignored.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::report::{FunctionReport, report};
use crate::thread::Uncounted;

/// The environment variable that says what to print.
const VARIABLE: &str = "ALLOC_PROFILER";

/// What to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// `memory_profiler`'s table.
    Classic,
    /// Nothing.
    Off,
}

impl Output {
    /// Returns what `value` asks for, or `None` if it makes no sense.
    fn parse(value: &OsStr) -> Option<Self> {
        match value.to_str()?.trim() {
            "" | "on" | "classic" => Some(Self::Classic),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    /// Returns what the environment asked for when this was first called.
    fn chosen() -> Self {
        static CHOSEN: OnceLock<Output> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let value = env::var_os(VARIABLE).unwrap_or_default();
            Self::parse(&value).unwrap_or_else(|| {
                complain(&value);
                Self::Classic
            })
        })
    }
}

/// Says on standard error that `value` makes no sense, and what would.
fn complain(value: &OsStr) {
    let line = format!(
        "alloc_profiler: {VARIABLE}={} is unknown; use on, classic or off (the table is printed)\n",
        value.display(),
    );
    // One write, so that lines of other threads do not mix with it.
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Prints the tables to standard output now, as the program's exit would.
///
/// It obeys `ALLOC_PROFILER` as the exit does. The exit then prints again only
/// if that would show something else. A report that cannot be written, because
/// the reader has closed its pipe, say, is dropped in silence.
///
/// ```
/// #[alloc_profiler::profile]
/// fn work() -> String {
///     "worked".repeat(1000)
/// }
///
/// work();
/// alloc_profiler::print_report();
/// ```
pub fn print_report() {
    print(|_| true);
}

/// Prints the table of one call.
pub(crate) fn print_call(function: &FunctionReport) {
    if Output::chosen() != Output::Off {
        write_to_stdout(&function.to_string());
    }
}

/// Prints the report if the environment wants it and `is_wanted` says so, which
/// is told whether the text differs from what was printed last.
fn print(is_wanted: impl FnOnce(bool) -> bool) {
    let _uncounted = Uncounted::begin();
    if Output::chosen() == Output::Off {
        return;
    }
    let text = report().to_string();
    if is_wanted(is_news(&text)) {
        write_to_stdout(&text);
    }
}

/// Returns whether `text` is not what this was asked about last. Before the
/// first question that is the empty text.
fn is_news(text: &str) -> bool {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let hash = if text.is_empty() {
        0
    } else {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(text)
    };
    LAST.swap(hash, Ordering::Relaxed) != hash
}

fn write_to_stdout(text: &str) {
    let stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    let _ = stdout.and_then(|mut file| file.write_all(text.as_bytes()));
}

/// Prints the report when the program exits: by return from `main`, by a panic
/// in it, or by [`std::process::exit`]. Called once.
pub(crate) fn at_exit() {
    extern "C" fn print_at_exit() {
        print(|is_news| is_news);
    }
    let _uncounted = Uncounted::begin();
    // Chosen now, so that a senseless value is noticed at the start of a long run.
    Output::chosen();
    // SAFETY: the function stays valid until the process ends, and no panic
    // leaves it: at worst it aborts a program that has done its work.
    let refused = unsafe { libc::atexit(print_at_exit) };
    if refused != 0 {
        let _ =
            io::stderr().write_all(b"alloc_profiler: cannot print at exit; call print_report\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_apart() {
        let parse = |value: &str| Output::parse(OsStr::new(value));
        for value in ["", "on", "classic", " classic "] {
            assert_eq!(parse(value), Some(Output::Classic), "{value:?}");
        }
        assert_eq!(parse("off"), Some(Output::Off));
        for value in ["of", "OFF", "0", "classic,off"] {
            assert_eq!(parse(value), None, "{value:?}");
        }
    }

    #[test]
    fn only_other_text_is_news() {
        assert!(!is_news(""));
        assert!(is_news("a"));
        assert!(!is_news("a"));
        assert!(is_news("b"));
        assert!(is_news("a"));
    }
}
