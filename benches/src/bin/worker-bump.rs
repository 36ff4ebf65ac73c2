//! The worker whose global allocator is the bump allocator: the floor of `pairs`.

use benches::bump::{self, Bump};

#[global_allocator]
static GLOBAL: Bump = Bump::new();

fn main() -> std::process::ExitCode {
    benches::worker::main_with_region(bump::REGION)
}
