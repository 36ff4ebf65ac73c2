//! The thread's slot by the initial-exec model: at an offset from the thread's control
//! block that the dynamic linker writes into the global offset table. (Drepper, "ELF
//! Handling For Thread-Local Storage", 4.4.6, x86-64.) The compiler would have a shared
//! library call `__tls_get_addr` for it, which may allocate.

use core::arch::{asm, global_asm};

use super::NO_ROOM;
use crate::heap::ThreadHeap;

// The pointer to the heap, and a word that is 1 once the thread has exited.
global_asm!(
    ".section .tdata.alloc_core_thread_slot, \"awT\", @progbits",
    ".globl alloc_core_thread_slot",
    ".hidden alloc_core_thread_slot",
    ".type alloc_core_thread_slot, @object",
    ".size alloc_core_thread_slot, 16",
    ".p2align 3",
    "alloc_core_thread_slot:",
    ".quad {no_room}",
    ".quad 0",
    ".previous",
    no_room = sym NO_ROOM,
);

/// The word of the calling thread's slot at an offset, a literal in bytes.
macro_rules! read {
    ($offset:literal) => {{
        let word: usize;
        // SAFETY: reads the thread's own variable, which exists as long as the thread.
        unsafe {
            asm!(
                "mov {0}, qword ptr [rip + alloc_core_thread_slot@GOTTPOFF]",
                concat!("mov {0}, qword ptr fs:[{0} + ", $offset, "]"),
                out(reg) word,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        word
    }};
}

/// Changes it.
macro_rules! write {
    ($offset:literal, $word:expr) => {
        // SAFETY: writes the thread's own variable, which nobody has a reference to.
        unsafe {
            asm!(
                "mov {0}, qword ptr [rip + alloc_core_thread_slot@GOTTPOFF]",
                concat!("mov qword ptr fs:[{0} + ", $offset, "], {1}"),
                out(reg) _,
                in(reg) $word,
                options(nostack, preserves_flags),
            );
        }
    };
}

/// The calling thread's pointer.
#[inline]
pub(super) fn get() -> &'static ThreadHeap {
    let heap: *const ThreadHeap = core::ptr::with_exposed_provenance(read!(0));
    // SAFETY: it holds NO_ROOM or what `set` wrote: a heap that lives forever.
    unsafe { &*heap }
}

/// Changes it.
pub(super) fn set(heap: &'static ThreadHeap) {
    write!(0, core::ptr::from_ref(heap).expose_provenance());
}

/// Whether the calling thread has exited.
pub(super) fn has_exited() -> bool {
    read!(8) != 0
}

/// Says that it has.
pub(super) fn set_exited() {
    write!(8, 1_usize);
}
