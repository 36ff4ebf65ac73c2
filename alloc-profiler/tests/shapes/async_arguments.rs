//! Arguments of `async fn`, which live in the future: patterns of all kinds, and
//! when each is dropped if the future is never polled, cancelled, or done.

use super::executor::{Pause, drive};
use super::harness::{Log, Noisy};

driven! {
    async_arguments {
        here! {
            async fn take(a: Noisy<'_>, _: Noisy<'_>, _c: Noisy<'_>, mut d: Noisy<'_>, n: u32) -> usize {
                let e = a.child("e");
                Pause(1).await;
                d = d.child("f");
                Pause(n).await;
                d.len()
            }
        }

        pub fn async_arguments(log: &Log, n: u32) -> (Option<usize>, usize) {
            drive(log, n, || {
                let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| Noisy::new(name, log));
                take(a, b, c, d, n)
            })
        }
    }

    async_argument_patterns {
        here! {
            async fn take(
                (a, _): (Noisy<'_>, Noisy<'_>),
                [first, .., last]: [Noisy<'_>; 3],
                ref kept: Noisy<'_>,
                Pair { x, mut y }: Pair,
                whole @ (_, z): (u32, u32),
            ) -> u32 {
                Pause(1).await;
                let inner = last.child("inner");
                y += 1;
                Pause(1).await;
                x + y + z + whole.0 + kept.len() as u32
            }
        }
        struct Pair { x: u32, y: u32 }

        pub fn async_argument_patterns(log: &Log, n: u32) -> (Option<u32>, u32) {
            drive(log, n, || {
                let noisy = |name| Noisy::new(name, log);
                take(
                    (noisy("a"), noisy("b")),
                    ["c", "d", "e"].map(noisy),
                    noisy("f"),
                    Pair { x: n, y: 1 },
                    (2, 3),
                )
            })
        }
    }

    async_argument_ref_mut {
        here! {
            async fn take(ref mut a: Noisy<'_>, Pair { x, ref mut y }: Pair<'_>) -> usize {
                a.name.push('!');
                Pause(1).await;
                *y = y.child("new");
                a.len() + x as usize
            }
        }
        struct Pair<'a> { x: u32, y: Noisy<'a> }

        pub fn async_argument_ref_mut(log: &Log, n: u32) -> (Option<usize>, usize) {
            drive(log, n, || take(Noisy::new("a", log), Pair { x: n, y: Noisy::new("y", log) }))
        }
    }

    async_unused_arguments {
        here! { async fn take(a: Noisy<'_>, b: Noisy<'_>, _: u32) {} }
        here! { async fn only_pause(a: Noisy<'_>, _: Noisy<'_>) { Pause(2).await; } }

        pub fn async_unused_arguments(log: &Log, n: u32) -> (Option<()>, ()) {
            let noisy = |name| Noisy::new(name, log);
            drive(log, n, || take(noisy("a"), noisy("b"), n));
            drive(log, n, || only_pause(noisy("c"), noisy("d")))
        }
    }

    async_argument_cfg {
        here! {
            async fn take(
                #[cfg(any())] gone: Nothing,
                #[cfg(all())] mut a: Noisy<'_>,
                #[allow(unused_variables)] b: Noisy<'_>,
            ) -> usize {
                Pause(1).await;
                a = a.child("c");
                a.len()
            }
        }

        pub fn async_argument_cfg(log: &Log, n: u32) -> (Option<usize>, usize) {
            drive(log, n, || take(Noisy::new("a", log), Noisy::new("b", log)))
        }
    }
}
