//! The worker whose global allocator is the C library's malloc.

#[global_allocator]
static GLOBAL: std::alloc::System = std::alloc::System;

fn main() -> std::process::ExitCode {
    benches::worker::main()
}
