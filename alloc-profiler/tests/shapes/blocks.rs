//! The attribute on `impl` and `trait` blocks and on inline modules: every function
//! in them, but those that are told to be left out.

use super::harness::{Log, Noisy, note};

driven! {
    inherent_impl {
        struct Words<'a> { all: Vec<Noisy<'a>> }

        here! {
            impl<'a> Words<'a> {
                const LIMIT: usize = { let x = 2; x + 1 };

                fn new() -> Self {
                    let all = Vec::new();
                    Self { all }
                }

                /// Documented.
                #[must_use]
                pub fn with(mut self, word: Noisy<'a>) -> Self {
                    if self.all.len() >= Self::LIMIT { return self; }
                    self.all.push(word);
                    self
                }

                #[alloc_profiler::profile(skip)]
                fn len(&self) -> usize {
                    let len = self.all.len();
                    len
                }

                #[inline]
                fn last(&self) -> Option<&Noisy<'a>> { let last = self.all.last()?; Some(last) }
            }
        }

        pub fn inherent_impl(log: &Log, n: u32) -> (usize, Option<usize>) {
            let mut words = Words::new();
            for i in 0..n { words = words.with(Noisy::new(&i.to_string(), log)); }
            (words.len(), words.last().map(Noisy::len))
        }
    }

    const_functions_left_out {
        struct Size(u32);

        here! {
            impl Size {
                #[alloc_profiler::profile(skip)]
                const fn new(n: u32) -> Self { Self(n) }

                #[alloc_profiler::profile(skip)]
                const fn twice(&self) -> u32 { self.0 * 2 }

                fn text(&self) -> String {
                    let twice = self.twice();
                    twice.to_string()
                }
            }
        }
        const TWO: Size = Size::new(2);

        pub fn const_functions_left_out(_: &Log, n: u32) -> String {
            Size::new(n).text() + &TWO.text()
        }
    }

    own_attribute_within {
        struct Both;

        here! {
            impl Both {
                #[alloc_profiler::profile]
                fn own(&self, log: &Log) -> usize { let a = Noisy::new("own", log); a.len() }
                fn blocks(&self, log: &Log) -> usize {
                    let a = Noisy::new("block's", log);
                    a.len() + self.own(log)
                }
            }
        }

        pub fn own_attribute_within(log: &Log, n: u32) -> usize {
            Both.blocks(log) + n as usize
        }
    }

    generic_impl {
        struct Stack<T, const N: usize> { all: [Option<T>; N], len: usize }

        here! {
            impl<T: Clone, const N: usize> Stack<T, N>
            where
                T: ToString,
            {
                fn push(&mut self, value: T) -> Result<(), T> {
                    let Some(slot) = self.all.get_mut(self.len) else {
                        return Err(value);
                    };
                    *slot = Some(value);
                    self.len += 1;
                    Ok(())
                }

                fn texts(&self) -> impl Iterator<Item = String> + '_ {
                    let all = self.all.iter().flatten();
                    all.map(|value| {
                        let text = value.to_string();
                        text
                    })
                }
            }
        }

        pub fn generic_impl(_: &Log, n: u32) -> (Vec<String>, Vec<u32>) {
            let mut stack = Stack { all: [const { None::<u32> }; 3], len: 0 };
            let refused = (0..n).filter_map(|i| stack.push(i).err()).collect();
            (stack.texts().collect(), refused)
        }
    }

    trait_block {
        here! {
            trait Visit {
                type Item: ToString;
                const NAME: &'static str = "visit";

                fn items(&self) -> Vec<Self::Item>;

                fn visit(&self, log: &Log) -> usize {
                    let items = self.items();
                    for item in &items {
                        let _noisy = Noisy::new(&item.to_string(), log);
                    }
                    self.done(log);
                    items.len()
                }

                fn done(&self, log: &Log) { note(log, Self::NAME) }

                #[alloc_profiler::profile(skip)]
                fn skipped(&self) -> u32 { let x = 3; x }
            }
        }

        here! {
            impl Visit for u32 {
                type Item = u32;
                const NAME: &'static str = "numbers";

                fn items(&self) -> Vec<u32> {
                    let all = 0..*self;
                    all.collect()
                }
            }
        }

        pub fn trait_block(log: &Log, n: u32) -> usize {
            n.visit(log) + n.skipped() as usize
        }
    }

    trait_impl_blocks {
        struct Ends<'a>(Noisy<'a>);

        here! {
            impl Drop for Ends<'_> {
                fn drop(&mut self) {
                    let last = self.0.child("last");
                    note(self.0.log, "ends");
                }
            }
        }
        here! {
            impl<'a> Iterator for Ends<'a> {
                type Item = Noisy<'a>;

                fn next(&mut self) -> Option<Noisy<'a>> {
                    let is_long = self.0.len() > 4;
                    if is_long { return None }
                    self.0.name.push('x');
                    Some(self.0.child("item"))
                }

                fn size_hint(&self) -> (usize, Option<usize>) { (0, None) }
            }
        }

        pub fn trait_impl_blocks(log: &Log, n: u32) -> usize {
            Ends(Noisy::new("e", log)).take(n as usize).map(|noisy| noisy.len()).sum()
        }
    }

    inline_module {
        here! {
            mod inner {
                use super::super::super::*;

                /// Documented.
                pub(super) fn outer(log: &Log, n: u32) -> usize {
                    let a = Noisy::new("a", log);
                    if n > 3 { return 0; }
                    helper(&a) + Thing(n).value() as usize + deeper::deep(log)
                }

                fn helper(a: &Noisy<'_>) -> usize { let b = a.child("b"); b.len() }

                #[alloc_profiler::profile(skip)]
                pub(super) const fn skipped() -> u32 { 4 }

                struct Thing(u32);
                impl Thing {
                    fn value(&self) -> u32 { let x = self.0; x.twice() }
                }

                trait Twice: Copy + Into<u32> { fn twice(self) -> u32 { let x: u32 = self.into(); x * 2 } }
                impl Twice for u32 {}

                mod deeper {
                    use super::*;
                    pub(super) fn deep(log: &Log) -> usize {
                        let noisy = Noisy::new("deep", log);
                        noisy.len()
                    }

                    #[alloc_profiler::profile(skip)]
                    mod left_out {
                        pub(in super::super) const fn constant() -> u32 { 1 }
                    }
                }

                const CONSTANT: u32 = skipped();
                static NAME: &str = "name";
                macro_rules! nothing { () => {} }
                nothing!();
            }
        }

        pub fn inline_module(log: &Log, n: u32) -> usize {
            inner::outer(log, n) + inner::skipped() as usize
        }
    }

    unsafe_and_extern_in_blocks {
        struct Raw(*const u32);

        here! {
            impl Raw {
                /// # Safety
                /// The pointer is valid to read.
                unsafe fn read(&self) -> u32 {
                    // SAFETY: as promised by the caller.
                    let x = unsafe { *self.0 };
                    x
                }
                extern "C" fn is_null(&self) -> bool { let at = self.0; at.is_null() }
                #[track_caller]
                fn check(&self, n: u32) -> u32 {
                    let least = 4;
                    assert!(n < least, "{n} is too large");
                    std::panic::Location::caller().line()
                }
            }
        }

        pub fn unsafe_and_extern_in_blocks(_: &Log, n: u32) -> (u32, bool, u32) {
            let raw = Raw(&n);
            // SAFETY: it points at `n`.
            (unsafe { raw.read() }, raw.is_null(), raw.check(n))
        }
    }

    blocks_by_macro {
        trait Name { fn name(&self) -> String; fn twice(&self) -> String { let name = self.name(); name.repeat(2) } }
        macro_rules! named {
            ($($type:ident $field:ident),*) => {
                $(
                    struct $type { $field: u32 }
                    here! {
                        impl Name for $type {
                            fn name(&self) -> String {
                                let Self { $field } = self;
                                format!("{} {}", stringify!($type), $field)
                            }
                        }
                    }
                )*
            };
        }
        named!(First x, Second y);

        pub fn blocks_by_macro(_: &Log, n: u32) -> String {
            First { x: n }.twice() + &Second { y: 2 }.name()
        }
    }

    skipped_functions {
        here! { fn kept(n: u32) -> u32 { let x = skipped(n); x + 1 } }
        #[alloc_profiler::profile(skip)]
        fn skipped(n: u32) -> u32 { let x = n; x * 2 }

        pub fn skipped_functions(_: &Log, n: u32) -> u32 {
            kept(n)
        }
    }
}
