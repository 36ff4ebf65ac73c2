//! The threads: which heap is the calling one's, and the one of our own.
//!
//! `tls` leads from a thread to its heap, from its first allocation to its last;
//! `background` is the thread that gives back what is kept, where that is wanted.

pub(crate) mod background;
pub(crate) mod tls;
