//! Labels on loops and blocks: what is left by name, and with what value.

use super::harness::{Log, Noisy, note};

shapes! {
    break_and_continue_by_name: pub fn break_and_continue_by_name(log: &Log, n: u32) -> u32 {
        let mut steps = 0;
        let early = 'rows: loop {
            let _row = Noisy::new("row", log);
            for column in 0.. {
                let _column = Noisy::new("column", log);
                steps += 1;
                if steps > n {
                    break 'rows column;
                }
                if column == 1 {
                    continue 'rows;
                }
            }
        };
        early + steps
    }

    block_with_value: pub fn block_with_value(log: &Log, n: u32) -> u32 {
        let late = 'block: {
            let _b = Noisy::new("b", log);
            if n == 2 {
                break 'block 100;
            }
            let _c = Noisy::new("c", log);
            200
        };
        late + n
    }

    block_as_tail: pub fn block_as_tail(log: &Log, n: u32) -> usize {
        let a = Noisy::new("a", log);
        'found: {
            for i in 0..4 {
                let child = a.child(&i.to_string());
                if i == n { break 'found child.len(); }
            }
            0
        }
    }

    block_without_value: pub fn block_without_value(log: &Log, n: u32) {
        'skip: {
            let _a = Noisy::new("a", log);
            if n % 2 == 0 { break 'skip }
            note(log, "odd");
        }
        'skip: { if n > 2 { break 'skip; } note(log, "small"); }
        note(log, "end");
    }

    blocks_in_blocks: pub fn blocks_in_blocks(log: &Log, n: u32) -> &'static str {
        let name = 'outer: {
            let _outer = Noisy::new("outer", log);
            let inner = 'inner: {
                let _inner = Noisy::new("inner", log);
                if n == 0 { break 'outer "zero"; }
                if n == 1 { break 'inner "one" }
                "many"
            };
            note(log, inner);
            inner
        };
        name
    }

    labelled_for: pub fn labelled_for(log: &Log, n: u32) -> u32 {
        let mut sum = 0;
        'rows: for row in 0..n {
            let row_noisy = Noisy::new(&row.to_string(), log);
            for column in 0..n {
                let _cell = row_noisy.child(&column.to_string());
                if column > row { continue 'rows }
                if row + column == 5 { break 'rows; }
                sum += column;
            }
            note(log, "row done");
        }
        sum
    }

    labelled_while: pub fn labelled_while(log: &Log, n: u32) -> u32 {
        let mut x = 0_u32;
        'outer: while x < 9 {
            let _outer = Noisy::new("outer", log);
            'inner: while let Some(y) = x.checked_sub(n) {
                let _inner = Noisy::new("inner", log);
                if y == 1 { x += 1; continue 'outer; }
                if y == 2 { break 'inner; }
                if y > 3 { break 'outer; }
                x += 1;
            }
            x += 1;
        }
        x
    }

    label_from_match: pub fn label_from_match(log: &Log, n: u32) -> String {
        let mut text = String::new();
        'words: loop {
            let word = Noisy::new(&"word"[..text.len().min(4)], log);
            match (word.len(), n) {
                (4, _) => break,
                (2, 2) => break 'words,
                (1, 1) => {
                    text.push_str("xy");
                    continue 'words
                }
                (0, 0) => { let _gone = word.child("gone"); break 'words }
                _ => text.push('x'),
            }
        }
        text
    }

    label_in_let_else: pub fn label_in_let_else(log: &Log, n: u32) -> u32 {
        let mut rounds = 0;
        'all: loop {
            rounds += 1;
            if rounds > 4 { break }
            let _round = Noisy::new("round", log);
            for i in 0..rounds {
                let Some(rest) = n.checked_sub(i) else { break 'all };
                let 1.. = rest else {
                    let _zero = Noisy::new("zero", log);
                    continue 'all;
                };
            }
        }
        rounds
    }

    same_label_twice: pub fn same_label_twice(log: &Log, n: u32) -> u32 {
        let x = 'a: { let _x = Noisy::new("x", log); if n > 2 { break 'a 1 } 2 };
        let y = 'a: loop { let _y = Noisy::new("y", log); break 'a 3 };
        x + y
    }

    label_through_unsafe: pub fn label_through_unsafe(log: &Log, n: u32) -> u32 {
        'block: {
            // SAFETY: a reference is valid to read.
            unsafe {
                let _inner = Noisy::new("inner", log);
                let x = std::ptr::read(&n);
                if x < 3 { break 'block x * 10; }
            }
            note(log, "three or more");
            n
        }
    }

    break_in_argument: pub fn break_in_argument(log: &Log, n: u32) -> usize {
        'call: {
            let a = Noisy::new("a", log);
            usize::max(
                a.child("first").len(),
                if n > 2 { break 'call 99 } else { a.child("second").len() },
            )
        }
    }
}
