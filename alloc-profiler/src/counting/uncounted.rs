//! The profiler's own work, which is not the program's: what it allocates is counted like
//! anything else, and taken out again.

use crate::counting::counts::HeapCounts;
use crate::counting::thread::{self, ThreadRecord};

/// Leaves no trace of what the calling thread allocates and frees until it is
/// dropped: the profiler's own work, which is not the program's.
pub(crate) struct Uncounted {
    record: &'static ThreadRecord,
    before: HeapCounts,
    peaks: (i64, i64),
}

impl Uncounted {
    /// Stops the calling thread's counters.
    pub(crate) fn begin() -> Self {
        let record = thread::current();
        record.muted.add(1);
        let counters = &record.counters;
        Self { record, before: counters.get(), peaks: counters.peaks() }
    }

    /// Returns whether anything passed through the counters since.
    pub(crate) fn saw_anything(&self) -> bool {
        self.record.counters.get() != self.before
    }
}

impl Drop for Uncounted {
    fn drop(&mut self) {
        self.record.counters.set(&self.before);
        self.record.counters.set_peaks(self.peaks);
        self.record.muted.add(u64::MAX);
        self.record.give_back_if_borrowed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uncounted_work_leaves_no_trace() {
        let record = thread::current();
        let before = record.counters.get();
        {
            let uncounted = Uncounted::begin();
            assert!(!uncounted.saw_anything());
            thread::count(|counters| counters.count_allocated(100));
            thread::count(|counters| {
                counters.count_freed(7);
                false
            });
            assert!(uncounted.saw_anything());
        }
        assert_eq!(record.counters.get(), before);
    }
}
