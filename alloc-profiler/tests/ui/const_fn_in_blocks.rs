//! One error for each, and the other functions are profiled anyway.

struct Point(u32);

#[alloc_profiler::profile]
impl Point {
    const fn new(x: u32) -> Self {
        Self(x)
    }

    fn x(&self) -> u32 {
        self.0
    }

    pub(crate) const fn twice(&self) -> u32 {
        self.0 * 2
    }

    #[alloc_profiler::profile(skip)]
    const fn left_out(&self) -> u32 {
        self.0
    }
}

#[alloc_profiler::profile]
mod inner {
    pub(super) const fn one() -> u32 {
        1
    }

    pub(super) mod deeper {
        pub(in super::super) const fn two() -> u32 {
            2
        }
    }
}

const POINT: Point = Point::new(inner::one());

fn main() {
    assert_eq!(POINT.twice(), inner::deeper::two() + POINT.x() - POINT.left_out());
}
