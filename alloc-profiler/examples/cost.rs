//! What profiling costs, in nanoseconds: an allocation and a probe, each beside
//! the same code without it.
//!
//! `cargo run --release -p alloc-profiler --example cost`

use std::alloc::{GlobalAlloc, Layout};
use std::hint::black_box;
use std::thread;
use std::time::Instant;

use alloc_core::PoolAlloc;
use alloc_profiler::{ProfiledAlloc, profile};

#[global_allocator]
static GLOBAL: ProfiledAlloc<PoolAlloc> = ProfiledAlloc::new(PoolAlloc::new());

/// Steps of one measurement.
const STEPS: u64 = 20_000_000;

/// Returns the fewest nanoseconds that a step of `work` took in five rounds.
fn cost(work: impl Fn(u64)) -> f64 {
    let round = || {
        let start = Instant::now();
        work(STEPS);
        start.elapsed().as_nanos() as f64 / STEPS as f64
    };
    (0..5).map(|_| round()).fold(f64::INFINITY, f64::min)
}

/// Allocates and frees a block of 64 bytes, `steps` times.
fn pairs(alloc: &impl GlobalAlloc, steps: u64) {
    let layout = Layout::new::<[u64; 8]>();
    for _ in 0..steps {
        // SAFETY: the layout is not empty.
        let block = unsafe { alloc.alloc(black_box(layout)) };
        // SAFETY: it was just allocated with this layout, and is not used.
        unsafe { alloc.dealloc(black_box(block), layout) };
    }
}

/// Returns the cost of a pair on each of `count` threads at once, in nanoseconds.
fn pairs_on_threads(alloc: &(impl GlobalAlloc + Sync), count: usize) -> f64 {
    let costs = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..count).map(|_| scope.spawn(|| cost(|steps| pairs(alloc, steps)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(f64::NAN)).collect::<Vec<_>>()
    });
    costs.iter().sum::<f64>() / costs.len() as f64
}

/// Defines the same function with and without the attribute.
macro_rules! both {
    ($plain:ident $profiled:ident $item:item) => {
        mod $plain {
            use super::*;
            $item
        }
        mod $profiled {
            use super::*;
            #[profile]
            $item
        }
    };
}

both! { plain_lines profiled_lines
    pub(super) fn run(steps: u64) -> u64 {
        let mut x = steps;
        for _ in 0..steps / 8 {
            x = black_box(x + 1);
            x = black_box(x + 1);
            x = black_box(x + 1);
            x = black_box(x + 1);
            x = black_box(x + 1);
            x = black_box(x + 1);
            x = black_box(x + 1);
            x = black_box(x + 1);
        }
        x
    }
}

both! { plain_calls profiled_calls
    pub(super) fn run(x: u64) -> u64 {
        black_box(x + 1)
    }
}

#[profile]
fn start_counting() {}

fn main() {
    let inner = GLOBAL.inner();
    let report = |what: &str, plain: f64, profiled: f64| {
        println!("{what:<42} {plain:>6.2} {profiled:>9.2} {:>9.2}", profiled - plain);
    };
    println!("{:<42} {:>6} {:>9} {:>9}", "nanoseconds", "plain", "profiled", "more");
    let plain = cost(|steps| pairs(inner, steps));
    report("alloc + free, nothing profiled yet", plain, cost(|steps| pairs(&GLOBAL, steps)));
    start_counting();
    report("alloc + free, counted", plain, cost(|steps| pairs(&GLOBAL, steps)));
    let lines = |run: fn(u64) -> u64| cost(|steps| assert!(run(steps) > steps));
    report("a line, its probe", lines(plain_lines::run), lines(profiled_lines::run));
    let calls =
        |run: fn(u64) -> u64| cost(|steps| (0..steps).for_each(|step| assert!(run(step) > step)));
    report("a call, enter and leave", calls(plain_calls::run), calls(profiled_calls::run));
    for threads in [2, 4, 8] {
        let [plain, profiled] =
            [pairs_on_threads(inner, threads), pairs_on_threads(&GLOBAL, threads)];
        report(&format!("the same on {threads} threads"), plain, profiled);
    }
}
