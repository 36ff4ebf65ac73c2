//! Functions that `macro_rules!` writes: from a name, arguments, a body as a block,
//! an expression, statements or mere tokens.

use super::harness::{Log, Noisy, note};

driven! {
    whole_function {
        macro_rules! whole {
            ($item:item) => { here! { $item } };
        }
        whole! {
            /// Documented.
            fn take(log: &Log, n: u32) -> usize {
                let a = Noisy::new("a", log);
                if n > 3 { return 0; }
                a.child("b").len()
            }
        }

        pub fn whole_function(log: &Log, n: u32) -> usize {
            take(log, n)
        }
    }

    name_and_body_as_block {
        macro_rules! function {
            ($name:ident, $body:block) => { here! { fn $name() -> u32 $body } };
        }
        function!(seven, {
            let all = vec![3, 4];
            all.iter().sum()
        });
        function! { one, { 1 } }

        pub fn name_and_body_as_block(_: &Log, n: u32) -> u32 {
            seven() + one() + n
        }
    }

    body_as_expression {
        macro_rules! functions {
            ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty = $body:expr;)*) => {
                $(here! { fn $name($($argument: $type),*) -> $result { $body } })*
            };
        }
        functions! {
            add(x: u32, y: u32) -> u32 = x + y;
            twice(noisy: Noisy<'_>) -> usize = {
                let child = noisy.child("child");
                child.len() + noisy.len()
            };
            choose(n: u32) -> &'static str = if n > 2 { "large" } else { "small" };
            find(n: u32) -> Option<u32> = match n.checked_sub(2)? {
                0 => None,
                x => Some(x),
            };
        }

        pub fn body_as_expression(log: &Log, n: u32) -> (u32, usize, &'static str, Option<u32>) {
            (add(n, 1), twice(Noisy::new("a", log)), choose(n), find(n))
        }
    }

    body_as_statements {
        macro_rules! function {
            (fn $name:ident($log:ident, $n:ident) { $($statement:stmt;)* }) => {
                here! {
                    fn $name($log: &Log, $n: u32) {
                        $($statement;)*
                    }
                }
            };
        }
        function! {
            fn run(log, n) {
                let a = Noisy::new("a", log);
                let b = if n > 2 { a.child("large") } else { a.child("small") };
                for i in 0..n { note(log, i.to_string()) };
                drop(b);
                let _c = a.child("c");
            }
        }

        pub fn body_as_statements(log: &Log, n: u32) {
            run(log, n);
        }
    }

    body_as_tokens {
        macro_rules! function {
            ($name:ident $arguments:tt [$($result:tt)*] $($body:tt)*) => {
                here! { fn $name $arguments -> $($result)* { $($body)* } }
            };
        }
        function! {
            run(log: &Log, n: u32) [Vec<usize>]
            let mut all = Vec::new();
            for i in 0..n {
                let noisy = Noisy::new(&i.to_string(), log);
                if i == 2 { continue }
                all.push(noisy.len());
            }
            all
        }

        pub fn body_as_tokens(log: &Log, n: u32) -> Vec<usize> {
            run(log, n)
        }
    }

    pieces_in_the_body {
        macro_rules! function {
            ($name:ident: $kind:ty, $first:expr, $pattern:pat => $then:expr, $last:block) => {
                here! {
                    fn $name(log: &Log, n: $kind) -> usize {
                        let first = $first;
                        let mut sum = first.len();
                        match n {
                            $pattern =>
                                sum += $then,
                            _ => return sum,
                        }
                        while sum > 3 {
                            sum -= 2;
                            if sum % 3 == 0 $last
                        }
                        sum
                    }
                }
            };
        }
        function!(run: u32, vec![0; 3], 1..=3 => Some(4).map_or(0, |x| { let y = x; y }), { break });

        pub fn pieces_in_the_body(log: &Log, n: u32) -> usize {
            run(log, n)
        }
    }

    methods_for_many_types {
        trait Describe {
            fn describe(&self) -> String;
        }
        macro_rules! describe {
            ($($type:ty => $name:literal),* $(,)?) => {
                $(impl Describe for $type {
                    here! {
                        fn describe(&self) -> String {
                            let value = *self;
                            let text = format!("{} {value}", $name);
                            text
                        }
                    }
                })*
            };
        }
        describe! { u8 => "byte", u32 => "word", char => "letter" }

        pub fn methods_for_many_types(_: &Log, n: u32) -> Vec<String> {
            vec![(n as u8).describe(), n.describe(), 'x'.describe()]
        }
    }

    signature_in_pieces {
        macro_rules! function {
            (
                $(#[$attribute:meta])*
                $visibility:vis fn $name:ident<$($lifetime:lifetime),*; $($generic:ident: $bound:path),*>
                ($($argument:pat_param => $type:ty),*) -> $result:ty $body:block
            ) => {
                here! {
                    $(#[$attribute])*
                    $visibility fn $name<$($lifetime,)* $($generic: $bound),*>($($argument: $type),*) -> $result
                    $body
                }
            };
        }
        function! {
            #[inline]
            #[must_use]
            pub(super) fn first<'a; T: ToString>((a, _) => (&'a Noisy<'a>, u32), mut all => Vec<T>) -> String {
                let child = a.child("child");
                let Some(last) = all.pop() else {
                    return child.name.clone();
                };
                last.to_string()
            }
        }

        pub fn signature_in_pieces(log: &Log, n: u32) -> String {
            first((&Noisy::new("a", log), n), (0..n).collect())
        }
    }

    macro_that_writes_macros {
        macro_rules! outer {
            ($name:ident, $inner:ident, $value:expr) => {
                macro_rules! $inner {
                    ($body:expr) => {
                        here! { fn $name(log: &Log) -> usize { let a = Noisy::new(stringify!($name), log); a.len() + $body + $value } }
                    };
                }
            };
        }
        outer!(run, define, 10);
        define!({ let x = 5; x });

        pub fn macro_that_writes_macros(log: &Log, n: u32) -> usize {
            run(log) * n as usize
        }
    }

    recursive_macro {
        macro_rules! chain {
            ($name:ident) => {
                here! { fn $name(log: &Log) -> usize { note(log, stringify!($name)); 0 } }
            };
            ($name:ident $next:ident $($rest:ident)*) => {
                here! {
                    fn $name(log: &Log) -> usize {
                        let _noisy = Noisy::new(stringify!($name), log);
                        $next(log) + 1
                    }
                }
                chain!($next $($rest)*);
            };
        }
        chain!(first second third);

        pub fn recursive_macro(log: &Log, n: u32) -> usize {
            [first, second, third][n as usize % 3](log)
        }
    }

    locals_of_the_macro {
        macro_rules! function {
            ($name:ident, $x:ident, $use_x:expr) => {
                here! {
                    fn $name($x: u32) -> u32 {
                        let x = 100;
                        let guard = $use_x;
                        x + guard
                    }
                }
            };
        }
        function!(run, x, { let y = x + 1; y });

        pub fn locals_of_the_macro(_: &Log, n: u32) -> u32 {
            run(n)
        }
    }

    crate_paths_and_self {
        struct Held<'a>(Noisy<'a>);
        macro_rules! method {
            ($self:ident, $name:ident, $body:expr) => {
                here! { fn $name(&$self) -> usize { let len = $body; len } }
            };
        }
        impl Held<'_> {
            method!(self, len, self.0.len());
            method!(self, child, { let child = self.0.child("child"); child.len() });
        }

        pub fn crate_paths_and_self(log: &Log, n: u32) -> usize {
            let held = Held(Noisy::new("held", log));
            if n > 2 { held.len() } else { held.child() }
        }
    }
}
