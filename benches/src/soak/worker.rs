//! What one thread of the load does.
//!
//! # Design
//! A step is [`STEP_OPERATIONS`] operations on the thread's own set of buffers: while it
//! has less than its share of the hour's live bytes it allocates, else it frees. One
//! operation in 32 resizes a buffer, and one buffer in 8 is freed by the next thread.
//! Beside its set a thread may have one *big* buffer for a while, and one *visitor*: a
//! thread that takes some steps of its own and leaves its buffers behind.
//!
//! # Invariants
//! - `Shared::live_bytes` is the sum over all buffers and the tables that hold them, as of
//!   each thread's last step.

use std::sync::Mutex;
use std::sync::atomic::{AtomicIsize, AtomicU64, Ordering};
use std::thread::{Scope, ScopedJoinHandle};

use rand::RngExt as _;
use rand::rngs::SmallRng;

use super::buffer::Buffer;
use super::day::{Clock, Hour};
use crate::workloads::random;

/// Operations between two looks at the clock.
const STEP_OPERATIONS: usize = 256;
/// The most that a buffer of a set grows to.
const GROWN_BYTES_MAX: usize = 256 << 10;
/// Buffers that may wait for a thread: bounds the memory if it is slow.
const WAITING_BUFFERS: usize = 4096;
/// One step in so many begins with a big buffer, if there is none, and as many with a
/// visitor.
const STEPS_PER_EVENT: u32 = 400;
/// How long a big buffer stays, and a visitor.
const EVENT_STEPS_MAX: u32 = 200;

/// What all threads of a load know.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: Clock,
    /// Live bytes at noon, of all threads.
    noon_bytes: usize,
    /// For each thread, what others want it to free.
    mailboxes: Vec<Mutex<Vec<Buffer>>>,
    live_bytes: AtomicIsize,
    operations: AtomicU64,
    visitors: AtomicU64,
}

impl Shared {
    pub(super) fn new(clock: Clock, threads: usize, noon_bytes: usize) -> Self {
        Self {
            clock,
            noon_bytes,
            mailboxes: (0..threads).map(|_| Mutex::default()).collect(),
            live_bytes: AtomicIsize::new(0),
            operations: AtomicU64::new(0),
            visitors: AtomicU64::new(0),
        }
    }

    /// Bytes in buffers and tables.
    pub(super) fn live_bytes(&self) -> usize {
        self.live_bytes.load(Ordering::Relaxed).max(0).unsigned_abs()
    }

    /// Operations of all threads.
    pub(super) fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// Threads that came and went.
    pub(super) fn visitors(&self) -> u64 {
        self.visitors.load(Ordering::Relaxed)
    }

    /// Frees what nobody has freed.
    pub(super) fn clear(&self) {
        for mailbox in &self.mailboxes {
            let waiting = std::mem::take(&mut *mailbox.lock().expect("no panic"));
            let bytes: usize = waiting.into_iter().map(Buffer::free).sum();
            self.live_bytes.fetch_sub(bytes.cast_signed(), Ordering::Relaxed);
        }
    }
}

/// One thread's part of the load.
#[derive(Debug)]
struct Worker<'a> {
    shared: &'a Shared,
    number: usize,
    random: SmallRng,
    set: Vec<Buffer>,
    /// Of the buffers in the set.
    set_bytes: usize,
    /// Of the set's table, as far as they are counted.
    table_bytes: usize,
    /// What `Shared::live_bytes` does not know yet.
    uncounted_bytes: isize,
}

/// Works until the last day is over, then frees everything.
pub(super) fn work<'scope>(
    scope: &'scope Scope<'scope, '_>,
    shared: &'scope Shared,
    number: usize,
) {
    let mut worker = Worker::new(shared, number, random(number));
    let mut visitor: Option<ScopedJoinHandle<'scope, Vec<Buffer>>> = None;
    let mut big: Option<(Buffer, u32)> = None;
    while !shared.clock.is_over() {
        let hour = shared.clock.hour();
        worker.step(&hour, worker.share_bytes(&hour));
        if visitor.as_ref().is_some_and(ScopedJoinHandle::is_finished) {
            worker.adopt(visitor.take());
        }
        if visitor.is_none() && worker.random.random_ratio(1, STEPS_PER_EVENT) {
            let (seed, steps) = (worker.random.random::<u32>(), worker.event_steps());
            visitor = Some(scope.spawn(move || visit(shared, number, seed, steps)));
        }
        big = worker.next_big(big);
    }
    worker.adopt(visitor);
    if let Some((buffer, _)) = big {
        worker.free(buffer);
    }
    for buffer in std::mem::take(&mut worker.set) {
        worker.free(buffer);
    }
    worker.publish(0);
}

/// Takes so many steps and returns the buffers that are left.
fn visit(shared: &Shared, number: usize, seed: u32, steps: u32) -> Vec<Buffer> {
    let mut worker = Worker::new(shared, number, random(seed as usize));
    for _ in 0..steps {
        let hour = shared.clock.hour();
        worker.step(&hour, worker.share_bytes(&hour) / 16);
    }
    let set = std::mem::take(&mut worker.set);
    worker.publish(0);
    shared.visitors.fetch_add(1, Ordering::Relaxed);
    set
}

impl<'a> Worker<'a> {
    fn new(shared: &'a Shared, number: usize, random: SmallRng) -> Self {
        let (set, uncounted_bytes) = (Vec::new(), 0);
        Self { shared, number, random, set, set_bytes: 0, table_bytes: 0, uncounted_bytes }
    }

    /// What this thread is to have in its set.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of it")]
    fn share_bytes(&self, hour: &Hour) -> usize {
        let noon_bytes = self.shared.noon_bytes / self.shared.mailboxes.len();
        (noon_bytes as f64 * hour.live_share) as usize
    }

    fn step(&mut self, hour: &Hour, share_bytes: usize) {
        self.free_arrived();
        for _ in 0..STEP_OPERATIONS {
            if self.random.random_ratio(1, 32) && !self.set.is_empty() {
                self.resize_one();
            } else if self.set_bytes < share_bytes {
                let bytes = self.size(hour);
                let buffer = self.allocate(bytes);
                self.set_bytes += bytes;
                self.set.push(buffer);
            } else {
                self.free_one(hour);
            }
        }
        if self.set.len() < self.set.capacity() / 4 {
            self.set.shrink_to(2 * self.set.len());
        }
        self.publish(STEP_OPERATIONS as u64);
    }

    /// Mostly within four powers of two around the hour's middle; one in 400 is 16 times
    /// as large.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 2^18")]
    fn size(&mut self, hour: &Hour) -> usize {
        let spread = self.random.random_range(-2.0..2.0) + self.random.random_range(-2.0..2.0);
        let bytes = (hour.size_log2 + spread).exp2() as usize;
        if self.random.random_ratio(1, 400) { bytes * 16 } else { bytes.max(1) }
    }

    fn resize_one(&mut self) {
        let index = self.random.random_range(0..self.set.len());
        let buffer = &mut self.set[index];
        let old_bytes = buffer.bytes();
        let new_bytes = if self.random.random() {
            (old_bytes + old_bytes / 2 + 1).min(GROWN_BYTES_MAX)
        } else {
            old_bytes.div_ceil(2)
        };
        buffer.resize(new_bytes);
        self.set_bytes = self.set_bytes + new_bytes - old_bytes;
        self.uncounted_bytes += new_bytes.cast_signed() - old_bytes.cast_signed();
    }

    /// Frees one of the youngest, or has the next thread do it.
    fn free_one(&mut self, hour: &Hour) {
        let window = (self.set.len() >> hour.window_shift).max(1);
        let index = self.set.len() - 1 - self.random.random_range(0..window);
        let buffer = self.set.swap_remove(index);
        self.set_bytes -= buffer.bytes();
        if self.random.random_ratio(1, 8) {
            let next = (self.number + 1) % self.shared.mailboxes.len();
            let mut mailbox = self.shared.mailboxes[next].lock().expect("no panic");
            if mailbox.len() < WAITING_BUFFERS {
                return mailbox.push(buffer);
            }
        }
        self.free(buffer);
    }

    fn free_arrived(&mut self) {
        let mailbox = &self.shared.mailboxes[self.number];
        let arrived = std::mem::take(&mut *mailbox.lock().expect("no panic"));
        for buffer in arrived {
            self.free(buffer);
        }
    }

    /// Takes over what a visitor left.
    fn adopt(&mut self, visitor: Option<ScopedJoinHandle<'_, Vec<Buffer>>>) {
        if let Some(visitor) = visitor {
            let buffers = visitor.join().expect("no panic");
            self.set_bytes += buffers.iter().map(Buffer::bytes).sum::<usize>();
            self.set.extend(buffers);
        }
    }

    /// The big buffer of the next step, if there is to be one, and how many it stays:
    /// a 256th to a 32nd of noon's bytes, and one in 16 a sixth.
    fn next_big(&mut self, big: Option<(Buffer, u32)>) -> Option<(Buffer, u32)> {
        match big {
            Some((buffer, 0)) => {
                self.free(buffer);
                None
            }
            Some((buffer, steps)) => Some((buffer, steps - 1)),
            None if self.random.random_ratio(1, STEPS_PER_EVENT) => {
                let noon_bytes = self.shared.noon_bytes;
                let bytes = if self.random.random_ratio(1, 16) {
                    noon_bytes / 6
                } else {
                    self.random.random_range(noon_bytes / 256..=noon_bytes / 32)
                };
                let buffer = self.allocate(bytes);
                Some((buffer, self.event_steps()))
            }
            None => None,
        }
    }

    fn event_steps(&mut self) -> u32 {
        self.random.random_range(1..=EVENT_STEPS_MAX)
    }

    fn allocate(&mut self, bytes: usize) -> Buffer {
        self.uncounted_bytes += bytes.cast_signed();
        Buffer::new(bytes, self.random.random())
    }

    fn free(&mut self, buffer: Buffer) {
        self.uncounted_bytes -= buffer.free().cast_signed();
    }

    /// Adds what was done since the last time to the sums of all threads.
    fn publish(&mut self, operations: u64) {
        let table_bytes = self.set.capacity() * size_of::<Buffer>();
        self.uncounted_bytes += table_bytes.cast_signed() - self.table_bytes.cast_signed();
        self.table_bytes = table_bytes;
        let bytes = std::mem::take(&mut self.uncounted_bytes);
        self.shared.live_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.shared.operations.fetch_add(operations, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_reaches_its_share_and_every_byte_is_counted() {
        let shared = Shared::new(Clock::start(5), 1, 1 << 20);
        let mut worker = Worker::new(&shared, 0, random(0));
        for days in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let hour = Hour::at(days);
            let share_bytes = worker.share_bytes(&hour);
            for _ in 0..200 {
                worker.step(&hour, share_bytes);
            }
            let set_bytes: usize = worker.set.iter().map(Buffer::bytes).sum();
            assert_eq!(worker.set_bytes, set_bytes);
            let most_bytes = share_bytes + GROWN_BYTES_MAX;
            assert!((share_bytes / 2..most_bytes).contains(&set_bytes), "{set_bytes} {hour:?}");
            let waiting: usize =
                shared.mailboxes[0].lock().unwrap().iter().map(Buffer::bytes).sum();
            assert_eq!(shared.live_bytes(), set_bytes + worker.table_bytes + waiting);
        }
    }

    #[test]
    fn what_a_visitor_leaves_is_adopted_and_counted() {
        let shared = Shared::new(Clock::start(5), 1, 1 << 20);
        let mut worker = Worker::new(&shared, 0, random(0));
        std::thread::scope(|scope| {
            worker.adopt(Some(scope.spawn(|| visit(&shared, 0, 1, 3))));
        });
        worker.publish(0);
        assert!(!worker.set.is_empty());
        assert_eq!(shared.visitors(), 1);
        let waiting: usize = shared.mailboxes[0].lock().unwrap().iter().map(Buffer::bytes).sum();
        assert_eq!(shared.live_bytes(), worker.set_bytes + worker.table_bytes + waiting);
    }
}
