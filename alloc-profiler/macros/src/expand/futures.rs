//! The body of an `async fn`, as a future that knows when it is polled.
//!
//! The compiler turns `async fn f(pattern: A) -> T { body }` into a function that
//! returns `async move { let argument = argument; let pattern = argument; { body } }`,
//! so that arguments drop after the body's locals and temporaries, the last one
//! first. The future in between does the same once more. The signature stays,
//! but for patterns and `mut`, which belong to the inner binding.

use std::mem;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Block, FnArg, Pat, PatIdent, PatType, ReturnType, Signature, Stmt, Type,
    parse_quote, token,
};

use super::{hygienic, local, site_name, verbatim};

/// Puts the body, which has its probes, into a task.
pub(super) fn wrap(signature: &mut Signature, body: &mut Block, site: Stmt) {
    let at = body.brace_token.span.open();
    let span = hygienic(at);
    let rebound: Vec<_> = (signature.inputs.iter_mut().enumerate())
        .filter_map(|(index, input)| match input {
            // `self` is captured as it is, before all others.
            FnArg::Receiver(_) => None,
            FnArg::Typed(argument) => Some(rebind(argument, index, at)),
        })
        .collect();
    let (site_name, probes, value) = (site_name(at), local("guard", at), local("value", at));
    let output = output(&signature.output);
    // Without it, `return` and `?` would have to guess the type.
    let typed = output.as_ref().map(|output| {
        let never = local("never", at);
        quote_spanned! {span=>
            if let ::core::option::Option::Some(#never) =
                ::alloc_profiler::private::no_value::<#output>()
            {
                return #never;
            }
        }
    });
    let annotation = output.as_ref().map(|output| quote_spanned!(span=> : #output));
    let inner = &*body;
    let task = verbatim(quote_spanned! {span=>
        ::alloc_profiler::private::Task::call(&#site_name, async move {
            #(#rebound)*
            #typed
            let #probes = ::alloc_profiler::private::Probes::wandering(&#site_name);
            // A body that never ends may stand in an arm, and have code after it.
            let #value #annotation = match ::alloc_profiler::private::no_value() {
                ::core::option::Option::Some(#value) => #value,
                ::core::option::Option::None => #inner,
            };
            #value
        })
        .await
    });
    *body = Block { brace_token: token::Brace(span), stmts: vec![site, task] };
}

/// Takes an argument's pattern out of the signature; returns the statements that
/// bind it again, inside of the future.
fn rebind(argument: &mut PatType, index: usize, at: Span) -> TokenStream {
    let span = hygienic(at);
    let cfgs = argument.attrs.iter().filter(|attribute| is_cfg(attribute)).cloned();
    let cfgs: Vec<_> = cfgs.collect();
    if let Pat::Ident(PatIdent { by_ref: None, subpat: None, mutability, ident, .. }) =
        &mut *argument.pat
    {
        // The same name to a reader, another one to the compiler.
        let mut outer = ident.clone();
        outer.set_span(hygienic(ident.span()));
        let mutability = mutability.take();
        let inner = mem::replace(ident, outer.clone());
        if inner.to_string().starts_with('_') {
            // As a pattern: clippy finds a mere binding of such a name useless.
            return quote_spanned!(span=> #(#cfgs)* let (#mutability #inner,) = (#outer,););
        }
        return quote_spanned!(span=> #(#cfgs)* let #mutability #inner = #outer;);
    }
    let name = local(&format!("argument_{index}"), at);
    let pattern = mem::replace(&mut *argument.pat, parse_quote!(#name));
    let mutability = borrows_mutably(&pattern).then(|| quote_spanned!(span=> mut));
    let whole = quote_spanned!(span=> #(#cfgs)* let #mutability #name = #name;);
    match pattern {
        // It binds nothing, and moves nothing.
        Pat::Wild(_) => whole,
        pattern => quote_spanned!(span=> #whole #(#cfgs)* let #pattern = #name;),
    }
}

/// Returns whether a pattern has a `ref mut` in it.
fn borrows_mutably(pattern: &Pat) -> bool {
    struct Finder(bool);
    impl<'a> Visit<'a> for Finder {
        fn visit_pat_ident(&mut self, ident: &'a PatIdent) {
            self.0 |= ident.by_ref.is_some() && ident.mutability.is_some();
            visit::visit_pat_ident(self, ident);
        }
    }
    let mut finder = Finder(false);
    finder.visit_pat(pattern);
    finder.0
}

fn is_cfg(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr")
}

/// Returns the type that the body must have, as far as it can be written there;
/// `None` if that says nothing.
fn output(output: &ReturnType) -> Option<TokenStream> {
    let ReturnType::Type(_, output) = output else {
        return Some(quote!(()));
    };
    let mut output = (**output).clone();
    if matches!(output, Type::Never(_) | Type::ImplTrait(_)) {
        return None;
    }
    EraseOpaque.visit_type_mut(&mut output);
    Some(output.into_token_stream())
}

/// Replaces `impl Trait`, which is no type to write in a body, by `_`.
struct EraseOpaque;

impl VisitMut for EraseOpaque {
    fn visit_type_mut(&mut self, of: &mut Type) {
        if let Type::ImplTrait(_) = of {
            *of = parse_quote!(_);
        } else {
            visit_mut::visit_type_mut(self, of);
        }
    }
}
