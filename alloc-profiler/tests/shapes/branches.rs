//! `if`, `if let` and `let … else`: which branch runs, what lives how long.

use super::harness::{Log, Noisy, note};

shapes! {
    if_let_chain_of_elses: pub fn if_let_chain_of_elses(log: &Log, n: u32) -> Option<String> {
        if let Some(name) = Some(Noisy::new("some", log)).filter(|_| n % 2 == 0) {
            note(log, "then");
            let _x = name.child("x");
        } else if let Some(c) = Noisy::new("other", log).name.chars().nth(n as usize) {
            note(log, format!("else if {c}"));
        } else {
            note(log, "else");
        }
        let Some(c) = Noisy::new("abc", log).name.chars().nth(n as usize) else {
            let _gone = Noisy::new("gone", log);
            return None;
        };
        Some(c.to_string())
    }

    if_let_temporaries: pub fn if_let_temporaries(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        // Whether the temporary outlives `else` depends on the edition.
        let len = if let Some(c) = a.child("x").itself().name.chars().nth(n as usize) {
            note(log, format!("found {c}"));
            1
        } else {
            note(log, "not found");
            2
        };
        note(log, "after");
        len
    }

    if_let_tail: pub fn if_let_tail(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        if let Some(c) = a.child("x").itself().name.chars().nth(n as usize) {
            c.len_utf8()
        } else {
            let _b = a.child("b");
            0
        }
    }

    let_else_temporaries: pub fn let_else_temporaries(log: &Log, n: u32) -> Option<char> {
        let _a = Noisy::new("a", log);
        let Some(c) = Noisy::new("abc", log).itself().name.chars().nth(n as usize) else {
            note(log, "else");
            return None;
        };
        note(log, "after");
        Some(c)
    }

    let_else_in_loop: pub fn let_else_in_loop(log: &Log, n: u32) -> u32 {
        let mut sum = 0;
        for i in 0..n {
            let Some(x) = i.checked_sub(2) else {
                let _skipped = Noisy::new("skipped", log);
                continue;
            };
            let Ok(y) = u8::try_from(x * 100) else { break };
            sum += u32::from(y);
        }
        sum
    }

    let_else_patterns: pub fn let_else_patterns(log: &Log, n: u32) -> Result<u32, String> {
        let all = (1..=n).collect::<Vec<_>>();
        let [first, .., last] = all[..] else {
            return Err(format!("only {}", all.len()));
        };
        let ((Some(x @ 1..=4), _) | (None, Some(x))) = (Some(last), Some(first)) else {
            let _e = Noisy::new("else", log);
            panic!("five or more: {last}");
        };
        let (2 | 3) = x else { return Ok(x) };
        Ok(first + last)
    }

    let_else_moves: pub fn let_else_moves(log: &Log, n: u32) -> usize {
        let made = Some(Noisy::new("made", log)).filter(|_| n > 2);
        let Some(noisy) = made else {
            let other = Noisy::new("other", log);
            return other.len();
        };
        noisy.len()
    }

    let_else_block_value: pub fn let_else_block_value(log: &Log, n: u32) -> u32 {
        let Some(x) = ({
            let _a = Noisy::new("a", log);
            n.checked_sub(3)
        }) else {
            match n {
                0 => return 100,
                1 => {
                    let _b = Noisy::new("b", log);
                    return 101;
                }
                _ => panic!("two"),
            }
        };
        x
    }

    else_ifs: pub fn else_ifs(log: &Log, n: u32) -> &'static str {
        if Noisy::new("one", log).len() > 9 {
            "never"
        } else if n == 1 {
            let _in = Noisy::new("in", log);
            "one"
        } else if {
            let _condition = Noisy::new("condition", log);
            n == 2
        } {
            "two"
        } else if let 3 = n {
            "three"
        } else if n == 4 { "four" } else {
            "more"
        }
    }

    if_without_else: pub fn if_without_else(log: &Log, n: u32) -> u32 {
        let mut x = n;
        if x > 1 { x += 1 }
        if x > 2 { x += 1; }
        if x > 3 {
            let _a = Noisy::new("a", log);
            x += 1
        }
        if let 5..=7 = x {
            note(log, "five to seven");
        }
        if x == 0 {} else { note(log, "not zero") }
        x
    }

    never_in_branch: pub fn never_in_branch(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        let x: u32 = if n > 2 {
            return 1
        } else {
            n + 1
        };
        match x {
            0 => unreachable!(),
            1 => {
                let _b = Noisy::new("b", log);
                return 7;
            }
            n => { n }
        }
    }

    branch_values: pub fn branch_values(log: &Log, n: u32) -> u32 {
        let _a = Noisy::new("a", log);
        let offset = if n > 2 { 10 } else { 20 } + n;
        let boxed: Box<dyn Fn(u32) -> u32> = if n % 2 == 0 {
            note(log, "even");
            Box::new(move |x| x + offset)
        } else {
            Box::new(|x| x)
        };
        note(log, boxed(1).to_string());
        boxed(2)
    }

    assignments_in_branches: pub fn assignments_in_branches(log: &Log, n: u32) -> String {
        let mut last = Noisy::new("first", log);
        if n > 0 {
            last = Noisy::new("second", log);
            if n > 1 {
                last = last.child("third");
            }
        }
        if let Some(x) = n.checked_sub(3) { last = Noisy::new(&x.to_string(), log) }
        last.name.clone()
    }

    if_let_or_patterns: pub fn if_let_or_patterns(log: &Log, n: u32) -> u32 {
        let pair = (n, n.checked_sub(2));
        if let (0 | 1, x) | (_, x @ Some(3)) = pair {
            let _a = Noisy::new("a", log);
            x.unwrap_or(50)
        } else if let (y @ 2..=4, Some(_)) = pair {
            y
        } else {
            0
        }
    }

    empty_branches: pub fn empty_branches(log: &Log, n: u32) {
        if n > 2 {} else {}
        if let Some(_) = Some(Noisy::new("some", log)) {}
        if Noisy::new("condition", log).len() == n as usize {
        } else {
        }
        {}
        match n { 0 => {} 1 => (), _ => {} }
        note(log, "end");
    }
}
