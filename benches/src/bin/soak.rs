//! Shows whether the memory of a program that never rests settles; see
//! `benches/README.md`.

#[global_allocator]
static GLOBAL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new();

fn main() -> std::process::ExitCode {
    benches::soak::main()
}
