//! Budgets that say nothing that can be checked.

use alloc_profiler::assert_heap;

fn main() {
    assert_heap!({ Vec::<u8>::new() });
    assert_heap!(allocs, { Vec::<u8>::new() });
    assert_heap!(allocs != 3, { Vec::<u8>::new() });
    assert_heap!(alocs <= 3, { Vec::<u8>::new() });
    assert_heap!(allocs <= 3);
    assert_heap!(allocs <= 3,);
    assert_heap!(allocs <= 3, { Vec::<u8>::new() }, 4);
    assert_heap!();
}
