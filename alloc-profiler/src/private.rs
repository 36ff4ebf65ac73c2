//! What the attribute's expansion calls: no part of the public interface, and
//! free to change with the attribute, which is pinned to this very version.

pub use crate::budget::{Budget, Comparison, Figure, Limit};
pub use crate::frame::{Block, Close, Find, Frame, Probes, Round, Wandering};
pub use crate::guard::{Guard, Part};
pub use crate::options::Options;
pub use crate::site::{Line, Site};
pub use crate::task::Task;

/// Returns nothing, of a type that the caller names.
#[inline]
pub fn no_value<T>() -> Option<T> {
    None
}
