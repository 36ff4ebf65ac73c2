//! `match`: scrutinees and their temporaries, guards, patterns, arms of all kinds.

use super::harness::{Log, Noisy, note};

#[derive(Debug, Clone)]
enum Tree {
    Leaf,
    Node { left: Box<Tree>, value: u32, right: Box<Tree> },
    Tuple(u32, String),
}

fn tree(n: u32) -> Tree {
    match n {
        0 => Tree::Leaf,
        5 => Tree::Tuple(n, "five".into()),
        _ => Tree::Node { left: Box::new(tree(n - 1)), value: n, right: Box::new(Tree::Leaf) },
    }
}

shapes! {
    scrutinee: pub fn scrutinee(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        match a.child("scrutinee").itself().len() + n as usize {
            11 => {
                let _inner = Noisy::new("inner", log);
                1
            }
            12 if a.child("guard").len() > 3 => 2,
            13 =>
                a.child("arm").len(),
            n if n > 14 =>
                return n,
            _ => panic!("no such case"),
        }
    }

    scrutinee_in_statement: pub fn scrutinee_in_statement(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        match a.child("temporary").itself().name.as_str() {
            "a.temporary" if n > 3 => note(log, "many"),
            name => {
                let _copy = Noisy::new(name, log);
                note(log, "few")
            }
        }
        note(log, "after");
        let len = match a.child("other").itself() { other => other.len() };
        len
    }

    scrutinee_moved: pub fn scrutinee_moved(log: &Log, n: u32) -> String {
        let pair = (Noisy::new("left", log), Noisy::new("right", log));
        match pair {
            (left, _) if n == 0 => left.name.clone(),
            (_, right) if n == 1 => right.name.clone(),
            (left, right) if n == 2 => {
                drop(right);
                left.name.clone()
            }
            (_, _) if n == 3 => "neither".into(),
            (ref left, ref right) => format!("{}{}", left.name, right.name),
        }
    }

    guards_with_temporaries: pub fn guards_with_temporaries(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        match n {
            x if a.child("first").len() == 6 => x as usize,
            x if {
                let _guard = a.child("second");
                x == 1
            } => 10,
            x if x % 2 == 0
                && a.child("third").len() > 2 =>
            {
                let _arm = a.child("arm");
                20
            }
            _ if matches!(n, 3 | 4) => 30,
            _ => 40,
        }
    }

    arms_of_all_kinds: pub fn arms_of_all_kinds(log: &Log, n: u32) -> u32 {
        match n {
            0 => 1,
            1 =>
                2,
            2 => { 3 }
            3 => { let _a = Noisy::new("a", log); 4 },
            4 => if log.borrow().is_empty() { 5 } else { 6 },
            _ => match n { 5 => 7, _ => unreachable!() }
        }
    }

    diverging_arms: pub fn diverging_arms(log: &Log, n: u32) -> u32 {
        let mut rounds = 0;
        loop {
            rounds += 1;
            let _round = Noisy::new("round", log);
            let x = match n + rounds {
                0..=2 => continue,
                3 => break,
                4 => return 400,
                5 => panic!("five"),
                6 if rounds == 1 =>
                    break,
                _ => n,
            };
            if x + rounds > 9 { break }
        }
        rounds
    }

    arm_is_macro: pub fn arm_is_macro(log: &Log, n: u32) -> String {
        match n {
            0 =>
                format!("{}", Noisy::new("zero", log).name),
            1 =>
                format! { "{n}" },
            2 =>
                unreachable!("two"),
            3 => {
                todo!("three")
            }
            4 =>
                vec![String::from("x"); 3]
                    .concat(),
            _ => unimplemented!(),
        }
    }

    arm_is_closure: pub fn arm_is_closure(log: &Log, n: u32) -> usize {
        let _a = Noisy::new("a", log);
        let call: Box<dyn Fn(usize) -> usize> = match n {
            0 =>
                Box::new(|x| x),
            1 => {
                let by = n as usize;
                Box::new(move |x| x + by)
            }
            _ =>
                Box::new(usize::reverse_bits),
        };
        fn one(x: usize) -> usize { x + 1 }
        fn two(x: usize) -> usize { x + 2 }
        let pointer = match n {
            0 =>
                one,
            _ =>
                two,
        };
        let slice: &[usize] = if n > 1 {
            let x = &[1, 2, 3];
            x
        } else {
            &[4]
        };
        call(pointer(slice.len()))
    }

    arm_is_struct_or_range: pub fn arm_is_struct_or_range(log: &Log, n: u32) -> (u32, u32) {
        struct Span { low: u32, high: u32 }
        let span = match n {
            0 =>
                Span { low: 0, high: 1 },
            1 =>
                Span { low: 1, ..Span { low: 9, high: 9 } },
            _ => {
                let _n = Noisy::new("n", log);
                Span { low: n, high: n }
            }
        };
        let range = match n {
            2 =>
                span.low..span.high + 2,
            _ =>
                0..span.high,
        };
        (range.start, range.end)
    }

    arm_assigns: pub fn arm_assigns(log: &Log, n: u32) -> u32 {
        let mut x = 0;
        let mut noisy = Noisy::new("first", log);
        match n {
            0 => x = 1,
            1 =>
                x += 2,
            2 => noisy = Noisy::new("second", log),
            3 => {
                noisy = noisy.child("third");
                x = noisy.len() as u32
            }
            _ =>
                drop(noisy),
        }
        x
    }

    enums: pub fn enums(log: &Log, n: u32) -> u32 {
        fn sum(tree: &Tree) -> u32 {
            match tree {
                Tree::Leaf => 0,
                Tree::Node { left, value, right } => sum(left) + value + sum(right),
                Tree::Tuple(number, ..) => *number,
            }
        }
        let tree = tree(n);
        match &tree {
            Tree::Leaf => note(log, "leaf"),
            Tree::Node { left, value: v @ 1..=2, .. } if matches!(**left, Tree::Leaf) => {
                note(log, format!("lowest {v}"))
            }
            Tree::Node { value, .. } => note(log, format!("node {value}")),
            Tree::Tuple(_, name) => note(log, name.as_str()),
        }
        sum(&tree)
    }

    slices: pub fn slices(log: &Log, n: u32) -> String {
        let all: Vec<_> = (0..n).map(|i| Noisy::new(&i.to_string(), log)).collect();
        match all.as_slice() {
            [] => "none".into(),
            [one] => one.name.clone(),
            [first, last] => format!("{} {}", first.name, last.name),
            [first, middle @ .., last] if middle.len() < 3 => {
                let _in = first.child("in");
                format!("{}..{}", middle.len(), last.name)
            }
            [.., last] => last.name.clone(),
        }
    }

    nested_matches: pub fn nested_matches(log: &Log, n: u32) -> &'static str {
        match n % 2 {
            0 => match n / 2 {
                0 => "zero",
                1 => {
                    let _two = Noisy::new("two", log);
                    match log.borrow().len() {
                        0 => "unlogged",
                        _ => "two",
                    }
                }
                _ =>
                    "four",
            },
            _ => match (n, Noisy::new("odd", log).itself().len()) {
                (1, 3) => "one",
                (3, len) if len > 3 => "no",
                (3 | 5, _) => "three or five",
                _ => unreachable!(),
            },
        }
    }

    match_on_block: pub fn match_on_block(log: &Log, n: u32) -> u32 {
        match {
            let _a = Noisy::new("a", log);
            n.checked_sub(1)
        } {
            None => 0,
            Some(x) => {
                let _b = Noisy::new("b", log);
                x
            }
        }
    }

    match_never: pub fn match_never(log: &Log, n: u32) -> u32 {
        enum Never {}
        let result: Result<u32, Never> = Ok(n);
        let _a = Noisy::new("a", log);
        match result {
            Ok(x) => x,
            Err(never) => match never {},
        }
    }

    match_strings: pub fn match_strings(log: &Log, n: u32) -> usize {
        let text = Noisy::new(["", "a", "bc", "d", "x", "yy"][n as usize], log);
        match (&*text.name, text.name.as_bytes()) {
            ("", _) => 0,
            ("a" | "b", [byte]) => usize::from(*byte),
            (_, [b'a'..=b'c', rest @ ..]) => rest.len() + 10,
            (other, _) if other.len() > 1 => 2,
            _ => 1,
        }
    }
}
