//! An empty program whose global allocator is the system's inside dhat, which does not record here.

#[global_allocator]
static GLOBAL: dhat::Alloc = dhat::Alloc;

fn main() {
    benches::empty::main();
}
