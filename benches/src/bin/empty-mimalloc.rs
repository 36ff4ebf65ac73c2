//! An empty program whose global allocator is mimalloc v3.

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    benches::empty::main();
}
