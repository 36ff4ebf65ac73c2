//! A thread-local that is destroyed after the profiler's own may still measure, and
//! gets its own thread's figures. The one test of its binary: its thread must be there
//! before anything is counted, lest the profiler's thread-local be the older one.

use std::alloc::System;
use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Mutex;
use std::thread;

use alloc_profiler::{HeapUse, Measuring, ProfiledAlloc};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

static FOUND: Mutex<Option<HeapUse>> = Mutex::new(None);

/// Ends its stretch when it is destroyed, after other threads have come and gone.
struct Late(Option<Measuring>);

impl Drop for Late {
    fn drop(&mut self) {
        // It would be given the record, if that were free.
        thread::scope(|scope| {
            let other = scope.spawn(|| drop(black_box(vec![1_u8; 1_000_000])));
            other.join().expect("no panic");
        });
        drop(black_box(vec![1_u8; 1000]));
        *FOUND.lock().expect("no panic") = self.0.take().map(Measuring::end);
    }
}

thread_local! {
    static LATE: RefCell<Late> = const { RefCell::new(Late(None)) };
}

#[test]
fn a_stretch_may_end_after_the_threads_locals() {
    let measured = thread::spawn(|| {
        // Registered before the profiler is switched on, so destroyed after its own.
        LATE.with(|late| assert!(late.borrow().0.is_none()));
        LATE.with(|late| late.borrow_mut().0 = Some(Measuring::begin()));
        drop(black_box(vec![1_u8; 500]));
    });
    measured.join().expect("no panic");
    let heap = FOUND.lock().expect("no panic").expect("the thread has ended");
    // What starting a thread takes is the standard library's business, not a million bytes.
    assert!((1500..100_000).contains(&heap.allocated_bytes), "{heap}");
    assert!(heap.peak_bytes >= 1000, "{heap}");

    // Nobody has kept the record: who comes next is given it.
    let next = thread::spawn(|| alloc_profiler::measure(|| drop(black_box(vec![1_u8; 300]))).1);
    assert_eq!(next.join().expect("no panic").allocated_bytes, 300);
}
