//! A sampler that includes child processes. Alone in its process, for the memory of other tests
//! that come and go would be in its samples.

use std::alloc::System;
use std::process::Command;
use std::time::Duration;

use alloc_profiler::{Backend, ProfiledAlloc, Sampler};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

#[test]
fn children_are_part_of_the_family() {
    let sampler = Sampler::new().backend(Backend::Rss).interval(Duration::from_millis(5));
    let sleep = || Command::new("sleep").arg("0.3").status().unwrap();
    let (_, alone) = sampler.clone().run(sleep);
    let (_, family) = sampler.include_children().run(sleep);
    // Any process has some hundred KiB.
    let child_bytes = family.max_bytes().saturating_sub(alone.max_bytes());
    assert!(child_bytes >= 200 << 10, "alone {alone}\nfamily {family}");
    assert!(family.increment_bytes() >= 200 << 10, "{family}");
}
