//! What the attribute was given, and what it was put on.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Error, Item, ItemFn, Result, TraitItemFn};

use crate::tokens::Start;

/// Refuses arguments: there are none yet.
pub(crate) fn parse_args(args: TokenStream) -> Result<()> {
    match args.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(Error::new(
            first.span(),
            format!("unknown argument `{first}`: `#[profile]` takes no arguments"),
        )),
    }
}

/// Returns the function that the attribute was put on, if it can be profiled.
pub(crate) fn parse_function(item: TokenStream) -> Result<ItemFn> {
    // Methods parse as functions too: a receiver is an argument like any other.
    let function: ItemFn = syn::parse2(item.clone()).map_err(|error| explain(error, item))?;
    if let Some(token) = &function.sig.constness {
        return Err(Error::new(
            token.span,
            "`#[profile]` cannot take a `const fn`: its body may run in the compiler, where \
             nothing is counted; remove `const`, or profile the function that calls it",
        ));
    }
    if let Some(token) = &function.sig.asyncness {
        return Err(Error::new(
            token.span,
            "`#[profile]` cannot take an `async fn`: its body moves between threads; profile the \
             plain functions that it calls",
        ));
    }
    Ok(function)
}

/// Returns the error for an item that is no function with a body. What does not
/// parse at all keeps the parser's own error, which points at the fault.
fn explain(error: Error, item: TokenStream) -> Error {
    if let Ok(method) = syn::parse2::<TraitItemFn>(item.clone())
        && method.default.is_none()
    {
        return Error::new(
            method.sig.ident.span(),
            "`#[profile]` needs a body to profile; put it on the implementations of this method",
        );
    }
    match syn::parse2::<Item>(item) {
        Ok(Item::Fn(_) | Item::Verbatim(_)) | Err(_) => error,
        Ok(other) => {
            let span =
                Start::of(other.to_token_stream()).map_or_else(Span::call_site, |start| start.span);
            Error::new(span, "`#[profile]` goes on functions and methods")
        }
    }
}
