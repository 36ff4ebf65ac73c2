//! Arguments: patterns of all kinds, and when each part of one is dropped.

use super::harness::{Log, Noisy, note};

/// A value of two parts that both note their end.
struct Pair<'a> {
    left: Noisy<'a>,
    right: Noisy<'a>,
}

impl<'a> Pair<'a> {
    fn new(name: &str, log: &'a Log) -> Self {
        let left = Noisy::new(&format!("{name}.left"), log);
        Self { left, right: Noisy::new(&format!("{name}.right"), log) }
    }
}

driven! {
    argument_order {
        here! {
            fn take(a: Noisy<'_>, b: Noisy<'_>, c: Noisy<'_>) -> usize {
                let d = a.child("d");
                let e = c.child("e");
                b.len() + e.len()
            }
        }

        pub fn argument_order(log: &Log, n: u32) -> usize {
            take(Noisy::new("a", log), Noisy::new("b", log), Noisy::new("c", log)) + n as usize
        }
    }

    argument_underscore {
        here! {
            fn take(_: Noisy<'_>, _kept: Noisy<'_>, used: Noisy<'_>, _: u32) -> usize {
                let inner = used.child("inner");
                used.len()
            }
        }

        pub fn argument_underscore(log: &Log, n: u32) -> usize {
            let len = take(
                Noisy::new("underscore", log),
                Noisy::new("kept", log),
                Noisy::new("used", log),
                n,
            );
            note(log, "after");
            len
        }
    }

    argument_patterns {
        here! {
            fn take(
                (a, [b, c]): (u32, [u32; 2]),
                Pair { left, .. }: Pair<'_>,
                (_, last): (Noisy<'_>, Noisy<'_>),
                &d: &u32,
            ) -> u32 {
                let inner = left.child("inner");
                a + b + c + d + last.len() as u32
            }
        }

        pub fn argument_patterns(log: &Log, n: u32) -> u32 {
            let both = (Noisy::new("first", log), Noisy::new("last", log));
            take((n, [1, 2]), Pair::new("pair", log), both, &n)
        }
    }

    argument_ref_patterns {
        here! {
            fn take(ref a: Noisy<'_>, ref mut b: Noisy<'_>, Pair { ref left, right }: Pair<'_>) -> String {
                b.name.push_str("!");
                let inner = a.child("inner");
                b.name.clone() + &left.name + &right.name
            }
        }

        pub fn argument_ref_patterns(log: &Log, n: u32) -> String {
            take(Noisy::new(&n.to_string(), log), Noisy::new("b", log), Pair::new("pair", log))
        }
    }

    argument_mut {
        here! {
            fn take(mut a: Noisy<'_>, mut n: u32, mut all: Vec<u32>) -> Vec<u32> {
                while n > 0 {
                    n -= 1;
                    a = a.child(&n.to_string());
                    all.push(n);
                }
                all
            }
        }

        pub fn argument_mut(log: &Log, n: u32) -> Vec<u32> {
            take(Noisy::new("a", log), n, Vec::with_capacity(2))
        }
    }

    argument_returned {
        here! {
            fn take<'a>(a: Noisy<'a>, b: Noisy<'a>) -> Noisy<'a> {
                let _inner = a.child("inner");
                b
            }
        }

        pub fn argument_returned(log: &Log, n: u32) -> String {
            let b = take(Noisy::new("a", log), Noisy::new(&n.to_string(), log));
            note(log, "returned");
            b.name.clone()
        }
    }

    argument_moved_within {
        here! {
            fn take(a: Noisy<'_>, pair: Pair<'_>, n: u32) -> usize {
                if n % 2 == 0 {
                    drop(a);
                    return pair.right.len();
                }
                let left = pair.left;
                let boxed = Box::new(a);
                left.len() + boxed.len()
            }
        }

        pub fn argument_moved_within(log: &Log, n: u32) -> usize {
            take(Noisy::new("a", log), Pair::new("pair", log), n)
        }
    }

    argument_temporaries {
        here! {
            fn take(a: &Noisy<'_>, len: usize, name: &str) -> usize {
                let b = a.child(name);
                b.len() + len
            }
        }

        pub fn argument_temporaries(log: &Log, n: u32) -> usize {
            take(
                &Noisy::new("a", log),
                Noisy::new("b", log).len(),
                &Noisy::new("c", log).child("d").name,
            ) + n as usize
        }
    }

    argument_arrays_and_slices {
        here! {
            fn take([first, .., last]: [Noisy<'_>; 4], rest: &[u32], text: &mut String) -> usize {
                let [] = [0_u8; 0];
                text.push_str(&last.name);
                if let [head, tail @ ..] = rest { return *head as usize + tail.len() }
                first.len()
            }
        }

        pub fn argument_arrays_and_slices(log: &Log, n: u32) -> (usize, String) {
            let mut text = String::new();
            let four = ["a", "b", "c", "d"].map(|name| Noisy::new(name, log));
            let numbers: Vec<_> = (0..n / 2).collect();
            (take(four, &numbers, &mut text), text)
        }
    }

    argument_tuple_struct {
        here! {
            fn take(Wrapped(a, _): Wrapped<'_>, Unit: Unit, (): (), ((b,),): ((u32,),)) -> u32 {
                let inner = a.child("inner");
                b
            }
        }

        struct Wrapped<'a>(Noisy<'a>, Noisy<'a>);
        struct Unit;

        pub fn argument_tuple_struct(log: &Log, n: u32) -> u32 {
            take(Wrapped(Noisy::new("a", log), Noisy::new("b", log)), Unit, (), ((n,),))
        }
    }

    argument_cfg {
        here! {
            fn take(
                #[cfg(any())] gone: Nothing,
                #[cfg(all())] a: Noisy<'_>,
                #[allow(unused_variables)] b: Noisy<'_>,
            ) -> usize {
                let n = a.len();
                n
            }
        }

        pub fn argument_cfg(log: &Log, n: u32) -> usize {
            take(Noisy::new("a", log), Noisy::new("b", log)) * n as usize
        }
    }

    argument_function_pointers {
        here! {
            fn take(f: fn(u32) -> u32, g: &dyn Fn(u32) -> u32, h: impl FnOnce(u32) -> u32) -> u32 {
                let x = f(1);
                let y = g(x);
                h(y)
            }
        }

        pub fn argument_function_pointers(log: &Log, n: u32) -> u32 {
            let a = Noisy::new("a", log);
            let b = Noisy::new("b", log);
            take(|x| x + 1, &|x| { let _in = b.child("in"); x + n }, move |x| x + a.len() as u32)
        }
    }

    argument_panics {
        here! {
            fn take(a: Noisy<'_>, _: Noisy<'_>, mut c: Noisy<'_>, n: u32) -> u32 {
                let d = a.child("d");
                c = c.child("e");
                assert!(n < 3, "{n} is not below three");
                n
            }
        }

        pub fn argument_panics(log: &Log, n: u32) -> u32 {
            take(Noisy::new("a", log), Noisy::new("b", log), Noisy::new("c", log), n)
        }
    }
}
