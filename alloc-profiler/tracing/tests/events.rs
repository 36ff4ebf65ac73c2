//! The event on each span's close: its fields, its context, who gets it.

mod common;

use std::alloc::System;
use std::thread;

use alloc_profiler::ProfiledAlloc;
use alloc_profiler_tracing::HeapLayer;
use common::{Events, Seen, bytes, told};
use tracing::{Dispatch, Event, Subscriber, dispatcher, info_span, subscriber};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;

#[global_allocator]
static GLOBAL: ProfiledAlloc<System> = ProfiledAlloc::new(System);

#[test]
fn an_event_tells_of_each_span_in_its_parents_context() {
    let events = Events::default();
    // Layers on either side of the heap layer see the events.
    let beneath = events.clone();
    let above = Events::default();
    let registry = tracing_subscriber::registry();
    let subscriber = registry.with(beneath).with(HeapLayer::new()).with(above.clone());
    subscriber::with_default(subscriber, || {
        common::warm_up();
        let outer = info_span!("outer").entered();
        let mut kept = Vec::<u8>::with_capacity(30);
        kept.reserve_exact(40);
        info_span!("inner").in_scope(|| drop(bytes(10)));
        drop(outer);
        drop(kept);
    });
    for seen in [told(&events), told(&above)] {
        assert_eq!(seen.len(), 2, "{seen:?}");
        let [inner, outer] = [&seen[0], &seen[1]];
        assert_eq!((inner.field("name"), inner.parent), ("\"inner\"", Some("outer")));
        assert_eq!((outer.field("name"), outer.parent), ("\"outer\"", None));
        for (event, figures) in [(inner, [0, 10, 10, 1, 1, 10]), (outer, [40, 80, 40, 2, 1, 50])] {
            let names = ["net", "allocated", "freed"].map(|what| format!("{what}_bytes"));
            let blocks = ["allocated", "freed"].map(|what| format!("{what}_blocks"));
            let names = names.iter().chain(&blocks).map(String::as_str).chain(["peak_bytes"]);
            for (name, figure) in names.zip(figures) {
                assert_eq!(event.field(name), figure.to_string(), "{name} in {event:?}");
            }
        }
        let own = ["net_bytes", "allocated_bytes", "freed_bytes", "allocated_blocks"];
        let own = own.map(|what| outer.field(&format!("own_{what}")).to_owned());
        assert_eq!(own, ["40", "70", "30", "1"]);
        let copied: u64 = outer.field("copied_bytes").parse().unwrap();
        assert!(copied == 0 || copied == 30, "{outer:?}");
        let busy = |event: &Seen| event.field("busy_ns").parse::<u64>().unwrap();
        assert!(busy(outer) >= busy(inner), "{seen:?}");
        assert_eq!(outer.field("message"), "\"span closed\"");
    }
}

#[test]
fn it_goes_to_the_spans_own_subscriber() {
    let (own, other) = (Events::default(), Events::default());
    let registry = || tracing_subscriber::registry();
    let subscriber = Dispatch::new(registry().with(HeapLayer::new()).with(own.clone()));
    let span = dispatcher::with_default(&subscriber, || {
        let span = info_span!("moved");
        span.in_scope(|| drop(bytes(10)));
        span
    });
    // This thread has another subscriber, and a new one has none.
    let other_subscriber = registry().with(HeapLayer::new()).with(other.clone());
    let second = span.clone();
    subscriber::with_default(other_subscriber, || drop(second));
    assert!(told(&own).is_empty());
    thread::spawn(move || drop(span)).join().unwrap();
    assert_eq!((told(&own).len(), told(&other).len()), (1, 0));
    assert_eq!(told(&own)[0].field("allocated_bytes"), "10");
}

/// Drops a span in the course of an event, when tracing has no default subscriber.
struct Dropper(std::sync::Mutex<Option<tracing::Span>>);

impl<S: Subscriber> Layer<S> for &'static Dropper {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "drop" {
            drop(self.0.lock().unwrap().take());
        }
    }
}

#[test]
fn a_span_may_close_in_the_course_of_an_event() {
    static DROPPER: Dropper = Dropper(std::sync::Mutex::new(None));
    let events = Events::default();
    let registry = tracing_subscriber::registry();
    let subscriber = registry.with(HeapLayer::new()).with(&DROPPER).with(events.clone());
    subscriber::with_default(subscriber, || {
        let span = info_span!("dropped");
        span.in_scope(|| drop(bytes(10)));
        *DROPPER.0.lock().unwrap() = Some(span);
        assert!(told(&events).is_empty());
        tracing::info!(target: "drop", "now");
    });
    let seen = told(&events);
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].field("allocated_bytes"), "10");
}

#[test]
fn filters_hold_for_the_events_too() {
    let (events, all) = (Events::default(), Events::default());
    let no_debug = events.clone().with_filter(LevelFilter::INFO);
    let registry = tracing_subscriber::registry();
    let subscriber = registry.with(HeapLayer::new()).with(no_debug).with(all.clone());
    subscriber::with_default(subscriber, || {
        info_span!("span").in_scope(|| tracing::info!("shown"));
    });
    assert_eq!((events.seen().len(), told(&events).len(), told(&all).len()), (1, 0, 1));
    // Filtered from the layer alone: the span is there, but not measured.
    let layer = HeapLayer::new().with_filter(filter_fn(|span| span.name() != "hidden"));
    let events = Events::default();
    let subscriber = tracing_subscriber::registry().with(layer).with(events.clone());
    subscriber::with_default(subscriber, || {
        common::warm_up();
        let shown = info_span!("shown").entered();
        info_span!("hidden").in_scope(|| {
            drop(bytes(10));
            info_span!("shown_too").in_scope(|| drop(bytes(1)));
        });
        drop(shown);
    });
    let seen: Vec<_> = told(&events);
    let names: Vec<_> = seen.iter().map(|event| event.field("name")).collect();
    assert_eq!(names, ["\"shown_too\"", "\"shown\""]);
    assert_eq!(seen[0].parent, Some("shown"));
    assert_eq!(seen[1].field("own_allocated_bytes"), "10");
}

#[test]
fn there_are_none_without_events() {
    let events = Events::default();
    let layer = HeapLayer::new().without_events();
    let subscriber = tracing_subscriber::registry().with(layer).with(events.clone());
    subscriber::with_default(subscriber, || {
        info_span!("span").in_scope(|| drop(bytes(10)));
    });
    assert_eq!(events.seen().len(), 0);
}
