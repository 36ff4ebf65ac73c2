//! The attribute changes nothing: functions of many shapes, with and without
//! it, return the same value and drop the same things in the same order.
//!
//! They run twice, here in edition 2024 and in a documentation test of `lib.rs`
//! in edition 2021: the two differ in when temporaries drop. They are included
//! because a documentation test can do so too.

include!("shapes/functions.rs");
