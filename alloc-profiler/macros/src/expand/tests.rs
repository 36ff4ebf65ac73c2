//! What the expansion consists of. That it behaves is tested in `alloc-profiler`.

use quote::quote;
use syn::ItemFn;

use super::*;
use crate::tokens::Start;

/// Expands the text of a function, whose lines count.
fn expand(text: &str) -> TokenStream {
    let item: TokenStream = text.parse().expect("tokens");
    profile(first_span_of(item.clone()), TokenStream::new(), item)
}

fn first_span_of(item: TokenStream) -> Span {
    Start::of(item).expect("a function").span
}

/// Counts an identifier in `tokens`, in groups too.
fn count(name: &str, tokens: TokenStream) -> usize {
    let counts = tokens.into_iter().map(|token| match token {
        proc_macro2::TokenTree::Ident(ident) => usize::from(ident == name),
        proc_macro2::TokenTree::Group(group) => count(name, group.stream()),
        _ => 0,
    });
    counts.sum()
}

/// Returns `tokens` with our locals' names as one would tell of them: `guard` for
/// what probes are called on, `_block` and so on for the others.
fn short_names(tokens: TokenStream) -> TokenStream {
    let short = |token| match token {
        proc_macro2::TokenTree::Ident(ident) => {
            let name = ident.to_string();
            let name = name.replace("alloc_profiler_", "");
            let name = name.trim_end_matches(|c: char| c == '_' || c.is_ascii_digit());
            let name = if matches!(name, "part" | "task") { "guard" } else { name };
            let is_ours = ident.to_string().contains("alloc_profiler_");
            if is_ours { Ident::new(name, ident.span()) } else { ident }.into()
        }
        proc_macro2::TokenTree::Group(group) => {
            let inner = short_names(group.stream());
            proc_macro2::Group::new(group.delimiter(), inner).into()
        }
        other => other,
    };
    tokens.into_iter().map(short).collect()
}

const EVERYTHING: &str = r"unsafe fn everything(n: u32) -> Option<u32> {
    let a = make();
    for i in 0..n {
        if i == 3 {
            continue;
        }
        unsafe {
            touch(i);
        }
    }
    #[cfg(windows)]
    only_there();
    let x = match n {
        0 => return None,
        1 => {
            let b = 2;
            b
        }
        _ =>
            3,
    };
    fn nested() {
        nothing();
    }
    let later = async move {
        let c = 1;
        c
    };
    let closure = |y| {
        y + 1
    };
    let bare = |y| y + 1;
    Some(x)
}";

#[test]
fn probes_stand_where_they_should() {
    let guard = |text: &str| -> TokenStream {
        let tokens = expand(text).to_string();
        let start = tokens.find("static __ALLOC_PROFILER_SITE").expect("a site");
        let (_, rest) =
            tokens[start..].split_once("enter (& __ALLOC_PROFILER_SITE) ;").expect("a guard");
        short_names(format!("{} {rest}", &tokens[..start]).parse().expect("tokens"))
    };
    let expected = quote! {
           unsafe fn everything(n: u32) -> Option<u32> {
               let guard = activation.probes();
            let _ = &guard;
               guard.line(1);
               let a = make();
               guard.line(2);
               for i in 0..n {
                   let _round = guard.round(2);
                   guard.line(3);
                   if i == 3 {
                       let _block = guard.block(3);
                       guard.line(4);
                       guard.ends();
                       guard.leave_rounds(1);
                       continue;
                   }
                   guard.line(5);
                   guard.ends();
                   unsafe {
                       let _block = guard.block(5);
                       guard.line(6);
                       guard.ends();
                       touch(i);
                   }
               }
               #[cfg(windows)]
               guard.line(7);
               #[cfg(windows)]
               only_there();
               guard.line(8);
               let x = match n {
                   0 => {
                       let _block = guard.block(8);
                       guard.line(9);
                       guard.ends();
                       guard.leave_call();
                       return None
                   },
                   1 => {
                       let _block = guard.block(8);
                       guard.line(10);
                       let b = 2;
                       let _close = guard.close(11);
                       guard.line(12);
    guard.ends();
                       b
                   }
                   _ => {
                       let _block = guard.block(8);
                       guard.line(13);
    guard.ends();
                       3
                   },
               };
               fn nested() {
                   nothing();
               }
               guard.line(14);
               let later = ::alloc_profiler::private::Task::part(&__ALLOC_PROFILER_SITE, 14usize, async move {
                   let guard = ::alloc_profiler::private::Probes::wandering(&__ALLOC_PROFILER_SITE);
                   let _ = &guard;
                   guard.line(15);
                   let c = 1;
                   let _close = guard.close(16);
                   guard.line(17);
    guard.ends();
                   c
               });
               guard.line(18);
               let closure = |y| {
                   let activation = ::alloc_profiler::private::Part::enter(&__ALLOC_PROFILER_SITE, 18usize);
                let guard = activation.probes();
                   let _ = &guard;
                   guard.line(19);
    guard.ends();
                   y + 1
               };
               guard.line(20);
               let bare = |y| y + 1;
               let _close = guard.close(21);
               guard.line(22);
    guard.ends();
               Some(x)
           }
       };
    assert_eq!(guard(EVERYTHING).to_string(), expected.to_string());
}

#[test]
fn the_site_describes_the_function() {
    let expansion = expand("fn f() {\n    // why\n    g();\n}").to_string();
    let site = quote! {
        static __ALLOC_PROFILER_SITE: ::alloc_profiler::private::Site
    };
    assert!(expansion.contains(&site.to_string()), "{expansion}");
    assert!(expansion.contains(r#""fn f ()"#) && expansion.contains("// why"), "{expansion}");
}

#[test]
fn nothing_unsafe_is_added() {
    let own = count("unsafe", EVERYTHING.parse().expect("tokens"));
    assert_eq!(count("unsafe", expand(EVERYTHING)), own);
    assert_eq!(count("allow", expand(EVERYTHING)), 0);
}

#[test]
fn every_path_is_absolute() {
    let expansion = expand("fn f() { g() }");
    for root in ["alloc_profiler", "core"] {
        let absolute = expansion.to_string().matches(&format!(":: {root} ::")).count();
        assert_eq!(count(root, expansion.clone()), absolute, "{root}");
    }
}

/// An editor's language server gives tokens without positions.
#[test]
fn tokens_without_positions_expand_too() {
    let item = quote! { pub fn f(n: u32) -> u32 { let x = n; if x > 1 { return 2; } x } };
    let expansion = profile(Span::call_site(), TokenStream::new(), item);
    assert!(syn::parse2::<ItemFn>(expansion).is_ok());
}

#[test]
fn an_async_function_runs_in_a_task() {
    let item = "async fn f(mut a: A, (b, _): B, _: C, #[cfg(x)] d: D) -> impl E { a }";
    let expansion = expand(item).to_string();
    let signature = "async fn f (a : A , argument_1 : B , argument_2 : C , # [cfg (x)] d : D)";
    assert!(expansion.starts_with(signature), "{expansion}");
    let rebound = quote! {
        async move {
            let mut a = a;
            let argument_1 = argument_1;
            let (b, _) = argument_1;
            let argument_2 = argument_2;
            #[cfg(x)]
            let d = d;
        }
    };
    let rebound = rebound.to_string();
    assert!(expansion.contains(rebound.trim_end_matches(" }")), "{expansion}");
    assert!(expansion.contains("let value = match"), "{expansion}");
}

#[test]
fn options_reach_the_site() {
    let item = quote!(
        fn f() {}
    );
    let args = quote!(precision = 4, stream = "x.txt", backend = "pss", each_call, name = "n");
    let expansion = profile(Span::call_site(), args, item.clone()).to_string();
    let expected = quote! {
        ::alloc_profiler::private::Options::new()
            .name("n").precision(4u8).file("x.txt").backend(::alloc_profiler::Backend::Pss).each_call()
    };
    assert!(expansion.contains(&expected.to_string()), "{expansion}");
    let skipped = profile(Span::call_site(), quote!(skip), item.clone());
    assert_eq!(skipped.to_string(), item.to_string());
}

#[test]
fn blocks_are_walked_and_skip_is_heeded() {
    let item = quote! {
        mod m {
            impl A { fn a() {} #[profile(skip)] fn b() {} const X: u8 = 1; }
            trait T { fn c(); fn d() {} }
            mod n { fn e() {} }
            #[alloc_profiler::profile(skip)] impl B { fn f() {} }
        }
    };
    let expansion = profile(Span::call_site(), TokenStream::new(), item);
    assert_eq!(count("enter", expansion), 3);
}

#[test]
fn an_error_keeps_the_item() {
    let item = quote! { const fn f() {} };
    let expansion = profile(Span::call_site(), TokenStream::new(), item.clone()).to_string();
    assert!(expansion.contains("compile_error") && expansion.ends_with(&item.to_string()));
}
