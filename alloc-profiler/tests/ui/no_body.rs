trait Shape {
    #[alloc_profiler::profile]
    fn area(&self) -> f64;
}

struct Square(f64);

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}

fn main() {
    assert!(Square(2.0).area() > 3.0);
}
