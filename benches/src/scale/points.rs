//! The points of the curves: how much is live, and how many threads there are.

use std::fmt;

use super::cli::Request;
use crate::worker::Job;
use crate::workloads::{self, Scale, Workload};

/// Bytes of live heap, in their order.
pub const HEAPS: [usize; 8] =
    [1 << 20, 4 << 20, 16 << 20, 64 << 20, 256 << 20, 1 << 30, 4 << 30, 8 << 30];

/// Numbers of threads, in their order.
pub const THREADS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// What one process measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// Replacements beside so many bytes of live blocks.
    Heap {
        /// Bytes of live blocks.
        bytes: usize,
    },
    /// So many threads that replace blocks.
    Threads {
        /// How many.
        count: usize,
    },
}

impl Point {
    /// Returns the workload that measures it.
    pub fn workload(self) -> &'static Workload {
        match self {
            Self::Heap { .. } => &workloads::SCALE_HEAP,
            Self::Threads { .. } => &workloads::SCALE_THREADS,
        }
    }

    /// Returns what its worker is asked to do.
    pub fn job(self, scale: Scale) -> Job {
        let (live_bytes, threads) = match self {
            Self::Heap { bytes } => (Some(bytes), 1),
            Self::Threads { count } => (None, count),
        };
        let workload = self.workload().name.to_owned();
        Job { workload, scale, threads, live_bytes, measure_idle: false }
    }

    /// Returns its place on the axis: bytes, or threads.
    pub fn position(self) -> usize {
        match self {
            Self::Heap { bytes } => bytes,
            Self::Threads { count } => count,
        }
    }

    /// Returns the memory that its process may need. Of a heap that is half more
    /// than what is live: the program's table of blocks, what an allocator rounds
    /// up, and what it keeps.
    fn needed_bytes(self) -> usize {
        match self {
            Self::Heap { bytes } => bytes + bytes / 2,
            Self::Threads { .. } => 0,
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Heap { bytes } if bytes.is_multiple_of(1 << 30) => {
                write!(f, "{} GiB", bytes >> 30)
            }
            Self::Heap { bytes } => write!(f, "{} MiB", bytes >> 20),
            Self::Threads { count } => write!(f, "{count}"),
        }
    }
}

/// Returns the points that were asked for and fit in the available memory, and a
/// line on each that does not fit.
pub fn within(request: &Request, available_bytes: Option<u64>) -> (Vec<Point>, Vec<String>) {
    let heaps = HEAPS.into_iter().filter(|&bytes| bytes <= request.max_heap_bytes);
    let threads = THREADS.into_iter().filter(|&count| count <= request.max_threads);
    let heaps = heaps.map(|bytes| Point::Heap { bytes });
    let asked = heaps.chain(threads.map(|count| Point::Threads { count }));
    let available_bytes = available_bytes.unwrap_or(u64::MAX);
    let fits = |point: &Point| point.needed_bytes() as u64 <= available_bytes;
    let (points, skipped): (Vec<_>, Vec<_>) = asked.partition(fits);
    let lines = skipped.into_iter().map(|point| {
        let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
        format!(
            "skipped: a live heap of {point} may need {:.1} GiB, available are {:.1} GiB",
            gib(point.needed_bytes() as u64),
            gib(available_bytes)
        )
    });
    (points, lines.collect())
}

#[cfg(test)]
mod tests {
    use super::super::cli::parse;
    use super::*;

    #[test]
    fn points_end_with_what_was_asked_for() {
        let request = parse(["scale", "--max-heap", "5MiB", "--max-threads", "3"]).expect("valid");
        let (points, skipped) = within(&request, None);
        let shown: Vec<_> = points.iter().map(Point::to_string).collect();
        assert_eq!(shown, ["1 MiB", "4 MiB", "1", "2"]);
        assert!(skipped.is_empty());
    }

    #[test]
    fn a_heap_for_which_there_is_no_memory_is_skipped_with_one_line() {
        let request = parse(["scale"]).expect("valid");
        let (points, skipped) = within(&request, Some(7 << 30));
        assert!(points.contains(&Point::Heap { bytes: 4 << 30 }));
        assert!(!points.contains(&Point::Heap { bytes: 8 << 30 }));
        let line = "skipped: a live heap of 8 GiB may need 12.0 GiB, available are 7.0 GiB";
        assert_eq!(skipped, [line]);
    }

    #[test]
    fn a_job_has_its_points_parameter() {
        let job = Point::Heap { bytes: 1 << 20 }.job(Scale::Quick);
        assert_eq!((job.workload.as_str(), job.live_bytes), ("scale_heap", Some(1 << 20)));
        let job = Point::Threads { count: 8 }.job(Scale::Quick);
        assert_eq!((job.workload.as_str(), job.threads), ("scale_threads", 8));
    }
}
