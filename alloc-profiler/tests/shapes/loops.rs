//! Loops of every kind, and what is made and dropped round by round.

use std::collections::VecDeque;

use super::harness::{Log, Noisy, note};

shapes! {
    for_while_loop: pub fn for_while_loop(log: &Log, n: u32) -> (u32, Option<u32>) {
        let mut sum = 0;
        for x in (0..n).map(|i| Noisy::new(&i.to_string(), log)) {
            let y = x.child("y");
            if y.name.starts_with('1') {
                continue;
            }
            sum += 1;
            let _z = x.child("z");
            if y.name.starts_with('3') {
                break;
            }
        }
        while let Some(x) = Some(Noisy::new("while", log)) {
            let _y = x.child("y");
            sum += 1;
            if sum > n {
                break
            }
        }
        let found = loop {
            let x = Noisy::new("loop", log);
            sum += 1;
            if sum % 2 == 0 { break None }
            if sum > 3 {
                break Some(sum + x.len() as u32);
            }
        };
        (sum, found)
    }

    while_with_temporaries: pub fn while_with_temporaries(log: &Log, n: u32) -> usize {
        let mut x = n as usize;
        while Noisy::new("condition", log).itself().len() > x + 6 {
            let _round = Noisy::new("round", log);
            x += 1;
        }
        x
    }

    while_let_pop: pub fn while_let_pop(log: &Log, n: u32) -> usize {
        let mut queue: VecDeque<_> = (0..n).map(|i| Noisy::new(&i.to_string(), log)).collect();
        let mut sum = 0;
        while let Some(noisy) = queue.pop_front() {
            if noisy.name == "2" {
                queue.push_back(noisy.child("again"));
                continue;
            }
            sum += noisy.len();
        }
        sum
    }

    while_with_block_condition: pub fn while_with_block_condition(log: &Log, n: u32) -> u32 {
        let mut x = 0;
        while {
            let _condition = Noisy::new("condition", log);
            x += 1;
            x <= n
        } {
            note(log, format!("round {x}"));
        }
        x
    }

    empty_loops: pub fn empty_loops(log: &Log, n: u32) -> u32 {
        for _ in (0..n).map(|i| Noisy::new(&i.to_string(), log)) {}
        let mut x = n;
        while { x += 1; x < 9 } {}
        for _noisy in [Noisy::new("one", log)] {}
        for _ in std::iter::empty::<()>() { unreachable!() }
        x
    }

    destructuring_for: pub fn destructuring_for(log: &Log, n: u32) -> usize {
        let pairs = (0..n).map(|i| (Noisy::new(&i.to_string(), log), [i, i + 1]));
        let mut sum = 0;
        for (index, (ref noisy, [low, high])) in pairs.enumerate() {
            let _inner = noisy.child("inner");
            sum += index + (low * high) as usize;
        }
        sum
    }

    for_over_references: pub fn for_over_references(log: &Log, n: u32) -> String {
        let mut all = vec![Noisy::new("a", log), Noisy::new("b", log), Noisy::new("c", log)];
        for noisy in &mut all {
            noisy.name.push_str(&n.to_string());
        }
        for noisy in all.iter_mut().rev() { noisy.name.push('!') }
        let mut text = String::new();
        for noisy in &all {
            text += &noisy.name;
        }
        for noisy in all { drop(noisy) }
        text
    }

    nested_loops: pub fn nested_loops(log: &Log, n: u32) -> u32 {
        let mut count = 0;
        for row in 0..n {
            let row_noisy = Noisy::new(&format!("row {row}"), log);
            let mut column = 0;
            while column < row {
                let _cell = row_noisy.child(&column.to_string());
                column += 1;
                loop {
                    count += 1;
                    if count % 3 == 0 { break }
                    if count % 2 == 0 {
                        continue;
                    }
                    let _deep = row_noisy.child("deep");
                }
            }
        }
        count
    }

    return_from_loops: pub fn return_from_loops(log: &Log, n: u32) -> Option<String> {
        let _outer = Noisy::new("outer", log);
        for i in 0.. {
            let noisy = Noisy::new(&i.to_string(), log);
            while i >= n {
                let inner = noisy.child("inner");
                match inner.len() {
                    0 => {}
                    _ if i == 4 => return None,
                    _ => {
                        let _last = inner.child("last");
                        return Some(inner.name.clone());
                    }
                }
            }
        }
        None
    }

    loop_breaks_with_temporary: pub fn loop_breaks_with_temporary(log: &Log, n: u32) -> usize {
        let mut rounds = 0;
        let len = loop {
            rounds += 1;
            let _round = Noisy::new("round", log);
            if rounds > n {
                break Noisy::new("value", log).itself().len();
            }
        };
        len + rounds as usize
    }

    loop_as_argument: pub fn loop_as_argument(log: &Log, n: u32) -> u32 {
        let mut x = 0;
        u32::max(
            loop {
                x += 1;
                let _round = Noisy::new("round", log);
                if x > n { break x }
            },
            {
                let mut y = 0;
                for i in 0..n { y += i; }
                y
            },
        )
    }

    consumed_iterator: pub fn consumed_iterator(log: &Log, n: u32) -> Vec<u32> {
        let mut numbers = (0..10).inspect(|i| note(log, i.to_string()));
        let mut taken = Vec::new();
        for i in numbers.by_ref() {
            if i >= n { break; }
            taken.push(i);
        }
        for i in numbers.step_by(2) { taken.push(i) }
        taken
    }

    range_kinds: pub fn range_kinds(log: &Log, n: u32) -> Vec<u32> {
        let mut all = vec![];
        for i in 0..n { all.push(i); }
        for i in (0..=n).rev() { all.push(i); }
        for i in (n..).take(2) { all.push(i); }
        for part in [&all[..1], &all[1..], &all[..], &all[..=0]] {
            note(log, part.len().to_string());
        }
        all
    }

    loop_in_condition: pub fn loop_in_condition(log: &Log, n: u32) -> u32 {
        let mut x = n;
        if (loop {
            let _round = Noisy::new("round", log);
            x += 1;
            if x > 4 { break x % 2 == 1 }
        }) {
            x += 10;
        }
        while match x { 0..=8 => true, _ => false } { x += 3 }
        x
    }

    break_out_of_break: pub fn break_out_of_break(log: &Log, n: u32) -> u32 {
        let mut steps = 0;
        loop {
            steps += 1;
            let _round = Noisy::new("round", log);
            break if steps > n {
                steps
            } else {
                continue;
            };
        }
    }
}
