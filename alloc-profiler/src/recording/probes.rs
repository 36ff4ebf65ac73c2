//! Probes: the calls that the attribute puts into a body, and the locals beside
//! them.
//!
//! [`Probes`] are called on what leads to the calling thread's frame: the frame
//! itself, or for code that may change threads its site, from which it is found
//! anew each time.
//!
//! Locals that act when they are dropped ([`Block`], [`Round`], [`Close`]) catch
//! what no probe can follow: the end of a block that has a value, `?`, a panic,
//! and the drops at the closing brace.

use crate::recording::frame::{Frame, Leaving, Outer};
use crate::recording::site::Site;

/// What leads to the calling thread's frame.
pub trait Find: Copy {
    /// Returns the calling thread's frame.
    fn frame(self) -> Frame;
}

impl Find for Frame {
    #[inline]
    fn frame(self) -> Frame {
        self
    }
}

/// Finds the frame of a site anew each time: for code that may go on on another
/// thread.
#[derive(Clone, Copy, Debug)]
pub struct Wandering(&'static Site);

impl Find for Wandering {
    #[inline]
    fn frame(self) -> Frame {
        Frame::of(self.0)
    }
}

/// The probes: what the attribute's calls are made on.
#[derive(Clone, Copy, Debug)]
pub struct Probes<F>(F);

impl Probes<Wandering> {
    /// Returns the probes of `site` for code that may change threads.
    #[inline]
    pub fn wandering(site: &'static Site) -> Self {
        Self(Wandering(site))
    }
}

impl Probes<Frame> {
    /// Returns the probes of `frame`.
    #[inline]
    pub(crate) fn of(frame: Frame) -> Self {
        Self(frame)
    }
}

impl<F: Find> Probes<F> {
    /// Returns the calling thread's frame.
    #[inline]
    pub(crate) fn frame(self) -> Frame {
        self.0.frame()
    }

    /// Goes on to line `index`, and counts that it ran.
    #[inline]
    pub fn line(self, index: usize) {
        self.frame().line(index);
    }

    /// Goes on to line `index`, uncounted: a `loop`, whose rounds are counted.
    #[inline]
    pub fn resume(self, index: usize) {
        self.frame().resume(index);
    }

    /// Goes before the last statement of a block, and after that statement's probe.
    #[inline]
    pub fn ends(self) {
        self.frame().leave(Leaving::Block);
    }

    /// Goes before a `continue` or `break` that leaves `count` loops' rounds and
    /// labelled blocks.
    #[inline]
    pub fn leave_rounds(self, count: u32) {
        self.frame().leave_rounds(count);
    }

    /// Goes before a `return`.
    #[inline]
    pub fn leave_call(self) {
        self.frame().leave(Leaving::Call);
    }

    /// Returns a local for the start of an inner block: when the block is done,
    /// line `index` goes on, the statement around the block.
    #[inline]
    pub fn block(self, index: usize) -> Block<F> {
        Block { probes: self, index, around: self.frame().stop_leaving() }
    }

    /// Returns a local for the start of a loop's body: it counts a round on line
    /// `index`, the loop's, which goes on when the round is done.
    #[inline]
    pub fn round(self, index: usize) -> Round<F> {
        let frame = self.frame();
        frame.count_round(index);
        Round { probes: self, index, around: frame.stop_leaving() }
    }

    /// Returns a local for the start of a labelled block, which ends as a round does.
    #[inline]
    pub fn labelled(self, index: usize) -> Round<F> {
        Round { probes: self, index, around: self.frame().stop_leaving() }
    }

    /// Returns a local for the end of a block, before its last expression: it is
    /// dropped first, and from then on line `index` runs, the closing brace.
    #[inline]
    pub fn close(self, index: usize) -> Close<F> {
        Close { probes: self, index }
    }
}

/// Goes on with the statement around a block when it is dropped, after the
/// block's own locals.
#[must_use = "it acts when the block that holds it ends"]
#[derive(Debug)]
pub struct Block<F: Find> {
    probes: Probes<F>,
    index: usize,
    around: Outer,
}

impl<F: Find> Drop for Block<F> {
    #[inline]
    fn drop(&mut self) {
        let frame = self.probes.frame();
        if frame.is_leaving(Leaving::Block) {
            frame.resume(self.index);
            frame.leave_again(self.around);
        }
    }
}

/// Goes on with the loop when it is dropped, after the body's own locals.
#[must_use = "it acts when the block that holds it ends"]
#[derive(Debug)]
pub struct Round<F: Find> {
    probes: Probes<F>,
    index: usize,
    around: Outer,
}

impl<F: Find> Drop for Round<F> {
    #[inline]
    fn drop(&mut self) {
        let frame = self.probes.frame();
        if frame.is_leaving(Leaving::Block) || frame.is_leaving(Leaving::Round) {
            frame.resume(self.index);
            frame.leave_again(self.around);
        } else {
            frame.leave_one_round_less();
        }
    }
}

/// Goes on to the closing brace when it is dropped, before the block's locals.
#[must_use = "it acts when the block that holds it ends"]
#[derive(Debug)]
pub struct Close<F: Find> {
    probes: Probes<F>,
    index: usize,
}

impl<F: Find> Drop for Close<F> {
    #[inline]
    fn drop(&mut self) {
        let frame = self.probes.frame();
        if frame.is_leaving(Leaving::Block) {
            frame.line(self.index);
            frame.leave(Leaving::Block);
        }
    }
}
