//! The user's own mistakes are reported at the user's own code, in closures too.

#[alloc_profiler::profile]
fn borrowed(mut all: Vec<u32>) -> usize {
    let first = &all[0];
    let mut push = || {
        let next = 1;
        all.push(next);
    };
    push();
    *first as usize
}

#[alloc_profiler::profile]
fn escapes<'a>() -> Box<dyn Fn() -> usize + 'a> {
    let text = String::new();
    Box::new(|| {
        let len = text.len();
        len
    })
}

fn main() {
    borrowed(vec![1]);
    escapes();
}
