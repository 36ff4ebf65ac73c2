//! Async methods by every kind of `self`, and those of traits.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::executor::{Pause, drive};
use super::harness::{Log, Noisy};

driven! {
    async_by_reference {
        struct Client<'a> { noisy: Noisy<'a>, calls: u32 }

        impl<'a> Client<'a> {
            here! {
                async fn get(&self, n: u32) -> Option<Noisy<'a>> {
                    let child = self.noisy.child("get");
                    Pause(1).await;
                    if n > 3 { return None; }
                    Some(child)
                }
            }
            here! {
                pub(crate) async fn call(&mut self, extra: Noisy<'_>) -> &mut u32 {
                    Pause(1).await;
                    self.calls += extra.len() as u32;
                    let calls = &mut self.calls;
                    calls
                }
            }
        }

        pub fn async_by_reference(log: &Log, n: u32) -> (Option<u32>, u32) {
            drive(log, n, || async {
                let mut client = Client { noisy: Noisy::new("client", log), calls: n };
                let got = client.get(n).await.map_or(0, |noisy| noisy.len() as u32);
                *client.call(Noisy::new("extra", log)).await += 1;
                client.calls + got
            })
        }
    }

    async_by_value {
        struct Job<'a>(Noisy<'a>);

        impl<'a> Job<'a> {
            here! {
                async fn run(self, other: Noisy<'a>) -> usize {
                    let inner = self.0.child("inner");
                    Pause(2).await;
                    other.len()
                }
            }
            here! {
                async fn renamed(mut self, name: &str) -> Self {
                    Pause(1).await;
                    self.0 = self.0.child(name);
                    self
                }
            }
            here! { async fn unused(self, _: Noisy<'_>) {} }
        }

        pub fn async_by_value(log: &Log, n: u32) -> (Option<usize>, usize) {
            drive(log, n, || Job(Noisy::new("u", log)).unused(Noisy::new("v", log)));
            drive(log, n, || async {
                let job = Job(Noisy::new("job", log)).renamed("x").await;
                job.run(Noisy::new("other", log)).await
            })
        }
    }

    async_by_pointers {
        struct Shared<'a>(Noisy<'a>);

        impl Shared<'_> {
            here! {
                async fn boxed(self: Box<Self>) -> usize {
                    Pause(1).await;
                    let Self(ref noisy) = *self;
                    noisy.len()
                }
            }
            here! { async fn counted(self: Rc<Self>) -> usize { let other = self.clone(); Pause(1).await; Rc::strong_count(&other) } }
            here! {
                async fn pinned(mut self: Pin<&mut Self>, n: u32) -> usize {
                    let this = self.as_mut();
                    Pause(n).await;
                    this.0.len()
                }
            }
        }

        pub fn async_by_pointers(log: &Log, n: u32) -> (Option<usize>, usize) {
            drive(log, n, || async {
                let shared = |name| Shared(Noisy::new(name, log));
                let sum = Box::new(shared("box")).boxed().await + Rc::new(shared("rc")).counted().await;
                let mut pinned = Box::pin(shared("pin"));
                sum + pinned.as_mut().pinned(n).await
            })
        }
    }

    async_traits {
        trait Fetch {
            async fn fetch(&self, n: u32) -> Result<u32, String>;

            here! {
                async fn fetch_twice(&self, n: u32) -> Result<u32, String> {
                    let first = self.fetch(n).await?;
                    let second = self.fetch(n + 1).await?;
                    Ok(first + second)
                }
            }

            fn sizes(&self) -> impl Future<Output = usize>;
        }

        impl Fetch for Noisy<'_> {
            here! {
                async fn fetch(&self, n: u32) -> Result<u32, String> {
                    let child = self.child(&n.to_string());
                    Pause(1).await;
                    if n > 3 { return Err(child.name.clone()); }
                    Ok(n)
                }
            }
            here! { async fn sizes(&self) -> usize { let len = self.len(); Pause(1).await; len } }
        }

        pub fn async_traits(log: &Log, n: u32) -> (Option<(Result<u32, String>, usize)>, (Result<u32, String>, usize)) {
            drive(log, n, || async {
                let noisy = Noisy::new("noisy", log);
                (noisy.fetch_twice(n).await, noisy.sizes().await)
            })
        }
    }

    async_boxed_trait {
        trait Run {
            fn run<'a>(&'a self, n: u32) -> Pin<Box<dyn Future<Output = u32> + 'a>>;
        }

        impl Run for Noisy<'_> {
            here! {
                fn run<'a>(&'a self, n: u32) -> Pin<Box<dyn Future<Output = u32> + 'a>> {
                    let early = self.child("early");
                    Box::pin(async move {
                        let late = self.child("late");
                        Pause(1).await;
                        late.len() as u32 + early.len() as u32 + n
                    })
                }
            }
        }

        pub fn async_boxed_trait(log: &Log, n: u32) -> (Option<u32>, u32) {
            let noisy: Box<dyn Run + '_> = Box::new(Noisy::new("noisy", log));
            drive(log, n, || noisy.run(n))
        }
    }

    async_impl_block {
        struct Client<'a>(Noisy<'a>);

        here! {
            impl<'a> Client<'a> {
                async fn first(&self) -> u32 {
                    let a = self.0.child("first");
                    Pause(1).await
                }

                #[alloc_profiler::profile(skip)]
                async fn second(&mut self) -> u32 { Pause(2).await }

                fn third(&self) -> impl Future<Output = usize> + use<'a, '_> {
                    let child = self.0.child("third");
                    async move {
                        Pause(1).await;
                        child.len()
                    }
                }

                async fn all(mut self) -> usize {
                    let first = self.first().await;
                    let second = self.second().await;
                    self.third().await + (first + second) as usize
                }
            }
        }

        pub fn async_impl_block(log: &Log, n: u32) -> (Option<usize>, usize) {
            drive(log, n, || Client(Noisy::new("client", log)).all())
        }
    }
}
