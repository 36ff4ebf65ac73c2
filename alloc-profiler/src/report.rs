//! The figures so far, collected from all threads into a [`Report`].
//!
//! A report adds up what all threads, running and ended, have recorded. It reads
//! their slots while they go on writing and waits for nobody, so it can be asked
//! for at any time, on any thread, again and again. What an unfinished call has
//! spent on its current line is in it. A step that another thread records at the
//! very moment may be missed, and then is in the next report; on the calling
//! thread, and on threads that rest, nothing is missed.

mod model;

use std::collections::HashMap;

use crate::counters::HeapCounts;
use crate::installed;
use crate::options::Backend;
use crate::site::{self, Line, Site};
use crate::slots::SiteSlots;
use crate::thread::{self, Moment, ThreadRecord};

pub use model::{
    FunctionReport, LineFigures, LineReport, Report, ScopeReport, ThreadReport, Usage,
};

/// Returns the figures of every profiled function that was entered so far.
///
/// It never waits for another thread. What the report itself takes from the heap
/// is the caller's, and counts as such.
///
/// ```
/// # use std::alloc::System;
/// # #[global_allocator]
/// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
/// #[alloc_profiler::profile]
/// fn squares(n: u64) -> Vec<u64> {
///     let mut all = Vec::with_capacity(n as usize);
///     for i in 0..n {
///         all.push(i * i);
///     }
///     all
/// }
///
/// squares(100);
/// let report = alloc_profiler::report();
/// let function = report.function("squares").unwrap();
/// assert_eq!(function.calls, 1);
/// assert_eq!(function.total_bytes, 800);
/// ```
pub fn report() -> Report {
    // Before anything else: what follows allocates, on a line that may be profiled.
    let own = Moment::now();
    let is_counting = installed::is_installed();
    let mut sums: Vec<_> = site::entered().into_iter().map(SiteSum::new).collect();
    let places: HashMap<usize, usize> =
        sums.iter().enumerate().map(|(place, sum)| (sum.site.id(), place)).collect();
    for record in thread::records() {
        for slots in record.all_slots() {
            // A site that was entered a moment ago may be in one list only.
            if let Some(&place) = places.get(&slots.site.id()) {
                sums[place].add(slots, record, &own);
            }
        }
    }
    let functions = sums.into_iter().map(SiteSum::into_report).collect();
    Report { is_counting, functions, scopes: Vec::new() }
}

/// The sum of one line's slots.
#[derive(Clone, Copy, Default)]
struct LineSum {
    hits: u64,
    live_bytes: u64,
    counts: HeapCounts,
}

impl LineSum {
    /// Returns the figures to show for `line`, if any.
    fn figures(&self, line: Line) -> Option<LineFigures> {
        let is_idle_brace = line.is_brace() && self.counts == HeapCounts::default();
        if self.hits == 0 || is_idle_brace {
            return None;
        }
        Some(LineFigures {
            increment_bytes: self.counts.net_bytes(),
            live_bytes: self.live_bytes,
            occurrences: self.hits,
            allocated_bytes: self.counts.allocated_bytes,
            freed_bytes: self.counts.freed_bytes,
            allocated_blocks: self.counts.allocated_blocks,
            freed_blocks: self.counts.freed_blocks,
            ..LineFigures::default()
        })
    }
}

/// The sum of one function's slots.
struct SiteSum {
    site: &'static Site,
    total: HeapCounts,
    lines: Vec<LineSum>,
}

impl SiteSum {
    fn new(site: &'static Site) -> Self {
        let lines = vec![LineSum::default(); site.lines().len()];
        Self { site, total: HeapCounts::default(), lines }
    }

    /// Adds what the threads of `record` have recorded, the calling one's as it
    /// was at `own`.
    fn add(&mut self, slots: &SiteSlots, record: &ThreadRecord, own: &Moment) {
        for (sum, slot) in self.lines.iter_mut().zip(slots.lines) {
            sum.hits += slot.hits.get();
            sum.live_bytes = sum.live_bytes.max(slot.live_bytes());
            sum.counts.add(&slot.counts.get());
        }
        self.total.add(&slots.total.get());
        if let Some((now, line, call)) = slots.pending(|| own.counts_of(record)) {
            let sum = &mut self.lines[slots.current_line()];
            let live = record.others_live_bytes().wrapping_add(now.net_bytes());
            sum.live_bytes = sum.live_bytes.max(live.max(0).cast_unsigned());
            sum.counts.add(&line);
            self.total.add(&call);
        }
    }

    fn into_report(self) -> FunctionReport {
        let by_number: HashMap<u32, Option<LineFigures>> = (self.site.lines().iter())
            .zip(&self.lines)
            .map(|(line, sum)| (line.number(), sum.figures(*line)))
            .collect();
        let lines = self.site.source_lines().map(|(number, source)| LineReport {
            number,
            source: source.to_owned(),
            figures: by_number.get(&number).copied().flatten(),
        });
        FunctionReport {
            name: self.site.name().to_owned(),
            file: self.site.file().to_owned(),
            calls: self.lines[0].hits,
            total_bytes: self.total.net_bytes(),
            lines: lines.collect(),
            threads: Vec::new(),
            precision: 1,
            backend: Backend::Heap,
            stream: None,
        }
    }
}
