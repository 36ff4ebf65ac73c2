//! What the cross-crate tests share: a naive oracle over live blocks, and the
//! kernel's own figures of this process.
//!
//! The tests are binaries of one `#[test]` each where they look at a whole heap:
//! a `#[global_allocator]` is one per binary, and `alloc_core::check` wants the
//! other threads at rest.

use std::alloc::{GlobalAlloc, Layout};
use std::collections::BTreeMap;
use std::process::Command;

/// The README's example, compiled and run with the other documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// A live block and what its bytes must be.
#[derive(Debug)]
pub struct Live {
    start: *mut u8,
    layout: Layout,
    seed: u8,
}

// SAFETY: a block has one `Live`, and whoever has that owns the block.
unsafe impl Send for Live {}

impl Live {
    /// A new block, checked for null and alignment, filled with a pattern of
    /// `seed` to its last byte.
    ///
    /// # Panics
    /// When the allocator gives no block, or a misaligned one.
    pub fn alloc(allocator: &impl GlobalAlloc, layout: Layout, seed: u8) -> Self {
        // SAFETY: the tests ask for no empty layout.
        let start = unsafe { allocator.alloc(layout) };
        let live = Self { start, layout, seed };
        live.check_place();
        live.fill(0);
        live
    }

    /// A new block whose bytes the allocator promises to be zero, checked, then
    /// filled like any other.
    ///
    /// # Panics
    /// As for [`Live::alloc`], and when a byte is not zero.
    pub fn alloc_zeroed(allocator: &impl GlobalAlloc, layout: Layout, seed: u8) -> Self {
        // SAFETY: as in `alloc`.
        let start = unsafe { allocator.alloc_zeroed(layout) };
        let live = Self { start, layout, seed };
        live.check_place();
        assert!(live.bytes().iter().all(|&byte| byte == 0), "{layout:?} is not zeroed");
        live.fill(0);
        live
    }

    /// Resizes the block; what was there must still be, and the rest is filled.
    ///
    /// # Panics
    /// When the allocator gives no block, a misaligned one, or other contents.
    pub fn realloc(&mut self, allocator: &impl GlobalAlloc, size: usize) {
        let kept = size.min(self.layout.size());
        // SAFETY: the block is live with this layout; the size is not zero.
        self.start = unsafe { allocator.realloc(self.start, self.layout, size) };
        self.layout = Layout::from_size_align(size, self.layout.align()).expect("a valid layout");
        self.check_place();
        self.check(kept);
        self.fill(kept);
    }

    /// Checks the contents and frees the block.
    ///
    /// # Panics
    /// When a byte is not what was written.
    pub fn free(self, allocator: &impl GlobalAlloc) {
        self.check(self.layout.size());
        // SAFETY: the block is live with this layout, and consumed here.
        unsafe { allocator.dealloc(self.start, self.layout) };
    }

    /// Where the block starts.
    pub fn start(&self) -> *const u8 {
        self.start
    }

    /// The layout that it was asked for with.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    fn check_place(&self) {
        assert!(!self.start.is_null(), "no block for {:?}", self.layout);
        assert!(
            self.start.addr().is_multiple_of(self.layout.align()),
            "{:?} at {:p}",
            self.layout,
            self.start
        );
    }

    fn expected(&self, index: usize) -> u8 {
        self.seed.wrapping_add(index.to_le_bytes()[0]).wrapping_mul(31)
    }

    fn fill(&self, from: usize) {
        for index in from..self.layout.size() {
            // SAFETY: index is below the block's size.
            let byte = unsafe { self.start.add(index) };
            // SAFETY: the block is this value's own.
            unsafe { byte.write(self.expected(index)) };
        }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the block is live, initialised and this value's own.
        unsafe { std::slice::from_raw_parts(self.start, self.layout.size()) }
    }

    fn check(&self, bytes: usize) {
        let wrong = self.bytes()[..bytes]
            .iter()
            .enumerate()
            .find(|&(index, &byte)| byte != self.expected(index));
        assert!(wrong.is_none(), "{:?} at {:p}: {wrong:?} overwritten", self.layout, self.start);
    }
}

/// Every live block, by address: the naive oracle of what may overlap.
#[derive(Debug, Default)]
pub struct Oracle(BTreeMap<usize, Live>);

impl Oracle {
    /// Notes a block.
    ///
    /// # Panics
    /// When it overlaps a live one.
    pub fn insert(&mut self, live: Live) {
        let start = live.start.addr();
        let end = start + live.layout.size();
        if let Some((before, other)) = self.0.range(..end).next_back() {
            let other_end = before + other.layout.size();
            assert!(other_end <= start, "{live:?} overlaps {other:?}");
        }
        self.0.insert(start, live);
    }

    /// Takes any block out: the one at or after the address that `pick` names.
    pub fn take(&mut self, pick: usize) -> Option<Live> {
        let key = *self.0.range(pick..).next().or_else(|| self.0.iter().next())?.0;
        self.0.remove(&key)
    }

    /// Live blocks.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no block is live.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes every block out, by address.
    pub fn into_live(self) -> impl Iterator<Item = Live> {
        self.0.into_values()
    }
}

/// Runs `threads` threads of `body`, numbered from 0, and returns once they have
/// ended for good.
///
/// Leaving a scope waits for the closures only; joining a handle waits for the
/// thread-local destructors too, where a heap retires. After this, the heaps rest.
///
/// # Panics
/// When one of the threads does.
pub fn run_threads(threads: usize, body: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        let body = &body;
        let running: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || body(thread))).collect();
        for thread in running {
            thread.join().expect("the thread did not panic");
        }
    });
}

/// Runs a test of the calling binary, one that is marked as ignored, in a process of its
/// own with these environment variables; returns what it printed.
///
/// # Panics
/// When the test does not pass.
pub fn run_in_child(test: &str, variables: &[(&str, &str)]) -> String {
    let this = std::env::current_exe().expect("a path");
    let output = Command::new(this)
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .envs(variables.iter().copied())
        .output()
        .expect("it starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    let passed = output.status.success() && printed.contains("1 passed");
    assert!(passed, "{test} {variables:?}: {:?}\n{printed}{errors}", output.status);
    printed
}

/// Forks; the child ends at once with what `in_child` says, and the parent waits for it.
/// Returns whether all went well. The child has only the calling thread.
pub fn fork_and_wait(in_child: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child runs the caller's closure, which is what is tested, and ends.
    let process = unsafe { libc::fork() };
    if process == 0 {
        let is_sound = in_child();
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(i32::from(!is_sound)) };
    }
    let mut status = 1;
    // SAFETY: a place for the status of a child of this process.
    let waited = unsafe { libc::waitpid(process, &raw mut status, 0) };
    process > 0 && waited == process && status == 0
}

/// Bytes of memory resident for this process, as the kernel counts them.
///
/// # Panics
/// When `/proc/self` cannot be read.
pub fn resident_bytes() -> u64 {
    let status = procfs::process::Process::myself().and_then(|process| process.status());
    status.expect("/proc/self/status").vmrss.expect("VmRSS") * 1024
}

/// Bytes resident for this process now, from its page tables: the counter behind
/// [`resident_bytes`], which is cheaper to read, may lag by some hundred KiB.
///
/// # Panics
/// When `/proc/self` cannot be read.
pub fn exact_resident_bytes() -> u64 {
    let rollup = procfs::process::Process::myself().and_then(|process| process.smaps_rollup());
    let rollup = rollup.expect("/proc/self/smaps_rollup").memory_map_rollup;
    let map = rollup.iter().next().expect("one map");
    map.extension.map["Rss"]
}

/// The most bytes that were ever resident for this process at once.
///
/// # Panics
/// When `/proc/self` cannot be read.
pub fn peak_resident_bytes() -> u64 {
    let status = procfs::process::Process::myself().and_then(|process| process.status());
    status.expect("/proc/self/status").vmhwm.expect("VmHWM") * 1024
}

/// Threads of this process with that name.
///
/// # Panics
/// When `/proc/self` cannot be read.
pub fn threads_named(name: &str) -> usize {
    let threads = std::fs::read_dir("/proc/self/task").expect("/proc/self/task");
    // One that has ended meanwhile has no name any more.
    threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok())
        .filter(|comm| comm.trim_end() == name)
        .count()
}

/// The slope of a line through `values`, one a second, by least squares: how
/// much they grow per second.
pub fn slope_per_second(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let (mean_x, mean_y) = ((count - 1.0) / 2.0, values.iter().sum::<f64>() / count);
    let deviations = values.iter().enumerate().map(|(x, y)| (x as f64 - mean_x, y - mean_y));
    let (above, below) =
        deviations.fold((0.0, 0.0), |(above, below), (x, y)| (above + x * y, below + x * x));
    above / below
}
