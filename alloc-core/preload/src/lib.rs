//! `liballoc_preload.so`: `PoolAlloc` under any program.
//!
//! ```sh
//! cargo build --release -p alloc-preload
//! LD_PRELOAD=$PWD/target/release/liballoc_preload.so python3 -c 'print("hello")'
//! ```
//!
//! The library defines C's allocation functions (`c`) and C++'s operators (`cxx`), which
//! the dynamic linker finds before the C library's. It works from the program's first
//! call on, before static initialisers and after thread-local storage is gone, since
//! `PoolAlloc` does. Its settings are the `ALLOC_CORE_*` variables; what they say goes
//! before the defaults in `block`.

#![no_std]
#![allow(
    clippy::missing_safety_doc,
    reason = "the contracts are those of the C and C++ standards, named in each module"
)]

extern crate std;

mod block;
mod c;
mod cxx;
