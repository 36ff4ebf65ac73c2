//! The worker whose global allocator is `PoolAlloc`.

#[global_allocator]
static GLOBAL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new();

fn main() -> std::process::ExitCode {
    benches::worker::main()
}
