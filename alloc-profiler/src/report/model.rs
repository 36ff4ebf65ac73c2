//! The report as plain data: what was measured, of which function, on which line.
//!
//! Nothing here measures or prints. `report` fills these types in, `render` and
//! `json` write them, `diff` compares two. The fields are public and the structs
//! are not exhaustive: they grow with what is measured.
//!
//! Invariants, which the collecting code keeps: a function's lines are all its
//! source lines in order, and [`ThreadReport::figures`] has one entry for each.

use serde::{Deserialize, Serialize};

use crate::options::{Backend, Stream};

/// The figures of every profiled function that was entered.
///
/// Its [`Display`](std::fmt::Display) is `memory_profiler`'s table, one for each
/// function; see [`profile`](macro@crate::profile) for how to read it.
/// [`to_wide`](Self::to_wide) shows all that was measured, [`advice`](Self::advice)
/// what could be done about it, [`to_json`](Self::to_json) writes it for
/// programs, [`diff`](Self::diff) compares two reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// Where the table goes, if not where the report goes. Not in the JSON.
    #[serde(skip)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// The process's memory around one line, as the system counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// Bytes more after the line than before it, over all its runs.
    pub increment_bytes: i64,
    /// The most after a run of the line, in bytes.
    pub usage_bytes: u64,
}
