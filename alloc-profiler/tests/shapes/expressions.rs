//! Expressions that hold blocks or end early, and operators around them.

use std::ops::ControlFlow;

use super::harness::{Log, Noisy, note};

shapes! {
    casts_and_operators: pub fn casts_and_operators(log: &Log, n: u32) -> i64 {
        let a = { n } as i64 - if n > 2 { 1 } else { 2 } as i64;
        let b = -(n as i64) + !{ let x = 3_i64; x } << 2 & 0xff | 1;
        let c = (n as f64 / 2.0) as u8 as char as u32 as i64;
        let d = (&raw const a).is_null() as i64;
        let e = *&a * *Box::new(b);
        a + b - c * d ^ e % 7
    }

    short_circuits: pub fn short_circuits(log: &Log, n: u32) -> bool {
        let check = |name: &str, is_true: bool| {
            let _noisy = Noisy::new(name, log);
            is_true
        };
        let first = check("a", n > 1) && check("b", n > 2) || check("c", n == 0);
        let second = n == 3 && return check("returned", false);
        let third = n != 4 || { note(log, "four"); return true };
        let fourth = !check("d", n % 2 == 0)
            && {
                let _e = Noisy::new("e", log);
                n > 2
            };
        first & second | third ^ fourth
    }

    ranges: pub fn ranges(log: &Log, n: u32) -> Vec<usize> {
        let all = [1, 2, 3, 4, 5, 6];
        let n = n as usize;
        let len = |name| Noisy::new(name, log).len();
        vec![
            all[len("a")..].len(),
            all[..len("bc") + n / 2].len(),
            all[{ let low = n / 2; low }..=if n > 2 { 4 } else { 3 }].len(),
            (.., n.., ..=n).1.start,
            (0..n).chain(n..=n + 1).rev().step_by(2).count(),
        ]
    }

    returns_in_expressions: pub fn returns_in_expressions(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        let x = 1 + match n { 0 => return a.len(), _ => n };
        let all = [x, if n == 1 { return a.child("one").len() } else { 2 }];
        let pair = (a.child("left"), { if n == 2 { return 22; } a.child("right") });
        let boxed: Box<dyn Fn() -> usize> = Box::new(if n == 3 { return 33 } else { || 3 });
        note(log, "evaluated");
        (if n == 4 { return all.len() + pair.0.len() } else { boxed }())
    }

    method_chains: pub fn method_chains(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        let len = a
            .child("one") // a comment
            .child("two")
            /* another */
            .itself()
            .child(&{
                let number = n + 1;
                number.to_string()
            })
            .name
            .split('.')
            .map(|part| {
                let len = part.len();
                len
            })
            .max()
            .unwrap_or_default();
        len
            .pow(2)
            .max(if n > 2 { 3 } else { 4 })
    }

    nested_calls: pub fn nested_calls(log: &Log, n: u32) -> usize {
        fn add(a: usize, b: usize) -> usize { a + b }
        let a = Noisy::new("a", log);
        add(
            add(a.child("x").len(), {
                let b = a.child("b");
                b.len()
            }),
            add(
                n as usize,
                match n { 0..=2 => a.child("low").len(), _ => { let c = a.child("c"); c.len() } },
            ),
        )
    }

    struct_literals: pub fn struct_literals(log: &Log, n: u32) -> usize {
        struct Tree<'a> { noisy: Noisy<'a>, children: Vec<Tree<'a>> }
        let tree = Tree {
            children: vec![
                Tree { noisy: Noisy::new("first", log), children: vec![] },
                Tree {
                    noisy: {
                        let outer = Noisy::new("outer", log);
                        outer.child(&n.to_string())
                    },
                    children: Vec::new(),
                },
            ],
            noisy: if n > 2 { Noisy::new("large", log) } else { Noisy::new("small", log) },
        };
        tree.children.iter().map(|child| child.noisy.len() + child.children.len()).sum::<usize>() + tree.noisy.len()
    }

    compound_assignments: pub fn compound_assignments(log: &Log, n: u32) -> u32 {
        let mut all = vec![n; 3];
        all[{ let i = 1; i }] += if n > 2 { let _a = Noisy::new("a", log); 5 } else { 6 };
        all[2] -= all[0].min(2);
        let mut x = n;
        x <<= 2; x |= 1; x ^= { x >> 1 }; x %= 7;
        *all.last_mut().unwrap() *= { let y = x; y };
        *{ let slot = &mut all[0]; slot } = 9;
        all.iter().sum()
    }

    parenthesised: pub fn parenthesised(log: &Log, n: u32) -> u32 {
        let x = (((n)));
        (note)(log, "called");
        (({ x }) + (if (n > 2) { (1) } else { (2) }));
        if (x == 1) { (return (x)) }
        while (x > 3) { (break) }
        ((x, (Noisy::new("tuple", log))).0)
    }

    control_flow_by_closure: pub fn control_flow_by_closure(log: &Log, n: u32) -> Option<u32> {
        let flow = (0..6).try_for_each(|i| {
            let _round = Noisy::new("round", log);
            if i == n {
                return ControlFlow::Break(i);
            }
            ControlFlow::Continue(())
        });
        let total = (0..n).try_fold(0_u8, |sum, i| { let x = i as u8 * 50; sum.checked_add(x) })?;
        match flow { ControlFlow::Break(i) => Some(i + u32::from(total)), ControlFlow::Continue(()) => None }
    }
}
