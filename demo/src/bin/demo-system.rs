//! `demo-system`: the same jobs as `demo` over the system's malloc. What a line
//! asked for does not depend on who serves it, so both print the same bytes.

use std::alloc::System;

use alloc_profiler::ProfiledAlloc;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

fn main() -> std::process::ExitCode {
    demo::run(demo::Allocator::System)
}
