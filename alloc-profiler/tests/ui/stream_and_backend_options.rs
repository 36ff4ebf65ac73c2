#[alloc_profiler::profile(stream = "")]
fn no_path() {}

#[alloc_profiler::profile(stream = 1)]
fn number() {}

#[alloc_profiler::profile(stream)]
fn bare() {}

#[alloc_profiler::profile(backend = "vms")]
fn unknown() {}

#[alloc_profiler::profile(backend = rss)]
fn path() {}

#[alloc_profiler::profile(backend("rss"))]
fn list() {}

fn main() {
    no_path();
    number();
    bare();
    unknown();
    path();
    list();
}
