//! From an item with the attribute to the item with probes.
//!
//! A function's expansion is, with `SITE` for what describes it:
//!
//! ```text
//! fn f(…) -> T {
//!     static SITE = …;
//!     let activation = Guard::enter(&SITE);
//!     let guard = activation.probes();
//!     probed body
//! }
//!
//! async fn f(a, …) -> T {
//!     static SITE = …;
//!     Task::call(&SITE, async move {
//!         let a = a; …                          as the compiler itself does
//!         let probes = Probes::wandering(&SITE);
//!         let value: T = { probed body };
//!         value
//!     }).await
//! }
//! ```
//!
//! `probes` puts the calls between the statements. They have the position and the
//! context of what they stand before, so that a debugger steps as before: what has
//! this macro's context it shows at the attribute. Names are such as nobody else
//! would use, and where no probe needs them they have this macro's hygiene. Paths
//! are absolute. The body's own braces are kept: they carry its edition,
//! which governs when temporaries drop.

mod exits;
mod futures;
mod items;
mod probes;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Attribute, Block, Error, Expr, Result, Signature, Stmt, Visibility};

use crate::attr::{self, Options, Target};
use crate::lines::Lines;
use crate::source::Source;
use probes::Prober;

/// Returns the item with probes; or with one error and unchanged, so that no
/// second error follows from its absence.
pub(crate) fn profile(attribute: Span, args: TokenStream, item: TokenStream) -> TokenStream {
    match try_profile(attribute, args, item.clone()) {
        Ok(profiled) => profiled,
        Err(error) => {
            let mut tokens = error.into_compile_error();
            tokens.extend(item);
            tokens
        }
    }
}

fn try_profile(attribute: Span, args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options = Options::parse(args)?;
    if options.is_skipped || cfg!(feature = "off") {
        return Ok(item);
    }
    Ok(match Target::parse(&item)? {
        Target::Function(mut function) => {
            Function::of(&mut function).profile(Some(attribute), &options);
            function.into_token_stream()
        }
        Target::Impl(mut item) => items::in_impl(&mut item, &options)?.in_place(item),
        Target::Trait(mut item) => items::in_trait(&mut item, &options)?.in_place(item),
        Target::Module(mut item) => items::in_module(&mut item, &options)?.in_place(item),
    })
}

/// The errors of several functions, of which the others are profiled anyway.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Returns `item`, after the errors.
    fn in_place(self, item: impl ToTokens) -> TokenStream {
        let mut tokens = self.0.map(Error::into_compile_error).unwrap_or_default();
        item.to_tokens(&mut tokens);
        tokens
    }
}

/// A function, wherever it stands.
struct Function<'a> {
    attributes: &'a [Attribute],
    visibility: Option<&'a Visibility>,
    signature: &'a mut Signature,
    body: &'a mut Block,
}

impl<'a> Function<'a> {
    fn of(function: &'a mut syn::ItemFn) -> Self {
        Self {
            attributes: &function.attrs,
            visibility: Some(&function.vis),
            signature: &mut function.sig,
            body: &mut function.block,
        }
    }

    /// Puts the probes in. `attribute` is where the attribute stands, if it is the
    /// function's own.
    fn profile(self, attribute: Option<Span>, options: &Options) {
        let Self { attributes, visibility, signature, body } = self;
        let source = Source::of(attribute, attributes, visibility, signature, body);
        let mut prober = Prober::new(&source, body);
        prober.in_body(body);
        let at = body.brace_token.span.open();
        let options = options.to_expression(hygienic(at));
        let site = site(&source, &prober.into_lines(), &options, at);
        if signature.asyncness.is_some() {
            futures::wrap(signature, body, site);
        } else {
            let (site_name, guard) = (site_name(at), probes::guard(at));
            let activation = local("activation", at);
            let enter = verbatim(quote_spanned! {hygienic(at)=>
                let #activation = ::alloc_profiler::private::Guard::enter(&#site_name);
                let #guard = #activation.probes();
            });
            body.stmts.splice(0..0, [site, enter, used(&guard)]);
        }
    }
}

/// Puts probes into a block that is no function's; returns the names of the item
/// that describes it and of the local that the probes need, and that item. `start` is
/// where the lines begin.
pub(crate) fn block(body: &mut Block, start: Span) -> (Ident, Ident, Stmt) {
    let source = Source::of_block(start, body);
    let mut prober = Prober::new(&source, body);
    prober.in_body(body);
    let at = body.brace_token.span.open();
    let hidden = quote_spanned!(hygienic(at)=> ::alloc_profiler::private::Options::new().hidden());
    (site_name(at), probes::guard(at), site(&source, &prober.into_lines(), &hidden, at))
}

/// Returns the item that describes the function.
fn site(source: &Source, lines: &Lines, options: &TokenStream, at: Span) -> Stmt {
    let (lines, name) = (lines.to_array(), site_name(at));
    let Source { file, text, .. } = source;
    let first_line = u32::try_from(*source.lines.start()).unwrap_or(u32::MAX);
    verbatim(quote_spanned! {hygienic(at)=>
        static #name: ::alloc_profiler::private::Site = {
            fn path() -> &'static ::core::primitive::str {
                ::core::any::type_name_of_val(&path)
            }
            ::alloc_profiler::private::Site::new(path, #file, #first_line, #text, &#lines)
                .with(#options)
        };
    })
}

/// Returns the name of the item that describes the function. Items have no
/// hygiene of their own.
fn site_name(at: Span) -> Ident {
    Ident::new(attr::SITE, hygienic(at))
}

/// Returns a statement that uses a local: there may be no probe, or none whose
/// condition holds.
fn used(local: &Ident) -> Stmt {
    verbatim(quote_spanned!(hygienic(local.span())=> let _ = &#local;))
}

/// Returns the name of one of our locals, which the user's code cannot see.
pub(crate) fn local(name: &str, at: Span) -> Ident {
    Ident::new(name, hygienic(at))
}

/// Returns a span at the position of `at` with the names of this macro.
pub(crate) fn hygienic(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

/// Returns `tokens`, a whole statement, as one.
fn verbatim(tokens: TokenStream) -> Stmt {
    Stmt::Expr(Expr::Verbatim(tokens), None)
}

#[cfg(test)]
mod tests;
