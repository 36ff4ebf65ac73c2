//! Methods and associated functions, by every kind of `self`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use super::harness::{Log, Noisy};

driven! {
    by_value {
        struct Words<'a> { all: Vec<Noisy<'a>> }

        impl<'a> Words<'a> {
            here! {
                fn into_first(self) -> Option<Noisy<'a>> {
                    let mut all = self.all;
                    let last = all.pop();
                    all.into_iter().next().or(last)
                }
            }
        }

        pub fn by_value(log: &Log, n: u32) -> Option<String> {
            let all = (0..n).map(|i| Noisy::new(&i.to_string(), log)).collect();
            let first = Words { all }.into_first()?;
            Some(first.name.clone())
        }
    }

    by_mut_value {
        struct Words { all: Vec<String> }

        impl Words {
            here! {
                #[must_use]
                fn with(mut self, word: &str) -> Self {
                    self.all.push(word.to_owned());
                    self
                }
            }
        }

        pub fn by_mut_value(_: &Log, n: u32) -> Vec<String> {
            let words = Words { all: vec![] };
            words.with("a").with(&n.to_string()).with("b").all
        }
    }

    by_reference {
        struct Names<'a>(Vec<Noisy<'a>>);

        impl<'a> Names<'a> {
            here! {
                fn find(&self, wanted: &str) -> Option<&Noisy<'a>> {
                    for noisy in &self.0 {
                        let _child = noisy.child("looked at");
                        if noisy.name == wanted {
                            return Some(noisy);
                        }
                    }
                    None
                }
            }
        }

        pub fn by_reference(log: &Log, n: u32) -> Option<usize> {
            let names = Names(["0", "1", "22", "3"].map(|name| Noisy::new(name, log)).into());
            names.find(&n.to_string()).map(Noisy::len)
        }
    }

    by_mut_reference {
        struct Counter { steps: Vec<u32> }

        impl Counter {
            here! {
                pub(crate) fn push(&mut self, step: u32) -> &mut u32 {
                    self.steps.push(step);
                    self.steps.last_mut().expect("it was pushed")
                }
            }
        }

        pub fn by_mut_reference(_: &Log, n: u32) -> Vec<u32> {
            let mut counter = Counter { steps: vec![] };
            *counter.push(n) += 1;
            counter.push(9);
            counter.steps
        }
    }

    by_box {
        struct Node<'a> { noisy: Noisy<'a>, next: Option<Box<Node<'a>>> }

        impl<'a> Node<'a> {
            here! {
                fn depth(self: Box<Self>) -> usize {
                    let Self { noisy, next } = *self;
                    match next {
                        Some(next) => next.depth() + 1,
                        None => noisy.len(),
                    }
                }
            }
        }

        pub fn by_box(log: &Log, n: u32) -> usize {
            let mut node = Box::new(Node { noisy: Noisy::new("leaf", log), next: None });
            for i in 0..n {
                node = Box::new(Node { noisy: Noisy::new(&i.to_string(), log), next: Some(node) });
            }
            node.depth()
        }
    }

    by_rc {
        struct Shared<'a>(Noisy<'a>);

        impl Shared<'_> {
            here! {
                fn count(self: Rc<Self>, others: &mut Vec<Rc<Self>>) -> usize {
                    others.push(self.clone());
                    Rc::strong_count(&self)
                }
            }
            here! { fn both(self: &Arc<Self>) -> usize { let other = self.clone(); Arc::strong_count(&other) } }
        }

        pub fn by_rc(log: &Log, n: u32) -> usize {
            let shared = Rc::new(Shared(Noisy::new("shared", log)));
            let mut others = vec![];
            for _ in 0..n {
                shared.clone().count(&mut others);
            }
            shared.count(&mut others) + Arc::new(Shared(Noisy::new("arc", log))).both()
        }
    }

    by_pin {
        struct Pinned { count: u32 }

        impl Pinned {
            here! {
                fn step(mut self: Pin<&mut Self>, by: u32) -> u32 {
                    self.count += by;
                    let this = self.as_mut();
                    this.count
                }
            }
            here! {
                fn get(self: Pin<&Self>) -> &u32 {
                    let this = self.get_ref();
                    &this.count
                }
            }
        }

        pub fn by_pin(_: &Log, n: u32) -> u32 {
            let mut pinned = Box::pin(Pinned { count: n });
            pinned.as_mut().step(2);
            pinned.as_mut().step(3);
            *pinned.as_ref().get()
        }
    }

    by_explicit_type {
        struct Wrapper<T>(T);

        impl<T: Clone + Into<u32>> Wrapper<T> {
            here! {
                fn sum(self: &Self, others: &[Self]) -> u32 {
                    let own: u32 = self.0.clone().into();
                    own + others.iter().map(|other| other.0.clone().into()).sum::<u32>()
                }
            }
            here! { fn own(self: Self) -> T { let Self(value) = self; value } }
            here! { fn set(mut self: &mut Self, value: T) { self.0 = value; } }
        }

        pub fn by_explicit_type(_: &Log, n: u32) -> u32 {
            let mut wrapper = Wrapper(n as u8);
            wrapper.set(n as u8 + 1);
            wrapper.sum(&[Wrapper(1), Wrapper(2)]) + u32::from(wrapper.own())
        }
    }

    constructors {
        #[derive(Debug, Default)]
        struct Point<T> { x: T, y: T }

        impl<T: Default + Copy> Point<T> {
            const ZERO: u32 = 0;

            here! {
                fn new(x: T) -> Self {
                    let y = T::default();
                    Self { x, y }
                }
            }

            here! {
                fn mirrored(&self) -> Self {
                    let Self { x: y, y: x } = *self;
                    Self { x, ..Self::new(y) }
                }
            }
        }

        pub fn constructors(_: &Log, n: u32) -> String {
            let mirrored = Point::new(n + Point::<u32>::ZERO).mirrored();
            format!("{mirrored:?} {:?}", Point::<f32>::default())
        }
    }

    recursive_methods {
        #[derive(Default)]
        struct Graph { edges: HashMap<u32, Vec<u32>>, seen: RefCell<Vec<u32>> }

        impl Graph {
            here! {
                fn visit(&self, node: u32) -> usize {
                    if self.seen.borrow().contains(&node) {
                        return 0;
                    }
                    self.seen.borrow_mut().push(node);
                    let next = self.edges.get(&node).into_iter().flatten();
                    1 + next.map(|&node| self.visit(node)).sum::<usize>()
                }
            }
        }

        pub fn recursive_methods(_: &Log, n: u32) -> (usize, Vec<u32>) {
            let mut graph = Graph::default();
            for i in 0..6 {
                graph.edges.entry(i).or_default().extend([i / 2, (i * 3) % 7]);
            }
            (graph.visit(n), graph.seen.into_inner())
        }
    }

    methods_on_foreign_types {
        trait Loud {
            fn loud(&self) -> String;
        }

        impl Loud for str {
            here! {
                fn loud(&self) -> String {
                    let mut text = self.to_uppercase();
                    text.push('!');
                    text
                }
            }
        }

        impl<T: Loud + ?Sized> Loud for &T {
            here! { fn loud(&self) -> String { let inner = &**self; (*inner).loud() } }
        }

        impl Loud for [u32] {
            here! {
                fn loud(&self) -> String {
                    self.iter().map(ToString::to_string).collect::<Vec<_>>()
                        .join("!")
                }
            }
        }

        pub fn methods_on_foreign_types(_: &Log, n: u32) -> String {
            let numbers: Vec<u32> = (0..n).collect();
            (&"abc").loud() + &numbers.loud()
        }
    }

    self_in_closures {
        struct Sums { base: u32, all: Vec<u32> }

        impl Sums {
            here! {
                fn add_all(&mut self, n: u32) -> u32 {
                    let base = self.base;
                    let mut add = |x| {
                        let sum = base + x;
                        self.all.push(sum);
                        sum
                    };
                    add(n);
                    add(n + 1);
                    self.all.iter().map(|x| x * self.base).sum()
                }
            }
        }

        pub fn self_in_closures(_: &Log, n: u32) -> (u32, Vec<u32>) {
            let mut sums = Sums { base: 3, all: vec![] };
            (sums.add_all(n), sums.all)
        }
    }
}
