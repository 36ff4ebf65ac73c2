//! Guards: what the attribute puts first into a body, and what ends with it.
//!
//! A [`Guard`] is a function's first local, so it is dropped last. A [`Part`] is
//! the same for a closure in a profiled function. Both lead to the probes.
//!
//! A closure's lines belong to its function. If the closure runs while the
//! function does, on the same thread, it only moves the function's line on, and
//! back when it is done; if it runs elsewhere or later, it is an activation of
//! its own, which is no call.

use crate::recording::call::Call;
use crate::recording::frame::{Frame, Outer, Paused};
use crate::recording::probes::Probes;
use crate::recording::site::Site;

/// One activation of a profiled function.
#[derive(Debug)]
pub struct Guard {
    probes: Probes<Frame>,
    outer: Outer,
    /// For whoever wants to know what the call came to.
    call: Option<Box<Call>>,
}

impl Guard {
    /// Enters the function of `site`, at the line that stands for its entry.
    #[inline]
    pub fn enter(site: &'static Site) -> Self {
        let frame = Frame::to_enter(site);
        let outer = frame.begin(Paused::at(0));
        let call = Call::begin(frame);
        frame.enter();
        Self { probes: Probes::of(frame), outer, call }
    }

    #[inline(never)]
    fn leave(&mut self) {
        let frame = self.probes.frame();
        // Last, even if a subscriber to the call's event panics.
        let _end = End { frame, outer: self.outer };
        if let Some(call) = self.call.take() {
            call.end(frame);
        }
    }
}

impl Drop for Guard {
    #[inline]
    fn drop(&mut self) {
        self.leave();
    }
}

impl Guard {
    /// Returns the probes: a value of their own, which a loop can keep at hand.
    #[inline]
    pub fn probes(&self) -> Probes<Frame> {
        self.probes
    }
}

/// Ends an activation.
struct End {
    frame: Frame,
    outer: Outer,
}

impl Drop for End {
    fn drop(&mut self) {
        self.frame.end(self.outer);
    }
}

/// One run of a closure in a profiled function, or one poll of such a future.
#[derive(Debug)]
pub struct Part {
    probes: Probes<Frame>,
    around: Around,
}

/// What a part runs in.
#[derive(Debug)]
enum Around {
    /// Nothing: it is an activation of its own.
    Nothing(Outer),
    /// The function's outermost activation, which was at this line.
    Function(Outer, Paused),
    /// An inner activation, which charges nothing.
    Recursion(Outer),
}

impl Part {
    /// Enters a closure of `site` that begins on the line of `index`.
    #[inline]
    pub fn enter(site: &'static Site, index: usize) -> Self {
        Self::resume(site, Paused::at(index))
    }

    /// Goes on with a part that was at `line`.
    #[inline]
    pub(crate) fn resume(site: &'static Site, line: Paused) -> Self {
        let frame = Frame::to_enter(site);
        let around = if !frame.is_running() {
            let outer = frame.begin(line);
            Around::Nothing(outer)
        } else if frame.is_outermost() {
            let around = frame.pause();
            frame.go_on(line);
            Around::Function(frame.stop_leaving(), around)
        } else {
            Around::Recursion(frame.stop_leaving())
        };
        Self { probes: Probes::of(frame), around }
    }

    /// Returns the line that it is at now.
    pub(crate) fn pause(&self) -> Paused {
        let frame = self.probes.frame();
        match self.around {
            Around::Recursion(_) => Paused::at(frame.slots.current_index()),
            _ => frame.pause(),
        }
    }
}

impl Drop for Part {
    #[inline]
    fn drop(&mut self) {
        let frame = self.probes.frame();
        match self.around {
            Around::Nothing(outer) => frame.end(outer),
            Around::Function(outer, paused) => {
                frame.settle();
                frame.go_on(paused);
                frame.leave_again(outer);
            }
            Around::Recursion(outer) => frame.leave_again(outer),
        }
    }
}

impl Part {
    /// Returns the probes.
    #[inline]
    pub fn probes(&self) -> Probes<Frame> {
        self.probes
    }
}
