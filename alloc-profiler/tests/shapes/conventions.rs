//! Qualifiers, attributes and calling conventions of whole functions; recursion.

use std::panic::Location;

use super::harness::{Log, Noisy};

driven! {
    track_caller {
        here! {
            #[track_caller]
            fn whence() -> &'static Location<'static> {
                let here = Location::caller();
                here
            }
        }

        pub fn track_caller(_: &Log, n: u32) -> (u32, u32, &'static str) {
            let first = whence();
            let location = if n > 2 { whence() } else { first };
            (location.line(), location.column(), location.file())
        }
    }

    track_caller_of_panics {
        here! {
            #[track_caller]
            fn check(log: &Log, n: u32) -> u32 {
                let _a = Noisy::new("a", log);
                if n == 4 { inner() }
                [0, 1, 2].get(n as usize).copied().expect("no more than two")
            }
        }
        here! { #[track_caller] fn inner() { let text = "inner"; panic!("{text}") } }

        pub fn track_caller_of_panics(log: &Log, n: u32) -> u32 {
            check(log, 0) + check(log, n)
        }
    }

    track_caller_methods {
        struct Checked(Vec<u32>);

        impl std::ops::Index<u32> for Checked {
            type Output = u32;
            here! {
                #[track_caller]
                fn index(&self, at: u32) -> &u32 {
                    let Some(x) = self.0.get(at as usize) else {
                        let here = Location::caller();
                        panic!("{at} is asked for in line {}", here.line());
                    };
                    x
                }
            }
        }

        pub fn track_caller_methods(_: &Log, n: u32) -> u32 {
            let checked = Checked(vec![1, 2, 3]);
            checked[0] +
                checked[n]
        }
    }

    unsafe_functions {
        here! {
            /// Reads a pointer.
            ///
            /// # Safety
            /// `at` must be valid to read.
            unsafe fn read(at: *const u32) -> u32 {
                // SAFETY: as promised by the caller.
                let value = unsafe { *at };
                value
            }
        }
        here! {
            /// Adds one to what a pointer points at.
            ///
            /// # Safety
            /// `at` must be valid to read and write.
            #[allow(unsafe_op_in_unsafe_fn)]
            unsafe fn increment(at: *mut u32) {
                *at += 1;
                let x = at.read();
                at.write(x * 2)
            }
        }

        pub fn unsafe_functions(_: &Log, mut n: u32) -> u32 {
            // SAFETY: references are valid.
            unsafe { increment(&mut n) }
            // SAFETY: as above.
            unsafe { read(&n) }
        }
    }

    unsafe_traits {
        /// # Safety
        /// `id` returns the same number at every call.
        unsafe trait Stable {
            here! {
                /// # Safety
                /// None is needed.
                unsafe fn twice(&self) -> u32 { let id = self.id(); id + self.id() }
            }
            fn id(&self) -> u32;
        }

        // SAFETY: it returns itself.
        unsafe impl Stable for u32 {
            here! { fn id(&self) -> u32 { let id = *self; id } }
        }

        pub fn unsafe_traits(_: &Log, n: u32) -> u32 {
            // SAFETY: nothing is asked for.
            unsafe { n.twice() }
        }
    }

    extern_c {
        here! {
            extern "C" fn for_c(n: u32) -> u32 {
                let list = Box::new([n; 3]);
                list.iter().sum()
            }
        }
        here! {
            /// # Safety
            /// `all` points at `len` numbers.
            pub unsafe extern "C" fn sum(all: *const u32, len: usize) -> u32 {
                // SAFETY: as promised by the caller.
                let all = unsafe { std::slice::from_raw_parts(all, len) };
                let mut sum = 0;
                for x in all { sum += x; }
                sum
            }
        }
        here! { extern "C-unwind" fn unwinds(n: u32) -> u32 { let x = n; assert!(x < 4, "{x}"); x } }

        pub fn extern_c(_: &Log, n: u32) -> u32 {
            let all = [n, 1, 2];
            let callback: extern "C" fn(u32) -> u32 = for_c;
            // SAFETY: the pointer and the length are an array's.
            callback(n) + unsafe { sum(all.as_ptr(), all.len()) } + unwinds(n)
        }
    }

    extern_without_abi {
        here! {
            extern fn callback(data: *mut std::ffi::c_void, x: i32) -> i32 {
                // SAFETY: the data are a vector of numbers.
                let all = unsafe { &mut *data.cast::<Vec<i32>>() };
                all.push(x);
                all.iter().sum::<i32>()
            }
        }
        here! { extern "system" fn system() -> u8 { 7 } }

        pub fn extern_without_abi(_: &Log, n: u32) -> (i32, Vec<i32>) {
            let mut all = vec![1, 2];
            let data = (&raw mut all).cast();
            let sum = callback(data, n as i32) + callback(data, 3);
            (sum + i32::from(system()), all)
        }
    }

    attributes_before_and_after {
        #[allow(clippy::needless_pass_by_value)]
        here! {
            #[inline]
            #[must_use = "it is the result"]
            #[doc = "Documented."]
            /// And commented.
            #[cfg(all())]
            #[cfg_attr(any(), nothing)]
            #[deprecated = "for the test"]
            pub(crate) fn decorated(text: String) -> usize {
                #![allow(unused_mut)]
                let mut copy = text.clone();
                copy.len()
            }
        }
        here! { #[cold] #[inline(never)] fn cold() -> u32 { let x = 1; x } }
        here! { #[inline(always)] fn hot() -> u32 { let x = 2; x } }
        here! { #[cfg(any())] fn gone() -> Nothing { let x = nothing; x } }

        #[allow(deprecated)]
        pub fn attributes_before_and_after(_: &Log, n: u32) -> usize {
            decorated(n.to_string()) + (cold() + hot()) as usize
        }
    }

    visibilities {
        mod inner {
            here! { pub fn public() -> u32 { let x = 1; x } }
            here! { pub(super) fn for_parent() -> u32 { let x = private(); x } }
            here! { pub(in super::super) fn within() -> u32 { let x = 3; x } }
            here! { pub(self) fn private() -> u32 { let x = 2; x } }
            use super::here;
        }

        pub fn visibilities(_: &Log, n: u32) -> u32 {
            n + inner::public() + inner::for_parent() + inner::within()
        }
    }

    recursive {
        here! {
            fn fibonacci(n: u32) -> u64 {
                if n < 2 {
                    return n.into();
                }
                let low = fibonacci(n - 2);
                low + fibonacci(n - 1)
            }
        }

        pub fn recursive(_: &Log, n: u32) -> u64 {
            fibonacci(n)
        }
    }

    mutually_recursive {
        here! {
            fn even(log: &Log, n: u32) -> bool {
                let _noisy = Noisy::new(&format!("even {n}"), log);
                n == 0 || odd(log, n - 1)
            }
        }
        here! {
            fn odd(log: &Log, n: u32) -> bool {
                let _noisy = Noisy::new(&format!("odd {n}"), log);
                match n.checked_sub(1) {
                    None => false,
                    Some(less) => even(log, less),
                }
            }
        }

        pub fn mutually_recursive(log: &Log, n: u32) -> bool {
            even(log, n)
        }
    }

    recursive_by_pointer {
        here! {
            fn walk(log: &Log, n: u32, visit: &mut dyn FnMut(&Log, u32)) {
                let _noisy = Noisy::new(&n.to_string(), log);
                visit(log, n);
                if let Some(less) = n.checked_sub(1) {
                    walk(log, less, &mut |log, n| {
                        visit(log, n + 10);
                    });
                }
            }
        }

        pub fn recursive_by_pointer(log: &Log, n: u32) -> Vec<u32> {
            let mut all = vec![];
            walk(log, n.min(3), &mut |_, n| all.push(n));
            all
        }
    }

    function_pointers {
        here! { fn first(n: u32) -> u32 { let x = n; x + 1 } }
        here! { fn second(n: u32) -> u32 { let x = n; x * 2 } }

        pub fn function_pointers(_: &Log, n: u32) -> Vec<u32> {
            let table: [(&str, fn(u32) -> u32); 2] = [("first", first), ("second", second)];
            assert_eq!(size_of_val(&first), 0);
            table.into_iter().map(|(_, function)| function(n)).chain(Some(n).map(first)).collect()
        }
    }

    odd_layout {
        here! { fn brace_below
            (
                log: &Log,
                n: u32,
            )
            -> usize
            where
                u32: Copy,
        {

            let a = Noisy::new("a", log);


            a.len()
                +

                n as usize

        } }
        here! { fn all_in_one(log: &Log) -> usize { let a = Noisy::new("a", log); { let b = a.child("b"); b.len() } } }

        pub fn odd_layout(log: &Log, n: u32) -> usize {
            brace_below(log, n) + all_in_one(log)
        }
    }

    passed_to_threads {
        here! {
            fn work(n: u32) -> Vec<u32> {
                let all = (0..n).collect::<Vec<_>>();
                all
            }
        }

        pub fn passed_to_threads(_: &Log, n: u32) -> usize {
            let thread = std::thread::spawn(move || work(n));
            let own = std::thread::scope(|scope| {
                let handle = scope.spawn(|| work(n + 1).len());
                handle.join().unwrap()
            });
            own + thread.join().unwrap().len()
        }
    }
}
