#[alloc_profiler::profile]
#[derive(Clone)]
pub struct Point {
    x: u32,
}

#[alloc_profiler::profile]
static ORIGIN: Point = Point { x: 0 };

#[alloc_profiler::profile]
#[allow(dead_code)]
pub(crate) enum Empty {}

#[alloc_profiler::profile]
const ZERO: u32 = 0;

#[alloc_profiler::profile]
use std::mem::swap;

#[alloc_profiler::profile]
type Number = u32;

#[alloc_profiler::profile]
macro_rules! nothing {
    () => {};
}

#[alloc_profiler::profile]
unsafe extern "C" {
    fn abort() -> !;
}

fn main() {
    let (mut x, mut y): (Number, Number) = (ORIGIN.clone().x, ZERO);
    swap(&mut x, &mut y);
    nothing!();
    let _ = abort;
}
