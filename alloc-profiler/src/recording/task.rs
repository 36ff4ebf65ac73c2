//! [`Task`]: the future of a profiled `async` function or block.
//!
//! It runs its lines while it is polled, on whatever thread that is, and stops
//! them when the poll returns: what other tasks do meanwhile is not charged to
//! it. The line that it was at, the runs that line is timed for and what it is
//! leaving stay with the task. If it is dropped before it is done, what drops with it is charged to
//! the line that it waited on.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::recording::call::Call;
use crate::recording::frame::{Frame, Leaving, Outer, Paused};
use crate::recording::guard::Part;
use crate::recording::site::Site;

pin_project! {
    /// A future whose polls run as an activation of a profiled function.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    #[derive(Debug)]
    pub struct Task<F> {
        progress: Progress,
        // `None` only while it is being dropped.
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Task<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.progress.is_under_way() {
                // All of it, from the line on which it waited.
                this.progress.leaving = Outer::of(Leaving::Call);
                let _running = this.progress.resume();
                this.future.set(None);
            }
            this.progress.finish();
        }
    }
}

impl<F> Task<F> {
    /// Returns the future of a call of the function of `site`.
    #[inline]
    pub fn call(site: &'static Site, future: F) -> Self {
        Self::new(site, Kind::Call, 0, future)
    }

    /// Returns the future of an `async` block in the function of `site`, which
    /// begins on the line of `index`.
    #[inline]
    pub fn part(site: &'static Site, index: usize, future: F) -> Self {
        Self::new(site, Kind::Part, index, future)
    }

    #[inline]
    fn new(site: &'static Site, kind: Kind, index: usize, future: F) -> Self {
        let (state, line) = (State::New, Paused::at(index));
        let leaving = Outer::of(Leaving::Block);
        let progress = Progress { site, kind, state, line, leaving, call: None };
        Self { progress, future: Some(future) }
    }
}

impl<F: Future> Future for Task<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else {
            return Poll::Pending;
        };
        if this.progress.state == State::Done {
            // It says itself what is wrong with that.
            return future.poll(context);
        }
        let running = this.progress.resume();
        // Done, unless it says otherwise: it may panic.
        running.progress.state = State::Done;
        let outcome = future.poll(context);
        if outcome.is_pending() {
            running.progress.state = State::Waiting;
        }
        drop(running);
        if outcome.is_ready() {
            this.progress.finish();
        }
        outcome
    }
}

/// What a task is of its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A call of it.
    Call,
    /// A block in it.
    Part,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Waiting,
    Done,
}

/// A task's progress while it is not polled.
#[derive(Debug)]
struct Progress {
    site: &'static Site,
    kind: Kind,
    state: State,
    /// The line that it is at.
    line: Paused,
    /// What it is leaving, if that line ends in `?`, say.
    leaving: Outer,
    /// For whoever wants to know what the call came to.
    call: Option<Box<Call>>,
}

impl Progress {
    fn is_under_way(&self) -> bool {
        self.state == State::Waiting
    }

    /// Runs the task's lines until what is returned is dropped.
    fn resume(&mut self) -> Running<'_> {
        let stretch = match self.kind {
            Kind::Part => {
                let part = Part::resume(self.site, self.line);
                part.probes().frame().leave_again(self.leaving);
                RunningKind::Part(part)
            }
            Kind::Call => {
                let frame = Frame::to_enter(self.site);
                let outer = frame.begin(self.line);
                frame.leave_again(self.leaving);
                if self.state == State::New {
                    self.call = Call::begin(frame);
                    frame.enter();
                } else if let Some(call) = &mut self.call {
                    call.resume(frame);
                }
                RunningKind::Call(frame, outer)
            }
        };
        Running { stretch, progress: self }
    }

    /// Ends the call, if there is anybody to be told.
    fn finish(&mut self) {
        if let Some(call) = self.call.take() {
            call.finish();
        }
    }
}

/// A task that is being polled or dropped.
struct Running<'a> {
    stretch: RunningKind,
    progress: &'a mut Progress,
}

enum RunningKind {
    Call(Frame, Outer),
    Part(Part),
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        match &self.stretch {
            RunningKind::Part(part) => {
                self.progress.leaving = part.probes().frame().what_is_left();
                self.progress.line = part.pause();
            }
            RunningKind::Call(frame, outer) => {
                self.progress.leaving = frame.what_is_left();
                if let Some(call) = &mut self.progress.call {
                    call.pause(*frame);
                }
                if frame.is_outermost() {
                    self.progress.line = frame.pause();
                }
                frame.end(*outer);
            }
        }
    }
}
