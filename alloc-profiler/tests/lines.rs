use alloc_profiler::{ProfiledAlloc, profile};
use std::alloc::System;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

#[profile]
fn fill(n: usize) -> Vec<Vec<u8>> {
    // a comment
    let scratch = vec![1_u8; 5 << 20];
    let mut all = Vec::with_capacity(n);
    for i in 0..n {
        let x = vec![0_u8; 1 << 20];
        if i % 2 == 0 {
            continue;
        }
        all.push(x);
    }
    match scratch.len() {
        0 => all.clear(),
        _ => all.push(Vec::new()),
    }

    assert!(scratch[0] == 1);
    all
}

#[test]
fn first() {
    fill(10);
    println!("{}", alloc_profiler::report());
    println!("{:#?}", alloc_profiler::report().functions[0].total_bytes);
}
