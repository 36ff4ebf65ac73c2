//! One processor for all runs that are compared with each other.
//!
//! # Design
//! Of a virtual machine each processor has a pace of its own, which changes with what else
//! the host runs on the same core: by up to two, for seconds. Two runs are compared fairly
//! on the same one, right after each other. So what has but one thread is held on one
//! processor; the next round has the next one, lest a figure be that of a single core.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Holds the calling thread, and the threads and processes that it starts, on one of its
/// processors, until dropped. For the thread that made it to drop.
#[derive(Debug)]
pub(crate) struct Held {
    before: CpuSet,
}

impl Held {
    /// Holds it on the processor whose turn it is; the turns go round. `None`: the system
    /// does not say which there are, or does not allow it, and the thread stays as free as it was.
    pub(crate) fn on(turn: usize) -> Option<Self> {
        let before = sched_getaffinity(None).ok()?;
        let mut processors = (0..CpuSet::MAX_CPU).filter(|&processor| before.is_set(processor));
        let count = before.count() as usize;
        let processor = processors.nth(turn.checked_rem(count)?)?;
        let mut one = CpuSet::new();
        one.set(processor);
        sched_setaffinity(None, &one).ok()?;
        Some(Self { before })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // It was allowed before; if it is not now, the thread stays where it is.
        let _ = sched_setaffinity(None, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn processors() -> CpuSet {
        sched_getaffinity(None).expect("the system says")
    }

    #[test]
    fn a_thread_and_what_it_starts_stay_on_one_processor_until_they_are_let_go() {
        let before = processors();
        let mut seen = CpuSet::new();
        for turn in 0..before.count() as usize {
            let held = Held::on(turn).expect("it is allowed");
            let here = processors();
            assert_eq!(here.count(), 1);
            assert_eq!(thread::spawn(processors).join().expect("no panic"), here);
            let here = (0..CpuSet::MAX_CPU).find(|&processor| here.is_set(processor));
            seen.set(here.expect("one"));
            drop(held);
            assert_eq!(processors(), before);
        }
        assert_eq!(seen, before);
    }
}
