//! Any bytes as a sequence, all threads at once, the heap checked when they rest. How
//! the threads' steps interleave is the system's choice, so an input that failed may
//! have to be tried again some times.

#![no_main]

use alloc_core::PoolAlloc;
use libfuzzer_sys::fuzz_target;
use sequences::{Step, at_once};

fuzz_target!(|bytes: &[u8]| at_once(PoolAlloc::new(), &Step::all_of(bytes)));
