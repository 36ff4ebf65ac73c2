//! The allocator at the edges of a program's and a thread's life: before main,
//! in and after thread-local destructors, in a fork's child.

use std::cell::RefCell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use alloc_core::PoolAlloc;
use integration_tests::fork_and_wait;

#[global_allocator]
static GLOBAL: PoolAlloc = PoolAlloc::new();

static BEFORE_MAIN: Mutex<Option<Vec<String>>> = Mutex::new(None);

extern "C" fn allocate_before_main() {
    let lines = (0..1000).map(|number| format!("made before main: {number}")).collect();
    *BEFORE_MAIN.lock().unwrap() = Some(lines);
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = allocate_before_main;

/// Allocates when made, and again, and frees, when its thread ends.
struct Busy(Vec<String>);

static DROPPED: AtomicUsize = AtomicUsize::new(0);

impl Busy {
    fn new() -> Self {
        Self((0..100).map(|number| number.to_string()).collect())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let copy: Vec<String> = self.0.iter().map(|line| line.repeat(200)).collect();
        assert_eq!(copy[99].len(), 400);
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

thread_local! {
    static FIRST: RefCell<Option<Busy>> = const { RefCell::new(None) };
    static SECOND: RefCell<Option<Busy>> = const { RefCell::new(None) };
}

#[test]
fn edges_of_life() {
    memory_from_before_main_is_good();
    thread_local_destructors_allocate_and_free();
    pthread_destructors_run_after_the_heap_has_left();
    children_of_fork_allocate();
    alloc_core::check().unwrap();
}

fn memory_from_before_main_is_good() {
    let lines = BEFORE_MAIN.lock().unwrap().take().expect("the constructor ran");
    assert_eq!(lines[999], "made before main: 999");
    assert!(alloc_core::block_of(lines[999].as_ptr()).is_some());
}

fn thread_local_destructors_allocate_and_free() {
    for _ in 0..50 {
        std::thread::spawn(|| {
            FIRST.set(Some(Busy::new()));
            // Made here, dropped by the destructor: and the other way round.
            std::thread::spawn(|| SECOND.set(Some(Busy::new()))).join().unwrap();
        })
        .join()
        .unwrap();
    }
    assert_eq!(DROPPED.load(Ordering::Relaxed), 100);
}

/// A pthread key made after the allocator's is destroyed after it, and its
/// destructor comes back for more: each time the thread has no heap any more.
fn pthread_destructors_run_after_the_heap_has_left() {
    static ROUNDS: AtomicUsize = AtomicUsize::new(0);
    static KEY: AtomicU32 = AtomicU32::new(0);

    unsafe extern "C" fn destructor(value: *mut libc::c_void) {
        // SAFETY: the value is the box that was stored.
        let text = *unsafe { Box::from_raw(value.cast::<String>()) };
        let longer = format!("{text}, and {}", "longer ".repeat(100));
        assert!(longer.len() > 700);
        if ROUNDS.fetch_add(1, Ordering::Relaxed) % 3 != 2 {
            let again = Box::into_raw(Box::new(text)).cast::<libc::c_void>();
            let key = KEY.load(Ordering::Relaxed);
            // SAFETY: the key lives for the whole test.
            unsafe { libc::pthread_setspecific(key, again) };
        }
    }

    let mut key = 0;
    // SAFETY: a valid place and a function that lives forever.
    assert_eq!(unsafe { libc::pthread_key_create(&raw mut key, Some(destructor)) }, 0);
    KEY.store(key, Ordering::Relaxed);
    for _ in 0..100 {
        std::thread::spawn(move || {
            let value = Box::into_raw(Box::new(String::from("stored"))).cast::<libc::c_void>();
            // SAFETY: the key exists.
            unsafe { libc::pthread_setspecific(key, value) };
        })
        .join()
        .unwrap();
    }
    assert_eq!(ROUNDS.load(Ordering::Relaxed), 300);
}

fn children_of_fork_allocate() {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let busy = [(); 3].map(|()| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let blocks: Vec<Vec<u8>> = (1..200).map(|size| vec![1; size * 999]).collect();
                    drop(blocks);
                }
            })
        });
        for _ in 0..100 {
            let is_sound = fork_and_wait(|| {
                let blocks: Vec<Vec<u8>> = (1..200).map(|size| vec![2; size * 1999]).collect();
                blocks.iter().all(|block| block[block.len() - 1] == 2)
            });
            assert!(is_sound, "a child could not allocate");
        }
        stop.store(true, Ordering::Relaxed);
        for thread in busy {
            thread.join().unwrap();
        }
    });
}
