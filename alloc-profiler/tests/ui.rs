//! The attribute's errors: one each, at the right place, saying what to do.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the golden texts anew.

#[test]
fn errors_are_spanned_and_say_what_to_do() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
