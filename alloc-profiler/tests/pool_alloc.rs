//! Over our own allocator: increments are what the program asked for, "Mem usage"
//! holds what was allocated before counting began.

use std::error::Error;

use alloc_core::PoolAlloc;
use alloc_profiler::{ProfiledAlloc, profile};

#[global_allocator]
static GLOBAL: ProfiledAlloc<PoolAlloc> = ProfiledAlloc::new(PoolAlloc::new());

#[profile]
fn build(n: usize) -> Vec<Box<[u8]>> {
    let mut all = Vec::with_capacity(n);
    for _ in 0..n {
        all.push(vec![7; 8].into());
    }
    all
}

#[test]
fn figures_are_the_programs_not_the_allocators() -> Result<(), Box<dyn Error>> {
    let before = vec![1_u8; 10 << 20];
    let boxes = build(1001);
    let report = alloc_profiler::report();
    let function = report.function("build").ok_or("not entered")?;
    assert_eq!(function.total_bytes, 1001 * (8 + 16));
    let entry = function.lines[0].figures.ok_or("no figures")?;
    let live = usize::try_from(entry.live_bytes)?;
    assert!((before.len()..2 * before.len()).contains(&live), "{live}");
    assert_eq!(
        function.line(function.lines[4].number).ok_or("no line")?.source,
        "        all.push(vec![7; 8].into());"
    );
    assert_eq!(function.lines[4].figures.ok_or("no figures")?.allocated_blocks, 1001);
    drop(boxes);
    Ok(())
}
