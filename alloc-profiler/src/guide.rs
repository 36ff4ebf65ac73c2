//! From two added lines to every figure: a page to follow.
//!
//! The tables on this page are those of `cargo run -p alloc-profiler --example guide`,
//! and a test compares them with what it prints; every example runs as a test.
//!
//! # Two lines to add
//!
//! Name the allocator that serves the program, in [`ProfiledAlloc`], and put
//! [`#[profile]`](macro@crate::profile) on a function:
//!
//! ```
#![doc = include_str!("../examples/guide.rs")]
//! ```
//!
//! Any allocator will do: `ProfiledAlloc::new(PoolAlloc::new())` around `alloc_core`'s,
//! or another crate's. It counts what the program asks for, so the increments are the
//! same under all of them. Without it nothing can be counted, and one line at the exit
//! says so.
//!
//! # The classic table
//!
//! When the program ends it prints the table of Python's `memory_profiler`:
//!
//! ```text
#![doc = include_str!("../tests/golden/guide_classic.txt")]
//! ```
//!
//! | column | what it says |
//! |---|---|
//! | Line # | the line's number in the file |
//! | Mem usage | the program's live heap right after the line, the largest of all its runs |
//! | Increment | what the line and all that it called allocated, less what they freed, over all its runs |
//! | Occurrences | how often it ran; a loop's head once more than its body |
//!
//! Nothing is sampled: increments are sums of what passed through the allocator, and add
//! up to what the function kept. A line without figures did not run, or belongs to the
//! statement above it. The closing brace shows what was dropped there: here `lower`,
//! and the words that nobody asked for.
//!
//! # The wide table
//!
//! `ALLOC_PROFILER=wide` before the command prints all that was recorded, ranks, and
//! advice. On a terminal it is as wide as that and in colour; where not all columns fit,
//! the least important are left out.
//!
//! ```text
#![doc = include_str!("../tests/golden/guide_wide.txt")]
//! ```
//!
//! | column | what it says, of all runs of the line, callees included |
//! |---|---|
//! | Live after | the program's live heap right after the line, the largest |
//! | Net | bytes allocated less bytes freed: the classic table's Increment |
//! | Allocated | bytes asked for; a block that is resized counts with its new size |
//! | Freed | bytes given back; a block that is resized counts with its old size |
//! | Peak inside | the most that the heap rose while the line ran once |
//! | Allocs | blocks asked for; resizing one is none |
//! | Copied | bytes that moved to another address when blocks were resized |
//! | Hits | how often it ran |
//! | Time | how long, on the wall; `~` marks an estimate from some of the runs |
//! | Share | a bar: its part of the bytes that the function allocated |
//!
//! Line 20 shows why the peak has a column: to sort, the standard library takes a buffer
//! and gives it back, so the line's net is zero. Line 18 allocated twice what it kept,
//! for the vector moved into a larger block again and again; hence the advice. Advice
//! goes by the figures and by the text of the line: it may be wrong about what a line
//! means, never about what it took.
//!
//! The same is at hand in the program:
//!
//! ```
//! # use std::alloc::System;
//! # #[global_allocator]
//! # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
//! use alloc_profiler::Pattern;
//!
//! #[alloc_profiler::profile]
//! fn numbers(n: u64) -> Vec<u64> {
//!     let mut all = Vec::new();
//!     for i in 0..n {
//!         all.push(i);
//!     }
//!     all
//! }
//!
//! numbers(1000);
//! let report = alloc_profiler::report();
//! let push = report.function("numbers").unwrap().lines[4].figures.unwrap();
//! // 4, 8, … 512, 1024 numbers of 8 bytes; the last block stays.
//! assert_eq!((push.occurrences, push.allocated_bytes), (1000, 8 * (2048 - 4)));
//! assert_eq!((push.increment_bytes, push.allocated_blocks), (8 * 1024, 1));
//!
//! let advice = report.advice();
//! assert_eq!(advice[0].pattern, Pattern::GrownStepByStep);
//! assert_eq!(advice[0].saved_bytes, 8 * (1024 - 4));
//! ```
//!
//! # What is charged where
//!
//! **Statements** are charged to the line on which they begin, with all that they call. A
//! function that is called there and profiled too has a table of its own besides;
//! recursion counts bytes once, on the lines of the outermost call.
//!
//! **Loops** sum over their rounds. The head has what the iterator or the condition does,
//! and what drops between two rounds.
//!
//! **Braces** show what drops there: a function's locals at its end, a block's at the
//! block's. An exit by **`?`**, `return` or `break` before the block's last statement has
//! the drops on its own line; one in a block's last statement leaves what is around that
//! block to the statement there.
//!
//! **Closures** have lines of their own where they have statements, wherever they run; a
//! closure of one expression belongs to the statement around it.
//!
//! ```
//! # use std::alloc::System;
//! # #[global_allocator]
//! # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
//! #[alloc_profiler::profile]
//! fn sum(texts: &[&str]) -> Result<usize, std::num::ParseIntError> {
//!     let scratch = vec![0_u8; 500];
//!     let numbers = texts.iter().map(|text| {
//!         let owned = text.trim().to_owned();
//!         owned.parse::<usize>()
//!     });
//!     let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
//!     let sum: usize = numbers.iter().sum();
//!     Ok(sum + scratch.len())
//! }
//!
//! assert!(sum(&["1", "22", "333"]).is_ok() && sum(&["no number"]).is_err());
//! let report = alloc_profiler::report();
//! let function = report.function("sum").unwrap();
//! let net = |text: &str| -> i64 {
//!     let line = function.lines.iter().find(|line| line.source.contains(text)).unwrap();
//!     line.figures.unwrap().increment_bytes
//! };
//! let brace = function.lines.last().unwrap().figures.unwrap().increment_bytes;
//! assert_eq!(net("let scratch"), 2 * 500);
//! assert_eq!(net("let owned"), 1 + 2 + 3 + 9); // in the closure, on each run,
//! assert_eq!(net("    });"), -15);             // and dropped at its end
//! let numbers = 4 * size_of::<usize>() as i64;  // a Vec of three has room for four
//! assert_eq!(net(".collect"), numbers - 500);   // and the call that failed ended here,
//! assert_eq!(brace, -numbers - 500);            // the other one there
//! assert_eq!(function.total_bytes, 0);
//! ```
//!
//! **Threads** add up: each has its own figures, and the report has their sum, with a
//! table by thread below the function's. What one thread allocates and another frees is
//! the first one's increment and the second one's decrease, each on its own line.
//!
//! ```
//! # use std::alloc::System;
//! # #[global_allocator]
//! # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
//! use std::thread;
//!
//! #[alloc_profiler::profile]
//! fn part(n: usize) -> Vec<u8> {
//!     vec![1; n]
//! }
//!
//! thread::scope(|scope| {
//!     for n in [100, 20] {
//!         let builder = thread::Builder::new().name(format!("part-{n}"));
//!         builder.spawn_scoped(scope, move || part(n)).unwrap();
//!     }
//! });
//! let report = alloc_profiler::report();
//! let function = report.function("part").unwrap();
//! assert_eq!((function.calls, function.total_bytes), (2, 120));
//! let mut threads: Vec<_> =
//!     function.threads.iter().map(|thread| (thread.name.as_str(), thread.total_bytes)).collect();
//! threads.sort();
//! assert_eq!(threads, [("part-100", 100), ("part-20", 20)]);
//! ```
//!
//! **`async`** functions and blocks are charged while they are polled, on whatever thread:
//! what other tasks do while one waits is theirs. A future that is dropped while it waits
//! has its locals dropped on the line on which it waited.
//!
//! ```
//! # use std::alloc::System;
//! # #[global_allocator]
//! # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
//! use tokio::task::yield_now;
//!
//! #[alloc_profiler::profile]
//! async fn page(n: usize) -> Vec<u8> {
//!     let head = vec![1; n];
//!     yield_now().await;
//!     let mut page = head.clone();
//!     page
//! }
//!
//! let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
//! runtime.block_on(async {
//!     let tasks: Vec<_> = (0..50).map(|_| tokio::spawn(page(1000))).collect();
//!     for task in tasks {
//!         assert_eq!(task.await.unwrap().len(), 1000);
//!     }
//! });
//! let report = alloc_profiler::report();
//! let function = report.function("page").unwrap();
//! let net = |index: usize| function.lines[index].figures.unwrap().increment_bytes;
//! assert_eq!((function.calls, net(2), net(4), net(6)), (50, 50_000, 50_000, -50_000));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # On more than a function
//!
//! On an `impl` or `trait` block, or an inline module, the attribute goes on every
//! function in it, but for those with `#[profile(skip)]`. It takes options, which
//! [`#[profile]`](macro@crate::profile) lists: `precision`, `stream`, `backend` (what the
//! system says of the process, for comparison), `each_call` (a table after every call)
//! and `name`.
//!
//! ```
//! # use std::alloc::System;
//! # #[global_allocator]
//! # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
//! use alloc_profiler::profile;
//!
//! struct Shelf(Vec<String>);
//!
//! #[profile(precision = 3)]
//! impl Shelf {
//!     fn add(&mut self, title: &str) {
//!         self.0.push(title.to_owned());
//!     }
//!
//!     #[profile(name = "Shelf, sorted")]
//!     fn sort(&mut self) {
//!         self.0.sort();
//!     }
//!
//!     #[profile(skip)]
//!     fn len(&self) -> usize {
//!         self.0.len()
//!     }
//! }
//!
//! let mut shelf = Shelf(Vec::new());
//! shelf.add("The Art of Computer Programming");
//! shelf.sort();
//! assert_eq!(shelf.len(), 1);
//! let names: Vec<_> = alloc_profiler::report().functions.into_iter().map(|f| f.name).collect();
//! assert_eq!(names.len(), 2);
//! assert!(names[0].ends_with("Shelf::add"));
//! assert_eq!(names[1], "Shelf, sorted");
//! ```
//!
//! # What is printed, and when
//!
//! | `ALLOC_PROFILER=` | what the exit prints |
//! |---|---|
//! | `classic`, or nothing | the classic table, on the standard output |
//! | `wide` | the wide one |
//! | `json:PATH` | the report as [JSON](crate::json), into that file |
//! | `wide,json:PATH` | both |
//! | `off` | nothing; it is recorded all the same |
//!
//! A value that makes no sense gets one line on the standard error, and the classic table.
//! [`set_output`](crate::set_output) chooses in code; the environment goes before it.
//! [`print_report`](crate::print_report) prints at any time, from any thread;
//! [`report()`](crate::report()) returns the figures so far.
//!
//! # What changed between two builds
//!
//! Let each build's run write its report, and compare the two:
//! `cargo run -p demo -- diff before.json after.json`, or in code, where a job of CI can
//! hold the growth to a limit:
//!
//! ```
//! # use std::alloc::System;
//! # #[global_allocator]
//! # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
//! use alloc_profiler::Report;
//!
//! # #[alloc_profiler::profile]
//! # fn load(n: usize) -> Vec<u8> {
//! #     Vec::with_capacity(n)
//! # }
//! # load(1000);
//! # let before_json = alloc_profiler::report().to_json();
//! # load(1024);
//! # let after_json = alloc_profiler::report().to_json();
//! // Two files, read: `json:before.json` and `json:after.json` wrote them.
//! let (before, after) = (Report::from_json(&before_json)?, Report::from_json(&after_json)?);
//! let diff = before.diff(&after);
//! println!("{diff}");
//! for function in &diff.changed {
//!     // A call's mean, for runs of other lengths.
//!     let growth = function.growth.allocated_bytes_per_call();
//!     assert!(growth < 1024.0, "{} grew by {growth} bytes a call", function.name);
//! }
//! # assert_eq!(diff.changed[0].growth.allocated_bytes_per_call(), 12.0);
//! # Ok::<(), alloc_profiler::json::JsonError>(())
//! ```
//!
//! # Budgets in tests
//!
//! [`assert_heap!`](crate::assert_heap) runs a block and holds it to limits;
//! [`measure`](crate::measure()) returns the figures instead. Both count on the calling
//! thread alone, so tests may run side by side.
//!
//! ```
//! # use std::alloc::System;
//! # #[global_allocator]
//! # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
//! use alloc_profiler::{assert_heap, measure};
//!
//! let total: usize = assert_heap!(allocs <= 3, bytes <= 4096, leaked == 0, {
//!     let names = ["Ada", "Grace"].map(str::to_owned);
//!     names.iter().map(String::len).sum()
//! });
//! assert_eq!(total, 8);
//!
//! let (text, heap) = measure(|| "=".repeat(80));
//! assert_eq!((text.len(), heap.allocated_blocks, heap.peak_bytes), (80, 1, 80));
//! ```
//!
//! A test that breaks its budget names the lines that spent it:
//!
//! ```
//! # use std::alloc::System;
//! # #[global_allocator]
//! # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
//! # use alloc_profiler::assert_heap;
//! # let caught = std::panic::catch_unwind(|| {
//! assert_heap!(allocs <= 1, {
//!     let names = ["Ada", "Grace"].map(str::to_owned);
//!     names.len()
//! });
//! # });
//! # let message = caught.unwrap_err().downcast::<String>().unwrap();
//! // assert_heap! failed
//! //   allocs <= 1: found 2 blocks
//! //     2 at src/names.rs:2: let names = ["Ada", "Grace"].map(str::to_owned);
//! # assert!(message.starts_with("assert_heap! failed\n  allocs <= 1: found 2 blocks\n    2 at "));
//! # assert!(message.contains(": let names = [\"Ada\", \"Grace\"].map(str::to_owned);"));
//! ```
//!
//! # Stretches, and memory over time
//!
//! [`timestamp`](crate::timestamp()) names a stretch of a thread's time, which reports list
//! with its peak. [`memory_usage`](crate::memory_usage()) and [`Sampler`](crate::Sampler)
//! look at the program's memory again and again while a piece of code runs, as
//! `memory_profiler`'s function of that name does.
//!
//! ```
//! # use std::alloc::System;
//! # #[global_allocator]
//! # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
//! use alloc_profiler::{memory_usage, timestamp};
//!
//! let (length, usage) = memory_usage(|| {
//!     let _loading = timestamp("load");
//!     vec![0_u8; 3 << 20].len()
//! });
//! assert_eq!((length, usage.heap.peak_bytes), (3 << 20, 3 << 20));
//! assert_eq!(alloc_profiler::report().scopes[0].name, "load");
//! println!("{usage}"); // peak memory: 3.00 MiB, increment: 3.00 MiB
//! ```
//!
//! # A limit
//!
//! `ALLOC_PROFILER_LIMIT=512MiB` before the command, or [`set_limit`](crate::set_limit())
//! in code, stops the program where its live heap crosses that: it prints the report so
//! far and the line, then stops in the debugger, or aborts where there is none.
//! `512MiB:report` goes on instead; `:trap` and `:abort` do as they say.
//!
//! # Events
//!
//! With a subscriber of the `tracing` crate in place, each profiled call sends an event
//! when it ends: target `alloc_profiler`, level DEBUG, with the fields `name`,
//! `net_bytes`, `allocated_bytes`, `freed_bytes`, `allocated_blocks`, `freed_blocks`,
//! `copied_bytes`, `peak_bytes` and `duration_ns`. Without a subscriber that wants them, a
//! call asks once, and sends none.
//!
//! The crate `alloc-profiler-tracing` has a layer for `tracing_subscriber`, `HeapLayer`,
//! that charges memory to spans, async ones too, profiled or not: one more event for each
//! span that closes, or a report of all. `cargo run -p demo -- tasks --events` shows both
//! kinds of events.
//!
//! # What it costs
//!
//! `cargo run --release -p alloc-profiler --example cost` prints it for the machine at
//! hand: an allocation with nothing profiled, with profiling on, and a probe, each beside
//! the same code without. With the feature `off`, every `#[profile]` leaves the bare
//! function, so the attributes can stay in the sources of a build that goes out.
//!
//! # What it cannot do
//!
//! - A `const fn` may run in the compiler, where nothing is counted: the attribute
//!   refuses it with an error that says what to do.
//! - It counts what goes through the program's global allocator: not what C code takes by
//!   `malloc`, nor memory maps, stacks and statics. `backend = "rss"` shows what the system
//!   counts.
//! - What a line has other threads do is charged there, where that code is profiled, not to
//!   the line.
//! - Live heap and "Mem usage" begin with what the allocator says was in use when
//!   profiling began: exact under `alloc_core::PoolAlloc`, in block sizes, and zero under
//!   allocators that do not say. Of other threads it knows a little late: as of the start
//!   of the outermost profiled call, give or take some milliseconds.
//! - Optimised code may allocate less than the source says, or not at all: shown is what
//!   was asked for in fact.
//!
//! [`ProfiledAlloc`]: crate::ProfiledAlloc
#![forbid(unsafe_code)]
