//! What the attribute's expansion calls: no part of the public interface, and
//! free to change with the attribute, which is pinned to this very version.

pub use crate::options::Options;
pub use crate::recording::budget::{Budget, Comparison, Figure, Limit};
pub use crate::recording::frame::Frame;
pub use crate::recording::guard::{Guard, Part};
pub use crate::recording::probes::{Block, Close, Find, Probes, Round, Wandering};
pub use crate::recording::site::{Line, Site};
pub use crate::recording::task::Task;

/// Returns nothing, of a type that the caller names.
#[inline]
pub fn no_value<T>() -> Option<T> {
    None
}
