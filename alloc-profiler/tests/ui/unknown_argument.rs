#[alloc_profiler::profile(precison = 3)]
fn work() {}

#[alloc_profiler::profile("work")]
fn more() {}

#[alloc_profiler::profile()]
fn fine() {}

fn main() {
    work();
    more();
    fine();
}
