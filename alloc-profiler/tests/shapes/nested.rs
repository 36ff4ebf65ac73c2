//! Items in bodies: functions, types, constants, statics, macros, modules, `use`.

use std::sync::atomic::{AtomicU32, Ordering};

use super::harness::{Log, Noisy, note};

shapes! {
    nested_functions: pub fn nested_functions(log: &Log, n: u32) -> u32 {
        fn even(n: u32) -> bool {
            if n == 0 { return true; }
            odd(n - 1)
        }
        let _a = Noisy::new("a", log);
        fn odd(n: u32) -> bool { n != 0 && even(n - 1) }
        u32::from(even(n)) + later()
    }

    nested_profiled: pub fn nested_profiled(log: &Log, n: u32) -> usize {
        #[alloc_profiler::profile]
        fn inner(log: &Log, n: u32) -> usize {
            let a = Noisy::new("inner", log);
            #[alloc_profiler::profile]
            fn innermost(a: &Noisy<'_>) -> usize {
                let b = a.child("innermost");
                b.len()
            }
            innermost(&a) + n as usize
        }
        let outer = Noisy::new("outer", log);
        inner(log, n) + outer.len()
    }

    nested_types: pub fn nested_types(log: &Log, n: u32) -> u32 {
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        enum Size { Small, Large }
        impl Size {
            fn of(n: u32) -> Self { if n > 2 { Self::Large } else { Self::Small } }
        }
        trait Weight { fn weight(&self) -> u32 { let base = 3; base } }
        impl Weight for Size {}
        union Bits { x: u32, y: f32 }
        type Sizes = Vec<Size>;
        let sizes: Sizes = (0..n).map(Size::of).collect();
        let bits = Bits { y: 0.0 };
        // SAFETY: every bit pattern is a valid `u32`.
        let zero = unsafe { bits.x };
        sizes.iter().max().map_or(zero, |size| size.weight() + *size as u32)
    }

    nested_statics: pub fn nested_statics(log: &Log, n: u32) -> u32 {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        const BASE: u32 = { let x = 2; x * 2 };
        static NAMES: [&str; 2] = ["a", "b"];
        thread_local! {
            static LAST: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
        }
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        LAST.set(n);
        note(log, NAMES[n as usize % 2]);
        call + BASE + LAST.get()
    }

    nested_imports: pub fn nested_imports(log: &Log, n: u32) -> usize {
        use std::collections::BTreeSet as Set;
        use std::fmt::Write as _;
        let mut set = Set::new();
        let mut text = String::new();
        for i in 0..n {
            set.insert(i / 2);
            write!(text, "{i}").unwrap();
        }
        use std::iter::{self, repeat_n};
        set.len() + text.len() + iter::once(1).chain(repeat_n(2, 3)).count()
    }

    nested_modules: pub fn nested_modules(log: &Log, n: u32) -> u32 {
        mod inner {
            pub(super) mod deeper {
                pub(in super::super) fn double(n: u32) -> u32 { n * 2 }
            }
            pub(super) const ONE: u32 = 1;
        }
        let doubled = inner::deeper::double(n);
        doubled + inner::ONE
    }

    nested_macros: pub fn nested_macros(log: &Log, n: u32) -> u32 {
        macro_rules! make {
            ($name:ident, $value:expr) => {
                fn $name() -> u32 { $value }
            };
        }
        make!(three, 3);
        make! { four, { let x = 4; x } }
        let sum = three() + four();
        macro_rules! add_to_sum { ($x:expr) => { sum + $x } }
        add_to_sum!(n)
    }

    items_after_use: pub fn items_after_use(log: &Log, n: u32) -> u32 {
        let made = Thing::new(n);
        return made.value() + OFFSET;

        const OFFSET: u32 = 7;
        struct Thing(u32);
        impl Thing {
            fn new(n: u32) -> Self { let n = n + 1; Self(n) }
            fn value(&self) -> u32 { self.0 }
        }
    }

    items_in_inner_blocks: pub fn items_in_inner_blocks(log: &Log, n: u32) -> u32 {
        let x = {
            fn f(n: u32) -> u32 { n + 1 }
            let y = f(n);
            y
        };
        if x > 3 {
            const LIMIT: u32 = 5;
            fn f(n: u32) -> u32 { n.min(LIMIT) }
            return f(x);
        }
        for i in 0..x {
            struct Local(u32);
            let local = Local(i);
            if local.0 == 2 { break }
        }
        match x { 1 => { fn f() -> u32 { 10 } f() } _ => { static S: u32 = 20; S } }
    }

    only_items: pub fn only_items(_: &Log, _: u32) {
        fn nothing() {}
        const _: () = ();
        struct Nothing;
    }
}

fn later() -> u32 {
    5
}
