//! A heap that counts instead of allocating: what `registry`, `warm` and `tls` need of
//! one, and cells in which loom finds every use by two threads at once. The runs that are
//! sent have such a cell too.

use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;

use loom::cell::UnsafeCell;

use crate::free_run::FreeRun;
use crate::remote::{RemoteQueue, Sent};
use crate::sync::{AtomicBool, AtomicPtr, Ordering};
use crate::{registry, warm};

/// What the real heap's fields stand for, for the claim's holder alone.
#[derive(Default)]
struct Books {
    /// Blocks that were sent here and collected.
    collected: u64,
    /// Whether there are blocks in the bins.
    has_cached: bool,
    is_warm: bool,
}

pub(crate) struct ThreadHeap {
    pub(crate) remote: Part<RemoteQueue>,
    pub(crate) next: Part<AtomicPtr<ThreadHeap>>,
    books: Part<UnsafeCell<Books>>,
}

// SAFETY: loom runs a model on one thread, and finds uses of the books that are not
// ordered.
unsafe impl Sync for ThreadHeap {}

/// A field of a heap, which the heap of a thread without one lacks: an atomic of loom's
/// cannot be made for a static.
pub(crate) struct Part<T>(Option<T>);

impl<T> Deref for Part<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("this is no thread's heap")
    }
}

impl ThreadHeap {
    pub(crate) const fn without_room() -> Self {
        Self { remote: Part(None), next: Part(None), books: Part(None) }
    }

    pub(crate) fn map() -> Option<Owned> {
        let remote = RemoteQueue::new(AtomicPtr::new(std::ptr::null_mut()), AtomicBool::new(true));
        let heap = Self {
            remote: Part(Some(remote)),
            next: Part(Some(AtomicPtr::new(std::ptr::null_mut()))),
            books: Part(Some(UnsafeCell::default())),
        };
        // SAFETY: made claimed, for the caller.
        Some(unsafe { Owned::new(Box::leak(Box::new(heap))) })
    }

    pub(crate) fn try_claim(&'static self) -> Option<Owned> {
        // SAFETY: the claim was just taken for the caller.
        self.remote.try_claim().then(|| unsafe { Owned::new(self) })
    }

    /// For the claim's holder, as all that reaches the books.
    pub(crate) fn set_warm(&self, is_warm: bool) -> bool {
        self.with_books(|books| std::mem::replace(&mut books.is_warm, is_warm))
    }

    fn with_books<T>(&self, operation: impl FnOnce(&mut Books) -> T) -> T {
        // SAFETY: loom ends the model if any other use is not ordered with this one.
        self.books.with_mut(|books| operation(unsafe { &mut *books }))
    }
}

/// The right to use a heap.
#[derive(Clone, Copy)]
pub(crate) struct Owned(&'static ThreadHeap, PhantomData<*mut ()>);

impl Owned {
    /// # Safety
    /// The caller holds the claim.
    pub(crate) unsafe fn new(heap: &'static ThreadHeap) -> Self {
        Self(heap, PhantomData)
    }

    pub(crate) fn heap(self) -> &'static ThreadHeap {
        self.0
    }

    /// Allocates and frees: takes in what was sent, and has blocks in its bins.
    pub(crate) fn work(self) {
        self.collect();
        assert!(!self.is_warm(), "a heap in use is in the count of those at rest");
        self.0.with_books(|books| books.has_cached = true);
    }

    pub(crate) fn collect(self) {
        if !self.0.remote.is_empty() {
            let mut blocks = 0;
            receive_from(&self.0.remote, |sent| match sent.arena {
                Some(arena) if arena.is_owned_by(self.0) => arena.put(),
                Some(arena) => arena.free_block(),
                None => blocks += 1,
            });
            self.0.with_books(|books| books.collected += blocks);
        }
    }

    pub(crate) fn retire(self) {
        warm::take(self);
        self.0.with_books(|books| books.has_cached = false);
        self.collect();
    }

    pub(crate) fn trim(self) {
        self.0.with_books(|books| books.has_cached = true);
        self.collect();
    }

    pub(crate) fn purge(self) {
        self.retire();
    }

    pub(crate) fn give_empty_arenas(self) {}

    /// Blocks collected by this heap's owners.
    pub(crate) fn collected(self) -> u64 {
        self.0.with_books(|books| books.collected)
    }

    pub(crate) fn is_warm(self) -> bool {
        self.0.with_books(|books| books.is_warm)
    }

    pub(crate) fn has_cached(self) -> bool {
        self.0.with_books(|books| books.has_cached)
    }
}

/// An arena of one heap after the other, which counts what of it is free. The count is for
/// its owner's claim's holder alone.
pub(crate) struct Arena {
    owner: AtomicPtr<ThreadHeap>,
    free: UnsafeCell<u64>,
}

impl Arena {
    pub(crate) fn new(owner: Owned) -> Self {
        let owner = AtomicPtr::new(std::ptr::from_ref(owner.heap()).cast_mut());
        Self { owner, free: UnsafeCell::new(0) }
    }

    fn owner(&self) -> &'static ThreadHeap {
        // SAFETY: heaps live as long as the model.
        unsafe { &*self.owner.load(Ordering::Relaxed) }
    }

    fn is_owned_by(&self, heap: &ThreadHeap) -> bool {
        std::ptr::eq(self.owner(), heap)
    }

    /// Puts a block back.
    fn put(&self) {
        // SAFETY: loom ends the model if any other use is not ordered with this one.
        self.free.with_mut(|free| unsafe { *free += 1 });
    }

    /// Sends a block to the owner, as `outbox` does.
    pub(crate) fn free_block(&'static self) {
        let owner = self.owner();
        if send_runs(&owner.remote, 1, Some(self)) == Sent::ToNobody {
            registry::tidy(owner);
        }
    }

    /// Makes the arena `heir`'s, if it is of a heap that nobody has, as `inherit` does.
    pub(crate) fn pass_to(&self, heir: Owned) -> bool {
        registry::visit_released(
            |_| true,
            |ended| {
                let is_its_own = self.is_owned_by(ended.heap());
                if is_its_own {
                    self.look();
                    let heir = std::ptr::from_ref(heir.heap()).cast_mut();
                    self.owner.store(heir, Ordering::Release);
                }
                is_its_own
            },
        )
    }

    /// How many blocks are free.
    pub(crate) fn look(&self) -> u64 {
        // SAFETY: loom ends the model if a write is not ordered with this.
        self.free.with(|free| unsafe { *free })
    }
}

/// A run on its way, with a cell for the sender's writes, which loom watches.
#[repr(C)]
struct SentRun {
    run: FreeRun,
    blocks: UnsafeCell<u64>,
    /// Where it is of, if that matters to the model.
    arena: Option<&'static Arena>,
}

/// Sends `blocks` in as many runs to `heap` in one list, as `outbox` does.
pub(crate) fn send(heap: &'static ThreadHeap, blocks: u64) {
    if send_to(&heap.remote, blocks) == Sent::ToNobody {
        registry::tidy(heap);
    }
}

/// The sending alone.
pub(crate) fn send_to(queue: &RemoteQueue, blocks: u64) -> Sent {
    send_runs(queue, blocks, None)
}

fn send_runs(queue: &RemoteQueue, blocks: u64, arena: Option<&'static Arena>) -> Sent {
    let runs: Vec<NonNull<SentRun>> = (0..blocks)
        .map(|_| {
            let run = FreeRun::new(NonNull::dangling(), std::ptr::null_mut(), 0);
            let blocks = UnsafeCell::new(1);
            NonNull::from(Box::leak(Box::new(SentRun { run, blocks, arena })))
        })
        .collect();
    for pair in runs.windows(2) {
        let place = pair[0].cast::<FreeRun>();
        // SAFETY: the runs are this thread's, and begin with the link.
        unsafe { place.write(FreeRun::new(place, pair[1].as_ptr().cast(), 1)) };
    }
    let (first, last) = (runs[0].cast(), runs[runs.len() - 1].cast());
    // SAFETY: linked from first to last, and sent once.
    unsafe { queue.send(first, last, 1) }
}

/// Takes everything from a queue that the caller has the claim of; returns the blocks.
pub(crate) fn collect_from(queue: &RemoteQueue) -> u64 {
    let mut blocks = 0;
    receive_from(queue, |_| blocks += 1);
    blocks
}

/// The same for each run, of one block.
fn receive_from(queue: &RemoteQueue, mut receive: impl FnMut(&SentRun)) {
    let mut next = queue.take_all();
    while let Some(run) = NonNull::new(next) {
        // SAFETY: what was taken is the caller's, and was made by `send_runs`.
        let sent = unsafe { Box::from_raw(run.cast::<SentRun>().as_ptr()) };
        next = sent.run.open(run).expect("as it was sealed").0;
        // SAFETY: loom ends the model if the sender's write is not ordered with this.
        assert_eq!(sent.blocks.with(|blocks| unsafe { *blocks }), 1);
        receive(&sent);
    }
}
