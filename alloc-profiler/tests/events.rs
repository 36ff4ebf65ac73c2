//! The `tracing` events: one for each profiled call, with its figures, and
//! whatever the subscriber does meanwhile is charged to nobody.

mod common;

use std::alloc::System;
use std::fmt::{Debug, Write};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::thread;

use alloc_profiler::{ProfiledAlloc, profile};
use common::{expect, function};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber};

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

static EVENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps every event as text, and runs profiled code while at it.
struct Keeper;

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "alloc_profiler"
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        EVENTS.lock().unwrap().push(text.0);
        in_the_subscriber();
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

#[profile]
fn in_the_subscriber() -> usize {
    let block = Box::new([1_u8; 55]);
    block.len()
}

#[profile]
fn outer() -> Vec<u8> {
    let first = inner(10); //= 10 1
    let second = inner(20); //= 20 1
    assert_ne!(first, second);
    second
} //= -10 1

#[profile]
fn inner(n: usize) -> Vec<u8> {
    let result = vec![1; n];
    result
}

#[profile]
fn recursive(n: usize) -> usize {
    let block = Box::new([n; 4]);
    if n == 0 { block.len() } else { recursive(n - 1) }
}

#[profile]
async fn holds() -> usize {
    let first = Box::new([1_u8; 100]);
    waits_once().await;
    let second = Box::new([1_u8; 50]);
    first.len() + second.len()
}

/// Is pending once.
fn waits_once() -> impl Future<Output = ()> {
    let mut is_first = true;
    poll_fn(move |_| if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) })
}

/// Returns the events so far, and forgets them.
fn events() -> Vec<String> {
    std::mem::take(&mut EVENTS.lock().unwrap())
}

#[test]
fn each_call_sends_one_event() {
    // What was entered before there is a subscriber sends nothing.
    in_the_subscriber();
    tracing::dispatcher::set_global_default(Dispatch::new(Keeper)).unwrap();
    let kept = outer();
    thread::spawn(|| drop(inner(0))).join().unwrap();
    recursive(2);
    let mut future = pin!(holds());
    let mut context = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut context).is_pending());
    drop(Box::new([1_u8; 1000]));
    assert!(future.as_mut().poll(&mut context).is_ready());
    let expected = [
        ("inner", "net_bytes=10 allocated_bytes=10 freed_bytes=0", "peak_bytes=10"),
        ("inner", "net_bytes=20 allocated_bytes=20 freed_bytes=0", "peak_bytes=20"),
        ("outer", "net_bytes=20 allocated_bytes=30 freed_bytes=10", "peak_bytes=30"),
        ("inner", "net_bytes=0 allocated_bytes=0 freed_bytes=0", "peak_bytes=0"),
        ("recursive", "net_bytes=0 allocated_bytes=32 freed_bytes=32", "peak_bytes=32"),
        ("recursive", "net_bytes=0 allocated_bytes=64 freed_bytes=64", "peak_bytes=64"),
        ("recursive", "net_bytes=0 allocated_bytes=96 freed_bytes=96", "peak_bytes=96"),
        // What it holds while it waits is part of its peak, what others do is not.
        ("holds", "net_bytes=0 allocated_bytes=150 freed_bytes=150", "peak_bytes=150"),
    ];
    let events = events();
    assert_eq!(events.len(), expected.len(), "{events:?}");
    for (event, (name, bytes, peak)) in events.iter().zip(expected) {
        assert!(event.contains(&format!("name=\"events::{name}\"")), "{event}");
        assert!(event.contains(bytes) && event.contains(peak), "{event}");
        assert!(event.contains("duration_ns="), "{event}");
    }
    expect("outer");
    // Once before there was a subscriber, and once for each event.
    assert_eq!(function("in_the_subscriber").calls, 1 + 8);
    assert_eq!(function("in_the_subscriber").total_bytes, 0);
    assert_eq!(function("inner").total_bytes, 30);
    drop(kept);
}
