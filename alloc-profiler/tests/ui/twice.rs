use alloc_profiler::profile as measure;

#[measure]
#[measure(precision = 3)]
fn work() {}

struct Tree;

#[measure]
impl Tree {
    #[measure]
    fn grow(&self) {}
}

fn main() {}
