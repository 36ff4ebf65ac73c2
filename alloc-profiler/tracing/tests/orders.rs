//! Spans entered, exited, cloned and dropped in random orders, beside an oracle
//! that adds up by hand.

mod common;

use std::alloc::System;

use alloc_profiler::ProfiledAlloc;
use common::{bytes, figures, spans};
use fastrand::Rng;
use tracing::{Span, info_span};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

const NAMES: usize = 4;

/// What a span must have come to.
#[derive(Clone, Copy, Debug, Default)]
struct Oracle {
    /// How often it is entered now.
    depth: usize,
    net: i64,
    peak: i64,
    allocated: u64,
    freed: u64,
    own_allocated: u64,
    own_freed: u64,
}

impl Oracle {
    fn moves(&mut self, allocated: u64, freed: u64, is_innermost: bool) {
        self.allocated += allocated;
        self.freed += freed;
        self.net += allocated.cast_signed() - freed.cast_signed();
        self.peak = self.peak.max(self.net);
        if is_innermost {
            self.own_allocated += allocated;
            self.own_freed += freed;
        }
    }
}

/// One program of random steps; memory is a list of blocks.
struct Program {
    spans: [Span; NAMES],
    /// Entered ones, the innermost last.
    open: Vec<usize>,
    blocks: Vec<Box<[u8]>>,
    oracles: [Oracle; NAMES],
}

impl Program {
    fn new() -> Self {
        let spans = [
            info_span!("s0"),
            info_span!(parent: None, "s1"),
            info_span!(parent: None, "s2"),
            info_span!(parent: None, "s3"),
        ];
        let (open, blocks) = (Vec::with_capacity(100), Vec::with_capacity(100));
        Self { spans, open, blocks, oracles: [Oracle::default(); NAMES] }
    }

    fn moves(&mut self, allocated: usize, freed: usize) {
        for name in 0..NAMES {
            if self.oracles[name].depth > 0 {
                let is_innermost = self.open.last() == Some(&name);
                self.oracles[name].moves(allocated as u64, freed as u64, is_innermost);
            }
        }
    }

    fn step(&mut self, random: &mut Rng) {
        match random.u8(..6) {
            0 if self.open.len() < 20 => {
                let name = random.usize(..NAMES);
                tracing::dispatcher::get_default(|subscriber| {
                    subscriber.enter(&self.spans[name].id().unwrap());
                });
                self.oracles[name].depth += 1;
                self.open.push(name);
            }
            1 if !self.open.is_empty() => {
                let name = self.open[random.usize(..self.open.len())];
                tracing::dispatcher::get_default(|subscriber| {
                    subscriber.exit(&self.spans[name].id().unwrap());
                });
                self.oracles[name].depth -= 1;
                // An exit is that of the last enter.
                let place = self.open.iter().rposition(|open| *open == name).unwrap();
                self.open.remove(place);
            }
            2 if !self.blocks.is_empty() => {
                let block = self.blocks.swap_remove(random.usize(..self.blocks.len()));
                self.moves(0, block.len());
            }
            3 => {
                let size = random.usize(1..5000);
                drop(bytes(size));
                self.moves(size, 0);
                self.moves(0, size);
            }
            _ if self.blocks.len() < 100 => {
                let size = random.usize(1..1000);
                self.blocks.push(bytes(size));
                self.moves(size, 0);
            }
            _ => {}
        }
    }

    /// Exits what is open; returns what the spans must show.
    fn end(mut self) -> [Oracle; NAMES] {
        while let Some(name) = self.open.pop() {
            tracing::dispatcher::get_default(|subscriber| {
                subscriber.exit(&self.spans[name].id().unwrap());
            });
        }
        self.oracles
    }
}

#[test]
fn any_order_gives_exact_figures() {
    for seed in 0..2000 {
        let mut random = Rng::with_seed(seed);
        let mut oracles = None;
        let report = spans(|| {
            let mut program = Program::new();
            // Once each, so that each has figures.
            for span in &program.spans {
                span.in_scope(|| ());
            }
            (0..200).for_each(|_| program.step(&mut random));
            oracles = Some(program.end());
        });
        for (name, oracle) in oracles.unwrap().iter().enumerate() {
            let expected = (
                1,
                oracle.allocated,
                oracle.freed,
                oracle.own_allocated,
                oracle.own_freed,
                oracle.peak.cast_unsigned(),
            );
            assert_eq!(figures(&report, &format!("s{name}")), expected, "s{name}, seed {seed}");
        }
    }
}
