//! Lifetimes: named, elided, higher-ranked; borrows that must end and go on where
//! they did.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use super::harness::{Log, Noisy};

driven! {
    named {
        here! {
            fn pick<'short, 'long: 'short>(a: &'short str, b: &'long str, n: u32) -> &'short str {
                let chosen = if n > 2 { a } else { b };
                chosen.trim_end_matches('x')
            }
        }

        pub fn named(_: &Log, n: u32) -> String {
            let owned = String::from("ax");
            pick(&owned, "bxx", n).to_owned()
        }
    }

    elided {
        struct Reader<'a> { text: &'a str }

        impl<'a> Reader<'a> {
            here! {
                fn word(&mut self) -> Option<&'a str> {
                    let text = self.text.trim_start();
                    if text.is_empty() { return None }
                    let end = text.find(' ').unwrap_or(text.len());
                    let (word, rest) = text.split_at(end);
                    self.text = rest;
                    Some(word)
                }
            }
            here! { fn rest(&self) -> &str { let rest = self.text; rest } }
        }

        pub fn elided(_: &Log, n: u32) -> (Vec<String>, usize) {
            let text = "to be or not".to_owned();
            let mut reader = Reader { text: &text };
            let mut words = vec![];
            while let Some(word) = reader.word() {
                words.push(word.to_owned());
                if words.len() > n as usize { break }
            }
            (words, reader.rest().len())
        }
    }

    higher_ranked {
        here! {
            fn apply<F>(f: F, n: u32) -> usize
            where
                F: for<'a> Fn(&'a str, &'a mut Vec<&'a str>) -> &'a str,
            {
                let text = n.to_string();
                let mut all = Vec::new();
                let result = f(&text, &mut all);
                result.len()
            }
        }

        pub fn higher_ranked(_: &Log, n: u32) -> usize {
            fn longest<'a>(text: &'a str, all: &'a mut Vec<&'a str>) -> &'a str {
                all.push(text);
                all.push("ab");
                all.iter().max_by_key(|text| text.len()).unwrap()
            }
            apply(longest, n * 500)
        }
    }

    higher_ranked_dyn {
        here! {
            fn each(f: &mut dyn for<'a> FnMut(&'a Noisy<'_>) -> &'a str, all: &[Noisy<'_>]) -> String {
                let mut text = String::new();
                for noisy in all {
                    text.push_str(f(noisy));
                }
                text
            }
        }

        pub fn higher_ranked_dyn(log: &Log, n: u32) -> (String, u32) {
            let all: Vec<_> = (0..n).map(|i| Noisy::new(&i.to_string(), log)).collect();
            let mut count = 0;
            let mut visit = |noisy: &Noisy<'_>| -> usize { count += 1; noisy.len() };
            for noisy in &all { visit(noisy); }
            (each(&mut |noisy| &noisy.name, &all), count)
        }
    }

    static_results {
        here! {
            fn name(n: u32) -> &'static [&'static str] {
                let all = &["a", "b", "c"];
                match n {
                    0..=2 => &all[n as usize..],
                    _ => &[],
                }
            }
        }

        pub fn static_results(_: &Log, n: u32) -> Vec<&'static str> {
            name(n).to_vec()
        }
    }

    cows {
        here! {
            fn spaced(text: &str) -> Cow<'_, str> {
                if !text.contains('x') {
                    return Cow::Borrowed(text);
                }
                let replaced = text.replace('x', " ");
                replaced.into()
            }
        }

        pub fn cows(_: &Log, n: u32) -> (bool, String) {
            let text = ["a", "axb"][n as usize % 2].to_owned();
            let spaced = spaced(&text);
            (matches!(spaced, Cow::Borrowed(_)), spaced.into_owned())
        }
    }

    reborrows {
        here! {
            fn insert<'m>(map: &'m mut HashMap<u32, String>, n: u32) -> &'m mut String {
                if map.contains_key(&n) {
                    return map.get_mut(&n).unwrap();
                }
                let all = &mut *map;
                all.insert(n, String::from("new"));
                let entry = map.entry(n + 1).or_default();
                entry.push('+');
                map.get_mut(&n).unwrap()
            }
        }

        pub fn reborrows(_: &Log, n: u32) -> (String, usize) {
            let mut map = HashMap::from([(2, String::from("old"))]);
            insert(&mut map, n).push('!');
            (map[&n].clone(), map.len())
        }
    }

    two_phase_borrows {
        here! {
            fn grow(all: &mut Vec<usize>, cell: &Cell<u32>) -> usize {
                all.push(all.len());
                all.extend_from_within(..all.len() / 2);
                let last = all.len() - 1;
                all[last] += { cell.set(cell.get() + 1); all[0] };
                let slice = &mut all[..];
                slice.swap(0, last);
                all.len()
            }
        }

        pub fn two_phase_borrows(_: &Log, n: u32) -> (usize, Vec<usize>, u32) {
            let (mut all, cell) = ((0..n as usize).collect(), Cell::new(n));
            let len = grow(&mut all, &cell) + grow(&mut all, &cell);
            (len, all, cell.get())
        }
    }

    borrows_end_before_the_tail {
        here! {
            fn push_longer<'a>(all: &mut Vec<Noisy<'a>>) -> usize {
                let first = &all[0];
                let longer = first.child("longer");
                all.push(longer);
                let last = all.last_mut().unwrap();
                last.name.push('!');
                let all = &*all;
                all.iter().map(Noisy::len).max().unwrap()
            }
        }

        pub fn borrows_end_before_the_tail(log: &Log, n: u32) -> usize {
            let mut all = vec![Noisy::new("first", log)];
            for _ in 0..n { push_longer(&mut all); }
            push_longer(&mut all)
        }
    }
}
