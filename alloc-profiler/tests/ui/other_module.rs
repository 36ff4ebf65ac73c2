//! A module of another file: what is in it cannot be seen.

#[alloc_profiler::profile]
#[path = "module/empty.rs"]
mod empty;

fn main() {}
