//! One processor for all runs that are compared with each other.
//!
//! # Design
//! Of a virtual machine each processor has a pace of its own, which changes with what else
//! the host runs on the same core: by up to two, for seconds. Two runs are compared fairly
//! on the same one, right after each other. So what has but one thread is held on one
//! processor: the one that is the fastest then, since what is looked for is what the code
//! costs, not what it costs beside a stranger's.

use std::hint::black_box;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Looks at each processor. The shortest counts: it was not interrupted.
const LOOKS: usize = 3;
/// Steps of a look, which takes some tenths of a millisecond.
const STEPS: usize = 100_000;
/// How long to wait for a quiet moment, at most,
const PATIENCE: Duration = Duration::from_millis(500);
/// and from one look to the next.
const PAUSE: Duration = Duration::from_millis(10);

/// Holds the calling thread, and the threads and processes that it starts, on one of its
/// processors, until dropped. For the thread that made it to drop.
#[derive(Debug)]
pub(crate) struct Held {
    before: CpuSet,
}

impl Held {
    /// Holds it on the processor of that place among those that it may run on, where the first
    /// follows the last. `None`: the system does not say which there are, or does not allow it,
    /// and the thread stays as free as it was.
    pub(crate) fn on(place: usize) -> Option<Self> {
        let before = sched_getaffinity(None).ok()?;
        let mut processors = (0..CpuSet::MAX_CPU).filter(|&processor| before.is_set(processor));
        let count = before.count() as usize;
        let processor = processors.nth(place.checked_rem(count)?)?;
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

/// Returns the place of the processor that is the fastest now; the first, if the system does
/// not say which there are. If none is as fast as one has been, this waits a moment for the
/// stranger to be done.
pub(crate) fn quietest() -> usize {
    static PACE: Mutex<Pace> = Mutex::new(Pace::unknown());
    let count = sched_getaffinity(None).map_or(1, |processors| processors.count() as usize);
    let start = Instant::now();
    loop {
        let looks: Vec<Duration> = (0..count).map(shortest_look).collect();
        let place = fastest(looks.iter());
        let is_last = start.elapsed() >= PATIENCE;
        if PACE.lock().expect("no panic").accepts(looks[place], is_last) {
            return place;
        }
        thread::sleep(PAUSE);
    }
}

/// What a look takes at a processor that nobody disturbs, as far as is known.
#[derive(Debug)]
struct Pace(Duration);

impl Pace {
    /// A pace that the first look tells.
    const fn unknown() -> Self {
        Self(Duration::MAX)
    }

    /// Returns whether a look was not disturbed, or is the last. If the last one was, the pace
    /// is taken to be somewhat slower from then on: it may have changed for good, and then
    /// nothing is worth waiting for.
    fn accepts(&mut self, look: Duration, is_last: bool) -> bool {
        self.0 = self.0.min(look);
        let is_quiet = look <= self.0 + self.0 / 8;
        if is_last && !is_quiet {
            self.0 += self.0 / 8;
        }
        is_quiet || is_last
    }
}

/// Returns the shortest of some looks at the processor of that place.
fn shortest_look(place: usize) -> Duration {
    let _held = Held::on(place);
    (0..LOOKS).map(|_| look()).min().unwrap_or(Duration::MAX)
}

/// Returns the place of the least.
fn fastest<T: Ord>(times: impl Iterator<Item = T>) -> usize {
    times.enumerate().min_by(|(_, one), (_, other)| one.cmp(other)).map_or(0, |(place, _)| place)
}

/// Cells that begin with a line of the cache, lest a look depend on where they lie.
#[repr(align(64))]
struct Lines([u64; 64]);

/// Returns how long the processor takes for what fills it: additions that need not wait for one
/// another. Whoever shares the core takes half of what they use, and next to nothing from a chain.
fn look() -> Duration {
    let start = Instant::now();
    let mut cells = Lines([0; 64]);
    let mut sum = 0_u64;
    for step in 0..STEPS {
        let (rows, _) = cells.0.as_chunks_mut::<8>();
        let row = &mut rows[step % 8];
        for cell in row {
            *cell = cell.wrapping_add(step as u64);
        }
        sum = sum.wrapping_add(black_box(&mut cells).0[step % 64]);
    }
    black_box(sum);
    start.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processors() -> CpuSet {
        sched_getaffinity(None).expect("the system says")
    }

    #[test]
    fn a_thread_and_what_it_starts_stay_on_one_processor_until_they_are_let_go() {
        let before = processors();
        let mut seen = CpuSet::new();
        for place in 0..before.count() as usize {
            let held = Held::on(place).expect("it is allowed");
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

    #[test]
    fn the_quietest_is_one_of_them_and_nobody_is_held_there() {
        let before = processors();
        assert!(quietest() < before.count() as usize);
        assert_eq!(processors(), before);
        assert!(look() > Duration::ZERO);
    }

    #[test]
    fn a_look_is_disturbed_that_takes_an_eighth_longer_than_another_did() {
        let nanos = Duration::from_nanos;
        let mut pace = Pace::unknown();
        let mut accepts = |look| pace.accepts(nanos(look), false);
        assert_eq!([1000, 800, 900, 901].map(&mut accepts), [true, true, true, false]);
    }

    #[test]
    fn a_pace_that_is_slower_for_good_is_believed_in_the_end() {
        let mut pace = Pace::unknown();
        assert!(pace.accepts(Duration::from_nanos(800), false));
        let slower = Duration::from_nanos(1600);
        let waits =
            (0..9).take_while(|_| !pace.accepts(slower, false) && pace.accepts(slower, true));
        assert_eq!(waits.count(), 5);
        // And a faster one at once.
        assert!(pace.accepts(Duration::from_nanos(800), false));
        assert!(!pace.accepts(slower, false));
    }

    #[test]
    fn the_fastest_has_the_least_time_and_the_first_of_two_alike_is_taken() {
        assert_eq!(fastest([3, 1, 2].into_iter()), 1);
        assert_eq!(fastest([2, 1, 1].into_iter()), 1);
        assert_eq!(fastest(std::iter::empty::<u32>()), 0);
    }
}
