//! `demo`: the jobs of the `demo` library, served by our own allocator and
//! profiled line by line.

use alloc_core::PoolAlloc;
use alloc_profiler::ProfiledAlloc;

#[global_allocator]
static GLOBAL: ProfiledAlloc<PoolAlloc> = ProfiledAlloc::new(PoolAlloc::new());

fn main() -> std::process::ExitCode {
    demo::run(demo::Allocator::Pool)
}
