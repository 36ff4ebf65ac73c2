#[alloc_profiler::profile]
#[derive(Clone)]
pub struct Point {
    x: u32,
}

#[alloc_profiler::profile]
impl Point {
    fn x(&self) -> u32 {
        self.x
    }
}

#[alloc_profiler::profile]
static ORIGIN: Point = Point { x: 0 };

fn main() {
    assert_eq!(ORIGIN.clone().x(), 0);
}
