//! Macros as statements, expressions, items, patterns and types.

use super::harness::{Log, Noisy, note};

/// Expands to a `let` that its caller sees.
macro_rules! noisy {
    ($name:ident, $log:expr) => {
        let $name = Noisy::new(stringify!($name), $log);
    };
}

/// Expands to several statements.
macro_rules! notes {
    ($log:expr; $($text:expr),* $(,)?) => {
        $(note($log, $text);)*
    };
}

/// Like `println!`, to the log.
macro_rules! log_line {
    ($log:expr, $($arguments:tt)*) => {
        note($log, format!($($arguments)*))
    };
}

/// Leaves its caller.
macro_rules! give_up_if {
    ($condition:expr, $value:expr) => {
        if $condition {
            return $value;
        }
    };
}

shapes! {
    statement_macros: pub fn statement_macros(log: &Log, n: u32) -> usize {
        macro_rules! noisy {
            ($name:ident) => {
                let $name = Noisy::new(stringify!($name), log);
            };
        }
        noisy!(x);
        noisy! { y }
        noisy!{z} noisy![w];
        if n > 3 {
            noisy!(inner);
            assert_eq!(inner.len(), 5);
        }
        let total = vec![x.len(), y.len(), z.len(), w.len()]
            .into_iter()
            .sum::<usize>();
        match n {
            0 => vec![total].len(),
            1 => { format!("{total}").len() }
            _ => matches! { n, 2..=4 } as usize,
        }
    }

    macros_that_bind: pub fn macros_that_bind(log: &Log, n: u32) -> usize {
        noisy!(a, log);
        let len = {
            noisy!(b, log);
            noisy! { c, log }
            a.len() + b.len() + c.len()
        };
        for _ in 0..n {
            noisy!(round, log);
        }
        noisy!(last, log);
        len
    }

    macros_of_several_statements: pub fn macros_of_several_statements(log: &Log, n: u32) {
        let _a = Noisy::new("a", log);
        notes!(log; "one", n.to_string());
        notes!(log;);
        notes! { log; "two", "three", }
        if n > 2 { notes!(log; "four"); } else { notes![log; "five", "six"]; }
        notes!(log; "end");
    }

    macros_that_return: pub fn macros_that_return(log: &Log, n: u32) -> Option<u32> {
        let _a = Noisy::new("a", log);
        give_up_if!(n == 0, None);
        macro_rules! next_round { () => { continue } }
        let mut sum = 0;
        for i in 0..n {
            let _round = Noisy::new("round", log);
            if i == 1 { next_round!() }
            if i == 2 { next_round!(); }
            give_up_if! { i == 4, Some(100) }
            sum += i;
        }
        give_up_if![sum > 2, Some(sum)];
        Some(n)
    }

    macros_as_items: pub fn macros_as_items(log: &Log, n: u32) -> u32 {
        macro_rules! constant { ($name:ident = $value:expr) => { const $name: u32 = $value; } }
        macro_rules! structure {
            ($name:ident { $($field:ident),* }) => {
                struct $name { $($field: u32),* }
                impl $name { fn sum(&self) -> u32 { let sum = 0; $(let sum = sum + self.$field;)* sum } }
            };
        }
        constant!(TWO = 2);
        structure! { Fields { x, y } }
        let fields = Fields { x: n, y: TWO };
        fields.sum()
    }

    macros_as_expressions: pub fn macros_as_expressions(log: &Log, n: u32) -> String {
        macro_rules! max {
            ($x:expr) => { $x };
            ($x:expr, $($rest:expr),+) => {{
                let (x, rest) = ($x, max!($($rest),+));
                if x > rest { x } else { rest }
            }};
        }
        let largest = max!(n, 3, Noisy::new("ab", log).len() as u32);
        let text = concat!("line ", 1, '!');
        let joined = [text, stringify!(a + b), &format!("{largest:>3}")].concat();
        if cfg!(any()) { return nothing() }
        fn nothing() -> String { String::new() }
        joined
    }

    macros_as_patterns_and_types: pub fn macros_as_patterns_and_types(log: &Log, n: u32) -> u32 {
        macro_rules! small { () => { 0..=2 } }
        macro_rules! pair { ($t:ty) => { ($t, $t) } }
        macro_rules! some { ($p:pat) => { Some($p) } }
        let pair: pair!(u32) = (n, n + 1);
        let some!(x) = pair.0.checked_sub(1) else { return 100 };
        match x {
            small!() => 1,
            _ if matches!(pair, (4, _)) => 2,
            _ => 3,
        }
    }

    std_macros: pub fn std_macros(log: &Log, n: u32) -> Vec<String> {
        let mut all = vec![String::new(); 2];
        let more = vec![
            format!("{n}"),
            format!("{0} {x:?}", n, x = Some(n)),
            { let text = String::from("block"); text },
        ];
        all.extend(more);
        debug_assert_eq!(all.len(), 5, "of {n}");
        let text = std::format_args!("{}", 1).to_string();
        all.push(text);
        let _ = write_to(&mut all[0], n);
        return all;

        fn write_to(text: &mut String, n: u32) -> std::fmt::Result {
            use std::fmt::Write;
            write!(text, "{n}")?;
            for i in 0..n { writeln!(text, "{i}")? }
            writeln!(text)
        }
    }

    macros_in_every_delimiter: pub fn macros_in_every_delimiter(log: &Log, n: u32) -> usize {
        let a = vec!(1, 2);
        let b = vec![1, 2];
        let c = vec! { 1, 2 };
        log_line!(log, "{}", n);
        log_line![log, "{}", n];
        log_line! { log, "{}", n }
        log_line! { log, "{}", n };
        vec! [ a, b, c ].concat().len()
    }

    macro_at_start_of_line: pub fn macro_at_start_of_line(log: &Log, n: u32) -> i32 {
        log_line! { log, "statement" }
        -1;
        log_line! { log, "another" } log_line! { log, "third" };
        let x = matches!(n, 1) as i32
            - 1;
        vec! { x, 2 }.len() as i32
            - x
    }

    blocks_through_macros: pub fn blocks_through_macros(log: &Log, n: u32) -> u32 {
        macro_rules! twice { ($body:block) => {{ let first = $body; let second = $body; first + second }} }
        macro_rules! evaluate { ($($tokens:tt)*) => { { $($tokens)* } } }
        let sum = twice!({
            let a = Noisy::new("a", log);
            a.len() as u32
        });
        let more = evaluate! {
            let b = Noisy::new("b", log);
            if n > 3 { return b.len() as u32; }
            n + sum
        };
        twice!({ more })
    }

    closures_through_macros: pub fn closures_through_macros(log: &Log, n: u32) -> u32 {
        macro_rules! call { ($f:expr $(, $argument:expr)*) => { ($f)($($argument),*) } }
        let add = |x: u32, y: u32| {
            let _in = Noisy::new("in", log);
            x + y
        };
        call!(add, n, call!(|x: u32| { let y = x; y + 1 }, 2))
    }

    labels_through_macros: pub fn labels_through_macros(log: &Log, n: u32) -> u32 {
        macro_rules! leave { ($label:lifetime, $value:expr) => { break $label $value } }
        macro_rules! search { ($($body:tt)*) => { 'own: loop { $($body)* break 'own 0 } } }
        let x = 'block: {
            let _a = Noisy::new("a", log);
            if n == 1 { leave!('block, 10) }
            if n == 2 {
                leave!('block, 20);
            }
            30
        };
        let y = search! {
            let _b = Noisy::new("b", log);
            if n > 3 { break 1; }
        };
        x + y
    }

    hygiene_is_kept: pub fn hygiene_is_kept(log: &Log, n: u32) -> u32 {
        macro_rules! own_x { ($x:expr) => {{ let x = 100; $x + x }} }
        macro_rules! set { ($name:ident) => { let mut $name = 1; $name += 1; } }
        let x = n;
        let sum = own_x!(x);
        set!(guard);
        set!(x);
        let _block = guard;
        sum + x + _block
    }
}
