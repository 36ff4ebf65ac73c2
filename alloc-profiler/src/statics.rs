//! Memory for the profiler's own books, which no figure may show.
//!
//! It comes straight from [`System`], never from the program's global
//! allocator, so it passes no counter, and it can be had inside that allocator.
//! What is made here lives for ever: records of ended threads are used again by
//! new ones, so the books grow with the largest number of threads at one time,
//! not with the number ever started. Nothing is freed, so a report can read the
//! books from any thread at any time, through plain shared references.
//!
//! [`AtomicRef`] and [`List`] hold such references and nothing else; that is
//! what makes them safe to read without a lock or a reclamation scheme.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt;
use std::iter;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicPtr, Ordering};

use crossbeam_utils::CachePadded;

/// Returns `value` at an address that stays valid for ever, or `None` when the
/// system has no memory left.
pub(crate) fn leak<T>(value: T) -> Option<&'static T> {
    let place = reserve::<T>(1)?;
    // SAFETY: `reserve` gives memory that is sized and aligned for one `T`, and
    // that nobody else has.
    unsafe { place.write(value) };
    // SAFETY: it was just written, it is never freed, and from here on it is
    // only reached through shared references.
    Some(unsafe { place.as_ref() })
}

/// Returns `len` values of `make` side by side, valid for ever, or `None` when
/// the system has no memory left.
pub(crate) fn leak_slice<T>(len: usize, make: impl Fn() -> T) -> Option<&'static [T]> {
    let first = reserve::<T>(len)?;
    for index in 0..len {
        // SAFETY: `index < len`, and `reserve` gave room for `len` values.
        let place = unsafe { first.add(index) };
        // SAFETY: in bounds as above, aligned, and nobody else has it.
        unsafe { place.write(make()) };
    }
    // SAFETY: `len` values were written from `first` on; they are never freed,
    // and from here on only reached through shared references.
    Some(unsafe { slice::from_raw_parts(first.as_ptr(), len) })
}

/// Returns uninitialised memory for `len` values of `T`, on cache lines of its
/// own so that two threads' books never share one.
fn reserve<T>(len: usize) -> Option<NonNull<T>> {
    let line = align_of::<CachePadded<u8>>();
    let layout = Layout::array::<T>(len).ok()?.align_to(line).ok()?.pad_to_align();
    if layout.size() == 0 {
        return Some(NonNull::dangling());
    }
    // SAFETY: the size is not zero.
    let memory = unsafe { System.alloc(layout) };
    NonNull::new(memory.cast())
}

/// An `Option<&'static T>` that threads share: what one thread stores, the
/// others see with everything that was written before the store.
pub(crate) struct AtomicRef<T: 'static> {
    pointer: AtomicPtr<T>,
    holds: PhantomData<&'static T>,
}

impl<T> AtomicRef<T> {
    /// Returns a reference to nothing.
    pub(crate) const fn none() -> Self {
        Self { pointer: AtomicPtr::new(ptr::null_mut()), holds: PhantomData }
    }

    /// Returns what was stored last.
    #[inline]
    pub(crate) fn get(&self) -> Option<&'static T> {
        // Acquire pairs with the Release of `set` and `replace`.
        let pointer = self.pointer.load(Ordering::Acquire);
        // SAFETY: it is null or came from a `&'static T`; see `set`, `replace`.
        unsafe { pointer.as_ref() }
    }

    /// Stores `value`.
    #[inline]
    pub(crate) fn set(&self, value: Option<&'static T>) {
        self.pointer.store(as_pointer(value), Ordering::Release);
    }

    /// Stores `new` if `old` is still there; returns whether it did.
    fn replace(&self, old: Option<&'static T>, new: &'static T) -> bool {
        let (old, new) = (as_pointer(old), as_pointer(Some(new)));
        // Release: who reads `new` by `get` sees it whole. Nothing is read here.
        self.pointer.compare_exchange(old, new, Ordering::Release, Ordering::Relaxed).is_ok()
    }
}

impl<T> fmt::Debug for AtomicRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address alone: these references form lists without an end in sight.
        self.pointer.fmt(f)
    }
}

/// Returns the address that stands for `value` in an [`AtomicRef`].
#[inline]
fn as_pointer<T>(value: Option<&'static T>) -> *mut T {
    value.map_or(ptr::null_mut(), |value| ptr::from_ref(value).cast_mut())
}

/// What can stand in a [`List`]: it carries its own link to the next one.
pub(crate) trait Node: Sized + 'static {
    /// Returns the link, which belongs to the list once the node is in it.
    fn next(&self) -> &AtomicRef<Self>;
}

/// A list that only grows, at its front, without a lock.
#[derive(Debug)]
pub(crate) struct List<T: 'static> {
    first: AtomicRef<T>,
}

impl<T: Node> List<T> {
    /// Returns the empty list.
    pub(crate) const fn new() -> Self {
        Self { first: AtomicRef::none() }
    }

    /// Puts `node` in front. A node goes into one list, once.
    pub(crate) fn push(&self, node: &'static T) {
        loop {
            let first = self.first.get();
            node.next().set(first);
            if self.first.replace(first, node) {
                return;
            }
        }
    }

    /// Returns the nodes that are in the list now, the newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static T> + use<T> {
        iter::successors(self.first.get(), |node| node.next().get())
    }
}
