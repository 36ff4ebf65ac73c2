//! The expansion fires no lint of rustc or clippy, however strict the user's
//! crate is, needs no `unsafe`, and silences nothing. Building this is the test.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    let_underscore_drop,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::absolute_paths,
    clippy::items_after_statements,
    clippy::missing_inline_in_public_items,
    clippy::indexing_slicing,
    clippy::semicolon_outside_block,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::used_underscore_binding
)]

use std::alloc::System;
use std::panic;

use alloc_profiler::{ProfiledAlloc, profile};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// A type with profiled methods.
#[derive(Debug, Default)]
struct Words {
    all: Vec<String>,
}

impl Words {
    #[profile]
    #[must_use]
    fn with(mut self, text: &str) -> Self {
        for word in text.split(' ') {
            if word.is_empty() {
                continue;
            }
            self.all.push(word.to_owned());
        }
        self
    }

    #[profile]
    fn find(&self, wanted: &str) -> Option<usize> {
        for (index, word) in self.all.iter().enumerate() {
            if word == wanted {
                return Some(index);
            }
        }
        None
    }
}

#[profile]
fn empty() {}

#[profile]
fn classify(n: usize) -> Result<&'static str, String> {
    let Some(half) = n.checked_div(2) else {
        return Err(String::from("no half"));
    };
    let name = match half {
        0 => "none",
        1 => {
            let long = format!("{half}");
            if long.is_empty() { "empty" } else { "one" }
        }
        _ => return Err(n.to_string()),
    };
    Ok(name)
}

#[profile]
fn fails(n: usize) -> usize {
    let list = Box::new([n; 3]);
    if n > 5 {
        unreachable!("no more than {}", list.len())
    }
    let mut steps = 0;
    let found = loop {
        steps += 1;
        if steps > n {
            break steps;
        }
    };
    while steps > 0 {
        steps -= 1;
    }
    found
}

#[profile]
fn never() -> ! {
    let text = String::from("never");
    panic::resume_unwind(Box::new(text));
}

#[test]
fn strict_crates_can_profile() {
    let words = Words::default().with("to be  or not");
    assert_eq!(words.find("or"), Some(2));
    assert_eq!(words.find("and"), None);
    assert_eq!(words.all.len(), 4);
    empty();
    assert_eq!(classify(1), Ok("none"));
    assert_eq!(classify(3), Ok("one"));
    assert_eq!(classify(9), Err(String::from("9")));
    assert_eq!(fails(2), 3);
    assert!(panic::catch_unwind(|| never()).is_err());
}
