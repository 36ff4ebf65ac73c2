//! With the feature `off` an attribute leaves the bare function: no figures, no
//! table, no trace. Without the feature the same functions have figures.
//!
//! `cargo test -p alloc-profiler --features off --test off`

use std::alloc::System;

use alloc_profiler::{ProfiledAlloc, assert_heap, profile};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

#[profile(name = "given", each_call, stream = "stderr", precision = 2, backend = "heap")]
fn function(n: u32) -> u32 {
    let list: Box<[u32]> = Box::new([n; 3]);
    list.iter().sum()
}

#[profile]
async fn future(n: u32) -> u32 {
    let list: Box<[u32]> = Box::new([n; 3]);
    list.iter().sum()
}

struct Words(Vec<String>);

#[profile]
impl Words {
    fn count(&self) -> usize {
        let all = self.0.clone();
        all.len()
    }

    #[profile(skip)]
    const fn is_const() -> bool {
        true
    }
}

#[test]
fn the_attribute_can_be_turned_off() {
    assert_eq!(function(2), 6);
    assert_eq!(Words(vec![String::from("a")]).count(), 1);
    const { assert!(Words::is_const()) };
    // Budgets are no attributes: they hold all the same.
    assert_heap!(allocs == 1, bytes == 7, { drop(vec![0_u8; 7]) });
    let expected = if cfg!(feature = "off") { 0 } else { 2 };
    let report = alloc_profiler::report();
    assert_eq!(report.functions.len(), expected, "{report}");
    if cfg!(feature = "off") {
        // Without a task around it there is nothing but the body's own.
        assert!(size_of_val(&future(1)) <= 8);
        assert!(report.to_string().is_empty());
    }
}
