//! The limit: a live heap beyond which the program is stopped, where it grows.
//!
//! Every thread has room for so many bytes, which its allocations take from, limit or
//! not, so a limit costs nothing more, and none needs to be told apart from a far one.
//! Whoever has no room left adds up all threads' heaps. If they exceed the limit, that
//! is the crossing; else the thread gets new room: a share of what is left below the
//! limit, at most [`MAX_SHARE_BYTES`], and none once that is little, so that the last
//! stretch is exact.
//!
//! The report is made inside of the allocation that crossed, after the inner
//! allocator has finished it, so whatever the report allocates is an allocation
//! like the next one. It takes no lock that the program could hold.

use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};

use crate::counting::baseline;
use crate::counting::counters::ThreadCounters;
use crate::counting::switch;
use crate::counting::thread::{self, ThreadRecord};
use crate::counting::thread_name::ThreadName;
use crate::counting::uncounted::Uncounted;
use crate::output;

/// The environment variable that sets a limit.
const VARIABLE: &str = "ALLOC_PROFILER_LIMIT";

/// What a thread may allocate before it adds up all heaps again, at most.
const MAX_SHARE_BYTES: u64 = ThreadCounters::FAR_BYTES;

/// A share that is not worth having: from here on, every allocation adds up.
const MIN_SHARE_BYTES: u64 = 4 << 10;

/// The limit, in bytes; what cannot be reached stands for none.
static LIMIT_BYTES: AtomicI64 = AtomicI64::new(i64::MAX);

/// What to do at the limit: an [`AtLimit`].
static AT_LIMIT: AtomicU8 = AtomicU8::new(AtLimit::Stop as u8);

/// Whether the limit was crossed already.
static CROSSED: AtomicBool = AtomicBool::new(false);

/// What happens when the live heap crosses the limit, after the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum AtLimit {
    /// SIGTRAP if a debugger is attached, so that it stops at the allocation;
    /// else abort.
    #[default]
    Stop,
    /// SIGTRAP, debugger or not.
    Trap,
    /// Abort.
    Abort,
    /// Nothing more: the program goes on, and the limit is gone.
    GoOn,
}

/// Sets the live heap, in bytes, whose crossing prints the report so far and the
/// line that crossed it, and then does what `at_limit` says. It counts what the
/// program asked for, on all threads, from now on. A thread other than the calling one, if
/// it counts already, learns of the limit at its next line of a profiled function that
/// allocates or frees, or once it has allocated another mebibyte.
///
/// The environment's `ALLOC_PROFILER_LIMIT` goes before it. A limit that was
/// crossed is gone.
///
/// ```
/// use alloc_profiler::{AtLimit, set_limit};
///
/// set_limit(512 << 20, AtLimit::Stop);
/// ```
pub fn set_limit(bytes: u64, at_limit: AtLimit) {
    switch::on();
    if env::var_os(VARIABLE).is_none() {
        apply(bytes, at_limit);
    }
}

fn apply(bytes: u64, at_limit: AtLimit) {
    AT_LIMIT.store(at_limit as u8, Ordering::Relaxed);
    // Release pairs with the Acquire in `out_of_room`.
    LIMIT_BYTES.store(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Release);
    for record in thread::records() {
        record.counters.ask_to_look();
    }
    if let Some(record) = thread::existing() {
        record.counters.heed();
    }
}

/// Sets the limit that the environment asks for, if it does.
pub(crate) fn apply_environment() {
    let Some(value) = env::var_os(VARIABLE) else {
        return;
    };
    let _uncounted = Uncounted::begin();
    if let Some((bytes, at_limit)) = parse(&value) {
        apply(bytes, at_limit);
        return;
    }
    output::complain(&format!(
        "{VARIABLE}={} is no limit; use a size such as 512MiB, and :trap, :abort or :report after \
         it if you like (there is no limit now)",
        value.display(),
    ));
}

/// Returns the limit that `value` asks for, or `None` if it makes no sense.
fn parse(value: &OsStr) -> Option<(u64, AtLimit)> {
    let value = value.to_str()?.trim();
    let (size, word) = value.split_once(':').unwrap_or((value, "stop"));
    let at_limit = match word.trim() {
        "stop" => AtLimit::Stop,
        "trap" => AtLimit::Trap,
        "abort" => AtLimit::Abort,
        "report" => AtLimit::GoOn,
        _ => return None,
    };
    let size = size.trim();
    let digits = size.find(|c: char| !c.is_ascii_digit()).unwrap_or(size.len());
    let (number, unit) = size.split_at(digits);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return None,
    };
    let bytes = number.parse::<u64>().ok()?.checked_mul(1 << shift)?;
    (bytes > 0).then_some((bytes, at_limit))
}

/// Does what is to be done when a thread has allocated more than it had room for.
#[cold]
#[inline(never)]
pub(crate) fn out_of_room() {
    let Some(record) = thread::existing() else {
        return;
    };
    let limit = LIMIT_BYTES.load(Ordering::Acquire);
    if limit == i64::MAX {
        record.counters.make_room(ThreadCounters::FAR_BYTES);
        return;
    }
    if record.is_muted() {
        return;
    }
    let (mut live, mut threads) = (baseline::bytes(), 0);
    for record in thread::records() {
        live = live.wrapping_add(record.counters.net_bytes());
        threads += 1;
    }
    if live > limit {
        crossed(record, live, limit);
        return;
    }
    let share = (limit.abs_diff(live) / (2 * threads.max(1))).min(MAX_SHARE_BYTES);
    record.counters.make_room(if share < MIN_SHARE_BYTES { 0 } else { share });
}

/// Prints the report and the line that crossed the limit, and stops the program
/// if that is wanted.
fn crossed(record: &'static ThreadRecord, live: i64, limit: i64) {
    if CROSSED.swap(true, Ordering::Relaxed) {
        return;
    }
    let _uncounted = Uncounted::begin();
    LIMIT_BYTES.store(i64::MAX, Ordering::Relaxed);
    output::print_report();
    let mut text = format!("the live heap of {live} bytes has crossed the limit of {limit} bytes");
    let mut calls: Vec<_> = record.running().collect();
    calls.sort_by_key(|slots| std::cmp::Reverse(slots.level.get()));
    if calls.is_empty() {
        let name = ThreadName::of_this_thread();
        let _ = write!(text, "\n  in no profiled function of thread {}", name.text());
    }
    for slots in calls {
        let number = slots.site.lines()[slots.current_index()].number();
        let source = slots.site.source_lines().find(|(each, _)| *each == number);
        let source = source.map_or("", |(_, source)| source.trim());
        let (file, name) = (slots.site.file(), slots.site.name());
        let _ = write!(text, "\n  at {file}:{number} in {name}: {source}");
    }
    output::complain(&text);
    stop();
}

fn stop() {
    let at_limit = AT_LIMIT.load(Ordering::Relaxed);
    let is_trap = at_limit == AtLimit::Trap as u8;
    if is_trap || (at_limit == AtLimit::Stop as u8 && is_traced()) {
        // SAFETY: a signal to oneself; what it does is what was asked for.
        unsafe { libc::raise(libc::SIGTRAP) };
    } else if at_limit != AtLimit::GoOn as u8 {
        process::abort();
    }
}

/// Returns whether a debugger is attached to the process.
fn is_traced() -> bool {
    let status = procfs::process::Process::myself().and_then(|process| process.status());
    status.is_ok_and(|status| status.tracerpid != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_actions() {
        let parse = |value: &str| parse(OsStr::new(value));
        assert_eq!(parse("512MiB"), Some((512 << 20, AtLimit::Stop)));
        assert_eq!(parse(" 3 g : abort "), Some((3 << 30, AtLimit::Abort)));
        assert_eq!(parse("1000"), Some((1000, AtLimit::Stop)));
        assert_eq!(parse("1k:trap"), Some((1024, AtLimit::Trap)));
        assert_eq!(parse("1k:report"), Some((1024, AtLimit::GoOn)));
        for value in ["", "0", "MiB", "-1", "1.5G", "1x", "1M:", "1M:stay", "99999999999T"] {
            assert_eq!(parse(value), None, "{value:?}");
        }
    }
}
