#[alloc_profiler::profile(skip = "no")]
fn text() {}

#[alloc_profiler::profile(skip())]
fn list() {}

#[alloc_profiler::profile(skip)]
const fn fine() {}

fn main() {
    text();
    list();
    fine();
}
