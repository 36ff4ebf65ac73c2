//! What the attribute's expansion calls: no part of the public interface, and
//! free to change with the attribute, which is pinned to this very version.

pub use crate::guard::{Block, Close, Guard, Round};
pub use crate::site::{Line, Site};
