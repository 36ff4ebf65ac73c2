//! `#[cfg]` and `#[cfg_attr]`, on statements, arms, fields, expressions, and on the
//! last one of a block. What is left out could not compile.

use super::harness::{Log, Noisy, note};

shapes! {
    cfg_on_statements: pub fn cfg_on_statements(log: &Log, n: u32) -> u32 {
        #[cfg(any())]
        let n = nothing_like_this;
        let _a = Noisy::new("a", log);
        #[cfg(all())]
        let n = n + 1;
        #[cfg(any())]
        return nothing;
        #[cfg(all())]
        {
            let _b = Noisy::new("b", log);
            n * 2
        }
        #[cfg(any())]
        {
            n * 3
        }
    }

    cfg_on_first: pub fn cfg_on_first(log: &Log, n: u32) -> u32 {
        #[cfg(any())]
        nothing();
        n
    }

    cfg_on_every_statement: pub fn cfg_on_every_statement(log: &Log, n: u32) -> u32 {
        #[cfg(all())] let x = n;
        #[cfg(any())] let x = nothing; #[cfg(all())] let y = x + 1;
        #[cfg(any())]
        for i in nothing {
            let z = i;
        }
        #[cfg(all())]
        for i in 0..y {
            #[cfg(any())]
            let i = nothing;
            #[cfg(all())]
            note(log, i.to_string());
        }
        #[cfg(any())]
        if nothing { return nothing; }
        #[cfg(all())]
        return x + y;
    }

    cfg_of_two_tails: pub fn cfg_of_two_tails(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        #[cfg(any())]
        return nothing;
        #[cfg(not(any()))]
        return a.child("tail").len() + n as usize;
    }

    cfg_on_tail_call: pub fn cfg_on_tail_call(log: &Log, n: u32) -> u32 {
        let a = Noisy::new("a", log);
        note(log, "before");
        #[cfg(all())]
        { u32::max(n, a.len() as u32) }
    }

    cfg_on_macros: pub fn cfg_on_macros(log: &Log, n: u32) -> usize {
        macro_rules! noisy { ($name:ident) => { let $name = Noisy::new(stringify!($name), log); } }
        #[cfg(all())]
        noisy!(a);
        #[cfg(any())]
        noisy!(a.b.c);
        #[cfg(any())]
        nothing! { at all }
        #[cfg(all())]
        assert!(n < 9, "too many");
        a.len()
    }

    cfg_on_blocks: pub fn cfg_on_blocks(log: &Log, n: u32) -> u32 {
        #[cfg(any())]
        {
            nothing
        }
        #[cfg(all())]
        {
            let _a = Noisy::new("a", log);
            note(log, "in block");
        }
        #[cfg(all())]
        // SAFETY: a reference is valid to read.
        unsafe {
            let _b = Noisy::new("b", log);
            std::ptr::read(&n)
        }
    }

    cfg_on_arms: pub fn cfg_on_arms(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        match n {
            #[cfg(any())]
            nothing => nothing,
            #[cfg(all())]
            0 =>
                10,
            #[cfg(any())]
            _ =>
                nothing,
            #[allow(unreachable_patterns)]
            #[cfg(all())]
            1 => {
                let _b = Noisy::new("b", log);
                20
            }
            _ => 30,
        }
    }

    cfg_on_fields_and_elements: pub fn cfg_on_fields_and_elements(log: &Log, n: u32) -> u32 {
        struct Fields {
            x: u32,
            #[cfg(any())]
            y: Nothing,
        }
        let fields = Fields {
            x: {
                let _a = Noisy::new("a", log);
                n
            },
            #[cfg(any())]
            y: nothing,
        };
        let Fields { x, #[cfg(any())] y } = fields;
        let all = [
            1,
            #[cfg(any())]
            nothing,
            #[cfg(all())]
            x,
        ];
        all.iter().sum::<u32>() + all.len() as u32
    }

    cfg_on_items: pub fn cfg_on_items(log: &Log, n: u32) -> u32 {
        #[cfg(any())]
        fn f() -> u32 { nothing }
        #[cfg(all())]
        fn f() -> u32 { let x = 2; x }
        #[cfg(any())]
        use nothing::at::all;
        #[cfg_attr(any(), nothing)]
        #[cfg_attr(all(), allow(dead_code))]
        const UNUSED: u32 = 0;
        f() + n
    }

    cfg_attr_on_statements: pub fn cfg_attr_on_statements(log: &Log, n: u32) -> u32 {
        #[cfg_attr(all(), allow(unused_variables))]
        let unused = Noisy::new("unused", log);
        #[cfg_attr(any(), nothing)]
        let x = n;
        #[cfg_attr(all(), cfg(any()))]
        let x = nothing;
        #[cfg_attr(all(), cfg(all()))]
        let x = x + 1;
        #[cfg_attr(any(), cfg(any()))]
        note(log, "there");
        #[cfg_attr(all(), allow(clippy::all), cfg(all()))]
        { x * 2 }
    }

    cfg_by_feature: pub fn cfg_by_feature(log: &Log, n: u32) -> u32 {
        #[cfg(debug_assertions)]
        let x = 1;
        #[cfg(not(debug_assertions))]
        let x = 2;
        if cfg!(debug_assertions) { note(log, "debug") }
        #[cfg(all(unix, not(windows)))]
        note(log, "unix");
        #[cfg(any(target_pointer_width = "64", target_pointer_width = "32"))]
        let y = n;
        x + y
    }

    cfg_within_closures: pub fn cfg_within_closures(log: &Log, n: u32) -> u32 {
        let f = |x: u32| {
            #[cfg(any())]
            let x = nothing;
            #[cfg(all())]
            let x = { let _a = Noisy::new("a", log); x + 1 };
            #[cfg(any())]
            return nothing;
            x
        };
        f(n)
    }

    cfg_and_diverging: pub fn cfg_and_diverging(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        for i in 0..n {
            #[cfg(any())]
            break;
            #[cfg(all())]
            if i == 2 { return i; }
            #[cfg(all())]
            continue;
        }
        #[cfg(all())]
        panic!("after {n}");
        #[cfg(any())]
        nothing
    }
}
