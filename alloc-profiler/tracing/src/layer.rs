//! [`HeapLayer`]: what a subscriber tells it of spans, and where the figures go.
//!
//! A span's figures are kept with the span, in its extensions, and are taken from
//! there when it closes: the registry would free them later, where that counts.
//! Everything that the layer does is uncounted, but for the measurements in
//! `open`, which must begin and end outside of uncounted work.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use alloc_profiler::uncounted;
use tracing_core::Subscriber;
use tracing_core::dispatcher::{self, Dispatch, WeakDispatch};
use tracing_core::span::Id;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::counting;
use crate::event;
use crate::open::{self, LayerId};
use crate::report::{ReportHandle, Totals};
use crate::spent::Spent;

/// A layer of a [`tracing_subscriber`] registry that charges heap memory to spans.
///
/// When a span closes it sends an event; see the [crate](crate#events) for its
/// fields. The figures can be added up in the program too, see
/// [`with_report`](Self::with_report).
///
/// ```
/// # use std::alloc::System;
/// # #[global_allocator]
/// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
/// use alloc_profiler_tracing::HeapLayer;
/// use tracing_subscriber::prelude::*;
///
/// // With a layer that prints events, such as `tracing_subscriber::fmt`, beside it.
/// let subscriber = tracing_subscriber::registry().with(HeapLayer::new());
/// tracing::subscriber::with_default(subscriber, || {
///     let _request = tracing::info_span!("request").entered();
///     vec![0_u8; 1000].len()
/// });
/// ```
#[derive(Debug)]
pub struct HeapLayer {
    id: LayerId,
    /// The subscriber that the layer is a part of.
    subscriber: OnceLock<WeakDispatch>,
    sends_events: bool,
    totals: Option<Arc<Totals>>,
}

impl HeapLayer {
    /// Returns a layer that sends an event for each span that closes.
    ///
    /// ```
    /// use alloc_profiler_tracing::HeapLayer;
    /// use tracing_subscriber::prelude::*;
    ///
    /// let subscriber = tracing_subscriber::registry().with(HeapLayer::new());
    /// # let _ = subscriber;
    /// ```
    pub fn new() -> Self {
        Self { id: LayerId::new(), subscriber: OnceLock::new(), sends_events: true, totals: None }
    }

    /// Returns a layer that also adds up what spans of the same path spend, and
    /// the handle through which the sums can be read.
    ///
    /// ```
    /// # use std::alloc::System;
    /// # #[global_allocator]
    /// # static GLOBAL: alloc_profiler::ProfiledAlloc<System> = alloc_profiler::ProfiledAlloc::new(System);
    /// use alloc_profiler_tracing::HeapLayer;
    /// use tracing_subscriber::prelude::*;
    ///
    /// let (layer, handle) = HeapLayer::with_report();
    /// tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
    ///     for _ in 0..3 {
    ///         tracing::info_span!("read").in_scope(|| vec![0_u8; 100].len());
    ///     }
    /// });
    /// let report = handle.report();
    /// let read = report.span(&["read"]).unwrap();
    /// assert_eq!((read.count, read.heap.allocated_bytes, read.heap.peak_bytes), (3, 300, 100));
    /// ```
    pub fn with_report() -> (Self, ReportHandle) {
        let totals = Arc::new(Totals::default());
        let handle = ReportHandle::new(Arc::clone(&totals));
        (Self { totals: Some(totals), ..Self::new() }, handle)
    }

    /// Returns the layer, which from now on sends no events.
    ///
    /// ```
    /// let (layer, handle) = alloc_profiler_tracing::HeapLayer::with_report();
    /// let layer = layer.without_events();
    /// # let _ = (layer, handle);
    /// ```
    #[must_use]
    pub fn without_events(self) -> Self {
        Self { sends_events: false, ..self }
    }

    /// Tells whoever wants to know that `span` came to `spent`.
    fn tell<S>(&self, span: SpanRef<'_, S>, spent: &Spent)
    where
        S: for<'a> LookupSpan<'a>,
    {
        if let Some(totals) = &self.totals {
            let path = span.scope().from_root().map(|each| each.name()).collect();
            totals.add(path, spent);
        }
        if self.sends_events {
            let (name, parent) = (span.name(), span.parent().map(|parent| parent.id()));
            // Subscribers may look at the span's extensions.
            drop(span);
            let _telling = Telling::begin();
            match self.subscriber.get() {
                Some(subscriber) => {
                    if let Some(subscriber) = subscriber.upgrade() {
                        event::send(&subscriber, parent, name, spent);
                    }
                }
                // The layer was put into a subscriber that runs already.
                None => dispatcher::get_default(|subscriber: &Dispatch| {
                    event::send(subscriber, parent.clone(), name, spent);
                }),
            }
        }
    }
}

impl Default for HeapLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for HeapLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        // A layer is a part of one subscriber; should it be told twice, the first
        // one counts.
        let _ = self.subscriber.set(subscriber.downgrade());
    }

    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        if !Telling::is_under_way() {
            open::enter(self.id, id);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let Some(stay) = open::exit(self.id, id) else {
            return;
        };
        uncounted(|| {
            counting::warn_if_not();
            if let Some(span) = context.span(id) {
                Spendings::add(&span, self.id, &stay);
            }
        });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        uncounted(|| {
            if let Some(span) = context.span(&id)
                && let Some(spent) = Spendings::take(&span, self.id)
            {
                self.tell(span, &spent);
            }
        });
    }
}

/// What a span has spent so far, as each of its subscriber's heap layers has it.
struct Spendings(Vec<(LayerId, Spent)>);

impl Spendings {
    /// Adds a stay in `span`.
    fn add<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>, layer: LayerId, stay: &Spent) {
        let mut extensions = span.extensions_mut();
        let Some(Self(all)) = extensions.get_mut() else {
            extensions.insert(Self(vec![(layer, *stay)]));
            return;
        };
        match all.iter_mut().find(|(whose, _)| *whose == layer) {
            Some((_, spent)) => spent.append(stay),
            None => all.push((layer, *stay)),
        }
    }

    /// Takes what `layer` has of `span` away; `None` if it was never entered.
    fn take<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>, layer: LayerId) -> Option<Spent> {
        let mut extensions = span.extensions_mut();
        let Self(all) = extensions.get_mut()?;
        let place = all.iter().position(|(whose, _)| *whose == layer)?;
        let (_, spent) = all.swap_remove(place);
        if all.is_empty() {
            extensions.remove::<Self>();
        }
        Some(spent)
    }
}

thread_local! {
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, the calling thread is telling of a span, and takes no notice of
/// spans that are entered in the course of that: an event for each would have no
/// end.
struct Telling {
    outer: bool,
}

impl Telling {
    fn begin() -> Self {
        Self { outer: TELLING.replace(true) }
    }

    fn is_under_way() -> bool {
        TELLING.get()
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        TELLING.set(self.outer);
    }
}
