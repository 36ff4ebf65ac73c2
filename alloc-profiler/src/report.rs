//! [`Report`]: the figures so far, as plain data.
//!
//! A report adds up what all threads, running and ended, have recorded. It reads
//! their slots while they go on writing and waits for nobody, so it can be asked
//! for at any time, on any thread, again and again. What an unfinished call has
//! spent on its current line is in it. A step that another thread records at the
//! very moment may be missed, and then is in the next report; on the calling
//! thread, and on threads that rest, nothing is missed.

use std::collections::HashMap;

use crate::counters::HeapCounts;
use crate::installed;
use crate::options::{Backend, Stream};
use crate::site::{self, Line, Site};
use crate::slots::SiteSlots;
use crate::thread::{self, Moment, ThreadRecord};

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

/// The figures of every profiled function that was entered.
///
/// Its [`Display`](std::fmt::Display) is `memory_profiler`'s table, one for each
/// function; see [`profile`](macro@crate::profile) for how to read it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Whether the program's global allocator is a
    /// [`ProfiledAlloc`](crate::ProfiledAlloc). If not, all bytes are zero, and
    /// the printed report says so. False also before any function was entered.
    pub is_counting: bool,
    /// The functions, in the order in which they were first entered.
    pub functions: Vec<FunctionReport>,
    /// The scopes that `timestamp` named, in the order in
    /// which they ended.
    pub scopes: Vec<ScopeReport>,
}

impl Report {
    /// Returns the function whose path is `name` or ends in `::name`; the first
    /// one entered if there are several, `None` if there is none.
    ///
    /// ```
    /// #[alloc_profiler::profile]
    /// fn work() {}
    ///
    /// work();
    /// let report = alloc_profiler::report();
    /// assert!(report.function("work").is_some());
    /// assert!(report.function("play").is_none());
    /// ```
    pub fn function(&self, name: &str) -> Option<&FunctionReport> {
        self.functions.iter().find(|function| {
            function
                .name
                .strip_suffix(name)
                .is_some_and(|path| path.is_empty() || path.ends_with("::"))
        })
    }
}

/// A named stretch of one thread's time.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ScopeReport {
    /// The name that it was given.
    pub name: String,
    /// The name of the thread.
    pub thread: String,
    /// When it began, in seconds since 1970,
    pub start_s: f64,
    /// and when it ended.
    pub end_s: f64,
    /// The program's live heap when it began, in bytes,
    pub start_live_bytes: u64,
    /// and when it ended.
    pub end_live_bytes: u64,
    /// The most that the thread's live heap rose above its start, in bytes.
    pub peak_bytes: u64,
}

/// The figures of one profiled function, of all its calls on all threads.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FunctionReport {
    /// Its path: `crate::module::function`.
    pub name: String,
    /// Its source file, as the compiler was given it.
    pub file: String,
    /// How often it was entered, recursive calls included.
    pub calls: u64,
    /// Bytes allocated less bytes freed between its outermost calls' two ends,
    /// measured there; the sum of its lines' increments is the same number.
    pub total_bytes: i64,
    /// Every source line, from the attribute to the closing brace.
    pub lines: Vec<LineReport>,
    /// The same by thread: those of one name are one. Without those that never
    /// entered the function.
    pub threads: Vec<ThreadReport>,
    /// Decimals of the classic table's figures.
    pub precision: u8,
    /// What the classic table shows as memory.
    pub backend: Backend,
    /// Where the table goes, if not where the report goes.
    pub stream: Option<Stream>,
}

impl FunctionReport {
    /// Returns the line with this number in its file, if it is one of the
    /// function's.
    ///
    /// ```
    /// #[alloc_profiler::profile]
    /// fn work() {}
    ///
    /// work();
    /// let report = alloc_profiler::report();
    /// let function = report.function("work").unwrap();
    /// let first = &function.lines[0];
    /// assert_eq!(function.line(first.number).unwrap().source, first.source);
    /// assert!(function.line(0).is_none());
    /// ```
    pub fn line(&self, number: u32) -> Option<&LineReport> {
        self.lines.iter().find(|line| line.number == number)
    }
}

/// The figures of one profiled function on the threads of one name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ThreadReport {
    /// The thread's name, as the system keeps it (15 bytes on Linux); `main` is
    /// the first one. Threads without a name have their creator's.
    pub name: String,
    /// How often it entered the function.
    pub calls: u64,
    /// Bytes allocated less bytes freed by its outermost calls.
    pub total_bytes: i64,
    /// What was measured there, for each of [`FunctionReport::lines`].
    pub figures: Vec<Option<LineFigures>>,
}

/// One source line of a profiled function.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LineReport {
    /// Its number in the file, from 1.
    pub number: u32,
    /// Its text, indented as in the file, without the line break.
    pub source: String,
    /// What was measured; `None` where nothing ran, where a statement or comment
    /// only continues, and on a closing brace at which nothing was dropped.
    pub figures: Option<LineFigures>,
}

/// What was measured on one line, callees included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineFigures {
    /// Bytes allocated less bytes freed while the line ran, over all its runs.
    pub increment_bytes: i64,
    /// The largest live heap of the program right after the line, in bytes; what
    /// other threads hold is as of the outermost profiled call's start, or some
    /// milliseconds before.
    pub live_bytes: u64,
    /// The most, in bytes, that the thread's live heap rose within one run of the
    /// line above what it was when that run began.
    pub peak_bytes: u64,
    /// How often the line ran. A `for` or `while` counts its rounds and one more.
    pub occurrences: u64,
    /// Bytes that the program asked for; a `realloc` counts its new size,
    pub allocated_bytes: u64,
    /// Bytes that it gave back; a `realloc` counts its old size.
    pub freed_bytes: u64,
    /// Blocks that it asked for; a `realloc` is none.
    pub allocated_blocks: u64,
    /// Blocks that it gave back.
    pub freed_blocks: u64,
    /// Blocks that it asked to be resized.
    pub reallocated_blocks: u64,
    /// Bytes that moved to another address when blocks were resized.
    pub copied_bytes: u64,
    /// How long the line ran, in nanoseconds of the clock on the wall.
    pub time_ns: u64,
    /// Whether that is an estimate: of what runs often, some runs are timed.
    pub is_time_estimated: bool,
    /// What the function's backend says, if that is not the heap.
    pub usage: Option<Usage>,
}

/// The process's memory around one line, as the system counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Bytes more after the line than before it, over all its runs.
    pub increment_bytes: i64,
    /// The most after a run of the line, in bytes.
    pub usage_bytes: u64,
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
