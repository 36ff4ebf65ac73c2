//! Any bytes as a sequence, a step at a time, the whole heap checked after each.
//!
//! One process runs all inputs, so each finds the heap as the last one left it: empty,
//! its threads' heaps waiting to be adopted.

#![no_main]

use alloc_core::PoolAlloc;
use libfuzzer_sys::fuzz_target;
use sequences::{Step, in_turn};

fuzz_target!(|bytes: &[u8]| in_turn(PoolAlloc::new(), &Step::all_of(bytes)));
