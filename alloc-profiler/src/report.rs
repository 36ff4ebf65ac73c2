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

use crate::counting::counts::HeapCounts;
use crate::counting::installed;
use crate::counting::thread::{self, Moment, ThreadRecord};
use crate::counting::thread_name::ThreadName;
use crate::measuring::measure::HeapUse;
use crate::measuring::scopes;
use crate::options::Backend;
use crate::recording::site::{self, Line, Site};
use crate::recording::slots::{LineTotals, SiteSlots};

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
    let mut sums: Vec<_> = site::entered().into_iter().map(FunctionSum::new).collect();
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
    let functions = sums.into_iter().map(FunctionSum::into_report).collect();
    Report { is_counting, functions, scopes: scopes::ended() }
}

/// Returns the report of one call of `site`, whose lines came to `lines` and
/// which came to `spent` in all.
pub(crate) fn one_call(
    site: &'static Site,
    lines: &[LineTotals],
    spent: &HeapUse,
) -> FunctionReport {
    let mut sum = SiteSum::new(site);
    sum.total_bytes = spent.net_bytes();
    sum.lines.copy_from_slice(lines);
    FunctionReport { calls: 1, ..sum.into_report(Vec::new()) }
}

/// Returns the figures to show for `line`, if any.
fn figures(totals: &LineTotals, line: Line, backend: Backend) -> Option<LineFigures> {
    // A line that another thread began may go on on this one, in a closure.
    let may_be_idle = line.is_brace() || totals.hits == 0;
    if may_be_idle && totals.counts == HeapCounts::default() {
        return None;
    }
    let usage =
        Usage { increment_bytes: totals.usage_increment_bytes, usage_bytes: totals.usage_bytes };
    Some(LineFigures {
        increment_bytes: totals.counts.net_bytes(),
        live_bytes: totals.live_bytes,
        peak_bytes: totals.peak_bytes,
        occurrences: totals.hits,
        allocated_bytes: totals.counts.allocated_bytes,
        freed_bytes: totals.counts.freed_bytes,
        allocated_blocks: totals.counts.allocated_blocks,
        freed_blocks: totals.counts.freed_blocks,
        reallocated_blocks: totals.counts.reallocated_blocks,
        copied_bytes: totals.counts.copied_bytes,
        time_ns: totals.time_ns,
        is_time_estimated: totals.is_time_estimated,
        usage: (backend != Backend::Heap).then_some(usage),
    })
}

/// The sum of one function's slots, of all threads or of those of one name.
#[derive(Clone)]
struct SiteSum {
    site: &'static Site,
    total_bytes: i64,
    lines: Vec<LineTotals>,
}

impl SiteSum {
    fn new(site: &'static Site) -> Self {
        Self { site, total_bytes: 0, lines: vec![LineTotals::default(); site.lines().len()] }
    }

    /// Adds what the threads of `record` have recorded, the calling one's as it
    /// was at `own`.
    fn add_slots(&mut self, slots: &SiteSlots, record: &ThreadRecord, own: &Moment) {
        for (sum, slot) in self.lines.iter_mut().zip(slots.lines) {
            sum.add(&slot.totals());
        }
        self.add_total(slots.total.get().net_bytes());
        if let Some((now, line, call)) = slots.pending(|| own.counts_of(record)) {
            let live = record.others_live_bytes().wrapping_add(now.net_bytes());
            let start = now.net_bytes().wrapping_sub(line.net_bytes());
            let peak = own.peak_on_line(record, slots).wrapping_sub(start);
            let pending = LineTotals {
                live_bytes: live.max(0).cast_unsigned(),
                peak_bytes: peak.max(0).cast_unsigned(),
                counts: line,
                ..LineTotals::default()
            };
            self.lines[slots.current_index()].add(&pending);
            self.add_total(call.net_bytes());
        }
    }

    /// Adds another sum of the same site.
    fn add(&mut self, more: &Self) {
        self.lines.iter_mut().zip(&more.lines).for_each(|(sum, more)| sum.add(more));
        self.add_total(more.total_bytes);
    }

    fn add_total(&mut self, bytes: i64) {
        self.total_bytes = self.total_bytes.wrapping_add(bytes);
    }

    /// Returns the figures to show for each source line.
    fn figures(&self) -> Vec<Option<LineFigures>> {
        let backend = self.site.options().backend;
        let by_number: HashMap<u32, Option<LineFigures>> = (self.site.lines().iter())
            .zip(&self.lines)
            .map(|(line, totals)| (line.number(), figures(totals, *line, backend)))
            .collect();
        let numbers = self.site.source_lines().map(|(number, _)| number);
        numbers.map(|number| by_number.get(&number).copied().flatten()).collect()
    }

    fn into_thread_report(self, name: String) -> ThreadReport {
        ThreadReport {
            name,
            calls: self.lines[0].hits,
            total_bytes: self.total_bytes,
            figures: self.figures(),
        }
    }

    fn into_report(self, threads: Vec<ThreadReport>) -> FunctionReport {
        let lines = self.site.source_lines().zip(self.figures());
        let lines = lines.map(|((number, source), figures)| LineReport {
            number,
            source: source.to_owned(),
            figures,
        });
        let options = self.site.options();
        FunctionReport {
            name: self.site.name().to_owned(),
            file: self.site.file().to_owned(),
            calls: self.lines[0].hits,
            total_bytes: self.total_bytes,
            lines: lines.collect(),
            threads,
            precision: options.precision,
            backend: options.backend,
            stream: options.stream,
        }
    }
}

/// The sums of one function, by the threads' names.
struct FunctionSum {
    site: &'static Site,
    by_name: Vec<(ThreadName, SiteSum)>,
}

impl FunctionSum {
    fn new(site: &'static Site) -> Self {
        Self { site, by_name: Vec::new() }
    }

    fn add(&mut self, slots: &SiteSlots, record: &ThreadRecord, own: &Moment) {
        let name = record.name();
        let place = self.by_name.iter().position(|(each, _)| *each == name);
        let place = place.unwrap_or_else(|| {
            self.by_name.push((name, SiteSum::new(self.site)));
            self.by_name.len() - 1
        });
        self.by_name[place].1.add_slots(slots, record, own);
    }

    fn into_report(self) -> FunctionReport {
        let mut sum = SiteSum::new(self.site);
        self.by_name.iter().for_each(|(_, each)| sum.add(each));
        let threads = self.by_name.into_iter();
        let threads = threads.map(|(name, sum)| sum.into_thread_report(name.text().into_owned()));
        let mut threads: Vec<_> = threads.collect();
        threads.sort_by(|a, b| a.name.cmp(&b.name));
        sum.into_report(threads)
    }
}
