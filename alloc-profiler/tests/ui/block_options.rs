//! What makes sense for one function only, or for none of a block's.

struct Point(u32);

#[alloc_profiler::profile(name = "points")]
impl Point {
    fn x(&self) -> u32 {
        self.0
    }
}

#[alloc_profiler::profile(name = "traits", precision = 3)]
trait Named {
    fn name(&self) -> u32 {
        3
    }
}

#[alloc_profiler::profile(name = "module")]
mod inner {
    pub(super) fn work() {}
}

impl Named for Point {}

fn main() {
    inner::work();
    assert_eq!(Point(3).x(), Point(3).name());
}
