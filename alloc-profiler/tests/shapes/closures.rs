//! Closures: by every trait, with blocks and exits of their own, returned, stored,
//! coerced, and nested.

use std::cell::RefCell;
use std::collections::HashMap;

use super::harness::{Log, Noisy, note};

shapes! {
    fn_mut_and_move: pub fn fn_mut_and_move(log: &Log, n: u32) -> Vec<String> {
        let a = Noisy::new("a", log);
        let mut count = 0;
        let mut next = || {
            count += 1;
            let inner = a.child("inner");
            if count > n {
                return None;
            }
            Some(inner.name.clone())
        };
        let mut all = Vec::new();
        while let Some(name) = next() {
            all.push(name);
        }
        let lazy = move || {
            let moved = a;
            moved.name.clone()
        };
        all.push(lazy());
        all
    }

    fn_once: pub fn fn_once(log: &Log, n: u32) -> usize {
        fn call(f: impl FnOnce() -> usize) -> usize { f() }
        let a = Noisy::new("a", log);
        let b = Noisy::new("b", log);
        let consume = move || {
            let len = a.len();
            drop(a);
            len
        };
        if n > 3 {
            note(log, "not called");
            return b.len();
        }
        call(consume)
    }

    coerced_to_pointers: pub fn coerced_to_pointers(_: &Log, n: u32) -> u32 {
        let table: [fn(u32) -> u32; 3] = [
            |x| x + 1,
            |x| {
                let twice = x * 2;
                twice
            },
            |x| if x > 2 { return x } else { 0 },
        ];
        let f: fn(u32, u32) -> u32 = |x, y| { let z = x; z + y };
        table[n as usize % 3](f(n, 1))
    }

    early_returns: pub fn early_returns(log: &Log, n: u32) -> Vec<&'static str> {
        let name = |x: u32| -> &'static str {
            let noisy = Noisy::new(&x.to_string(), log);
            if x == 0 { return "zero"; }
            for i in 0..x {
                let _round = noisy.child("round");
                if i == 2 { return "three or more" }
            }
            match x { 1 => return "one", _ => {} }
            "two"
        };
        (0..=n).map(name).collect()
    }

    errors_within: pub fn errors_within(log: &Log, n: u32) -> Result<Vec<u8>, String> {
        (0..=n)
            .map(|i| {
                let noisy = Noisy::new(&(i * 80).to_string(), log);
                let number = noisy.name.parse::<u8>().map_err(|error| {
                    let text = error.to_string();
                    text
                })?;
                Ok(number)
            })
            .collect()
    }

    returned_closures: pub fn returned_closures(log: &Log, n: u32) -> u32 {
        let make = |by: u32| {
            let noisy = Noisy::new(&by.to_string(), log);
            move |x: u32| {
                let _child = noisy.child("called");
                x + by
            }
        };
        let add = make(n);
        let boxed: Box<dyn Fn(u32) -> u32 + '_> = Box::new(make(10));
        boxed(add(1))
    }

    nested_closures: pub fn nested_closures(log: &Log, n: u32) -> u32 {
        let outer = |x: u32| {
            let a = Noisy::new("a", log);
            let inner = |y: u32| {
                let b = a.child("b");
                let innermost = || { let c = b.child("c"); c.len() as u32 };
                innermost() + y
            };
            inner(x) + inner(x + 1)
        };
        outer(n)
    }

    stored_closures: pub fn stored_closures(log: &Log, n: u32) -> Vec<usize> {
        type Callback<'a> = Box<dyn FnMut(&str) -> usize + 'a>;
        let mut callbacks: HashMap<u32, Callback<'_>> = HashMap::new();
        for i in 0..3 {
            let mut held = vec![Noisy::new(&i.to_string(), log)];
            callbacks.insert(i, Box::new(move |name| {
                let child = held[0].child(name);
                held.push(child);
                held.len()
            }));
        }
        let mut lens = vec![];
        for i in [n % 3, 1, 1] {
            lens.push(callbacks.get_mut(&i).unwrap()("x"));
        }
        for i in 0..3 { callbacks.remove(&i); }
        lens
    }

    patterns_in_arguments: pub fn patterns_in_arguments(log: &Log, n: u32) -> Vec<u32> {
        let pairs: Vec<_> = (0..n).map(|i| (i, Noisy::new(&i.to_string(), log))).collect();
        let take = |(_, Noisy { ref name, .. }): (u32, Noisy<'_>), [low, ..]: [u32; 2], _: &Log| {
            name.len() as u32 + low
        };
        pairs.into_iter().map(|pair| take(pair, [n, 0], log)).collect()
    }

    partial_captures: pub fn partial_captures(log: &Log, n: u32) -> usize {
        struct Both<'a> { left: Noisy<'a>, right: Noisy<'a>, count: usize }
        let mut both = Both {
            left: Noisy::new("left", log),
            right: Noisy::new("right", log),
            count: 0,
        };
        let name = &both.right.name;
        let mut count = || {
            both.count += 1;
            both.count
        };
        count();
        count();
        let len = name.len();
        let consume = move || { let left = both.left; left.len() };
        note(log, "before");
        consume() + len + n as usize
    }

    sorting: pub fn sorting(log: &Log, n: u32) -> Vec<u32> {
        let mut all: Vec<_> = (0..n * 2).map(|i| i * 7 % 5).collect();
        let mut compared = 0;
        all.sort_by(|x, y| {
            compared += 1;
            let order = y.cmp(x);
            order.then_with(|| {
                let order = x.cmp(y);
                order
            })
        });
        all.dedup_by_key(|x| { let key = *x / 2; key });
        all.retain(|x| { let is_kept = *x != 1; is_kept });
        note(log, if compared > 0 { "compared" } else { "nothing to compare" });
        all
    }

    called_in_place: pub fn called_in_place(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        let x = (|| {
            let _b = Noisy::new("b", log);
            if n > 2 { return 1 }
            n
        })();
        let y = (move |x: u32| -> u32 { x + n })(x);
        let z = { let f = |x| x; f(y) };
        (|| -> Option<u32> { let x = z.checked_sub(1)?; Some(x) })().unwrap_or(99)
    }

    loops_and_labels_within: pub fn loops_and_labels_within(log: &Log, n: u32) -> Vec<u32> {
        let mut steps = vec![];
        let mut run = |limit: u32| 'all: {
            for i in 0.. {
                let _round = Noisy::new("round", log);
                if i == 3 { break 'all 3 }
                if i >= limit {
                    break;
                }
                steps.push(i);
            }
            let found = 'inner: loop {
                break 'inner limit;
            };
            found * 10
        };
        let ends = [run(n), run(1)];
        steps.extend(ends);
        steps
    }

    captured_mutably: pub fn captured_mutably(log: &Log, n: u32) -> String {
        let mut text = String::new();
        let cell = RefCell::new(0);
        let mut push = |c: char| {
            *cell.borrow_mut() += 1;
            text.push(c);
            if text.len() > 3 {
                text.clear();
            }
        };
        ('a'..='g').take(n as usize).for_each(&mut push);
        push('z');
        text + &cell.into_inner().to_string()
    }

    passed_with_blocks: pub fn passed_with_blocks(log: &Log, n: u32) -> (Option<u32>, u32) {
        let found = (0..10).find(|&x| {
            let _looked = Noisy::new("looked", log);
            x == n
        });
        let sum = (0..n).fold(
            0,
            |sum, x| {
                let y = x * x;
                sum + y
            },
        );
        let some = found.and_then(|x| { if x > 3 { return None; } Some(x) });
        (some, sum)
    }

    never_returning: pub fn never_returning(log: &Log, n: u32) -> u32 {
        let fail = |text: &str| -> ! {
            let _noisy = Noisy::new(text, log);
            panic!("{text}")
        };
        let result: Result<u32, u32> = if n > 3 { Err(n) } else { Ok(n) };
        result.unwrap_or_else(|x| fail(&x.to_string()))
    }
}
