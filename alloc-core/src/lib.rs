//! alloc-core
