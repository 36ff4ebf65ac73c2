//! C++'s replaceable operators `new` and `delete` (ISO C++ 2023, 17.6.3), under the
//! names that the Itanium C++ ABI gives them (5.1.5.3, 5.1.8).
//!
//! Memory that is not there makes the throwing forms call the program's `new_handler`,
//! or throw `std::bad_alloc`: both are the C++ library's own functions, looked up by
//! name when needed. `C-unwind`, since the exception passes through here.

use core::ffi::{CStr, c_void};

use crate::block::{ALIGN, give, take};

/// Stands for `std::nothrow_t const&`, which says nothing.
type Nothrow = *const c_void;

macro_rules! new {
    ($($name:ident)*) => { $(
        #[unsafe(no_mangle)]
        unsafe extern "C-unwind" fn $name(size: usize) -> *mut c_void {
            or_throw(size, ALIGN)
        }
    )* };
}

macro_rules! new_nothrow {
    ($($name:ident)*) => { $(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(size: usize, _: Nothrow) -> *mut c_void {
            take(size, ALIGN)
        }
    )* };
}

macro_rules! new_aligned {
    ($($name:ident)*) => { $(
        #[unsafe(no_mangle)]
        unsafe extern "C-unwind" fn $name(size: usize, align: usize) -> *mut c_void {
            or_throw(size, align.max(ALIGN))
        }
    )* };
}

macro_rules! new_aligned_nothrow {
    ($($name:ident)*) => { $(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(size: usize, align: usize, _: Nothrow) -> *mut c_void {
            take(size, align.max(ALIGN))
        }
    )* };
}

/// All forms of `delete` free by the address; what else they are told is not needed.
macro_rules! delete {
    ($($name:ident($($ignored:ty),*))*) => { $(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(block: *mut c_void, $(_: $ignored),*) {
            // SAFETY: the caller's contract.
            unsafe { give(block) };
        }
    )* };
}

new!(_Znwm _Znam);
new_nothrow!(_ZnwmRKSt9nothrow_t _ZnamRKSt9nothrow_t);
new_aligned!(_ZnwmSt11align_val_t _ZnamSt11align_val_t);
new_aligned_nothrow!(_ZnwmSt11align_val_tRKSt9nothrow_t _ZnamSt11align_val_tRKSt9nothrow_t);
delete! {
    _ZdlPv() _ZdaPv()
    _ZdlPvm(usize) _ZdaPvm(usize)
    _ZdlPvRKSt9nothrow_t(Nothrow) _ZdaPvRKSt9nothrow_t(Nothrow)
    _ZdlPvSt11align_val_t(usize) _ZdaPvSt11align_val_t(usize)
    _ZdlPvmSt11align_val_t(usize, usize) _ZdaPvmSt11align_val_t(usize, usize)
    _ZdlPvSt11align_val_tRKSt9nothrow_t(usize, Nothrow)
    _ZdaPvSt11align_val_tRKSt9nothrow_t(usize, Nothrow)
}

#[inline]
fn or_throw(size: usize, align: usize) -> *mut c_void {
    let block = take(size, align);
    if block.is_null() { ask_handler(size, align) } else { block }
}

/// Has the program's `new_handler` make room until there is some, or throws.
#[cold]
fn ask_handler(size: usize, align: usize) -> *mut c_void {
    type Handler = unsafe extern "C-unwind" fn();
    type GetHandler = unsafe extern "C" fn() -> Option<Handler>;
    // SAFETY: the C++ library's function of this name has this type.
    let get_handler = unsafe { function::<GetHandler>(c"_ZSt15get_new_handlerv") };
    // SAFETY: as above; it does not return.
    let throw = unsafe { function::<Handler>(c"_ZSt17__throw_bad_allocv") };
    loop {
        // SAFETY: no preconditions.
        let handler = get_handler.and_then(|get| unsafe { get() });
        match handler.or(throw) {
            // SAFETY: the program's handler, or what throws.
            Some(handler) => unsafe { handler() },
            // Without a C++ library nobody could catch it.
            None => std::process::abort(),
        }
        let block = take(size, align);
        if !block.is_null() {
            return block;
        }
    }
}

/// The function of that name in the program or one of its libraries.
///
/// # Safety
/// `F` is the function's type.
unsafe fn function<F: Copy>(name: &CStr) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>(), "a function pointer") };
    // SAFETY: a C string; the handle means the whole program.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    // SAFETY: the caller's contract: an address that is not null is such a function's.
    (!address.is_null()).then(|| unsafe { core::mem::transmute_copy(&address) })
}
