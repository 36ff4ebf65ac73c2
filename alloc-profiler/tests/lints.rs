//! The expansion fires no lint of rustc or clippy, however strict the user's
//! crate is, needs no `unsafe`, and silences nothing. Building this is the test.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    let_underscore_drop,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::absolute_paths,
    clippy::items_after_statements,
    clippy::missing_inline_in_public_items,
    clippy::indexing_slicing,
    clippy::semicolon_outside_block,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::used_underscore_binding
)]

use std::alloc::System;
use std::fmt;
use std::future::{self, Future};
use std::iter;
use std::num::ParseIntError;
use std::panic;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use alloc_profiler::{ProfiledAlloc, profile};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// A type with profiled methods.
#[derive(Debug, Default)]
struct Words {
    all: Vec<String>,
}

impl Words {
    #[profile]
    #[must_use]
    fn with(mut self, text: &str) -> Self {
        for word in text.split(' ') {
            if word.is_empty() {
                continue;
            }
            self.all.push(word.to_owned());
        }
        self
    }

    #[profile]
    fn find(&self, wanted: &str) -> Option<usize> {
        for (index, word) in self.all.iter().enumerate() {
            if word == wanted {
                return Some(index);
            }
        }
        None
    }
}

#[profile]
fn empty() {}

#[profile]
fn classify(n: usize) -> Result<&'static str, String> {
    let Some(half) = n.checked_div(2) else {
        return Err(String::from("no half"));
    };
    let name = match half {
        0 => "none",
        1 => {
            let long = format!("{half}");
            if long.is_empty() { "empty" } else { "one" }
        }
        _ => return Err(n.to_string()),
    };
    Ok(name)
}

#[profile]
fn fails(n: usize) -> usize {
    let list = Box::new([n; 3]);
    if n > 5 {
        unreachable!("no more than {}", list.len())
    }
    let mut steps = 0;
    let found = loop {
        steps += 1;
        if steps > n {
            break steps;
        }
    };
    while steps > 0 {
        steps -= 1;
    }
    found
}

#[profile]
fn never() -> ! {
    let text = String::from("never");
    panic::resume_unwind(Box::new(text));
}

#[profile]
fn not_written_yet(n: usize) {
    let _list = Box::new(n);
    if n > 1 {
        let _half: usize = todo!();
    }
    let _next: String = match n {
        0 => todo!(),
        _ => panic!("{n}"),
    };
}

#[profile]
fn closures(limit: usize) -> Vec<usize> {
    let mut rounds = 0;
    let mut next = |by: usize| {
        rounds += by;
        if rounds > limit {
            return None;
        }
        Some(rounds)
    };
    let mut all: Vec<usize> = iter::from_fn(|| next(1)).collect();
    let add = move |x: usize| {
        let sum = x + limit;
        sum.max(1)
    };
    all.extend((0..2).map(add).filter(|x| {
        let is_even = x % 2 == 0;
        is_even
    }));
    let pointer: fn(usize) -> usize = |x| {
        let less = x.saturating_sub(1);
        less * 2
    };
    all.push(pointer(limit));
    all.push({
        let boxed: Box<dyn Fn() -> usize> = Box::new(move || {
            let twice = limit * 2;
            twice + 1
        });
        boxed()
    });
    all
}

#[profile]
fn labels(limit: usize) -> usize {
    let mut steps = 0;
    let found = 'rows: loop {
        for column in 0..limit {
            steps += 1;
            if column == 2 {
                continue 'rows;
            }
            if steps > 5 {
                break 'rows column;
            }
        }
        if limit < 3 {
            break 0;
        }
    };
    let block = 'block: {
        if found == 1 {
            break 'block 10;
        }
        let text = found.to_string();
        text.len()
    };
    steps + block
}

#[profile]
fn chains(text: &str) -> Option<u32> {
    let (first, rest) = text.split_at_checked(1)?;
    if let Some(digit) = first.chars().next().and_then(|c| c.to_digit(10))
        && let Ok(number) = rest.parse::<u32>()
        && number > digit
    {
        let sum = digit + number;
        return Some(sum);
    }
    let [_, second, ..] = text.as_bytes() else {
        return None;
    };
    let kind = if second.is_ascii_digit() {
        let digit = u32::from(*second);
        digit - 48
    } else {
        0
    };
    Some(kind)
}

#[profile]
fn patterns((left, _): (String, u8), [first, ..]: [u32; 3], _: &str, _unused: String) -> String {
    let (mut text, number @ 0..) = (left, first);
    text.push_str(&number.to_string());
    text
}

/// Numbers, and what a whole block's attribute makes of them.
#[derive(Debug)]
struct Numbers(Vec<u32>);

#[profile]
impl Numbers {
    #[profile(skip)]
    const fn new() -> Self {
        Self(Vec::new())
    }

    fn push(&mut self, number: u32) -> &mut Self {
        self.0.push(number);
        self
    }

    #[must_use]
    fn largest(&self) -> Option<u32> {
        let largest = self.0.iter().max()?;
        Some(*largest)
    }

    async fn sum(&self, pauses: u32, _unused: String) -> u32 {
        let mut sum = 0;
        for number in &self.0 {
            Pause(pauses).await;
            sum += number;
        }
        sum
    }
}

#[profile]
impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for number in &self.0 {
            write!(f, "{number} ")?;
        }
        Ok(())
    }
}

#[profile]
trait Describe: fmt::Debug {
    fn name(&self) -> String;

    fn describe(&self) -> String {
        let name = self.name();
        format!("{name} {self:?}")
    }
}

#[profile]
impl Describe for Numbers {
    fn name(&self) -> String {
        let mut name = String::from("numbers");
        name.push(':');
        name
    }
}

#[profile]
mod inner {
    use super::Numbers;

    impl From<Numbers> for String {
        #[inline]
        fn from(numbers: Numbers) -> Self {
            let text = numbers.to_string();
            trimmed(&text)
        }
    }

    fn trimmed(text: &str) -> String {
        let trimmed = text.trim();
        trimmed.to_owned()
    }
}

/// Is pending so many times.
struct Pause(u32);

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(less) = self.0.checked_sub(1) else {
            return Poll::Ready(());
        };
        self.0 = less;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[profile]
async fn futures(
    mut text: String,
    (left, _): (u32, String),
    _: u8,
    _ignored: u8,
    numbers: &[u32],
) -> Result<usize, ParseIntError> {
    let parsed: u32 = text.trim().parse()?;
    for number in numbers {
        Pause(*number).await;
        if *number > left {
            return Ok(0);
        }
        text.push('x');
    }
    let block = async {
        let boxed = Box::new(parsed);
        Pause(1).await;
        *boxed
    };
    let owned = async move {
        Pause(left).await;
        text.len()
    };
    let step = async |x: u32| {
        Pause(x).await;
        x + 1
    };
    let sum = block.await + step(1).await;
    Ok(owned.await + usize::try_from(sum).unwrap_or(0))
}

#[profile]
fn boxed(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    if n > 3 {
        return Box::pin(future::ready(n));
    }
    Box::pin(async move {
        let text = "x".repeat(2);
        Pause(n).await;
        text.chars().map(|_| n).sum()
    })
}

fn block_on<F: Future>(unpinned: F) -> F::Output {
    let mut future = pin!(unpinned);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

#[test]
fn strict_crates_can_profile() {
    let words = Words::default().with("to be  or not");
    assert_eq!(words.find("or"), Some(2));
    assert_eq!(words.find("and"), None);
    assert_eq!(words.all.len(), 4);
    empty();
    assert_eq!(classify(1), Ok("none"));
    assert_eq!(classify(3), Ok("one"));
    assert_eq!(classify(9), Err(String::from("9")));
    assert_eq!(fails(2), 3);
    assert!(panic::catch_unwind(|| never()).is_err());
    assert!(panic::catch_unwind(|| not_written_yet(1)).is_err());
    assert_eq!(closures(2), [1, 2, 2, 2, 5]);
    assert_eq!(labels(2), 3);
    assert_eq!(chains("19"), Some(10));
    assert_eq!(chains("x9"), Some(9));
    assert_eq!(patterns((String::from("a"), 1), [2, 3, 4], "", String::new()), "a2");
}

#[test]
fn strict_crates_can_profile_blocks() {
    let mut numbers = Numbers::new();
    let _: &Numbers = numbers.push(2).push(5);
    assert_eq!(numbers.largest(), Some(5));
    assert_eq!(numbers.to_string(), "2 5 ");
    assert_eq!(numbers.describe(), "numbers: Numbers([2, 5])");
    assert_eq!(block_on(numbers.sum(2, String::new())), 7);
    assert_eq!(String::from(numbers), "2 5");
}

#[test]
fn strict_crates_can_profile_futures() {
    let run = |text: &str| futures(text.to_owned(), (3, String::new()), 0, 0, &[1, 2]);
    assert_eq!(block_on(run("5")), Ok(10));
    assert!(block_on(run("x")).is_err());
    assert_eq!((block_on(boxed(2)), block_on(boxed(9))), (4, 9));
}
