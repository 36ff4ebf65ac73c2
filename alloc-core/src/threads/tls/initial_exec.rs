//! The thread's pointer to its heap, by the initial-exec model: at an offset from the
//! thread's control block that the dynamic linker writes into the global offset table.
//! (Drepper, "ELF Handling For Thread-Local Storage", 4.4.6, x86-64.) The compiler
//! would have a shared library call `__tls_get_addr` for it.

use core::arch::{asm, global_asm};

use super::NO_ROOM;
use crate::heap::ThreadHeap;

global_asm!(
    ".section .tdata.alloc_core_thread_heap, \"awT\", @progbits",
    ".globl alloc_core_thread_heap",
    ".hidden alloc_core_thread_heap",
    ".type alloc_core_thread_heap, @object",
    ".size alloc_core_thread_heap, 8",
    ".p2align 3",
    "alloc_core_thread_heap:",
    ".quad {no_room}",
    ".previous",
    no_room = sym NO_ROOM,
);

/// The calling thread's pointer.
#[inline]
pub(super) fn get() -> &'static ThreadHeap {
    let heap: *const ThreadHeap;
    // SAFETY: reads the thread's own variable, which exists as long as the thread.
    unsafe {
        asm!(
            "mov {0}, qword ptr [rip + alloc_core_thread_heap@GOTTPOFF]",
            "mov {0}, qword ptr fs:[{0}]",
            out(reg) heap,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    // SAFETY: it holds NO_ROOM or what `set` wrote: a heap that lives forever.
    unsafe { &*heap }
}

/// Changes it.
pub(super) fn set(heap: &'static ThreadHeap) {
    // SAFETY: writes the thread's own variable, which nobody has a reference to.
    unsafe {
        asm!(
            "mov {0}, qword ptr [rip + alloc_core_thread_heap@GOTTPOFF]",
            "mov qword ptr fs:[{0}], {1}",
            out(reg) _,
            in(reg) core::ptr::from_ref(heap),
            options(nostack, preserves_flags),
        );
    }
}
