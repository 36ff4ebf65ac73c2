//! What a program does with an allocator, from every tier and on several threads, where
//! any allocation may fail. Whatever comes back null is done without; what comes back
//! is marked, and its marks are looked at when it is resized or freed.

use std::alloc::{GlobalAlloc as _, Layout};
use std::ffi::c_void;

use alloc_core::PoolAlloc;
use allocator_api2::vec::Vec as VecIn;

use crate::system;

/// By hand: the standard library's own memory is the system's, and does not fail.
pub(crate) static POOL: PoolAlloc = PoolAlloc::new();

/// Marks are as far apart, so that big blocks cost few pages.
const STRIDE: usize = 16 << 20;

/// A block, with a mark in every [`STRIDE`] and in its last byte.
struct Held {
    start: *mut u8,
    layout: Layout,
    seed: u8,
}

impl Held {
    fn alloc(size: usize, align: usize, seed: u8) -> Option<Self> {
        let layout = Layout::from_size_align(size, align).unwrap();
        // SAFETY: the layout is not empty.
        Self::new(unsafe { POOL.alloc(layout) }, layout, seed)
    }

    fn alloc_zeroed(size: usize, seed: u8) -> Option<Self> {
        let layout = Layout::from_size_align(size, 16).unwrap();
        // SAFETY: the layout is not empty.
        let start = unsafe { POOL.alloc_zeroed(layout) };
        if !start.is_null() {
            // SAFETY: a new block of that size, which is initialised.
            let bytes = unsafe { std::slice::from_raw_parts(start, size) };
            assert!(is_zero(bytes), "{size} bytes are not zero");
        }
        Self::new(start, layout, seed)
    }

    fn new(start: *mut u8, layout: Layout, seed: u8) -> Option<Self> {
        let held = (!start.is_null()).then_some(Self { start, layout, seed })?;
        assert!(start.addr().is_multiple_of(layout.align()), "{layout:?} at {start:p}");
        held.mark(layout.size());
        Some(held)
    }

    /// Resized, or as it was; whether it was.
    fn realloc(&mut self, size: usize) -> bool {
        // SAFETY: a live block of this layout, and a size that makes one.
        let start = unsafe { POOL.realloc(self.start, self.layout, size) };
        let old = self.layout.size();
        if !start.is_null() {
            self.start = start;
            self.layout = Layout::from_size_align(size, self.layout.align()).unwrap();
        }
        self.check(old.min(self.layout.size()), old);
        self.mark(self.layout.size());
        !start.is_null()
    }

    fn free(self) {
        self.check(self.layout.size(), self.layout.size());
        // SAFETY: a live block of this layout, consumed here.
        unsafe { POOL.dealloc(self.start, self.layout) };
    }

    fn value(&self, offset: usize) -> u8 {
        self.seed ^ (offset / STRIDE) as u8 ^ offset as u8 | 1
    }

    fn mark(&self, size: usize) {
        for offset in marks(size) {
            // SAFETY: below the block's size.
            let byte = unsafe { self.start.add(offset) };
            // SAFETY: the block is this value's own.
            unsafe { byte.write(self.value(offset)) };
        }
    }

    /// Checks those marks of a block of `size` that are in its first `kept` bytes.
    fn check(&self, kept: usize, size: usize) {
        for offset in marks(size).filter(|&offset| offset < kept) {
            // SAFETY: below the block's size.
            let byte = unsafe { self.start.add(offset) };
            // SAFETY: the block is this value's own, and marked there.
            let found = unsafe { byte.read() };
            assert_eq!(found, self.value(offset), "at {offset} of {:?}", self.layout);
        }
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<32>();
    words.iter().all(|word| *word == [0; 32]) && rest.iter().all(|&byte| byte == 0)
}

fn marks(size: usize) -> impl Iterator<Item = usize> {
    (0..size).step_by(STRIDE).chain([size - 1])
}

/// Blocks that are held across the rounds, and what became of the allocations.
pub(crate) struct Work {
    held: Vec<Held>,
    pub(crate) served: usize,
    pub(crate) refused: usize,
}

impl Work {
    pub(crate) fn new() -> Self {
        Self { held: Vec::with_capacity(4096), served: 0, refused: 0 }
    }

    fn note(&mut self, block: Option<Held>) {
        match block {
            Some(block) => {
                self.served += 1;
                self.held.push(block);
            }
            None => self.refused += 1,
        }
    }

    /// Calls on every part of the allocator. The blocks of some rounds stay for the next.
    pub(crate) fn round(&mut self, round: usize) {
        let seed = round as u8;
        system::armed(|| {
            for size in [16, 100, 512, 600, 5000, 60_000, 120_000, 200_000, 3 << 20, 9 << 20] {
                self.note(Held::alloc(size, 16, seed));
            }
            for size in [16, 5000, 40_000, 150_000] {
                self.note(Held::alloc_zeroed(size, seed));
            }
            for (size, align) in [(100, 4096), (1 << 20, 2 << 20), (1 << 20, 4 << 20)] {
                self.note(Held::alloc(size, align, seed));
            }
            self.grow_and_shrink(seed);
            self.pass_mappings_on(seed);
            grow_a_vector();
            if round % 3 == 2 {
                self.free_all();
            } else {
                self.free_some(seed);
            }
        });
        self.threads(seed);
        if round % 2 == 1 {
            system::armed(alloc_core::collect);
        }
    }

    /// Blocks through all tiers: up from a small one, and a mapping up and down.
    fn grow_and_shrink(&mut self, seed: u8) {
        const UP: [usize; 6] = [2000, 60_000, 200_000, 540_000, 9 << 20, 34 << 20];
        const DOWN: [usize; 6] = [60 << 20, 45 << 20, 70 << 20, 1 << 20, 10_000, 50];
        for (start, sizes) in [(100, UP.as_slice()), (34 << 20, DOWN.as_slice())] {
            let Some(mut block) = Held::alloc(start, 16, seed) else {
                self.refused += 1;
                continue;
            };
            for &size in sizes {
                if block.realloc(size) {
                    self.served += 1;
                } else {
                    self.refused += 1;
                }
            }
            self.note(Some(block));
        }
    }

    /// Mappings, mostly untouched: system calls and little else.
    fn pass_mappings_on(&mut self, seed: u8) {
        let mut before = None;
        for size in (0..16).map(|step| (33 + step) << 20) {
            let next = Held::alloc(size, 16, seed);
            // The one before is freed while the next is there.
            if let Some(block) = std::mem::replace(&mut before, next) {
                block.free();
            }
        }
        self.note(before);
    }

    fn free_all(&mut self) {
        self.held.drain(..).for_each(Held::free);
    }

    fn free_some(&mut self, seed: u8) {
        let mut turn = usize::from(seed);
        while self.held.len() > 12 {
            turn = turn.wrapping_mul(5) + 3;
            self.held.swap_remove(turn % self.held.len()).free();
        }
    }

    /// Two threads, one after the other: the second has the first one's heap. What they
    /// leave is freed here, where it goes home as a remote free, or is freed later.
    fn threads(&mut self, seed: u8) {
        for thread in 0..2 {
            let mut task = Task { seed: seed.wrapping_add(thread), left: Vec::with_capacity(64) };
            run_armed_thread(&mut task);
            for block in task.left {
                self.note(block);
            }
            system::armed(|| self.free_some(seed));
        }
    }

    /// Frees what is left, without faults.
    pub(crate) fn finish(mut self) {
        self.free_all();
    }
}

/// `try_reserve` says so when there is nothing, and the vector is what it was.
fn grow_a_vector() {
    let mut numbers: VecIn<u32, &PoolAlloc> = VecIn::new_in(&POOL);
    let mut refused = 0;
    for power in [3, 7, 11, 16, 18, 24] {
        let wanted = 1_usize << power;
        let before = numbers.len();
        match numbers.try_reserve_exact(wanted) {
            Ok(()) => numbers.extend((before as u32)..(before as u32 + 8)),
            Err(_) => refused += 1,
        }
        let added = if numbers.len() == before { 0 } else { 8 };
        assert_eq!(numbers.len(), before + added);
    }
    assert_eq!(numbers.len(), 8 * (6 - refused));
    assert!(numbers.iter().zip(0..).all(|(&number, index)| number == index));
}

/// What a thread does, and leaves to others.
struct Task {
    seed: u8,
    left: Vec<Option<Held>>,
}

/// Runs a thread of the C library's making: one of the standard library's maps a stack
/// for its signals, and panics if it cannot.
fn run_armed_thread(task: &mut Task) {
    let mut thread = 0;
    let argument = std::ptr::from_mut(task).cast::<c_void>();
    // SAFETY: a valid place, and a task that lives until the thread is joined.
    let status =
        unsafe { libc::pthread_create(&raw mut thread, std::ptr::null(), thread_body, argument) };
    assert_eq!(status, 0);
    // SAFETY: the thread just made, joined once: it has ended for good.
    assert_eq!(unsafe { libc::pthread_join(thread, std::ptr::null_mut()) }, 0);
}

extern "C" fn thread_body(task: *mut c_void) -> *mut c_void {
    // SAFETY: the task that the thread was made with, its alone until it is joined.
    let task = unsafe { &mut *task.cast::<Task>() };
    system::arm_to_the_end();
    for size in [16, 48, 300, 512, 700, 9000, 33_000, 128 << 10, 400_000] {
        for turn in 0..3 {
            match Held::alloc(size, 16, task.seed) {
                // Some are freed here, and stay in the thread's bins.
                Some(block) if turn == 0 => block.free(),
                block => task.left.push(block),
            }
        }
    }
    std::ptr::null_mut()
}
