//! Threads that end while others have their blocks: by returning, in the middle of
//! their thread-locals' destructors, by a signal, by `pthread_cancel`. Nothing is lost:
//! when all blocks are freed, none is in use, and the next threads take their heaps over.

#![allow(clippy::cast_possible_truncation, reason = "seeds wrap")]

use std::alloc::Layout;
use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Barrier, Mutex};

use alloc_core::PoolAlloc;
use integration_tests::{Live, run_in_child};

/// By hand, not as the global allocator: then every block of it is one of this test's.
static POOL: PoolAlloc = PoolAlloc::new();

/// Blocks of the small tier, slabs and spans.
const SIZES: [usize; 7] = [16, 100, 512, 700, 9000, 20_000, 140_000];

fn blocks(count: usize, seed: u8) -> impl Iterator<Item = Live> {
    SIZES.into_iter().cycle().take(count).map(move |size| {
        let layout = Layout::from_size_align(size, 8).expect("a valid layout");
        Live::alloc(&POOL, layout, seed)
    })
}

fn free(blocks: impl IntoIterator<Item = Live>) {
    for block in blocks {
        block.free(&POOL);
    }
}

/// With every thread joined: none of the pool's blocks is in use, and all is as it should be.
fn assert_nothing_is_left() {
    alloc_core::check().unwrap();
    let stats = alloc_core::stats();
    assert_eq!(stats.bytes_in_use(), 0, "{stats}");
}

/// Bytes of addresses that this process has, once what is kept is given back.
fn mapped_bytes() -> u64 {
    alloc_core::collect();
    procfs::process::Process::myself().unwrap().statm().unwrap().size * procfs::page_size()
}

/// After `rounds` of `round`, the first of them as many as are needed for all threads
/// to have had a heap, the process has hardly more addresses than after these.
fn assert_no_growth(rounds: usize, round: impl Fn(usize)) {
    // The C library's own heap takes 64 MiB of addresses for a thread, now or later.
    // SAFETY: a setting that every program may choose.
    assert_eq!(unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) }, 1);
    (0..20).for_each(&round);
    let before = mapped_bytes();
    (20..rounds).for_each(&round);
    let grown = mapped_bytes().saturating_sub(before);
    // A heap alone is some hundred KiB.
    assert!(grown < 2 << 20, "{grown} bytes after {rounds} rounds");
    assert_nothing_is_left();
}

#[test]
fn threads_end_while_others_free_their_blocks() {
    run_in_child("child_frees_beside_ends", &[]);
}

#[test]
fn destructors_of_thread_locals_free_each_others_blocks() {
    run_in_child("child_destructors", &[]);
}

#[test]
fn a_thousand_threads_ended_by_signals_and_cancelled() {
    run_in_child("child_signals", &[]);
}

#[test]
#[ignore = "run by the tests above, as a child"]
fn child_frees_beside_ends() {
    assert_no_growth(200, |round| {
        let start = Barrier::new(3);
        let (to_one, one) = mpsc::channel::<Live>();
        let (to_other, other) = mpsc::channel::<Live>();
        let end_with_blocks_out = || {
            for (index, block) in blocks(400, round as u8).enumerate() {
                if index % 2 == 0 { &to_one } else { &to_other }.send(block).unwrap();
            }
            // From here on this thread ends, and the others free.
            start.wait();
        };
        let free_too = |blocks: Receiver<Live>| {
            start.wait();
            free(blocks.try_iter());
        };
        std::thread::scope(|scope| {
            let free_too = &free_too;
            let threads = [
                scope.spawn(end_with_blocks_out),
                scope.spawn(move || free_too(one)),
                scope.spawn(move || free_too(other)),
            ];
            for thread in threads {
                thread.join().unwrap();
            }
        });
        if round % 20 == 0 {
            assert_nothing_is_left();
        }
    });
}

/// What a thread has until it ends: then it allocates, frees what another thread
/// allocated, and leaves what it has itself to the next.
struct Last {
    own: Vec<Live>,
}

static HANDED_ON: Mutex<Vec<Live>> = Mutex::new(Vec::new());

impl Drop for Last {
    fn drop(&mut self) {
        let fresh: Vec<Live> = blocks(14, 3).collect();
        let others = std::mem::take(&mut *HANDED_ON.lock().unwrap());
        free(others);
        HANDED_ON.lock().unwrap().append(&mut self.own);
        free(fresh);
    }
}

thread_local! {
    static LAST: RefCell<Last> = const { RefCell::new(Last { own: Vec::new() }) };
}

#[test]
#[ignore = "run by the tests above, as a child"]
fn child_destructors() {
    assert_no_growth(200, |round| {
        integration_tests::run_threads(4, |thread| {
            let seed = (round * 4 + thread) as u8;
            // Before or after the thread has a heap.
            if round % 2 == 0 {
                LAST.with_borrow_mut(|last| last.own.extend(blocks(60, seed)));
            } else {
                let own = blocks(60, seed).collect();
                LAST.with_borrow_mut(|last| last.own = own);
            }
        });
        let left = std::mem::take(&mut *HANDED_ON.lock().unwrap());
        assert!(!left.is_empty(), "the last destructor's own");
        free(left);
        if round % 20 == 0 {
            assert_nothing_is_left();
        }
    });
}

/// The C library ends a thread by unwinding its stack, over Rust's frames too: there
/// must be nothing to drop in these, and each of these functions must say so.
mod unwinding {
    use super::{c_int, c_void};

    pub(super) type Body = extern "C-unwind" fn(*mut c_void) -> *mut c_void;

    unsafe extern "C-unwind" {
        pub(super) fn pthread_create(
            thread: *mut libc::pthread_t,
            attributes: *const libc::pthread_attr_t,
            body: Body,
            argument: *mut c_void,
        ) -> c_int;
        pub(super) fn pthread_exit(value: *mut c_void) -> !;
        pub(super) fn pause() -> c_int;
    }
}

/// What a thread leaves that will be ended.
#[derive(Default)]
struct Left {
    blocks: Mutex<Vec<Live>>,
    is_parked: AtomicBool,
}

/// What the signal's handler says that the thread returned.
const BY_SIGNAL: usize = 7;

extern "C-unwind" fn end_this_thread(_signal: c_int) {
    // SAFETY: the thread is parked below, not in the allocator or in a lock, and no
    // frame of it has anything to drop.
    unsafe { unwinding::pthread_exit(std::ptr::without_provenance_mut(BY_SIGNAL)) }
}

extern "C-unwind" fn park(left: *mut c_void) -> *mut c_void {
    // SAFETY: made with this, which lives until the thread is joined.
    leave_blocks(unsafe { &*left.cast::<Left>() });
    loop {
        // SAFETY: no preconditions.
        unsafe { unwinding::pause() };
    }
}

fn leave_blocks(left: &Left) {
    let (kept, freed): (Vec<_>, Vec<_>) =
        blocks(90, 5).enumerate().partition(|&(index, _)| index % 3 > 0);
    // These stay in the thread's bins.
    free(freed.into_iter().map(|(_, block)| block));
    left.blocks.lock().unwrap().extend(kept.into_iter().map(|(_, block)| block));
    left.is_parked.store(true, Ordering::Release);
}

#[test]
#[ignore = "run by the tests above, as a child"]
fn child_signals() {
    let handler: extern "C-unwind" fn(c_int) = end_this_thread;
    // SAFETY: a function that lives forever and takes the signal's number.
    let before = unsafe { libc::signal(libc::SIGUSR1, handler as libc::sighandler_t) };
    assert_ne!(before, libc::SIG_ERR);
    assert_no_growth(1000, |round| {
        let left = Left::default();
        let argument = std::ptr::from_ref(&left).cast_mut().cast::<c_void>();
        let mut thread = 0;
        // SAFETY: a valid place, and an argument that lives until the thread is joined.
        let status =
            unsafe { unwinding::pthread_create(&raw mut thread, std::ptr::null(), park, argument) };
        assert_eq!(status, 0);
        while !left.is_parked.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        // Half of the blocks are freed before the thread ends, half after.
        let mut blocks = std::mem::take(&mut *left.blocks.lock().unwrap());
        let after = blocks.split_off(blocks.len() / 2);
        let expected = if round % 2 == 0 {
            free(blocks);
            // SAFETY: a thread that is not joined yet.
            assert_eq!(unsafe { libc::pthread_kill(thread, libc::SIGUSR1) }, 0);
            BY_SIGNAL
        } else {
            // SAFETY: as above.
            assert_eq!(unsafe { libc::pthread_cancel(thread) }, 0);
            free(blocks);
            // The C library's PTHREAD_CANCELED.
            usize::MAX
        };
        let mut value = std::ptr::null_mut();
        // SAFETY: a valid place, and a thread that is not joined yet.
        assert_eq!(unsafe { libc::pthread_join(thread, &raw mut value) }, 0);
        assert_eq!(value.addr(), expected);
        // By another thread, which has the ended one's heap, or by this one.
        let free_after = || free(after);
        if round % 4 < 2 {
            std::thread::scope(|scope| scope.spawn(free_after).join().unwrap());
        } else {
            free_after();
        }
        if round % 20 == 0 {
            assert_nothing_is_left();
        }
    });
}
