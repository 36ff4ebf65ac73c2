#[alloc_profiler::profile(name)]
fn bare() {}

#[alloc_profiler::profile(name = "")]
fn empty() {}

#[alloc_profiler::profile(name = work)]
fn path() {}

#[alloc_profiler::profile(name("work"))]
fn list() {}

fn main() {
    bare();
    empty();
    path();
    list();
}
