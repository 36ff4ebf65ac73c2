use std::thread;

use super::*;

/// What a thread's counters say, counted step by step and looked at after each.
#[derive(Default)]
struct Naive {
    counts: HeapCounts,
    peak: i64,
    lowered: i64,
    room: u64,
}

impl Naive {
    /// Returns whether there was no room for what the step allocated.
    fn moved(&mut self, step: impl FnOnce(&mut HeapCounts)) -> bool {
        let before = self.counts.allocated_bytes;
        step(&mut self.counts);
        self.peak = self.peak.max(self.counts.net_bytes());
        let room = self.room.checked_sub(self.counts.allocated_bytes - before);
        self.room = room.unwrap_or(self.room);
        room.is_none()
    }

    fn begin_stretch(&mut self) -> i64 {
        let outer = self.peak.max(self.lowered);
        self.peak = self.counts.net_bytes();
        self.lowered = self.peak;
        outer
    }
}

/// A random number below `bound`: Marsaglia's xorshift.
fn below(state: &mut u64, bound: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % bound
}

/// Counts a block as `ProfiledAlloc` does; returns whether there was no room.
fn allocate(counters: &ThreadCounters, size: usize) -> bool {
    !counters.count_request(size) && counters.count_allocated(size)
}

fn free(counters: &ThreadCounters, size: usize) {
    if !counters.count_return(size) {
        counters.count_freed(size);
    }
}

#[test]
fn counts_and_peaks_and_room_are_those_of_naive_counters() {
    let mut state = 0x5eed;
    let (counters, mut naive) = (ThreadCounters::new(), Naive::default());
    counters.make_room(5000);
    naive.room = 5000;
    let mut sizes: Vec<usize> = Vec::new();
    for step in 0..200_000 {
        let size = 1 + usize::try_from(below(&mut state, 3000)).unwrap();
        let passed = match below(&mut state, 16) {
            0..6 => {
                sizes.push(size);
                let naive = naive.moved(|counts| {
                    counts.allocated_bytes += size as u64;
                    counts.allocated_blocks += 1;
                });
                (allocate(&counters, size), naive)
            }
            6..11 if !sizes.is_empty() => {
                let at = usize::try_from(below(&mut state, sizes.len() as u64)).unwrap();
                let size = sizes.swap_remove(at);
                free(&counters, size);
                naive.moved(|counts| {
                    counts.freed_bytes += size as u64;
                    counts.freed_blocks += 1;
                });
                (false, false)
            }
            11..13 if !sizes.is_empty() => {
                let at = usize::try_from(below(&mut state, sizes.len() as u64)).unwrap();
                let old = std::mem::replace(&mut sizes[at], size);
                let naive = naive.moved(|counts| {
                    counts.allocated_bytes += size as u64;
                    counts.freed_bytes += old as u64;
                    counts.reallocated_blocks += 1;
                    counts.copied_bytes += old.min(size) as u64;
                });
                (counters.count_resized(old, size, old.min(size)), naive)
            }
            13 => {
                assert_eq!(counters.lower_peak(), naive.peak, "step {step}");
                naive.lowered = naive.lowered.max(naive.peak);
                naive.peak = naive.counts.net_bytes();
                (false, false)
            }
            14 => {
                assert_eq!(counters.begin_stretch(), naive.begin_stretch(), "step {step}");
                (false, false)
            }
            _ => {
                let failed = size << 20;
                if counters.count_request(failed) {
                    counters.take_back(failed);
                }
                (false, false)
            }
        };
        assert_eq!(passed.0, passed.1, "step {step}");
        if passed.0 {
            naive.room = below(&mut state, 90_000);
            counters.make_room(naive.room);
        }
        assert_eq!(counters.get(), naive.counts, "step {step}");
        assert_eq!(counters.peak_bytes(), naive.peak, "step {step}");
        assert_eq!(counters.stretch_peak_bytes(), naive.peak.max(naive.lowered), "step {step}");
    }
    assert!(naive.counts.reallocated_blocks > 10_000);
}

#[test]
fn every_block_is_a_move() {
    let counters = ThreadCounters::new();
    counters.make_room(1000);
    let steps: [&dyn Fn(); 4] = [
        &|| assert!(counters.count_request(16)),
        &|| free(&counters, 16),
        &|| assert!(!counters.count_resized(16, 8, 0)),
        &|| counters.count_freed(8),
    ];
    for step in steps {
        let before = counters.moves();
        step();
        assert_eq!(counters.moves() - before, 1);
    }
}

#[test]
fn who_has_no_room_is_told_and_so_is_who_was_asked_to_look() {
    let counters = ThreadCounters::new();
    assert!(allocate(&counters, 1), "the first block of all");
    counters.make_room(10);
    assert!(!allocate(&counters, 10), "as much as that");
    free(&counters, 10);
    assert!(allocate(&counters, 1), "what was freed is no room");
    counters.make_room(ThreadCounters::FAR_BYTES);
    assert!(!allocate(&counters, 100));
    counters.ask_to_look();
    counters.heed();
    assert!(allocate(&counters, 1));
    counters.make_room(ThreadCounters::FAR_BYTES);
    counters.heed();
    assert!(!allocate(&counters, 100), "once is enough");
    counters.ask_to_look();
    assert!(counters.count_allocated(1), "the careful way looks by itself");
    assert_eq!(counters.get().allocated_bytes, 214);
}

#[test]
fn readers_on_other_threads_see_whole_revisions() {
    let counters = ThreadCounters::new();
    allocate(&counters, 1000);
    let before = counters.get();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert_eq!((counters.net_bytes(), counters.get()), (1000, before));
                assert!((1000..3000).contains(&counters.peak_bytes()));
            }
        });
        for round in 0..300_000 {
            counters.make_room(ThreadCounters::FAR_BYTES >> (round % 8));
            counters.set_peak(1000 + round % 7 * 300);
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn nobody_counts_nothing() {
    let counters = ThreadCounters::of_nobody();
    assert!(!counters.count_request(1) && !counters.count_request(16));
    assert!(!counters.count_return(0) && !counters.count_return(16));
    assert_eq!(counters.get(), HeapCounts::default());
}

#[test]
fn a_request_from_before_counting_began_is_not_taken_back() {
    let counters = ThreadCounters::new();
    counters.take_back(16);
    assert_eq!(counters.get(), HeapCounts::default());
}
