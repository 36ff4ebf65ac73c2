//! Shows what the profiler costs; see `benches/README.md`.

use alloc_core::PoolAlloc;
use alloc_profiler::ProfiledAlloc;

#[global_allocator]
static GLOBAL: ProfiledAlloc<PoolAlloc> = ProfiledAlloc::new(PoolAlloc::new());

fn main() -> std::process::ExitCode {
    benches::profiler::main(&GLOBAL)
}
