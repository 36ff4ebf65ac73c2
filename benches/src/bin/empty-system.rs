//! An empty program whose global allocator is the C library's malloc.

#[global_allocator]
static GLOBAL: std::alloc::System = std::alloc::System;

fn main() {
    benches::empty::main();
}
