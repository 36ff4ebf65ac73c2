#[alloc_profiler::profile(precision = 10)]
fn too_many() {}

#[alloc_profiler::profile(precision = -1)]
fn negative() {}

#[alloc_profiler::profile(precision = 1.5)]
fn fraction() {}

#[alloc_profiler::profile(precision = "3")]
fn text() {}

#[alloc_profiler::profile(precision)]
fn bare() {}

#[alloc_profiler::profile(precision(3))]
fn list() {}

#[alloc_profiler::profile(precision = 300)]
fn no_byte() {}

fn main() {
    too_many();
    negative();
    fraction();
    text();
    bare();
    list();
    no_byte();
}
