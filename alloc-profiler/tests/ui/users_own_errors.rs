//! The user's own mistakes are reported at the user's own code.

#[alloc_profiler::profile]
fn mismatched(n: u32) -> String {
    let text = String::new();
    if n > 3 {
        return n;
    }
    text
}

#[alloc_profiler::profile]
fn moved(text: String) -> usize {
    drop(text);
    text.len()
}

fn main() {
    mismatched(1);
    moved(String::new());
}
