#[alloc_profiler::profile]
pub const fn double(n: u32) -> u32 {
    n * 2
}

// It is still there: there is no second error.
const FOUR: u32 = double(2);

fn main() {
    assert_eq!(FOUR, 4);
}
