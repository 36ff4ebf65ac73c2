//! An empty program whose global allocator is `PoolAlloc` inside the profiler.

use alloc_core::PoolAlloc;
use alloc_profiler::ProfiledAlloc;

#[global_allocator]
static GLOBAL: ProfiledAlloc<PoolAlloc> = ProfiledAlloc::new(PoolAlloc::new());

fn main() {
    benches::empty::main();
}
