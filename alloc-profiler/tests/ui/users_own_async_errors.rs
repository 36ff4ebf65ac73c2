//! The user's own mistakes are reported at the user's own code, in futures too.

use std::rc::Rc;

#[alloc_profiler::profile]
async fn mismatched(n: u32) -> String {
    if n > 3 {
        return n;
    }
    String::new()
}

#[alloc_profiler::profile]
async fn not_send(n: u32) -> u32 {
    let shared = Rc::new(n);
    std::future::ready(()).await;
    *shared
}

#[alloc_profiler::profile]
async fn question_mark(text: &str) -> u32 {
    text.parse()?
}

fn main() {
    fn send(_: impl Send) {}
    mismatched(1);
    send(not_send(2));
    question_mark("3");
}
