//! An arena that passes to another heap while its blocks are freed: `registry` and `remote`.

use loom::thread;

use super::{all_at_rest, beside, explore, explore_to, registered, unmap};
use crate::heap::{Arena, Owned};
use crate::registry;

/// An arena of a heap that nobody has, and a heap that the caller has.
fn arena_and_heir() -> (&'static Arena, Owned) {
    let (ended, heir) = (registered(), registered());
    let arena = Box::leak(Box::new(Arena::new(ended)));
    registry::release(ended);
    (arena, heir)
}

/// Ends a model in which so many blocks were freed: all of them are home.
fn assert_home(arena: &'static Arena, blocks: u64) {
    let heaps = all_at_rest();
    assert_eq!(arena.look(), blocks);
    unmap(heaps);
    // SAFETY: made by `arena_and_heir` from a box; no thread is left that knows it.
    drop(unsafe { Box::from_raw(std::ptr::from_ref(arena).cast_mut()) });
}

#[test]
fn blocks_freed_while_their_arena_passes_on_come_home() {
    explore(|| {
        let (arena, heir) = arena_and_heir();
        let ((), ()) = beside(
            move || arena.free_block(),
            move || {
                // Not if who frees has the heap's claim just then.
                arena.pass_to(heir);
                registry::release(heir);
            },
        );
        assert_home(arena, 1);
    });
}

#[test]
fn blocks_of_two_threads_come_home() {
    explore_to(Some(3), || {
        let (arena, heir) = arena_and_heir();
        let other = thread::spawn(move || arena.free_block());
        let ((), ()) = beside(
            move || arena.free_block(),
            move || {
                arena.pass_to(heir);
                heir.collect();
                registry::release(heir);
            },
        );
        other.join().unwrap();
        assert_home(arena, 2);
    });
}

#[test]
fn the_heap_before_may_have_a_new_thread_meanwhile() {
    explore_to(Some(3), || {
        let (arena, heir) = arena_and_heir();
        let other = thread::spawn(|| {
            let adopted = registered();
            adopted.work();
            registry::release(adopted);
        });
        let ((), ()) = beside(
            move || arena.free_block(),
            move || {
                arena.pass_to(heir);
                registry::release(heir);
            },
        );
        other.join().unwrap();
        assert_home(arena, 1);
    });
}

#[test]
fn an_arena_may_pass_on_again() {
    explore_to(Some(3), || {
        let (arena, heir) = arena_and_heir();
        let second = registered();
        let ((), ()) = beside(
            move || arena.free_block(),
            move || {
                arena.pass_to(heir);
                registry::release(heir);
                arena.pass_to(second);
                registry::release(second);
            },
        );
        assert_home(arena, 1);
    });
}
