#[alloc_profiler::profile(precision = 1, precision = 2)]
fn decimals() {}

#[alloc_profiler::profile(each_call, stream = "stderr", each_call = false)]
fn flag() {}

fn main() {
    decimals();
    flag();
}
