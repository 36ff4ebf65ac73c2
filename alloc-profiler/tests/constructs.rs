//! Exact figures for what has lines of its own beside plain statements: closures,
//! wherever they run, blocks and modules with the attribute, generic code, traits,
//! unusual exits, and functions that macros write.

mod common;

use std::alloc::System;
use std::thread;

use alloc_profiler::{ProfiledAlloc, profile};
use common::{expect, figures, function, sum};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// Returns a block of exactly `n` bytes.
fn bytes(n: usize) -> Box<[u8]> {
    vec![1; n].into_boxed_slice()
}

#[profile]
fn closures(n: usize) -> Vec<Box<[u8]>> {
    let mut all = Vec::with_capacity(n); //= 80 1
    let mut push = |size: usize| {
        let block = bytes(size); //= 120 3
        all.push(block); //= 0 3
    };
    push(10); //= 0 1
    for i in 0..2 {
        //= 0 3
        push(50 + i * 10); //= 0 2
    }
    let kept = (1..=2).map(|i| {
        let scratch = bytes(7); //= 14 2
        bytes(scratch.len() * i) //= 21 2
    }); //= -14 2
    all.extend(kept); //= 0 1
    all //= 0 1
}

#[test]
fn closures_have_lines_of_their_own() {
    let all = closures(5);
    expect("closures");
    assert_eq!(function("closures").calls, 1);
    drop(all);
}

#[profile]
fn later() -> impl Fn(usize) -> Box<[u8]> {
    let held = bytes(30); //= 30 1
    move |n| {
        let scratch = bytes(held.len()); //= 60 2
        let result = bytes(n); //= 11 2
        drop(scratch); //= -60 2
        result //= 0 2
    }
}

#[test]
fn a_closure_may_outlive_its_function() {
    let closure = later();
    let first = closure(4);
    let second = thread::scope(|scope| scope.spawn(|| closure(7)).join().unwrap());
    expect("later");
    // Its runs are no calls.
    assert_eq!(function("later").calls, 1);
    drop((first, second));
}

#[profile]
fn spawns() -> usize {
    let threads: Vec<_> = (0..3)
        .map(|i| {
            thread::spawn(move || {
                let block = bytes(100 + i); //= 303 3
                block.len() //= 0 3
            }) //= -303 3
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
}

#[test]
fn closures_of_threads_are_charged_to_their_own_lines() {
    assert_eq!(spawns(), 303);
    let function = function("spawns");
    let block = figures(&function, "let block");
    assert_eq!((block.increment_bytes, block.occurrences), (303, 3), "{function}");
    assert_eq!(sum(&function), function.total_bytes, "{function}");
}

#[profile]
fn early_exits(n: usize) -> Option<usize> {
    let find = |limit: usize| {
        for i in 0..limit {
            let block = bytes(10); //= 70 7
            if i == n {
                return Some(block.len()); //= -10 1
            }
        } //= -60 6
        None //= 0 2
    };
    let first = find(2); //= 0 2
    let second = find(n + 1).or(first)?; //= 0 2
    Some(second + 1) //= 0 1
}

#[test]
fn a_return_in_a_closure_leaves_the_closure() {
    assert_eq!(early_exits(2), Some(11));
    let found = function("early_exits");
    assert_eq!(figures(&found, "let block").increment_bytes, 50, "{found}");
    assert_eq!(figures(&found, "return Some").increment_bytes, -10, "{found}");
    assert_eq!((sum(&found), found.total_bytes), (0, 0), "{found}");
    assert_eq!(figures(&found, "Some(second + 1)").occurrences, 1);
}

#[profile]
fn recursive_closures(depth: usize) -> usize {
    let block = bytes(10); //= 10 4
    let inner = |n: usize| {
        let scratch = bytes(5); //= 5 4
        scratch.len() + n //= 0 4
    }; //= -5 4
    let below = if depth == 0 { 0 } else { recursive_closures(depth - 1) }; //= 0 4
    inner(block.len()) + below //= 0 4
} //= -10 4

#[test]
fn closures_under_recursion_count_their_runs() {
    assert_eq!(recursive_closures(3), 60);
    let found = function("recursive_closures");
    let scratch = figures(&found, "let scratch");
    assert_eq!((scratch.increment_bytes, scratch.occurrences), (5, 4), "{found}");
    assert_eq!((sum(&found), found.total_bytes), (0, 0), "{found}");
}

struct Store {
    all: Vec<Box<[u8]>>,
}

#[profile]
impl Store {
    fn new() -> Self {
        Self { all: Vec::with_capacity(4) } //= 64 1
    }

    fn put(&mut self, n: usize) -> &mut Self {
        let block = bytes(n); //= 55 2
        self.all.push(block); //= 0 2
        self //= 0 2
    }

    #[profile(skip)]
    fn take(&mut self) -> Option<Box<[u8]>> {
        self.all.pop()
    }
}

trait Shape {
    fn area(&self) -> usize;

    #[profile]
    fn describe(&self) -> String {
        let mut text = String::with_capacity(20); //= 40 2
        text.push_str(&self.area().to_string()); //= 0 2
        text //= 0 2
    }
}

impl Shape for u8 {
    fn area(&self) -> usize {
        usize::from(*self)
    }
}

impl Shape for Store {
    fn area(&self) -> usize {
        self.all.len()
    }
}

#[test]
fn methods_have_tables_by_their_names() {
    let mut store = Store::new();
    store.put(40).put(15);
    let taken = store.take();
    let texts = [store.describe(), 7_u8.describe()];
    assert_eq!(texts, ["1", "7"]);
    expect("Store::new");
    expect("Store::put");
    expect("Shape::describe");
    assert!(alloc_profiler::report().function("take").is_none());
    drop((taken, store));
}

#[profile]
mod inner {
    use super::bytes;

    pub(super) fn outer<const N: usize>() -> [Box<[u8]>; N] {
        let all = [(); N].map(|()| bytes(N)); //= 13 2
        all //= 0 2
    }

    pub(super) mod deeper {
        pub(crate) fn boxed<T>(value: T) -> Box<T> {
            Box::new(value) //= 9 2
        }
    }
}

#[test]
fn generic_functions_of_a_module_are_one_each() {
    let kept = (inner::outer::<2>(), inner::outer::<3>());
    let boxed = (inner::deeper::boxed(1_u64), inner::deeper::boxed(true));
    expect("inner::outer");
    expect("inner::deeper::boxed");
    assert_eq!(function("boxed").calls, 2);
    drop((kept, boxed));
}

macro_rules! written {
    ($name:ident($argument:ident) $body:block) => {
        #[profile]
        fn $name($argument: usize) -> usize $body
    };
}

written! {
    by_macro(n) {
        let block = bytes(n); //= 33 1
        block.len() //= 0 1
    } //= -33 1
}

#[test]
fn what_a_macro_writes_is_charged_to_the_lines_it_was_given() {
    assert_eq!(by_macro(33), 33);
    expect("by_macro");
}

#[profile(name = "a name of its own")]
extern "C" fn renamed(n: usize) -> usize {
    let block = bytes(n); //= 9 1
    block.len() //= 0 1
} //= -9 1

#[test]
fn a_name_replaces_the_path() {
    assert_eq!(renamed(9), 9);
    expect("a name of its own");
    assert!(alloc_profiler::report().function("renamed").is_none());
}

#[profile]
fn question_marks(texts: &[&str]) -> Result<usize, std::num::ParseIntError> {
    let held = bytes(100); //= 200 2
    let mut sum = 0;
    for text in texts {
        let scratch = bytes(10); //= 40 4
        let number = text.parse::<usize>()?; //= -110 4
        sum += number + scratch.len();
    } //= -30 3
    let all = held.len();
    Ok(all + sum) //= 0 1
} //= -100 1

#[test]
fn a_question_mark_in_a_block_is_charged_on_its_own_line() {
    assert_eq!(question_marks(&["1", "2"]), Ok(123));
    assert!(question_marks(&["3", "x"]).is_err());
    expect("question_marks");
}

#[profile]
fn leaves_in_arms(steps: &[Option<usize>]) -> usize {
    let mut sum = 0;
    for step in steps {
        let block = bytes(5); //= 20 4
        let number = match step {
            Some(9) => break, //= -5 1
            Some(number) => *number,
            None => continue, //= -5 1
        };
        sum += number * block.len();
    } //= -10 2
    sum
}

#[test]
fn arms_that_leave_are_charged_on_their_own_lines() {
    assert_eq!(leaves_in_arms(&[Some(1), None, Some(2), Some(9), Some(7)]), 15);
    expect("leaves_in_arms");
}

#[profile]
fn may_end_in_its_last_let(n: usize) {
    let _held = bytes(n); //= 100 1
    let _size: usize = {
        //= 0 1
        #[cfg(any())]
        return;
        n //= 0 1
    };
} //= -100 1

#[test]
fn a_return_that_is_not_compiled_leaves_nothing() {
    may_end_in_its_last_let(100);
    expect("may_end_in_its_last_let");
}
