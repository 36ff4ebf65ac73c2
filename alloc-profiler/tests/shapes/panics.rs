//! Panics: the message, the place, and what unwinding drops.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};

use super::harness::{Log, Noisy, note};

/// Panics when it is dropped.
struct Bomb<'a>(Noisy<'a>);

impl Drop for Bomb<'_> {
    fn drop(&mut self) {
        let Self(noisy) = self;
        note(noisy.log, format!("explode {}", noisy.name));
        assert!(noisy.len() > 4, "{} exploded", noisy.name);
    }
}

shapes! {
    panics: pub fn panics(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        for i in 0..n {
            let _b = Noisy::new("b", log);
            assert!(i < 3, "stopped at {i}");
        }
        let list = [1, 2, 3, 4];
        list[n as usize + 2]
    }

    never: pub fn never(log: &Log, n: u32) -> ! {
        let _a = Noisy::new("a", log);
        loop {
            let _b = Noisy::new("b", log);
            if n < 10 {
                panic_any(format!("never {n}"));
            }
        }
    }

    never_by_tail: pub fn never_by_tail(log: &Log, n: u32) -> ! {
        let a = Noisy::new("a", log);
        panic!("{} {n}", a.child("argument").name)
    }

    never_by_statement: pub fn never_by_statement(log: &Log, n: u32) -> ! {
        let a = Noisy::new("a", log);
        if n > 2 { unreachable!("{n}") }
        std::panic::resume_unwind(Box::new(a.child("payload").name.clone()));
    }

    panic_in_arguments: pub fn panic_in_arguments(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        let pick = |x: Noisy<'_>, y: u32, z: Noisy<'_>| x.len() + y as usize + z.len();
        pick(a.child("x"), 12 / (3 - n), a.child("z"))
    }

    panic_in_expressions: pub fn panic_in_expressions(log: &Log, n: u32) -> u8 {
        let _a = Noisy::new("a", log);
        let x = [0_u8, 1][usize::from(n > 3)];
        let y = Some(x).filter(|_| n != 1).expect("not one");
        let z: Result<u8, String> = if n == 2 { Err("two".into()) } else { Ok(y) };
        let sum = z.unwrap() + 250 + n as u8 * 2;
        sum
    }

    in_drop: pub fn in_drop(log: &Log, n: u32) -> usize {
        let _a = Noisy::new("a", log);
        let _bomb = Bomb(Noisy::new(if n > 2 { "bomb" } else { "harmless" }, log));
        let b = Noisy::new("b", log);
        b.len()
    }

    in_drop_of_temporary: pub fn in_drop_of_temporary(log: &Log, n: u32) -> usize {
        let _a = Noisy::new("a", log);
        let name = if n % 2 == 0 { "even" } else { "uneven" };
        let len = Bomb(Noisy::new(name, log)).0.len();
        let _b = Noisy::new("b", log);
        len + Bomb(Noisy::new("at the tail"[..n as usize + 2].trim_end(), log)).0.len()
    }

    in_drop_by_assignment: pub fn in_drop_by_assignment(log: &Log, n: u32) -> String {
        let mut bomb = Bomb(Noisy::new(&"first"[..5.min(n as usize + 2)], log));
        let _b = Noisy::new("b", log);
        bomb = Bomb(Noisy::new("second", log));
        bomb.0.name.clone()
    }

    caught_within: pub fn caught_within(log: &Log, n: u32) -> Result<usize, u32> {
        let a = Noisy::new("a", log);
        let result = catch_unwind(AssertUnwindSafe(|| {
            let b = a.child("b");
            if n % 2 == 0 {
                panic_any(n);
            }
            b.len()
        }));
        note(log, "caught");
        match result {
            Ok(len) => Ok(len),
            Err(payload) => match payload.downcast::<u32>() {
                Ok(number) => Err(*number),
                Err(other) => resume_unwind(other),
            },
        }
    }

    asserts: pub fn asserts(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        assert!(n != 1);
        assert_eq!(n.min(2), n.min(3), "{} is more than two", n);
        assert_ne!(n, 0);
        debug_assert!(n < 9, "too many");
        n
    }

    overflow: pub fn overflow(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        let mut x = u32::MAX - 6;
        for i in 0..=n {
            x += i;
        }
        std::hint::black_box(n) - 3 + x
    }

    through_calls: pub fn through_calls(log: &Log, n: u32) -> u32 {
        fn deep(log: &Log, n: u32) -> u32 {
            let _deep = Noisy::new(&n.to_string(), log);
            if n == 0 { panic!("at the bottom") }
            deep(log, n - 1)
        }
        let _a = Noisy::new("a", log);
        if n > 3 { return n; }
        deep(log, n)
    }

    in_a_scrutinee: pub fn in_a_scrutinee(log: &Log, n: u32) -> u32 {
        let a = Noisy::new("a", log);
        match a.child("x").itself().name.chars().nth(n as usize).expect("a character") {
            'a' => 1,
            '.' if a.child("guard").name.parse::<u32>().unwrap() > 0 => 2,
            c => c as u32,
        }
    }
}
