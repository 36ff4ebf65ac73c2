#[alloc_profiler::profile(each_call = 1)]
fn number() {}

#[alloc_profiler::profile(each_call(true))]
fn list() {}

#[alloc_profiler::profile(each_call = "yes")]
fn text() {}

#[alloc_profiler::profile(each_call, name = "fine")]
fn bare() {}

#[alloc_profiler::profile(each_call = false)]
fn off() {}

fn main() {
    number();
    list();
    text();
    bare();
    off();
}
