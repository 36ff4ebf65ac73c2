//! What the files of shapes share: a log, a value that notes its own end in it,
//! and the macros that define each shape twice and compare the two.
//!
//! A *shape* is a function `fn name(log: &Log, n: u32) -> T` that is called with
//! `n` from 0 to 5, once from a module `plain` and once from a module `profiled`.
//! The text of both is the same, down to the lines; only what `here!` means
//! differs. So must be the value, the log, and a panic's message and place.

use std::alloc::System;
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use alloc_profiler::ProfiledAlloc;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

/// What happened, in order.
pub(crate) type Log = RefCell<Vec<String>>;

/// Notes `text` in the log.
pub(crate) fn note(log: &Log, text: impl Into<String>) {
    log.borrow_mut().push(text.into());
}

/// Notes in the log that it was made and dropped.
pub(crate) struct Noisy<'a> {
    pub(crate) name: String,
    pub(crate) log: &'a Log,
}

impl<'a> Noisy<'a> {
    pub(crate) fn new(name: &str, log: &'a Log) -> Self {
        note(log, format!("make {name}"));
        Self { name: name.to_owned(), log }
    }

    pub(crate) fn len(&self) -> usize {
        self.name.len()
    }

    pub(crate) fn itself(&self) -> &Self {
        self
    }

    pub(crate) fn child(&self, name: &str) -> Noisy<'a> {
        Noisy::new(&format!("{}.{name}", self.name), self.log)
    }
}

impl Drop for Noisy<'_> {
    fn drop(&mut self) {
        note(self.log, format!("drop {}", self.name));
    }
}

/// Defines shapes of one function each, which has the attribute:
/// `name: pub fn name(log: &Log, n: u32) -> T { … }`.
macro_rules! shapes {
    ($($name:ident: $item:item)*) => {
        driven! { $($name { here! { $item } })* }
    };
}

/// Defines shapes of several items: `name { … }`. Those in `here! { … }` have the
/// attribute, and `pub fn name` calls them.
macro_rules! driven {
    ($($name:ident { $($items:tt)* })*) => {
        #[allow(warnings, clippy::all, reason = "to be met, not to be imitated")]
        mod plain {
            $(pub(super) mod $name {
                use super::super::*;
                use crate::harness::without_attribute as here;
                $($items)*
            })*
        }
        #[allow(warnings, clippy::all, reason = "as above")]
        mod profiled {
            $(pub(super) mod $name {
                use super::super::*;
                use crate::harness::with_attribute as here;
                $($items)*
            })*
        }
        $(
            #[test]
            fn $name() {
                let name = stringify!($name);
                crate::harness::compare(name, plain::$name::$name, profiled::$name::$name);
            }
        )*

        /// The shapes in this file.
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

/// What `here!` is in `plain`.
macro_rules! without_attribute {
    ($($item:tt)*) => { $($item)* };
}
pub(crate) use without_attribute;

/// What `here!` is in `profiled`.
macro_rules! with_attribute {
    ($($item:tt)*) => { #[alloc_profiler::profile] $($item)* };
}
pub(crate) use with_attribute;

/// Runs both functions on several inputs and compares what they return or panic
/// with, and what they log.
pub(crate) fn compare<T: Debug>(
    name: &str,
    plain: fn(&Log, u32) -> T,
    profiled: fn(&Log, u32) -> T,
) {
    for input in 0..6 {
        let expected = outcome(plain, input);
        let found = outcome(profiled, input);
        assert_eq!(expected, found, "{name}({input})");
    }
    let path = format!("profiled::{name}::");
    let functions = alloc_profiler::report().functions;
    let is_entered = functions.iter().any(|function| function.name.contains(&path));
    assert!(is_entered, "nothing of {name} was profiled");
}

/// What a shape did: its value, or its panic's message and place; and its log.
type Outcome = (Result<String, (String, String)>, Vec<String>);

fn outcome<T: Debug>(shape: fn(&Log, u32) -> T, input: u32) -> Outcome {
    note_panics();
    let log = Log::default();
    IS_EXPECTED.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(|| shape(&log, input)));
    IS_EXPECTED.set(false);
    let result = match result {
        Ok(value) => Ok(format!("{value:?}")),
        Err(payload) => Err((message(&*payload), PLACE.take())),
    };
    (result, log.into_inner())
}

fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let literal = payload.downcast_ref::<&str>().map(ToString::to_string);
    let text = literal.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "neither &str nor String".into())
}

thread_local! {
    /// Whether a panic on this thread is one of a shape's.
    static IS_EXPECTED: Cell<bool> = const { Cell::new(false) };
    /// Where that last one was raised.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Has the panics of shapes note their place; all others print as ever.
fn note_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_EXPECTED.get() {
                print(panic);
            } else if let Some(place) = panic.location() {
                PLACE.set(place.to_string());
            }
        }));
    });
}
