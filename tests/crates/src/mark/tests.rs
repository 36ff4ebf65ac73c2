//! Each text has a `@` where the attribute must come.

use super::*;

/// Checks that the attribute is put where `text` has a `@`, and nowhere else, and
/// returns the tally.
#[track_caller]
fn check(text: &str) -> Tally {
    let marked = mark(&text.replace('@', "")).unwrap();
    assert_eq!(marked.text, text.replace('@', ATTRIBUTE));
    assert_eq!(marked.tally.marked, text.matches('@').count());
    marked.tally
}

#[test]
fn functions_and_methods_of_every_kind_are_marked() {
    check("@fn f() {}");
    check("@pub(crate) unsafe extern \"C\" fn f<T: Copy>(t: T) -> T where T: Send { t }\n");
    check("@pub async unsafe fn f() {}\n@async fn g() { async move {}.await }");
    check("impl T { @fn f(&self) {} @pub fn g() {} }\nimpl A for T { @fn h(self) {} }");
    check("trait A { @fn default(&self) {} fn required(&self); }");
    check("mod m { mod n { @fn f() {} } }");
}

#[test]
fn nested_functions_are_marked_and_closures_are_not() {
    check("@fn f() { @fn g() { @fn h() {} } let c = |x: u8| { @fn in_closure() {} x }; }");
    check("const X: usize = { @fn f() {} 1 };");
}

#[test]
fn the_attribute_comes_last_and_on_the_functions_own_line() {
    check("/// Docs.\n#[inline]\n#[cfg(test)] // why\n@pub fn f() {}\n");
    check("#[test] @fn f() {}");
    check("#[must_use]\n\t@fn f()\n{\n}\n");
}

#[test]
fn every_other_byte_stays() {
    check("#![no_std]\r\n//! « ß → 𝄞 »\r\n\r\n@fn f() { /* ﬁ */ }   \r\n\r\n@fn g(){}//end");
    check("\u{feff}@fn f() { \"é\"; }");
    check("");
}

#[test]
fn what_the_attribute_refuses_is_left_and_counted() {
    let tally = check("const fn f() { @fn inner() {} }\nimpl T { pub const unsafe fn h() {} }");
    assert_eq!(tally.to_string(), "1 functions marked; left out: 2 const");
}

#[test]
fn functions_in_macros_are_counted() {
    let tally = check(
        "macro_rules! m { ($n:ident) => { fn $n() { fn inner() {} } const P: fn(u8) = f; }; }
         m!(name); thread_local! { static T: fn() = f; }
         @fn f() { vec![1]; quote!(fn a() {}) }",
    );
    assert_eq!(tally.to_string(), "1 functions marked; left out: 3 in macros");
}

#[test]
fn declarations_without_a_body_are_no_functions() {
    assert_eq!(check("extern \"C\" { fn f(); }\ntype F = fn(u8) -> u8;"), Tally::default());
}

#[test]
fn tallies_add_up() {
    let mut sum = check("@fn f() {} const fn g() {}");
    sum.add(&check("@fn f() {} @fn h() {} m!(fn g() {});"));
    sum.add(&check("const fn g() {}"));
    assert_eq!(sum.to_string(), "3 functions marked; left out: 2 const, 1 in macros");
}

#[test]
fn what_is_not_rust_is_an_error_at_its_line() {
    let error = mark("fn f() {}\nfn 1() {}").unwrap_err();
    assert_eq!(error.span().start().line, 2);
}
