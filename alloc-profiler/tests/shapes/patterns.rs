//! Patterns in `let` and elsewhere: destructuring, bindings by reference, ranges,
//! or-patterns; and the assignments that take them.

use super::harness::{Log, Noisy, note};

#[derive(Default)]
struct Point3 {
    x: u32,
    y: u32,
    z: u32,
}

shapes! {
    tuples: pub fn tuples(log: &Log, n: u32) -> u32 {
        let (a, (b, _), .., c) = (Noisy::new("a", log), (n, Noisy::new("b", log)), 1, 2, n + 3);
        let (x, y);
        (x, y) = (a.len() as u32, b);
        let ((),) = ((),);
        x + y + c
    }

    structs: pub fn structs(log: &Log, n: u32) -> u32 {
        let Point3 { x, y: second, .. } = Point3 { x: n, y: 2, z: 3 };
        let Point3 { z, .. } = Point3 { z: n, ..Default::default() };
        let mut point = Point3::default();
        Point3 { x: point.y, .. } = Point3 { x, ..point };
        let Noisy { ref name, log: inner_log } = Noisy::new("noisy", log);
        note(inner_log, name.as_str());
        point.y + second + z
    }

    struct_update: pub fn struct_update(log: &Log, n: u32) -> usize {
        struct Config<'a> { first: Noisy<'a>, second: Noisy<'a>, level: u32 }
        let base = Config {
            first: Noisy::new("first", log),
            second: Noisy::new("second", log),
            level: n,
        };
        let changed = Config { first: Noisy::new("changed", log), ..base };
        note(log, base.first.name.as_str());
        changed.first.len() + changed.second.len() + changed.level as usize
    }

    by_reference_bindings: pub fn by_reference_bindings(log: &Log, n: u32) -> usize {
        let mut pair = (Noisy::new("left", log), Some(Noisy::new("right", log)));
        {
            let (ref left, ref mut right) = pair;
            let len = left.len();
            if n > 2 { *right = None; }
            note(log, len.to_string());
        }
        let ref boxed = Box::new(n);
        let &ref again = boxed;
        if let Some(ref mut noisy) = pair.1 {
            noisy.name.push('!');
        }
        **again as usize + pair.1.as_ref().map_or(0, Noisy::len)
    }

    bindings_with_at: pub fn bindings_with_at(log: &Log, n: u32) -> u32 {
        let whole @ (first, _) = (n, n + 1);
        let all @ [head, .., tail] = &[first, 5, 6, whole.1];
        let ref kept @ Some(ref inner) = Some(Noisy::new("kept", log)) else { return 0 };
        let len = kept.as_ref().map_or(0, Noisy::len) + inner.len();
        match n {
            small @ (0 | 1) => small + len as u32,
            middle @ 2..=3 if middle % 2 == 0 => middle * 10,
            other @ _ => other + head + tail + all.len() as u32,
        }
    }

    slice_patterns: pub fn slice_patterns(log: &Log, n: u32) -> usize {
        let all = ["a", "b", "c"].map(|name| Noisy::new(name, log));
        let [first, rest @ ..] = all;
        let [ref second, _] = rest;
        let count = if let [_, tail @ ..] = &rest[..n as usize % 3] { tail.len() } else { 9 };
        first.len() + second.len() + count
    }

    or_patterns: pub fn or_patterns(log: &Log, n: u32) -> u32 {
        let (Ok(x) | Err(x)) = if n > 2 { Ok(n) } else { Err(n * 100) };
        let (0 | 1 | 2.., y) = (n, x);
        let take = |(Ok(z) | Err(z)): Result<u32, u32>| { let w = z; w };
        for (Ok(i) | Err(i)) in [Ok(1), Err(2)] { note(log, i.to_string()) }
        while let (0, w) | (w, 0) = (n, 0) { note(log, w.to_string()); break }
        take(Ok(x)) + take(Err(y))
    }

    destructuring_assignments: pub fn destructuring_assignments(log: &Log, n: u32) -> (u32, u32, usize) {
        let (mut a, mut b) = (1, 2);
        let mut noisy = Noisy::new("first", log);
        for _ in 0..n {
            (a, b) = (b, a + b);
        }
        [a, _] = [a + 1, 0];
        (noisy, ..) = (noisy.child("second"), Noisy::new("ignored", log));
        Point3 { x: a, y: _, z: b } = Point3 { x: b, y: 0, z: a };
        _ = noisy.child("dropped at once");
        (a, b, noisy.len())
    }

    references_and_boxes: pub fn references_and_boxes(log: &Log, n: u32) -> u32 {
        let all = vec![(1, &n), (2, &3)];
        let mut sum = 0;
        for &(x, &y) in &all { sum += x * y; }
        let &[(first, _), ..] = all.as_slice() else { return 0 };
        let boxed = Box::new((Noisy::new("in box", log), n));
        let (noisy, number) = *boxed;
        let nested = &&Some(&number);
        if let &&Some(&x) = nested { sum += x }
        sum + first + noisy.len() as u32
    }

    never_bound: pub fn never_bound(log: &Log, n: u32) -> u32 {
        let a = Noisy::new("a", log);
        let _ = a;
        let (_, b) = (Noisy::new("x", log), Noisy::new("b", log));
        let _unused = if n > 2 { Some(a) } else { None };
        match b { _ => note(log, "not moved") }
        if let _ = b { note(log, "nor here"); }
        b.len() as u32
    }

    types_and_literals: pub fn types_and_literals(log: &Log, n: u32) -> String {
        let c @ 'a'..='z' = (b'a' + n as u8) as char else { unreachable!() };
        let text: &str = match (c, n as i64 - 3, n % 2 == 0) {
            ('a', ..) => "a",
            (_, -2..=-1, _) => "negative",
            ('d'..='f', i64::MIN..=0 | 2.., true | false) => "d to f",
            (_, 1, _) => {
                let _one = Noisy::new("one", log);
                "one"
            }
            _ => "other",
        };
        let b"x" = b"x" else { return String::new() };
        text.to_owned()
    }
}
