//! Trait methods, default methods, operators, iterators and `Drop`.

use std::fmt;
use std::ops::{Add, AddAssign, Deref, DerefMut, Index, IndexMut, Neg};

use super::harness::{Log, Noisy, note};

driven! {
    trait_methods {
        struct Counter { steps: Vec<usize> }

        trait Steps {
            fn steps(&self) -> usize;

            here! {
                fn twice(&self) -> usize {
                    let steps: Vec<_> = [self.steps(); 2].into();
                    steps.iter().sum()
                }
            }
        }

        impl Steps for Counter {
            here! {
                fn steps(&self) -> usize {
                    self.steps.len()
                }
            }
        }

        pub fn trait_methods(_: &Log, n: u32) -> usize {
            let counter = Counter { steps: (0..n as usize).collect() };
            counter.steps() + counter.twice()
        }
    }

    default_methods_by_value {
        trait Consume: Sized {
            const FACTOR: u32 = 2;
            type Output: From<u32>;

            fn value(&self) -> u32;

            here! {
                fn consume(self, other: Self) -> Self::Output {
                    let sum = self.value() + other.value();
                    (sum * Self::FACTOR).into()
                }
            }

            here! { fn name() -> &'static str where Self: 'static { std::any::type_name::<Self>().rsplit(':').next().unwrap() } }
        }

        struct Small(u32);

        impl Consume for Small {
            const FACTOR: u32 = 5;
            type Output = u64;

            fn value(&self) -> u32 { self.0 }
        }

        pub fn default_methods_by_value(_: &Log, n: u32) -> (u64, &'static str) {
            (Small(n).consume(Small(1)), Small::name())
        }
    }

    dynamic_dispatch {
        trait Shape<'a> {
            here! {
                fn describe(&self) -> String {
                    let name = self.noisy().child("described");
                    format!("{} of {}", name.name, self.area())
                }
            }
            fn area(&self) -> u32;
            fn noisy(&self) -> &Noisy<'a>;
        }

        struct Square<'a>(Noisy<'a>, u32);
        struct Line<'a>(Noisy<'a>);

        impl<'a> Shape<'a> for Square<'a> {
            here! { fn area(&self) -> u32 { let side = self.1; side * side } }
            fn noisy(&self) -> &Noisy<'a> { &self.0 }
        }

        impl<'a> Shape<'a> for Line<'a> {
            here! { fn area(&self) -> u32 { 0 } }
            here! { fn describe(&self) -> String { let text = "a line"; text.to_owned() } }
            fn noisy(&self) -> &Noisy<'a> { &self.0 }
        }

        pub fn dynamic_dispatch(log: &Log, n: u32) -> Vec<String> {
            let shapes: [Box<dyn Shape<'_> + '_>; 2] = [
                Box::new(Square(Noisy::new("square", log), n)),
                Box::new(Line(Noisy::new("line", log))),
            ];
            shapes.iter().map(|shape| shape.describe()).collect()
        }
    }

    operators {
        #[derive(Clone, Debug, PartialEq)]
        struct Sum(Vec<u32>);

        impl Add for Sum {
            type Output = Self;
            here! {
                fn add(mut self, mut other: Self) -> Self {
                    self.0.append(&mut other.0);
                    self
                }
            }
        }

        impl AddAssign<u32> for Sum {
            here! { #[inline] fn add_assign(&mut self, number: u32) { self.0.push(number) } }
        }

        impl Neg for &Sum {
            type Output = Sum;
            here! {
                fn neg(self) -> Self::Output {
                    let mut all = self.0.clone();
                    all.reverse();
                    Sum(all)
                }
            }
        }

        pub fn operators(_: &Log, n: u32) -> String {
            let mut sum = Sum(vec![1]) + Sum(vec![2]);
            sum += n;
            format!("{:?}", -&sum)
        }
    }

    indexing_and_deref {
        struct Grid { cells: Vec<u32>, width: usize }

        impl Index<(usize, usize)> for Grid {
            type Output = u32;
            here! {
                fn index(&self, (row, column): (usize, usize)) -> &u32 {
                    let at = row * self.width + column;
                    &self.cells[at]
                }
            }
        }

        impl IndexMut<(usize, usize)> for Grid {
            here! {
                fn index_mut(&mut self, (row, column): (usize, usize)) -> &mut Self::Output {
                    let Self { cells, width } = self;
                    &mut cells[row * *width + column]
                }
            }
        }

        impl Deref for Grid {
            type Target = [u32];
            here! { fn deref(&self) -> &Self::Target { let cells = &self.cells; cells } }
        }

        impl DerefMut for Grid {
            here! { fn deref_mut(&mut self) -> &mut [u32] { &mut self.cells } }
        }

        pub fn indexing_and_deref(_: &Log, n: u32) -> (u32, Vec<u32>) {
            let mut grid = Grid { cells: vec![0; 4], width: 2 };
            grid[(0, 1)] = n;
            grid[(1, 0)] += 7;
            grid.reverse();
            (grid[(n as usize % 3, 1)], grid.to_vec())
        }
    }

    iterators {
        struct Countdown<'a> { noisy: Noisy<'a>, left: u32 }

        impl<'a> Iterator for Countdown<'a> {
            type Item = Noisy<'a>;

            here! {
                fn next(&mut self) -> Option<Self::Item> {
                    let left = self.left.checked_sub(1)?;
                    self.left = left;
                    Some(self.noisy.child(&left.to_string()))
                }
            }
        }

        impl<'a> IntoIterator for &Countdown<'a> {
            type Item = u32;
            type IntoIter = std::vec::IntoIter<u32>;

            here! {
                fn into_iter(self) -> Self::IntoIter {
                    let all: Vec<_> = (0..self.left).collect();
                    all.into_iter()
                }
            }
        }

        pub fn iterators(log: &Log, n: u32) -> (usize, u32) {
            let countdown = Countdown { noisy: Noisy::new("countdown", log), left: n };
            let mut sum = 0;
            for i in &countdown { sum += i; }
            (countdown.map(|noisy| noisy.len()).sum(), sum)
        }
    }

    drop_and_display {
        struct Ends<'a> { noisy: Noisy<'a>, n: u32 }

        impl Drop for Ends<'_> {
            here! {
                fn drop(&mut self) {
                    let last = self.noisy.child("last");
                    note(self.noisy.log, format!("drop {self} with {}", last.name));
                }
            }
        }

        impl fmt::Display for Ends<'_> {
            here! {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    let name = self.noisy.name.as_str();
                    write!(f, "{name}")?;
                    for i in 0..self.n { write!(f, " {i}")?; }
                    Ok(())
                }
            }
        }

        pub fn drop_and_display(log: &Log, n: u32) -> String {
            let ends = Ends { noisy: Noisy::new("ends", log), n };
            ends.to_string()
        }
    }

    conversions {
        #[derive(Debug)]
        struct Even(u32);

        impl TryFrom<u32> for Even {
            type Error = String;
            here! {
                fn try_from(n: u32) -> Result<Self, Self::Error> {
                    if n % 2 == 1 {
                        return Err(format!("{n} is odd"));
                    }
                    Ok(Self(n))
                }
            }
        }

        impl From<Even> for String {
            here! { fn from(Even(n): Even) -> Self { let text = n.to_string(); text } }
        }

        impl AsRef<u32> for Even {
            here! { fn as_ref(&self) -> &u32 { &self.0 } }
        }

        pub fn conversions(_: &Log, n: u32) -> Result<(String, u32), String> {
            let even: Even = n.try_into()?;
            let own = *even.as_ref();
            Ok((even.into(), own))
        }
    }

    generic_traits {
        trait Fold<T> {
            fn fold_with<A>(&self, start: A, f: &mut dyn FnMut(A, &T) -> A) -> A;

            here! {
                fn total(&self) -> u32 where T: Copy + Into<u32> {
                    let mut rounds = 0;
                    let sum = self.fold_with(0, &mut |sum, x| {
                        rounds += 1;
                        sum + (*x).into()
                    });
                    sum + rounds
                }
            }
        }

        impl<T> Fold<T> for [T] {
            here! {
                fn fold_with<A>(&self, start: A, f: &mut dyn FnMut(A, &T) -> A) -> A {
                    let mut all = start;
                    for x in self {
                        all = f(all, x);
                    }
                    all
                }
            }
        }

        pub fn generic_traits(_: &Log, n: u32) -> u32 {
            let all: Vec<u8> = (0..n as u8).collect();
            all.as_slice().total()
        }
    }
}
