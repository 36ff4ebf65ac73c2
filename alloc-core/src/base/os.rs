//! What the allocator asks of the operating system. The only platform code.
//!
//! Unix: mappings come from memmap2; unmapping part of one, moving, purging and
//! thread-exit hooks have no safe interface there and go to libc. Every function
//! says what holds before and after; none panics or allocates.

mod clock;
mod errno;
mod give_back;
mod guard;
mod moving;
mod random;
mod resident;

use core::ffi::{CStr, c_char, c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use memmap2::MmapOptions;

pub(crate) use clock::{milliseconds, sleep, thread_nanoseconds};
pub(crate) use errno::Errno;
pub(crate) use give_back::{purge, unmap, unmap_leftovers};
pub(crate) use guard::{
    Guard, install as install_guard, map_books, remove as remove_guard, unmap_books,
};
pub(crate) use moving::{move_pages, move_pages_leaving_addresses};
pub(crate) use random::random;
pub(crate) use resident::clear as clear_resident;

/// Bytes of an OS page: a power of two, 4096 on most machines.
pub(crate) fn page_bytes() -> usize {
    static PAGE_BYTES: AtomicUsize = AtomicUsize::new(0);
    match PAGE_BYTES.load(Ordering::Relaxed) {
        0 => {
            // SAFETY: sysconf reads a constant of the system.
            let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
            let bytes = usize::try_from(bytes).unwrap_or(4096);
            PAGE_BYTES.store(bytes, Ordering::Relaxed);
            bytes
        }
        bytes => bytes,
    }
}

/// `bytes` rounded up to whole OS pages, or `None` on overflow.
pub(crate) fn round_to_pages(bytes: usize) -> Option<usize> {
    bytes.checked_next_multiple_of(page_bytes())
}

/// A new private mapping of `bytes` zero bytes, page-aligned, readable and
/// writable. `None` when the system has no memory or address space for it.
pub(crate) fn map(bytes: usize) -> Option<NonNull<u8>> {
    let mut mapping = MmapOptions::new().len(bytes).map_anon().ok()?;
    let start = NonNull::new(mapping.as_mut_ptr());
    // Its Drop would unmap; the allocator keeps the raw range instead.
    core::mem::forget(mapping);
    start
}

/// As [`map`], aligned to `align`, a power of two.
pub(crate) fn map_aligned(bytes: usize, align: usize) -> Option<NonNull<u8>> {
    if align <= page_bytes() {
        return map(bytes);
    }
    // Neighbouring requests of one size tend to come out aligned; else map with
    // room to spare and cut it to size.
    let reserved = bytes.checked_add(align)?.checked_sub(page_bytes())?;
    let start = map(reserved)?;
    let head = start.as_ptr().align_offset(align);
    let tail = reserved - head - bytes;
    // SAFETY: head + bytes + tail == reserved: all three parts lie in the mapping.
    let base = unsafe { start.add(head) };
    // SAFETY: as above.
    let end = unsafe { base.add(bytes) };
    // SAFETY: the head was just mapped, and nothing refers to it.
    unsafe { unmap(start, head) };
    // SAFETY: so was the tail.
    unsafe { unmap(end, tail) };
    Some(base)
}

/// Resizes a mapping where it lies; `true` when it now has `new_bytes`.
///
/// # Safety
/// `start` and `old_bytes` are a whole range mapped by this module, and nothing
/// refers to what a shrink cuts off.
#[cfg(target_os = "linux")]
pub(crate) unsafe fn resize_in_place(
    start: NonNull<u8>,
    old_bytes: usize,
    new_bytes: usize,
) -> bool {
    // SAFETY: the caller's contract; without MREMAP_MAYMOVE the call grows or
    // cuts the range where it is, or fails and changes nothing.
    let moved = unsafe { libc::mremap(start.as_ptr().cast(), old_bytes, new_bytes, 0) };
    moved != libc::MAP_FAILED
}

/// As on Linux; elsewhere only shrinking works.
///
/// # Safety
/// As on Linux.
#[cfg(not(target_os = "linux"))]
pub(crate) unsafe fn resize_in_place(
    start: NonNull<u8>,
    old_bytes: usize,
    new_bytes: usize,
) -> bool {
    if new_bytes > old_bytes {
        return false;
    }
    // SAFETY: the caller's contract covers the part cut off.
    unsafe { unmap(start.add(new_bytes), old_bytes - new_bytes) };
    true
}

/// Whether [`ask_for_huge_pages`] does anything: the system's setting, which this
/// reads anew each time. (Linux, Documentation/admin-guide/mm/transhuge.rst.)
#[cfg(target_os = "linux")]
pub(crate) fn has_huge_pages() -> bool {
    let mut text = [0_u8; 64];
    let path = c"/sys/kernel/mm/transparent_hugepage/enabled";
    // SAFETY: the path is a valid string.
    let file = unsafe { libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
    if file < 0 {
        return false;
    }
    // SAFETY: the buffer is as long as is said.
    let length = unsafe { libc::read(file, text.as_mut_ptr().cast(), text.len()) };
    // SAFETY: opened above, and used no more.
    unsafe { libc::close(file) };
    let length = usize::try_from(length).unwrap_or(0);
    // One of three words is in brackets.
    !text[..length].windows(7).any(|word| word == b"[never]") && length > 0
}

/// Elsewhere the system decides alone.
#[cfg(not(target_os = "linux"))]
pub(crate) fn has_huge_pages() -> bool {
    false
}

/// Asks for huge pages where they fit in a range; a hint, which may be refused.
#[cfg(target_os = "linux")]
pub(crate) fn ask_for_huge_pages(start: NonNull<u8>, bytes: usize) {
    // SAFETY: advice changes no byte of the range, whoever has it.
    unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
}

/// Takes [`ask_for_huge_pages`] back for a range.
#[cfg(target_os = "linux")]
pub(crate) fn forgo_huge_pages(start: NonNull<u8>, bytes: usize) {
    // SAFETY: advice changes no byte of the range, whoever has it.
    unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_NOHUGEPAGE) };
}

/// Elsewhere the system decides alone.
#[cfg(not(target_os = "linux"))]
pub(crate) fn ask_for_huge_pages(_start: NonNull<u8>, _bytes: usize) {}

/// Elsewhere the system decides alone.
#[cfg(not(target_os = "linux"))]
pub(crate) fn forgo_huge_pages(_start: NonNull<u8>, _bytes: usize) {}

/// Lets another thread run.
pub(crate) fn yield_now() {
    // SAFETY: no arguments, no preconditions.
    unsafe { libc::sched_yield() };
}

/// Has `hook` called when the calling thread ends, after its Rust and C++
/// thread-local destructors. `false`: the system has no key left, and the hook
/// will not run.
///
/// A pthread key: its destructors run last of all, so values dropped by other
/// thread-local destructors still find the thread's heap.
pub(crate) fn at_thread_exit(hook: unsafe extern "C" fn(*mut c_void)) -> bool {
    /// The key plus one; zero while there is none.
    static KEY: AtomicUsize = AtomicUsize::new(0);
    let mut stored = KEY.load(Ordering::Acquire);
    if stored == 0 {
        let mut key: libc::pthread_key_t = 0;
        // SAFETY: `key` is a valid place, `hook` a function that lives forever.
        if unsafe { libc::pthread_key_create(&raw mut key, Some(hook)) } != 0 {
            return false;
        }
        let mine = key as usize + 1;
        match KEY.compare_exchange(0, mine, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => stored = mine,
            Err(theirs) => {
                // SAFETY: another thread was first; this key was never used.
                unsafe { libc::pthread_key_delete(key) };
                stored = theirs;
            }
        }
    }
    let key = (stored - 1) as libc::pthread_key_t;
    // Any value but null makes the hook run.
    let value = core::ptr::dangling::<c_void>();
    // SAFETY: the key exists and is never deleted.
    unsafe { libc::pthread_setspecific(key, value) == 0 }
}

/// Has `before` called in the parent before each fork, `after` in both processes after
/// it. Called again, it does so if the system had no memory for it before: until then
/// fork is as it was without us, and the child may find a lock held.
pub(crate) fn on_fork(before: unsafe extern "C" fn(), after: unsafe extern "C" fn()) {
    static IS_SET: AtomicBool = AtomicBool::new(false);
    // Set first: what is called here may allocate, and come here again.
    if IS_SET.swap(true, Ordering::Relaxed) {
        return;
    }
    // SAFETY: the handlers live forever.
    if unsafe { libc::pthread_atfork(Some(before), Some(after), Some(after)) } != 0 {
        IS_SET.store(false, Ordering::Relaxed);
    }
}

/// Has `hook` called in the child after each fork.
pub(crate) fn after_fork_in_child(hook: unsafe extern "C" fn()) {
    // SAFETY: the handler lives forever. A failure (ENOMEM) leaves the child without
    // it.
    let _: c_int = unsafe { libc::pthread_atfork(None, None, Some(hook)) };
}

/// What a thread of our own does.
pub(crate) type ThreadBody = extern "C" fn(*mut c_void) -> *mut c_void;

/// Starts a thread that nobody joins and no signal interrupts. `false`: the system
/// has none. The system may allocate for it.
pub(crate) fn start_thread(body: ThreadBody) -> bool {
    /// Enough for what the allocator does; some systems need more for a program's
    /// thread-locals, and then get their default.
    const STACK_BYTES: usize = 64 << 10;
    let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    // SAFETY: a valid place, initialised by the call.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // A thread begins with the signal mask of the one that starts it.
    // SAFETY: the set was initialised above; `before` is a valid place.
    let masked =
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
    if masked != 0 {
        return false;
    }
    let started = start_detached(body, Some(STACK_BYTES)) || start_detached(body, None);
    // SAFETY: the mask that was there, as the first call wrote it.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), core::ptr::null_mut()) };
    started
}

fn start_detached(body: ThreadBody, stack_bytes: Option<usize>) -> bool {
    let mut attributes = MaybeUninit::uninit();
    let attributes = attributes.as_mut_ptr();
    // SAFETY: a valid place, initialised by the call.
    if unsafe { libc::pthread_attr_init(attributes) } != 0 {
        return false;
    }
    // SAFETY: initialised above, and a state that exists.
    unsafe { libc::pthread_attr_setdetachstate(attributes, libc::PTHREAD_CREATE_DETACHED) };
    if let Some(bytes) = stack_bytes {
        // SAFETY: initialised above. A size that is refused leaves the default.
        unsafe { libc::pthread_attr_setstacksize(attributes, bytes) };
    }
    let mut thread = MaybeUninit::uninit();
    // SAFETY: valid places, and a function that lives forever and asks nothing of its
    // argument.
    let status = unsafe {
        libc::pthread_create(thread.as_mut_ptr(), attributes, body, core::ptr::null_mut())
    };
    // SAFETY: initialised above and not used again.
    unsafe { libc::pthread_attr_destroy(attributes) };
    status == 0
}

/// Names the calling thread, for who lists a process's threads; elsewhere than on
/// Linux it stays as it is.
pub(crate) fn name_thread(name: &CStr) {
    #[cfg(target_os = "linux")]
    // SAFETY: the calling thread, and a C string; one of over 15 bytes is refused.
    unsafe {
        libc::prctl(libc::PR_SET_NAME, name.as_ptr())
    };
    #[cfg(not(target_os = "linux"))]
    let _ = name;
}

/// Waits while `word` is `value`, until [`wake`]; may return at any time before.
#[cfg(target_os = "linux")]
pub(crate) fn wait_while(word: &AtomicU32, value: u32) {
    let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    let forever = core::ptr::null::<libc::timespec>();
    // SAFETY: the word is valid during the call; the kernel only reads it, and does
    // not wait if it is not `value`.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, value, forever) };
}

/// Elsewhere waiting is looking once a second.
#[cfg(not(target_os = "linux"))]
pub(crate) fn wait_while(_word: &AtomicU32, _value: u32) {
    sleep(1000);
}

/// Wakes who waits for `word`, which was changed before.
pub(crate) fn wake(word: &AtomicU32) {
    #[cfg(target_os = "linux")]
    // SAFETY: the kernel takes the address for a name and reads nothing.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
            1,
        )
    };
    #[cfg(not(target_os = "linux"))]
    let _ = word;
}

/// Calls `visit` with each entry of the process's environment, `NAME=value`, where
/// it lies: `std::env` and its copies would allocate. Nobody may change the
/// environment meanwhile, as for every reader of it.
pub(crate) fn for_each_variable(mut visit: impl FnMut(&[u8])) {
    let mut place = environment();
    if place.is_null() {
        // Before the C library has set it up.
        return;
    }
    loop {
        // SAFETY: the environment is an array of pointers that ends with a null,
        // which was not reached yet.
        let entry = unsafe { place.read() };
        if entry.is_null() {
            return;
        }
        // SAFETY: an entry is a C string.
        visit(unsafe { CStr::from_ptr(entry) }.to_bytes());
        // SAFETY: the entry was not the last: the next is in the array.
        place = unsafe { place.add(1) };
    }
}

#[cfg(not(target_vendor = "apple"))]
fn environment() -> *const *const c_char {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    // SAFETY: POSIX's variable of this name and type; see `for_each_variable` for
    // who may change it.
    unsafe { environ }
}

#[cfg(target_vendor = "apple")]
fn environment() -> *const *const c_char {
    // SAFETY: no preconditions; returns where the variable is.
    let place = unsafe { libc::_NSGetEnviron() };
    // SAFETY: as above: a valid place.
    unsafe { place.read() }.cast_const().cast()
}

/// Writes `line` to standard error, in one piece, without allocating.
pub(crate) fn warn(line: &[u8]) {
    // SAFETY: the range is a valid slice. That the line cannot be written changes
    // nothing.
    unsafe { libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len()) };
}

/// Ends the process with one line on standard error, without allocating.
#[cold]
pub(crate) fn abort_with(parts: &[&str]) -> ! {
    for part in parts.iter().copied().chain(["\n"]) {
        // SAFETY: the range is a valid string; what the write returns does not
        // matter any more.
        unsafe { libc::write(libc::STDERR_FILENO, part.as_ptr().cast(), part.len()) };
    }
    // SAFETY: no preconditions; does not return.
    unsafe { libc::abort() }
}
