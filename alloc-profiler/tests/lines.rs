//! Every construct charges the right line with the right bytes.
//!
//! Each test runs a function whose lines say what they must show; see `common`.

mod common;

use std::alloc::System;

use alloc_profiler::{ProfiledAlloc, profile};
use common::{expect, figures, function, sum};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

#[profile] //= 0 1
fn statements() -> Box<[u8]> {
    // A comment has no figures. //= -
    let kept = bytes(1001); //= 1001 1
    let scratch = bytes(70); //= 70 1

    drop(scratch); //= -70 1
    bytes(5); //= 0 1
    let length = kept.len(); //= 0 1
    let _ = length; //= 0 1
    kept //= 0 1
} //= -

#[test]
fn a_line_shows_exactly_its_bytes() {
    let kept = statements();
    expect("statements");
    let function = function("statements");
    assert_eq!((function.calls, function.total_bytes), (1, 1001));
    let both = figures(&function, "bytes(5)");
    assert_eq!((both.allocated_bytes, both.freed_bytes), (5, 5));
    assert_eq!((both.allocated_blocks, both.freed_blocks), (1, 1));
    drop(kept);
}

#[profile]
fn drops_at_the_brace(early: bool) -> usize {
    let a = bytes(100); //= 100 2
    let b = bytes(11); //= 11 2
    if early {
        return a.len(); //= -111 1
    }
    let c = bytes(1); //= 1 1
    a.len() + b.len() + c.len() //= 0 1
} //= -112 1

#[test]
fn locals_drop_on_the_brace_or_at_the_exit() {
    drops_at_the_brace(true);
    // The exit and the brace differ in the locals that they find.
    drops_at_the_brace(false);
    let function = function("drops_at_the_brace");
    assert_eq!(figures(&function, "return").increment_bytes, -111);
    assert_eq!(function.lines.last().unwrap().figures.unwrap().increment_bytes, -112);
    assert_eq!(figures(&function, "a = ").increment_bytes, 200);
    assert_eq!((function.calls, function.total_bytes, sum(&function)), (2, 0, 0));
}

#[profile]
fn a_let_comes_last() {
    let _first = bytes(10); //= 10 1
    let _last = bytes(20); //= 20 1
} //= -30 1

#[test]
fn locals_of_a_body_that_ends_in_let_drop_on_the_brace() {
    a_let_comes_last();
    expect("a_let_comes_last");
}

#[profile]
fn loops(n: usize) -> Vec<Box<[u8]>> {
    let mut all = Vec::with_capacity(2 * n); //= 320 1
    for i in 0..n {
        //= 0 11
        all.push(bytes(i)); //= 45 10
    } //= -
    let mut i = 0;
    while i < n {
        //= 0 11
        let x = bytes(3); //= 30 10
        all.push(x); //= 0 10
        i += 1; //= 0 10
    }
    loop {
        //= 0 3
        i -= 1; //= 0 3
        if i == n - 3 {
            //= 0 3
            break; //= 0 1
        }
    }
    all
}

#[test]
fn a_loop_shows_the_sum_and_the_count() {
    loops(10);
    expect("loops");
}

#[profile]
fn loop_drops(n: usize) {
    for x in (0..n).map(|_| bytes(7)) {
        //= 0 11
        let y = bytes(9); //= 90 10
        if y.len() > x.len() {
            //= 0 10
            continue; //= -90 10
        }
        drop(x);
    }
    let blocks: Vec<_> = (0..n).map(bytes).collect(); //= 205 1
    for block in blocks {
        //= -205 11
        let copy = block.clone(); //= 45 10
        assert_eq!(copy.len(), block.len()); //= 0 10
    } //= -45 10
    while let Some(x) = Some(bytes(5)) {
        //= 0 2
        let y = bytes(6); //= 6 1
        if x.len() < y.len() {
            //= 0 1
            break; //= -11 1
        }
    }
}

#[test]
fn what_a_round_drops_is_charged_where_it_drops() {
    loop_drops(10);
    // The loop variable drops with the round, after the body's own locals.
    let function = function("loop_drops");
    assert_eq!(
        figures(&function, "continue").increment_bytes
            + figures(&function, "map(|_| ").increment_bytes,
        -90
    );
    assert_eq!(figures(&function, "y = bytes(9)").increment_bytes, 90);
    assert_eq!(sum(&function), function.total_bytes);
}

#[profile]
fn labels(n: usize) -> usize {
    let mut found = 0; //= 0 1
    'outer: for i in 0..n {
        let a = bytes(10); //= 20 2
        for j in 0..n {
            let b = bytes(1); //= 3 3
            found += b.len(); //= 0 3
            if j == 1 {
                continue 'outer;
            }
            if i == 1 {
                break 'outer;
            }
        }
        drop(a);
    }
    let x = 'block: {
        let c = bytes(4); //= 4 1
        if found > 1 {
            break 'block c.len();
        }
        0
    };
    found + x
}

#[test]
fn breaks_with_labels_lose_nothing() {
    assert_eq!(labels(3), 7);
    let function = function("labels");
    assert_eq!(figures(&function, "a = ").increment_bytes, 20);
    assert_eq!(figures(&function, "b = ").increment_bytes, 3);
    assert_eq!(figures(&function, "c = ").increment_bytes, 4);
    assert_eq!((function.total_bytes, sum(&function)), (0, 0));
}

#[profile]
fn branches(x: Option<u32>, kept: &mut Vec<Box<[u8]>>) -> Result<u32, String> {
    if let Some(2) = x {
        //= 0 4
        kept.push(bytes(2)); //= 2 1
    } else if x.is_none() {
        //= -
        kept.push(bytes(30)); //= 30 1
    } else {
        kept.push(bytes(4)); //= 8 2
    }
    let Some(value) = x else {
        //= 0 4
        kept.push(bytes(500)); //= 500 1
        return Err(String::from("none")); //= 4 1
    };
    let name = match value {
        //= 0 3
        0 => bytes(6), //= 6 1
        1 => {
            //= -
            let long = bytes(70); //= 70 1
            kept.push(long); //= 0 1
            bytes(8) //= 8 1
        } //= -
        _ => bytes(9), //= 9 1
    }; //= -
    if let Some(value) = x
        && value > 1
    {
        kept.push(bytes(100)); //= 100 1
    }
    kept.push(name); //= 0 3
    let small = u8::try_from(value).map_err(|error| error.to_string())?; //= 0 3
    Ok(u32::from(small)) //= 0 3
}

#[test]
fn branches_have_lines_of_their_own() {
    let mut kept = Vec::with_capacity(100);
    let errors = [None, Some(0), Some(1), Some(2)].map(|x| branches(x, &mut kept).err());
    expect("branches");
    assert_eq!(errors.iter().flatten().count(), 1);
}

#[profile]
fn question_mark(text: &str) -> Result<Box<[u8]>, std::num::ParseIntError> {
    let scratch = bytes(50); //= 100 2
    let n = text.parse::<usize>()?; //= -50 2
    let result = bytes(n); //= 33 1
    assert_eq!(scratch.len(), 50);
    Ok(result) //= 0 1
} //= -50 1

#[test]
fn a_question_mark_charges_its_own_line() {
    assert!(question_mark("x").is_err());
    let kept = question_mark("33").unwrap();
    expect("question_mark");
    drop(kept);
}

#[profile]
fn grows() -> Vec<u8> {
    let mut v = Vec::with_capacity(10); //= 10 1
    v.extend_from_slice(&[0; 10]); //= 0 1
    v.reserve_exact(90); //= 90 1
    v.truncate(3); //= 0 1
    v.shrink_to_fit(); //= -97 1
    let zeroed = vec![0_u8; 4096]; //= 4096 1
    assert_eq!(zeroed[7], 0); //= 0 1
    v //= 0 1
} //= -4096 1

#[test]
fn a_realloc_counts_the_difference() {
    let v = grows();
    expect("grows");
    let reserve = figures(&function("grows"), "v.reserve_exact");
    assert_eq!((reserve.allocated_bytes, reserve.freed_bytes), (100, 10));
    assert_eq!((reserve.allocated_blocks, reserve.freed_blocks), (0, 0));
    drop(v);
}

#[profile]
fn spans_lines() -> Vec<String> {
    let words = "to be or not to be"
        .split(' ') //= -
        .filter(|word| {
            let copy = bytes(word.len()); //= 13 6
            !copy.is_empty() //= 0 6
        }) //= -13 6
        .collect::<Vec<_>>();
    words
        .iter() //= -
        .map(|word| format!("{word}!")) //= -
        .collect() //= -
}

#[test]
fn a_statement_is_charged_to_its_first_line_and_closures_to_their_own() {
    let words = spans_lines();
    let function = function("spans_lines");
    // The capacities are std's business; that nothing is lost is ours.
    let kept =
        words.capacity() * size_of::<String>() + words.iter().map(String::capacity).sum::<usize>();
    let made = figures(&function, "let words").increment_bytes;
    let mapped = figures(&function, "    words").increment_bytes;
    let dropped = function.lines.last().unwrap().figures.unwrap().increment_bytes;
    assert!(made > 0 && made == -dropped, "{function}");
    assert_eq!(mapped, i64::try_from(kept).unwrap(), "{function}");
    assert_eq!((sum(&function), function.total_bytes), (mapped, mapped), "{function}");
    for (text, expected) in [("let copy", 13), ("!copy", 0), ("}) //=", -13)] {
        let found = figures(&function, text);
        assert_eq!((found.increment_bytes, found.occurrences), (expected, 6), "{function}");
    }
    let blank = function.lines.iter().filter(|line| line.source.ends_with("//= -"));
    assert!(blank.into_iter().all(|line| line.figures.is_none()), "{function}");
}

#[profile]
fn empty() {}

#[profile]
fn one_line() -> Box<[u8]> {
    let a = bytes(2);
    let b = bytes(3);
    drop(a);
    b
}

#[rustfmt::skip]
#[profile] fn all_on_one_line() -> Box<[u8]> { let a = bytes(2); let b = bytes(3); drop(a); b }

#[test]
fn short_functions_have_right_totals() {
    empty();
    expect("empty");
    assert_eq!(function("empty").calls, 1);
    assert_eq!(figures(&function("empty"), "#[profile]").occurrences, 1);
    one_line();
    let one = function("one_line");
    assert_eq!((one.total_bytes, sum(&one)), (3, 3));
    all_on_one_line();
    let all = function("all_on_one_line");
    assert_eq!((all.lines.len(), all.total_bytes, sum(&all)), (1, 3, 3));
    assert_eq!(all.lines[0].figures.unwrap().occurrences, 1);
}

#[profile]
fn inside_unsafe(n: usize) -> Box<[u8]> {
    let copy = {
        let block = bytes(n); //= 64 1
        block.clone() //= 64 1
    }; //= -64 1
    // SAFETY: `copy` has at least one byte.
    unsafe {
        let first = copy.as_ptr().read(); //= 0 1
        assert_eq!(first, 1); //= 0 1
    }
    copy //= 0 1
}

#[test]
fn blocks_have_lines_and_braces_of_their_own() {
    let kept = inside_unsafe(64);
    expect("inside_unsafe");
    drop(kept);
}

#[profile]
fn macros(kept: &mut Vec<Vec<u8>>) {
    macro_rules! make {
        ($name:ident, $n:expr) => {
            let $name: Vec<u8> = vec![1; $n];
        };
    }
    make!(x, 40); //= 40 1
    make! { y, 2 } //= 2 1
    kept.push(x); //= 0 1
    #[cfg(any())]
    kept.push(nothing);
    #[cfg(not(any()))]
    kept.push(y); //= 0 1
    assert!(!kept.is_empty()); //= 0 1
}

#[test]
fn macros_and_cfgs_are_statements_too() {
    let mut kept = Vec::with_capacity(9);
    macros(&mut kept);
    expect("macros");
}

#[profile]
fn reports_itself() -> usize {
    let block = bytes(123);
    let in_flight = {
        let report = alloc_profiler::report();
        let function = report.function("reports_itself").unwrap();
        (function.total_bytes, sum(function))
    };
    assert_eq!(in_flight, (123, 123));
    block.len()
}

#[test]
fn a_report_holds_what_unfinished_calls_have_spent() {
    assert_eq!(reports_itself(), 123);
    assert_eq!(function("reports_itself").total_bytes, 0);
}
