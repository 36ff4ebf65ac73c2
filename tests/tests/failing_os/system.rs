//! The system as this process sees it, with calls that fail on demand.
//!
//! The functions below are found before the C library's by all code of this binary, the
//! allocator's included, and go on to the kernel or the C library unless a call is
//! to fail. Only calls of a thread that is [`armed`] count and fail: the standard
//! library calls some of them too, and would panic.
//!
//! What is mapped and not unmapped again, by anybody, is a sum here: to find leaks to
//! the byte.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// Which calls fail: the `first`, and every `step`-th after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) first: usize,
    pub(crate) step: usize,
}

impl Plan {
    pub(crate) const NONE: Self = Self { first: usize::MAX, step: usize::MAX };

    pub(crate) fn only(call: usize) -> Self {
        Self { first: call, step: usize::MAX }
    }

    pub(crate) fn every(step: usize) -> Self {
        Self { first: step, step }
    }

    pub(crate) fn all_from(first: usize) -> Self {
        Self { first, step: 1 }
    }
}

/// What can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Call {
    Map,
    Unmap,
    Remap,
    Advise,
    Open,
    CreateKey,
    SetSpecific,
    AtFork,
}

impl Call {
    pub(crate) const ALL: [Self; 8] = [
        Self::Map,
        Self::Unmap,
        Self::Remap,
        Self::Advise,
        Self::Open,
        Self::CreateKey,
        Self::SetSpecific,
        Self::AtFork,
    ];

    /// How it fails: as its manual page says that it can.
    fn error(self) -> c_int {
        match self {
            Self::Map | Self::Unmap | Self::Remap | Self::SetSpecific | Self::AtFork => {
                libc::ENOMEM
            }
            Self::Advise | Self::CreateKey => libc::EAGAIN,
            Self::Open => libc::EMFILE,
        }
    }
}

static FIRST: AtomicUsize = AtomicUsize::new(usize::MAX);
static STEP: AtomicUsize = AtomicUsize::new(usize::MAX);
/// Calls of armed threads since the last [`plan`].
static CALLS: AtomicUsize = AtomicUsize::new(0);
/// Calls that failed on demand, and those of any thread that went on to the system.
static FAILED: [AtomicUsize; Call::ALL.len()] = [const { AtomicUsize::new(0) }; Call::ALL.len()];
static PASSED: [AtomicUsize; Call::ALL.len()] = [const { AtomicUsize::new(0) }; Call::ALL.len()];
static MAPPED_BYTES: AtomicUsize = AtomicUsize::new(0);
static LOSES_TARGETS: AtomicBool = AtomicBool::new(false);

thread_local! {
    static IS_ARMED: Cell<bool> = const { Cell::new(false) };
}

/// Has calls counted anew, and those of `plan` fail.
pub(crate) fn plan(plan: Plan) {
    FIRST.store(plan.first, Relaxed);
    STEP.store(plan.step, Relaxed);
    CALLS.store(0, Relaxed);
}

/// Runs `operation` with this thread's calls counted, and failing as planned.
pub(crate) fn armed<T>(operation: impl FnOnce() -> T) -> T {
    IS_ARMED.set(true);
    let result = operation();
    IS_ARMED.set(false);
    result
}

/// Arms the calling thread until its very end.
pub(crate) fn arm_to_the_end() {
    IS_ARMED.set(true);
}

/// Has a move of pages that fails leave nothing at its target, as a kernel does that
/// runs out of memory in the middle of it.
pub(crate) fn lose_targets() {
    LOSES_TARGETS.store(true, Relaxed);
}

/// Calls of armed threads since the last [`plan`].
pub(crate) fn calls() -> usize {
    CALLS.load(Relaxed)
}

/// Calls of a kind that failed on demand.
pub(crate) fn failed(call: Call) -> usize {
    FAILED[call as usize].load(Relaxed)
}

/// Calls of a kind, by any thread, that went on to the system.
pub(crate) fn passed(call: Call) -> usize {
    PASSED[call as usize].load(Relaxed)
}

/// Bytes that were mapped through here and not unmapped again.
pub(crate) fn mapped_bytes() -> usize {
    MAPPED_BYTES.load(Relaxed)
}

/// Whether this call is to fail; counts it.
fn fails(call: Call) -> bool {
    let fails = IS_ARMED.get() && is_planned(CALLS.fetch_add(1, Relaxed) + 1);
    let counter = if fails { &FAILED } else { &PASSED };
    counter[call as usize].fetch_add(1, Relaxed);
    fails
}

fn is_planned(number: usize) -> bool {
    let past = number.checked_sub(FIRST.load(Relaxed));
    past.is_some_and(|past| past.is_multiple_of(STEP.load(Relaxed)))
}

fn set_errno(call: Call) {
    // SAFETY: no preconditions.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: a valid place of this thread.
    unsafe { place.write(call.error()) };
}

fn whole_pages(bytes: usize) -> usize {
    bytes.next_multiple_of(4096)
}

fn map(
    start: *mut c_void,
    bytes: usize,
    protection: c_int,
    flags: c_int,
    file: c_int,
    offset: i64,
) -> *mut c_void {
    if fails(Call::Map) {
        set_errno(Call::Map);
        return libc::MAP_FAILED;
    }
    // SAFETY: the caller's contract is that of the call.
    let mapped =
        unsafe { libc::syscall(libc::SYS_mmap, start, bytes, protection, flags, file, offset) };
    // In place of what is mapped there already, nothing is added.
    if mapped != -1 && flags & libc::MAP_FIXED == 0 {
        MAPPED_BYTES.fetch_add(whole_pages(bytes), Relaxed);
    }
    std::ptr::with_exposed_provenance_mut(mapped.cast_unsigned() as usize)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mmap(
    start: *mut c_void,
    bytes: usize,
    protection: c_int,
    flags: c_int,
    file: c_int,
    offset: i64,
) -> *mut c_void {
    map(start, bytes, protection, flags, file, offset)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mmap64(
    start: *mut c_void,
    bytes: usize,
    protection: c_int,
    flags: c_int,
    file: c_int,
    offset: i64,
) -> *mut c_void {
    map(start, bytes, protection, flags, file, offset)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn munmap(start: *mut c_void, bytes: usize) -> c_int {
    if fails(Call::Unmap) {
        set_errno(Call::Unmap);
        return -1;
    }
    // SAFETY: the caller's contract is that of the call.
    let status = unsafe { libc::syscall(libc::SYS_munmap, start, bytes) };
    if status == 0 {
        MAPPED_BYTES.fetch_sub(whole_pages(bytes), Relaxed);
    }
    status as c_int
}

/// Variadic in C, where the last argument is there or not; passed on, it is read only
/// if the flags say so.
#[unsafe(no_mangle)]
unsafe extern "C" fn mremap(
    start: *mut c_void,
    old_bytes: usize,
    new_bytes: usize,
    flags: c_int,
    target: *mut c_void,
) -> *mut c_void {
    if fails(Call::Remap) {
        if flags & libc::MREMAP_FIXED != 0 && LOSES_TARGETS.load(Relaxed) {
            // SAFETY: the caller gave the target up for what it is replaced by.
            unsafe { libc::syscall(libc::SYS_munmap, target, new_bytes) };
            MAPPED_BYTES.fetch_sub(whole_pages(new_bytes), Relaxed);
        }
        set_errno(Call::Remap);
        return libc::MAP_FAILED;
    }
    // SAFETY: the caller's contract is that of the call.
    let moved =
        unsafe { libc::syscall(libc::SYS_mremap, start, old_bytes, new_bytes, flags, target) };
    if moved != -1 {
        // Over a mapping of the new length, which goes.
        let replaced = if flags & libc::MREMAP_FIXED != 0 { new_bytes } else { 0 };
        let left = if flags & libc::MREMAP_DONTUNMAP != 0 { old_bytes } else { 0 };
        MAPPED_BYTES.fetch_add(whole_pages(new_bytes) + whole_pages(left), Relaxed);
        MAPPED_BYTES.fetch_sub(whole_pages(old_bytes) + whole_pages(replaced), Relaxed);
    }
    std::ptr::with_exposed_provenance_mut(moved.cast_unsigned() as usize)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn madvise(start: *mut c_void, bytes: usize, advice: c_int) -> c_int {
    /// Linux's `MADV_GUARD_REMOVE`, of hardened mode: it takes nothing that could lack.
    const GUARD_REMOVE: c_int = 103;
    if advice != GUARD_REMOVE && fails(Call::Advise) {
        set_errno(Call::Advise);
        return -1;
    }
    // SAFETY: the caller's contract is that of the call.
    unsafe { libc::syscall(libc::SYS_madvise, start, bytes, advice) as c_int }
}

/// Variadic in C, as `mremap` is.
#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    if fails(Call::Open) {
        set_errno(Call::Open);
        return -1;
    }
    // SAFETY: the caller's contract is that of the call.
    unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path, flags, mode) as c_int }
}

type Destructor = unsafe extern "C" fn(*mut c_void);
type CreateKey = unsafe extern "C" fn(*mut libc::pthread_key_t, Option<Destructor>) -> c_int;
type SetSpecific = unsafe extern "C" fn(libc::pthread_key_t, *const c_void) -> c_int;

/// The C library's own function of that name.
fn next(name: &CStr) -> *mut c_void {
    // SAFETY: a C string.
    let function = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    assert!(!function.is_null(), "{name:?}");
    function
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_key_create(
    key: *mut libc::pthread_key_t,
    destructor: Option<Destructor>,
) -> c_int {
    if fails(Call::CreateKey) {
        return Call::CreateKey.error();
    }
    // SAFETY: the C library's function of this name has this type.
    let create: CreateKey = unsafe { std::mem::transmute(next(c"pthread_key_create")) };
    // SAFETY: the caller's contract is that of the call.
    unsafe { create(key, destructor) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_setspecific(key: libc::pthread_key_t, value: *const c_void) -> c_int {
    if fails(Call::SetSpecific) {
        return Call::SetSpecific.error();
    }
    // SAFETY: the C library's function of this name has this type.
    let set: SetSpecific = unsafe { std::mem::transmute(next(c"pthread_setspecific")) };
    // SAFETY: the caller's contract is that of the call.
    unsafe { set(key, value) }
}

type Hook = Option<unsafe extern "C" fn()>;

unsafe extern "C" {
    /// What the C library's `pthread_atfork`, a part of each binary, calls.
    fn __register_atfork(before: Hook, parent: Hook, child: Hook, binary: *mut c_void) -> c_int;
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_atfork(before: Hook, parent: Hook, child: Hook) -> c_int {
    if fails(Call::AtFork) {
        return Call::AtFork.error();
    }
    // SAFETY: the caller's contract is that of the call; a binary that is never unloaded
    // needs no name.
    unsafe { __register_atfork(before, parent, child, std::ptr::null_mut()) }
}
