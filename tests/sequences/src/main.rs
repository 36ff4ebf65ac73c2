//! Random sequences for as long as one likes, without a fuzzer: each from a seed, each in
//! a process of its own.
//!
//! ```sh
//! cargo run --release -p sequences -- --seconds 60
//! cargo run --release -p sequences -- --replay 1234   # the one that failed
//! ```

use std::process::ExitCode;
use std::time::{Duration, Instant};

use alloc_core::PoolAlloc;
use clap::Parser;
use sequences::{STEP_BYTES, Step, at_once, in_child, in_turn};

/// Runs random sequences of heap operations beside an oracle.
#[derive(Debug, Parser)]
struct Arguments {
    /// For how long.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The first sequence's seed; the next ones' follow. Without it, one of the clock's.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs the sequence of this seed alone, and prints its steps.
    #[arg(long, conflicts_with_all = ["seconds", "seed"])]
    replay: Option<u64>,
    /// Steps of a sequence.
    #[arg(long, default_value_t = 200)]
    steps: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(seed) = arguments.replay {
        let sequence = Sequence::of(seed, arguments.steps);
        println!("{sequence:#?}");
        return report(seed, &arguments, &sequence.run());
    }
    let first = arguments.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    let end = Instant::now() + Duration::from_secs(arguments.seconds);
    let mut seed = first;
    while Instant::now() < end {
        let outcome = Sequence::of(seed, arguments.steps).run();
        if outcome.is_err() {
            return report(seed, &arguments, &outcome);
        }
        seed += 1;
    }
    let (count, steps) = (seed - first, arguments.steps);
    println!("{count} sequences of {steps} steps, from seed {first} on: all as they should be");
    ExitCode::SUCCESS
}

fn report(seed: u64, arguments: &Arguments, outcome: &Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => {
            println!("seed {seed}: as it should be");
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            println!("seed {seed}: {wrong}");
            println!("again: --replay {seed} --steps {}", arguments.steps);
            ExitCode::FAILURE
        }
    }
}

/// What a seed stands for.
#[derive(Debug)]
struct Sequence {
    /// Whether the threads run at once: then a replay may go otherwise.
    at_once: bool,
    /// Whether the allocator caches and keeps as little as it can.
    spare: bool,
    steps: Vec<Step>,
}

impl Sequence {
    fn of(seed: u64, steps: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let (at_once, spare) = (random.bool(), random.bool());
        let mut bytes = vec![0; steps * STEP_BYTES];
        random.fill(&mut bytes);
        Self { at_once, spare, steps: Step::all_of(&bytes) }
    }

    fn run(&self) -> Result<(), String> {
        let pool = if self.spare { sequences::SPARE } else { PoolAlloc::new() };
        in_child(
            || if self.at_once { at_once(pool, &self.steps) } else { in_turn(pool, &self.steps) },
        )
    }
}
