//! `async fn`: early ends, loops, temporaries, recursion, `Send`, results of all kinds.

use std::future::Future;
use std::pin::Pin;

use super::executor::{Pause, assert_send, block_on, drive, poll_times};
use super::harness::{Log, Noisy, note};

driven! {
    async_references {
        here! {
            async fn longest<'a>(log: &Log, all: &'a [Noisy<'_>], text: &mut String) -> Option<&'a str> {
                let mut best: Option<&'a Noisy<'_>> = None;
                for noisy in all {
                    Pause(1).await;
                    text.push_str(&noisy.name);
                    if best.is_none_or(|best| best.len() < noisy.len()) { best = Some(noisy) }
                }
                note(log, "found");
                Some(&best?.name)
            }
        }

        pub fn async_references(log: &Log, n: u32) -> (Option<String>, String) {
            let all: Vec<_> = (0..n).map(|i| Noisy::new(&"x".repeat(i as usize * 3 % 5), log)).collect();
            let mut text = String::new();
            let found = block_on(longest(log, &all, &mut text)).map(str::to_owned);
            (found, text)
        }
    }

    async_question_marks {
        here! {
            async fn parse(log: &Log, text: &str) -> Result<u8, Box<dyn std::error::Error>> {
                let noisy = Noisy::new(text, log);
                Pause(1).await;
                let number: u8 = noisy.name.parse()?;
                let _after = noisy.child("after");
                let pause = u8::try_from(Pause(1).await * u32::from(number))?;
                if number == 4 { Err("four")?; }
                Ok(pause)
            }
        }

        pub fn async_question_marks(log: &Log, n: u32) -> (Option<String>, String) {
            let text = ["7", "x", "300", "4", "0", "99"][n as usize];
            drive(log, n, || async { format!("{:?}", parse(log, text).await) })
        }
    }

    async_early_returns {
        here! {
            async fn run(log: &Log, n: u32) -> Option<&'static str> {
                let _a = Noisy::new("a", log);
                if n == 0 { return None; }
                for i in 0..n {
                    let _round = Noisy::new("round", log);
                    if i == 3 { return Some("three"); }
                    Pause(i % 2).await;
                    if n == 2 { break }
                    let Some(_) = n.checked_sub(2) else {
                        let _else = Noisy::new("else", log);
                        Pause(1).await;
                        return Some("one");
                    };
                }
                match n { 2 => { Pause(1).await; Some("two") } _ => return Some("many") }
            }
        }

        pub fn async_early_returns(log: &Log, n: u32) -> (Option<Option<&'static str>>, Option<&'static str>) {
            drive(log, n, || run(log, n))
        }
    }

    async_loops_and_labels {
        here! {
            async fn run(log: &Log, n: u32) -> u32 {
                let mut steps = 0;
                let found = 'rows: loop {
                    let _row = Noisy::new("row", log);
                    for column in 0..3 {
                        let cell = Noisy::new(&column.to_string(), log);
                        steps += 1;
                        if steps > n { break 'rows Pause(1).await; }
                        if column == 1 { Pause(1).await; continue 'rows; }
                        drop(cell);
                        Pause(1).await;
                    }
                };
                while Pause(1).await + steps < 12 {
                    steps += 1;
                    let _w = Noisy::new("w", log);
                }
                let block = 'block: {
                    let _b = Noisy::new("b", log);
                    if Pause(1).await > n { break 'block 1 }
                    2
                };
                found + steps + block
            }
        }

        pub fn async_loops_and_labels(log: &Log, n: u32) -> (Option<u32>, u32) {
            drive(log, n, || run(log, n))
        }
    }

    async_tail_temporaries {
        here! {
            async fn run(log: &Log) -> usize {
                let a = Noisy::new("a", log);
                let _b = Noisy::new("b", log);
                a.child("c").itself().len() + Pause(2).await as usize
                    + a.child("d").len()
            }
        }
        here! { async fn on_one_line(log: &Log) -> usize { let a = Noisy::new("x", log); Pause(a.child("y").len() as u32).await as usize + a.child("z").len() } }

        pub fn async_tail_temporaries(log: &Log, n: u32) -> (Option<usize>, usize) {
            drive(log, n, || on_one_line(log));
            drive(log, n, || run(log))
        }
    }

    async_scrutinees {
        here! {
            async fn run(log: &Log, n: u32) -> u32 {
                let a = Noisy::new("a", log);
                match Pause(a.child("scrutinee").len() as u32 - 10).await + n {
                    7 => { let _in = a.child("in"); Pause(1).await }
                    8 if a.child("guard").len() > 3 =>
                        Pause(a.child("arm").len() as u32).await,
                    9 => return Pause(2).await,
                    x => {
                        if let Some(c) = a.child("let").itself().name.chars().nth(Pause(1).await as usize) { x + c as u32 } else { Pause(1).await }
                    }
                }
            }
        }

        pub fn async_scrutinees(log: &Log, n: u32) -> (Option<u32>, u32) {
            drive(log, n, || run(log, n))
        }
    }

    async_panics {
        here! {
            async fn run(a: Noisy<'_>, n: u32) -> u32 {
                let _b = a.child("b");
                Pause(2).await;
                let _c = a.child("c");
                assert!(n < 3, "{n} is not below three");
                [1, 2][Pause(1).await as usize - 7 + n as usize]
            }
        }

        pub fn async_panics(log: &Log, n: u32) -> (Option<u32>, u32) {
            drive(log, n, || run(Noisy::new("a", log), n))
        }
    }

    async_never {
        here! {
            async fn run(log: &Log, n: u32) -> ! {
                let _a = Noisy::new("a", log);
                loop {
                    let _round = Noisy::new("round", log);
                    Pause(1).await;
                    if n > 2 { panic!("after a pause") }
                }
            }
        }

        pub fn async_never(log: &Log, n: u32) -> bool {
            poll_times(n + 1, run(log, n)).is_none()
        }
    }

    async_recursion {
        here! {
            async fn depth(log: &Log, n: u32) -> u32 {
                let _noisy = Noisy::new(&n.to_string(), log);
                let Some(less) = n.checked_sub(1) else { return Pause(1).await };
                let below = Box::pin(depth(log, less)).await;
                Pause(1).await;
                below + 1
            }
        }
        here! {
            fn boxed(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
                Box::pin(async move {
                    if n == 0 { return 0; }
                    let below = boxed(n - 1).await;
                    below + Pause(1).await
                })
            }
        }

        pub fn async_recursion(log: &Log, n: u32) -> (Option<u32>, u32) {
            drive(log, n, || depth(log, n));
            drive(log, n, || boxed(n))
        }
    }

    async_generic {
        here! {
            async fn fold<T, F, const N: usize>(all: [T; N], mut step: F) -> Vec<String>
            where
                T: ToString + Send,
                F: AsyncFnMut(T) -> u32,
            {
                let mut texts = Vec::with_capacity(N);
                for value in all {
                    let text = value.to_string();
                    let step = step(value).await;
                    texts.push(format!("{text} {step}"));
                }
                texts
            }
        }
        here! {
            async fn joined(all: impl IntoIterator<Item = impl AsRef<str>>) -> String {
                let mut text = String::new();
                for part in all { Pause(1).await; text.push_str(part.as_ref()); }
                text
            }
        }

        pub fn async_generic(log: &Log, n: u32) -> (Option<String>, String) {
            drive(log, n, || async {
                let all = fold([n, 1, 2], async |x| { let _in = Noisy::new("in", log); Pause(x).await + x }).await;
                joined(all).await
            })
        }
    }

    async_send {
        here! {
            async fn work(n: u32, text: &str) -> usize {
                let all: Vec<_> = (0..n).collect();
                Pause(1).await;
                for i in &all {
                    let boxed = Box::new(*i);
                    Pause(*boxed).await;
                }
                all.len() + text.len()
            }
        }

        pub fn async_send(_: &Log, n: u32) -> usize {
            let handle = std::thread::spawn(move || block_on(assert_send(work(n, "text"))));
            handle.join().unwrap()
        }
    }

    async_opaque_result {
        here! {
            async fn numbers(n: u32) -> impl Iterator<Item = u32> + Send {
                let all: Vec<_> = (0..n).collect();
                Pause(1).await;
                if n > 3 { return all.into_iter(); }
                vec![9].into_iter()
            }
        }
        here! {
            async fn dynamic(n: u32) -> Box<dyn Fn(u32) -> u32 + Send> {
                Pause(1).await;
                if n > 2 { return Box::new(|x| x); }
                Box::new(move |x| {
                    let sum = x + n;
                    sum
                })
            }
        }
        here! { async fn slice(n: u32) -> &'static [u32] { if n > 2 { return &[1, 2]; } &[] } }
        here! { async fn nested(n: u32) -> Result<impl std::fmt::Display, String> { if n == 1 { return Err("one".into()); } let x = Pause(1).await; Ok(x + n) } }

        pub fn async_opaque_result(_: &Log, n: u32) -> (Vec<u32>, u32, usize, Result<String, String>) {
            let all = block_on(numbers(n)).collect();
            let nested = block_on(nested(n)).map(|shown| shown.to_string());
            (all, block_on(dynamic(n))(1), block_on(slice(n)).len(), nested)
        }
    }

    async_unsafe_and_attributes {
        here! {
            /// Reads a pointer.
            ///
            /// # Safety
            /// `at` is valid to read until the future is done.
            #[inline]
            #[must_use]
            pub async unsafe fn read(at: *const u32) -> u32 {
                Pause(1).await;
                // SAFETY: as promised by the caller.
                let x = unsafe { *at };
                x
            }
        }
        here! {
            async fn conditional(n: u32) -> u32 {
                #[cfg(any())]
                let n = nothing;
                #[cfg(all())]
                let n = n + Pause(1).await;
                #[cfg(any())]
                { nothing }
                #[cfg(all())]
                { n }
            }
        }

        pub fn async_unsafe_and_attributes(_: &Log, n: u32) -> u32 {
            // SAFETY: `n` outlives the future.
            let x = block_on(unsafe { read(&n) });
            x + block_on(conditional(n))
        }
    }

    async_macros {
        macro_rules! async_function {
            ($name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block) => {
                here! { async fn $name($($argument: $type),*) -> $result $body }
            };
        }
        macro_rules! wait { ($n:expr) => { Pause($n).await } }
        async_function! {
            run(log: &Log, n: u32) -> u32 {
                let _a = Noisy::new("a", log);
                let x = wait!(n);
                wait!(1);
                if n > 2 { return wait! { 1 } }
                x + wait!(1)
            }
        }

        pub fn async_macros(log: &Log, n: u32) -> (Option<u32>, u32) {
            drive(log, n, || run(log, n))
        }
    }
}
