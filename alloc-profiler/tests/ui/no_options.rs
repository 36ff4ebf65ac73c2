//! What is no list of options at all.

#[alloc_profiler::profile(1 + 2)]
fn sum() {}

#[alloc_profiler::profile(precision == 1)]
fn comparison() {}

#[alloc_profiler::profile(name = "a" stream = "stderr")]
fn no_comma() {}

fn main() {
    sum();
    comparison();
    no_comma();
}
