//! The attribute changes nothing: functions of many shapes, with and without it,
//! return the same values, panic with the same words at the same place, and make
//! and drop the same things in the same order.
//!
//! `shapes/harness.rs` defines each shape twice and compares the two; the files
//! beside it hold the shapes, one theme each. They run here in edition 2024 and
//! in a documentation test of `lib.rs` in edition 2021, since the two differ in
//! when temporaries drop. Being included, they are not formatted: some stand on
//! one line on purpose.

include!("shapes/all.rs");

#[path = "shapes/edition_2024.rs"]
mod edition_2024;

/// A name stands for one shape, in whichever file.
#[test]
fn shapes_of_edition_2024_have_names_of_their_own() {
    let others = FILES.concat();
    for name in edition_2024::NAMES {
        assert!(!others.contains(name), "{name} is taken");
    }
}
