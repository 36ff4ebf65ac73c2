//! An empty program whose global allocator is `PoolAlloc`.

#[global_allocator]
static GLOBAL: alloc_core::PoolAlloc = alloc_core::PoolAlloc::new();

fn main() {
    benches::empty::main();
}
