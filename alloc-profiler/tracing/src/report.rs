//! The figures of closed spans, added up by path.
//!
//! A span's path is its name behind those of its parents, which `tracing` knows;
//! spans of one path are one row. The sums are behind one lock, which is held for
//! one addition when a span closes, and to copy them out. What they are kept in is
//! uncounted, and freed so, when the layer and all handles are gone.

use std::collections::BTreeMap;
use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alloc_profiler::{HeapUse, uncounted};

use crate::counting;
use crate::spent::{OwnUse, Spent};

/// What the spans of one path came to.
///
/// Sums, but for [`heap`](Self::heap)'s peak, which is the highest that one of the
/// spans had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpanReport {
    /// The span's name, last, behind its parents'.
    pub path: Vec<&'static str>,
    /// Spans of the path that have closed.
    pub count: u64,
    /// What they and the spans that were entered within asked of the allocator.
    pub heap: HeapUse,
    /// What they did themselves.
    pub own: OwnUse,
    /// How long threads were in them.
    pub busy: Duration,
}

/// What the spans that have closed came to, by path.
///
/// Its [`Display`](std::fmt::Display) is a table in which each path stands below
/// its parent's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeapReport {
    /// Whether the program's global allocator is a
    /// [`ProfiledAlloc`](alloc_profiler::ProfiledAlloc). If not, all bytes are
    /// zero, and the printed report says so. False also before a span has closed.
    pub is_counting: bool,
    /// The rows: a path is followed by those that begin with it, and where paths
    /// part, what allocated most bytes comes first.
    pub spans: Vec<SpanReport>,
}

impl HeapReport {
    /// Returns what the spans of `path` came to; `None` if none has closed.
    ///
    /// ```
    /// let (_layer, handle) = alloc_profiler_tracing::HeapLayer::with_report();
    /// assert_eq!(handle.report().span(&["request", "parse"]), None);
    /// ```
    pub fn span(&self, path: &[&str]) -> Option<&SpanReport> {
        self.spans.iter().find(|span| span.path == path)
    }
}

/// The way to the figures that a [`HeapLayer`](crate::HeapLayer) adds up, from any
/// thread, also when the layer is gone. Clones lead to the same figures.
#[derive(Clone, Debug)]
pub struct ReportHandle {
    totals: Arc<Totals>,
}

impl ReportHandle {
    pub(crate) fn new(totals: Arc<Totals>) -> Self {
        Self { totals }
    }

    /// Returns the figures of the spans that have closed so far.
    ///
    /// What the report takes from the heap is the caller's, and counts as such.
    ///
    /// ```
    /// let (_layer, handle) = alloc_profiler_tracing::HeapLayer::with_report();
    /// assert!(handle.report().spans.is_empty());
    /// ```
    pub fn report(&self) -> HeapReport {
        let sums = self.totals.lock();
        let mut spans: Vec<_> = sums.values().cloned().collect();
        let allocated = |path: &[&str]| sums.get(path).map_or(0, |sum| sum.heap.allocated_bytes);
        spans.sort_by(|a, b| {
            let shared = iter::zip(&a.path, &b.path).take_while(|(a, b)| a == b).count();
            match (a.path.get(..=shared), b.path.get(..=shared)) {
                (Some(a), Some(b)) => allocated(b).cmp(&allocated(a)).then_with(|| a.cmp(b)),
                _ => a.path.len().cmp(&b.path.len()),
            }
        });
        HeapReport { is_counting: !spans.is_empty() && counting::is_on(), spans }
    }
}

/// The sums, by path.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    sums: Mutex<BTreeMap<Vec<&'static str>, SpanReport>>,
}

impl Totals {
    /// Adds a closed span. For uncounted work.
    pub(crate) fn add(&self, path: Vec<&'static str>, spent: &Spent) {
        let mut sums = self.lock();
        let sum = sums
            .entry(path)
            .or_insert_with_key(|path| SpanReport { path: path.clone(), ..SpanReport::default() });
        sum.count += 1;
        sum.heap.add(&spent.heap);
        sum.own.add_own(&spent.own);
        sum.busy += spent.busy;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Vec<&'static str>, SpanReport>> {
        // An addition is whole or did not begin, whatever panicked.
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Totals {
    fn drop(&mut self) {
        uncounted(|| self.lock().clear());
    }
}
