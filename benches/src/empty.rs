//! An empty program: what the binaries `empty-*` are, but for their allocator.
//!
//! # Design
//! Its memory is read from outside, by [`compare`](crate::compare). A worker would not
//! do: its workloads' code is resident, too, with each allocator's inlined parts in it;
//! and what reads `/proc` and prints a report allocates.

use std::io::{self, Read as _};

/// Stays until its standard input ends.
pub fn main() {
    // If it cannot be read, nobody waits for this process.
    let _ = io::stdin().read(&mut [0]);
}
