//! [`memory_usage`]: the program's memory while a piece of code runs, sampled on
//! a thread beside it.
//!
//! After `memory_usage` of Python's `memory_profiler` 0.61, whose arguments are
//! methods of [`Sampler`] here. It runs a function again and again when it is too
//! short to be sampled; here the peak is counted, so once is enough, and the
//! function's value is always returned.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::counting::switch;
use crate::measuring::live_bytes;
use crate::measuring::measure::{HeapUse, measure};
use crate::options::Backend;
use crate::recording::usage;

/// The time between two samples, if nothing else is asked for.
const INTERVAL: Duration = Duration::from_millis(100);

/// Returns what `work` returns, and the program's memory while it ran, with the
/// defaults of a [`Sampler`].
///
/// ```
/// # use std::alloc::System;
/// # #[global_allocator]
/// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
/// let (text, usage) = alloc_profiler::memory_usage(|| "x".repeat(3 << 20));
/// assert_eq!(usage.heap.peak_bytes, 3 << 20);
/// assert!(usage.to_string().ends_with("increment: 3.00 MiB"));
/// # drop(text);
/// ```
pub fn memory_usage<T>(work: impl FnOnce() -> T) -> (T, MemoryUsage) {
    Sampler::new().run(work)
}

/// How to sample.
///
/// ```
/// use std::time::Duration;
/// use alloc_profiler::{Backend, Sampler};
///
/// let sampler = Sampler::new().backend(Backend::Rss).interval(Duration::from_millis(1));
/// let (_, usage) = sampler.run(|| std::thread::sleep(Duration::from_millis(20)));
/// assert!(usage.samples.len() > 2);
/// assert!(usage.max_bytes() > 100 << 10);
/// ```
#[derive(Clone, Debug)]
pub struct Sampler {
    interval: Duration,
    timeout: Option<Duration>,
    backend: Backend,
    include_children: bool,
}

impl Default for Sampler {
    fn default() -> Self {
        Self::new()
    }
}

impl Sampler {
    /// Returns a sampler of the heap, ten times a second.
    pub const fn new() -> Self {
        Self { interval: INTERVAL, timeout: None, backend: Backend::Heap, include_children: false }
    }

    /// Samples once an `interval`.
    #[must_use]
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Stops sampling after so long; the work goes on.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Samples what `backend` says.
    #[must_use]
    pub const fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Adds the memory of the processes that this one has started, and of theirs.
    /// The system is asked for it; of the heap there is only one's own.
    #[must_use]
    pub const fn include_children(mut self) -> Self {
        self.include_children = true;
        self
    }

    /// Returns what `work` returns, and the memory while it ran. There is a sample
    /// right before it, and one right after.
    ///
    /// # Panics
    ///
    /// Panics if no thread can be started to sample, or if `work` panics.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> (T, MemoryUsage) {
        switch::on();
        let is_done = AtomicBool::new(false);
        let before = self.sample();
        thread::scope(|scope| {
            let samples = scope.spawn(|| self.sample_until(&is_done));
            let stop = Stop { is_done: &is_done, sampler: samples.thread().clone() };
            let (result, heap) = measure(work);
            let after = self.sample();
            drop(stop);
            // It has nothing to panic about.
            let mut samples = samples.join().unwrap_or_default();
            samples.insert(0, before);
            samples.push(after);
            (result, MemoryUsage { samples, heap, backend: self.backend })
        })
    }

    fn sample_until(&self, is_done: &AtomicBool) -> Vec<Sample> {
        let start = Instant::now();
        let is_over = || {
            is_done.load(Ordering::Acquire)
                || self.timeout.is_some_and(|timeout| start.elapsed() >= timeout)
        };
        let mut samples = Vec::new();
        loop {
            thread::park_timeout(self.interval);
            if is_over() {
                return samples;
            }
            samples.push(self.sample());
        }
    }

    fn sample(&self) -> Sample {
        let time_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let bytes = match (self.backend, self.include_children) {
            (Backend::Heap, _) => live_bytes(),
            (backend, false) => usage::bytes(backend),
            (backend, true) => usage::bytes_of_family(backend),
        };
        Sample { time_s, bytes }
    }
}

/// Ends the sampling when it is dropped, by a panic too.
struct Stop<'a> {
    is_done: &'a AtomicBool,
    sampler: Thread,
}

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.is_done.store(true, Ordering::Release);
        self.sampler.unpark();
    }
}

/// The memory at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// When, in seconds since 1970.
    pub time_s: f64,
    /// How much, in bytes.
    pub bytes: u64,
}

/// The program's memory while a piece of code ran.
///
/// It prints as `memory_profiler`'s `%memit`:
/// `peak memory: 12.34 MiB, increment: 1.20 MiB`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MemoryUsage {
    /// The samples, the first from right before the work, the last from right after.
    /// They are part of the heap that they show: 16 bytes each.
    pub samples: Vec<Sample>,
    /// What the work did to the heap on its own thread, exactly.
    pub heap: HeapUse,
    /// What the samples are of.
    pub backend: Backend,
}

impl MemoryUsage {
    /// Returns the most that there was, in bytes: of the samples, and of the heap
    /// also what the work is known to have had in between.
    pub fn max_bytes(&self) -> u64 {
        let counted = match self.backend {
            Backend::Heap => self.start_bytes() + self.heap.peak_bytes,
            _ => 0,
        };
        self.samples.iter().map(|sample| sample.bytes).fold(counted, u64::max)
    }

    /// Returns how much more that is than there was before, in bytes.
    pub fn increment_bytes(&self) -> u64 {
        self.max_bytes() - self.start_bytes()
    }

    fn start_bytes(&self) -> u64 {
        self.samples.first().map_or(0, |sample| sample.bytes)
    }
}

impl fmt::Display for MemoryUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let (peak, increment) = (mib(self.max_bytes()), mib(self.increment_bytes()));
        write!(f, "peak memory: {peak:.02} MiB, increment: {increment:.02} MiB")
    }
}
