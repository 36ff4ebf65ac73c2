//! The workloads: what a program asks of its allocator, one kind a file.
//!
//! # Design
//! A [`Workload`] is a name, one line on what it stands for, and a function that
//! does the work and measures it. At [`Scale::Full`] each takes a few tenths of a
//! second over the system's malloc; working sets are the same at
//! [`Scale::Quick`], only the work on them is less.
//!
//! # Invariants
//! - Inputs (texts, tables of keys) are made before the measured part; what the
//!   workload builds is dropped inside it, so that no allocator can put off work.
//!   Only points of curves measure operations in the midst of a life.
//! - The checksum depends on what was allocated and read back, never on addresses,
//!   hash seeds or the order in which threads ran.

mod block;
mod buffers;
mod cache;
mod churn;
mod collections;
mod growth;
mod idle;
mod json;
mod pairs;
mod regexes;
mod rust_ast;
mod scale_heap;
mod scale_threads;
mod seed;
mod slots;
mod tasks;
mod thread_churn;
mod threads;

pub(crate) use churn::{CHURN, CHURN_PROFILED};
pub(crate) use scale_heap::SCALE_HEAP;
pub(crate) use scale_threads::SCALE_THREADS;
pub(crate) use seed::{SEED, SEED_PROFILED};

use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use serde::{Deserialize, Serialize};

use crate::bump::Region;

/// How much of a workload to run.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// What the published figures are measured with.
    Full,
    /// A twelfth of it: a first impression within seconds.
    Quick,
    /// As little as makes sense: for tests of the workloads themselves.
    Tiny,
}

impl Scale {
    /// Returns the number of rounds, operations, … of which the full scale has
    /// `full`; at least 1.
    pub(crate) fn part_of(self, full: usize) -> usize {
        let divisor = match self {
            Self::Full => 1,
            Self::Quick => 12,
            Self::Tiny => 2000,
        };
        (full / divisor).max(1)
    }
}

/// What a workload may know of the run it is part of.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// How much to do.
    pub scale: Scale,
    /// Threads to start, in a multi-threaded workload.
    pub threads: usize,
    /// Bytes of live blocks, in a workload that asks; its own choice unless given.
    pub live_bytes: Option<usize>,
    /// How to take memory back from an allocator that never frees.
    pub region: Option<Region>,
}

impl Context {
    /// Returns the number of rounds, operations, … of which the full scale has
    /// `full`; at least 1.
    fn scaled(&self, full: usize) -> usize {
        self.scale.part_of(full)
    }

    /// The least work, over an allocator that frees.
    #[cfg(test)]
    fn tiny(threads: usize) -> Self {
        Self { scale: Scale::Tiny, threads, live_bytes: None, region: None }
    }
}

/// A stream of random numbers, the same in every run; one for each `stream`.
pub(crate) fn random(stream: usize) -> SmallRng {
    SmallRng::seed_from_u64(0x5eed + stream as u64)
}

/// What a workload yields.
#[derive(Clone, Copy, Debug)]
pub struct Measurement {
    /// Seconds of the measured part.
    pub seconds: f64,
    /// A digest of all that was read back.
    pub checksum: u64,
    /// What one operation cost, if the workload is a point of a curve or one of a pair
    /// with and without profiling.
    pub costs: Option<Costs>,
}

impl Measurement {
    /// Returns it with what each of so many operations cost.
    fn per_operation(self, operations: usize) -> Self {
        let operation_ns = self.seconds * 1e9 / operations as f64;
        Self { costs: Some(Costs { operation_ns, anywhere_ns: None }), ..self }
    }

    /// Runs `work`, which returns the checksum, and takes its time.
    fn of(work: impl FnOnce() -> u64) -> Self {
        let start = Instant::now();
        let checksum = work();
        Self { seconds: start.elapsed().as_secs_f64(), checksum, costs: None }
    }
}

/// What one operation cost: a block freed and another allocated, or what else the
/// workload says.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Costs {
    /// Nanoseconds of the measured part over the operations of all threads.
    pub operation_ns: f64,
    /// The same where the blocks are picked from the whole heap, thus out of the
    /// cache; `None` from a workload that does not.
    pub anywhere_ns: Option<f64>,
}

/// What a workload is measured for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Its time; it counts in the means of time and of peak memory.
    Time,
    /// What stays resident of a gibibyte that was freed. Its time is shown and
    /// counts in no mean, for the kernel's part of it is large.
    GivenBack,
    /// What the process itself takes, before any use of the allocator.
    Process,
}

impl Subject {
    /// Returns the largest number of rounds that are of use: to fill a gibibyte
    /// takes seconds, and what stays resident hardly varies.
    pub fn most_rounds(self) -> usize {
        match self {
            Self::GivenBack => 1,
            Self::Time | Self::Process => usize::MAX,
        }
    }
}

/// Which runs a workload is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Those that name no workload, and those that name this one.
    Default,
    /// Only those that name it: it takes too long, or is a point of a curve.
    OnRequest,
}

/// One thing to measure.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Its name on the command line and in all output.
    pub name: &'static str,
    /// What it stands for, in one line.
    pub about: &'static str,
    /// Whether it runs unasked.
    pub set: Set,
    /// What it is measured for.
    pub subject: Subject,
    /// Whether every block is dead from time to time, so that an allocator that
    /// never frees can run it as a floor.
    pub has_floor: bool,
    /// Whether it starts threads of its own, which share the work.
    pub has_threads: bool,
    /// Does it and measures it.
    pub run: fn(&Context) -> Measurement,
}

impl Workload {
    /// A workload that runs unasked, for its time, on one thread, and has no floor.
    const fn new(
        name: &'static str,
        about: &'static str,
        run: fn(&Context) -> Measurement,
    ) -> Self {
        Self {
            name,
            about,
            set: Set::Default,
            subject: Subject::Time,
            has_floor: false,
            has_threads: false,
            run,
        }
    }

    const fn on_request(self) -> Self {
        Self { set: Set::OnRequest, ..self }
    }

    const fn measured_for(self, subject: Subject) -> Self {
        Self { subject, ..self }
    }

    const fn with_threads(self) -> Self {
        Self { has_threads: true, ..self }
    }

    const fn with_floor(self) -> Self {
        Self { has_floor: true, ..self }
    }
}

/// All workloads, in the order in which they are shown.
pub const ALL: &[Workload] = &[
    pairs::PAIRS,
    slots::SMALL,
    slots::LARGE,
    collections::BTREE,
    collections::HASHMAP,
    collections::LIST,
    threads::LARSON,
    threads::PRODUCER_CONSUMER,
    thread_churn::THREAD_CHURN,
    threads::MIXED_CROSS_FREE,
    buffers::KIB,
    buffers::MIB,
    growth::GROWTH,
    buffers::ZEROED,
    json::SERDE_JSON,
    rust_ast::SYN,
    regexes::REGEX,
    tasks::TOKIO,
    cache::LRU,
    cache::LRU_MINUTE,
    idle::SMALL,
    idle::KIB,
    idle::MIB,
    pairs::EMPTY,
    SCALE_HEAP,
    SCALE_THREADS,
    CHURN,
    CHURN_PROFILED,
    SEED,
    SEED_PROFILED,
];

/// Returns the workload of that name.
///
/// ```
/// assert_eq!(benches::workloads::find("btree").map(|found| found.name), Some("btree"));
/// assert!(benches::workloads::find("no such").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static Workload> {
    ALL.iter().find(|workload| workload.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(workload: &Workload, threads: usize) -> Measurement {
        (workload.run)(&Context::tiny(threads))
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = ALL.iter().map(|workload| workload.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }

    /// A checksum that depended on threads' order or on a random seed would
    /// differ between two runs sooner or later; one of 0 would say that nothing
    /// was read back.
    #[test]
    fn a_workload_repeats_itself() {
        // Some are profiled; their tables would tell nothing here.
        alloc_profiler::set_output([]);
        for workload in ALL.iter().filter(|workload| workload.name != "empty") {
            for threads in [1, 3] {
                let (first, second) = (run(workload, threads), run(workload, threads));
                assert_eq!(first.checksum, second.checksum, "{} × {threads}", workload.name);
                assert_ne!(first.checksum, 0, "{}", workload.name);
                assert!(first.seconds > 0.0, "{}", workload.name);
            }
        }
    }

    #[test]
    fn work_scales_but_never_to_nothing() {
        let at = |scale| Context { scale, ..Context::tiny(1) };
        assert_eq!(at(Scale::Full).scaled(80), 80);
        assert_eq!(at(Scale::Quick).scaled(120), 10);
        assert_eq!(at(Scale::Tiny).scaled(80), 1);
    }
}
