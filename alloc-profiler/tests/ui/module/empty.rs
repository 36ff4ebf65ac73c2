//! Included by `other_module.rs`.
