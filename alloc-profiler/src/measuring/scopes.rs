//! Scopes: stretches of a thread's time that the program gives a name, like
//! `profile.timestamp("name")` of Python's `memory_profiler`.
//!
//! Each ended scope is kept, for a report to put beside the others on a time
//! axis, up to [`MAX_SCOPES`]: a name for each turn of a hot loop is a mistake
//! that should not fill the memory.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::counting::switch;
use crate::counting::thread::{self, ThreadRecord};
use crate::counting::uncounted::Uncounted;
use crate::measuring::live_bytes;
use crate::measuring::measure::Stretch;
use crate::report::ScopeReport;
use crate::statics::{self, AtomicRef, List, Node};

/// Scopes that are kept.
const MAX_SCOPES: usize = 1 << 16;

/// Those that have ended, the newest first.
static ENDED: List<Ended> = List::new();

/// How many have ended.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// One that has ended.
struct Ended {
    report: ScopeReport,
    next: AtomicRef<Ended>,
}

impl Node for Ended {
    fn next(&self) -> &AtomicRef<Self> {
        &self.next
    }
}

/// Returns the scopes that have ended, in the order in which they did.
pub(crate) fn ended() -> Vec<ScopeReport> {
    let mut all: Vec<_> = ENDED.iter().map(|ended| ended.report.clone()).collect();
    all.reverse();
    all
}

/// A scope in progress; it ends when this is dropped.
#[must_use = "the scope ends when this is dropped"]
#[derive(Debug)]
pub struct Timestamp {
    name: Cow<'static, str>,
    start_s: f64,
    start_live_bytes: u64,
    stretch: Stretch,
    record: &'static ThreadRecord,
    /// It ends on the thread on which it began.
    not_send: PhantomData<*const ()>,
}

/// Names what the calling thread does until the returned value is dropped.
///
/// Reports list its times, the program's live heap at both ends and the peak
/// within, in [`Report::scopes`](crate::Report::scopes). The first 65,536 are
/// kept.
///
/// ```
/// # use std::alloc::System;
/// # #[global_allocator]
/// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
/// let numbers = {
///     let _loading = alloc_profiler::timestamp("load");
///     vec![0_u8; 1 << 20]
/// };
/// let report = alloc_profiler::report();
/// assert_eq!(report.scopes[0].name, "load");
/// assert_eq!(report.scopes[0].peak_bytes, 1 << 20);
/// # drop(numbers);
/// ```
///
/// It ends on the thread on which it began:
///
/// ```compile_fail,E0277
/// let scope = alloc_profiler::timestamp("elsewhere");
/// std::thread::spawn(move || drop(scope));
/// ```
pub fn timestamp(name: impl Into<Cow<'static, str>>) -> Timestamp {
    switch::on();
    let name = name.into();
    let record = thread::current_for_calls();
    // A call keeps the record where it is.
    record.begin_call();
    let (start_s, start_live_bytes) = (now_s(), live_bytes());
    let stretch = Stretch::begin(record);
    Timestamp { name, start_s, start_live_bytes, stretch, record, not_send: PhantomData }
}

impl Drop for Timestamp {
    fn drop(&mut self) {
        let (heap, _) = self.stretch.end(self.record);
        let end_live_bytes = live_bytes();
        {
            let _uncounted = Uncounted::begin();
            self.keep(end_live_bytes, heap.peak_bytes);
        }
        self.record.end_call();
    }
}

impl Timestamp {
    fn keep(&self, end_live_bytes: u64, peak_bytes: u64) {
        if COUNT.fetch_add(1, Ordering::Relaxed) >= MAX_SCOPES {
            return;
        }
        let report = ScopeReport {
            name: self.name.to_string(),
            thread: self.record.name().text().into_owned(),
            start_s: self.start_s,
            end_s: now_s(),
            start_live_bytes: self.start_live_bytes,
            end_live_bytes,
            peak_bytes,
        };
        if let Some(ended) = statics::leak(Ended { report, next: AtomicRef::none() }) {
            ENDED.push(ended);
        }
    }
}

/// Returns the seconds since 1970.
fn now_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
