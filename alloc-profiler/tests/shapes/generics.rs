//! Type parameters, const parameters, bounds, and `impl Trait` in both places.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::marker::PhantomData;

use super::harness::{Log, Noisy};

driven! {
    where_clauses {
        here! {
            fn longest<'a, T>(x: &'a T, y: &'a T) -> &'a str
            where
                T: AsRef<str> + ?Sized,
            {
                let (x, y) = (x.as_ref(), y.as_ref());
                if x.len() > y.len() { x } else { y }
            }
        }

        pub fn where_clauses(_: &Log, n: u32) -> String {
            let first = longest("long", "er");
            longest(&n.to_string(), &String::from(first)).to_owned()
        }
    }

    const_parameters {
        here! {
            fn first_n<const N: usize, T: Copy + Default>(all: &[T]) -> [T; N] {
                let mut array = [T::default(); N];
                for (to, from) in array.iter_mut().zip(all) {
                    *to = *from;
                }
                array
            }
        }

        pub fn const_parameters(_: &Log, n: u32) -> ([u32; 3], [u8; 1]) {
            let all: Vec<_> = (1..=n).collect();
            (first_n::<3, _>(&all), first_n(&[n as u8, 9]))
        }
    }

    const_expressions {
        here! {
            fn wide<const N: usize, const UP: bool>(n: u32) -> u32 {
                let all = [n; N];
                let sum: u32 = all.iter().sum();
                if UP { sum + 1 } else { sum }
            }
        }

        pub fn const_expressions(_: &Log, n: u32) -> u32 {
            wide::<{ 1 + 2 }, true>(n) + wide::<0, { !true }>(n)
        }
    }

    impl_trait_argument {
        here! {
            fn join(all: impl IntoIterator<Item = impl Display>, between: impl Into<String>) -> String {
                let between = between.into();
                let mut text = String::new();
                for item in all {
                    if !text.is_empty() {
                        text += &between;
                    }
                    text += &item.to_string();
                }
                text
            }
        }

        pub fn impl_trait_argument(_: &Log, n: u32) -> String {
            join(0..n, ", ") + &join(["a", "b"], '-')
        }
    }

    impl_trait_returned {
        here! {
            fn squares(n: u32) -> impl Iterator<Item = u32> + Clone {
                let all: Vec<_> = (0..n).collect();
                all.into_iter().map(|x| x * x)
            }
        }

        pub fn impl_trait_returned(_: &Log, n: u32) -> (u32, Vec<u32>) {
            let squares = squares(n);
            (squares.clone().sum(), squares.collect())
        }
    }

    impl_trait_borrowing {
        here! {
            fn children<'a, 'log>(a: &'a Noisy<'log>, n: u32) -> impl Iterator<Item = usize> + use<'a, 'log> {
                let _b = a.child("early");
                (0..n).map(move |i| a.child(&i.to_string()).len())
            }
        }

        pub fn impl_trait_borrowing(log: &Log, n: u32) -> usize {
            let a = Noisy::new("a", log);
            children(&a, n).sum()
        }
    }

    impl_trait_closure {
        here! {
            fn adder(by: u32) -> impl Fn(u32) -> u32 + 'static {
                let boxed = Box::new(by);
                move |x| {
                    let by = *boxed;
                    x + by
                }
            }
        }

        pub fn impl_trait_closure(_: &Log, n: u32) -> u32 {
            let add = adder(n);
            add(add(1))
        }
    }

    impl_trait_display {
        here! {
            fn shown<T: Debug>(value: T) -> impl Display {
                let text = format!("{value:?}");
                if text.len() > 2 {
                    return text;
                }
                text + "."
            }
        }

        pub fn impl_trait_display(_: &Log, n: u32) -> String {
            format!("{} {}", shown(n), shown(Some(n)))
        }
    }

    dyn_returned {
        here! {
            fn numbers<'a>(n: u32, log: &'a Log) -> Box<dyn Iterator<Item = u32> + 'a> {
                let noisy = Noisy::new("held", log);
                match n {
                    0 => Box::new(std::iter::empty()),
                    1 => {
                        drop(noisy);
                        Box::new(std::iter::once(1))
                    }
                    _ =>
                        Box::new((0..n).map(move |x| x + noisy.len() as u32)),
                }
            }
        }

        pub fn dyn_returned(log: &Log, n: u32) -> Vec<u32> {
            numbers(n, log).collect()
        }
    }

    bounds_and_defaults {
        here! {
            fn count<K, I>(all: I) -> BTreeMap<K, usize>
            where
                K: Ord + Hash + Clone,
                I: IntoIterator<Item = K>,
                I::IntoIter: DoubleEndedIterator,
                Vec<K>: Clone,
            {
                let mut counts = BTreeMap::new();
                for key in all.into_iter().rev() {
                    *counts.entry(key).or_default() += 1;
                }
                counts
            }
        }

        pub fn bounds_and_defaults(_: &Log, n: u32) -> BTreeMap<u32, usize> {
            count((0..n * 3).map(|x| x % 4).collect::<Vec<_>>())
        }
    }

    generic_types {
        struct Tagged<T, Tag = ()> { value: T, tag: PhantomData<fn() -> Tag> }

        impl<T, Tag> Tagged<T, Tag> {
            here! {
                fn map<U, F>(self, f: F) -> Tagged<U, Tag>
                where
                    F: FnOnce(T) -> U,
                {
                    let Self { value, tag } = self;
                    Tagged { value: f(value), tag }
                }
            }
        }

        impl<T: Default> Tagged<T, u8> {
            here! { fn tagged() -> Self { let value = T::default(); Self { value, tag: PhantomData } } }
        }

        pub fn generic_types(_: &Log, n: u32) -> String {
            Tagged::<u32, u8>::tagged().map(|x| x + n).map(|x| format!("<{x}>")).value
        }
    }

    inferred_results {
        here! {
            fn parse<T: std::str::FromStr + Default>(text: &str) -> T {
                let Ok(value) = text.parse() else { return Default::default() };
                value
            }
        }

        pub fn inferred_results(_: &Log, n: u32) -> (u8, f32, char) {
            let text = ["1", "x", "300", "2.5", "", "9"][n as usize];
            (parse(text), parse(text), parse::<char>(text))
        }
    }

    generic_recursion {
        here! {
            fn nest<T: Debug + Clone>(value: T, depth: u32) -> String {
                if depth == 0 {
                    return format!("{value:?}");
                }
                let boxed: Box<dyn Fn() -> String> = Box::new(move || format!("{value:?}!"));
                nest(boxed(), depth - 1)
            }
        }

        pub fn generic_recursion(_: &Log, n: u32) -> String {
            nest(n, n.min(3))
        }
    }

    monomorphised {
        here! {
            fn size<T>(all: Vec<T>) -> usize {
                let boxed = all.into_boxed_slice();
                boxed.len() * size_of::<T>()
            }
        }

        pub fn monomorphised(log: &Log, n: u32) -> usize {
            let noisy = (0..n).map(|i| Noisy::new(&i.to_string(), log)).collect();
            size(vec![0_u8; n as usize]) + size(vec![(); 3]) + size::<Noisy<'_>>(noisy)
        }
    }
}
