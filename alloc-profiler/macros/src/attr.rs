//! What the attribute was given, and what it was put on.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{
    Block, Error, Expr, ExprLit, Item, ItemFn, ItemImpl, ItemMod, ItemTrait, Lit, LitInt, LitStr,
    Meta, Result, Signature, Stmt, Token, TraitItemFn, punctuated::Punctuated,
};

use crate::tokens::Start;

/// Decimals that a figure may have, at most: a byte is a millionth of a MiB.
const MAX_PRECISION: u8 = 9;

/// The options that there are, for whoever names another.
const KNOWN: &str = "precision = 1, stream = \"stdout\", \"stderr\" or a path, backend = \"heap\", \
                     \"rss\", \"pss\" or \"uss\", each_call, name = \"…\", skip";

/// What stands in the attribute's parentheses.
#[derive(Default)]
pub(crate) struct Options {
    /// The function stays as it is.
    pub(crate) is_skipped: bool,
    name: Option<LitStr>,
    precision: Option<u8>,
    stream: Option<LitStr>,
    backend: Option<&'static str>,
    is_each_call: bool,
}

impl Options {
    /// Returns the options that `args` spell out.
    pub(crate) fn parse(args: TokenStream) -> Result<Self> {
        let mut options = Self::default();
        let metas = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(args.clone());
        let metas = metas.map_err(|_| {
            let span = Start::of(args).map_or_else(Span::call_site, |start| start.span);
            Error::new(span, format!("these are no options of `#[profile]`; it takes {KNOWN}"))
        })?;
        let mut seen: Vec<String> = Vec::new();
        for meta in metas {
            let key = meta.path().to_token_stream().to_string();
            if seen.contains(&key) {
                return Err(Error::new(meta.span(), format!("`{key}` is given twice")));
            }
            options.set(&key, &meta)?;
            seen.push(key);
        }
        Ok(options)
    }

    fn set(&mut self, key: &str, meta: &Meta) -> Result<()> {
        match key {
            "skip" => self.is_skipped = flag(key, meta)?,
            "each_call" => self.is_each_call = flag(key, meta)?,
            "name" => {
                let expected = "a name in quotes, as in `name = \"parse\"`";
                self.name = Some(text(key, meta, |name| !name.is_empty(), expected)?);
            }
            "stream" => {
                let expected = "\"stdout\", \"stderr\" or the path of a file";
                self.stream = Some(text(key, meta, |path| !path.is_empty(), expected)?);
            }
            "backend" => {
                const BACKENDS: [(&str, &str); 4] =
                    [("heap", "Heap"), ("rss", "Rss"), ("pss", "Pss"), ("uss", "Uss")];
                let find = |name: &str| BACKENDS.iter().find(|(known, _)| *known == name);
                let expected = "\"heap\", \"rss\", \"pss\" or \"uss\"";
                let name = text(key, meta, |name| find(name).is_some(), expected)?;
                self.backend = find(&name.value()).map(|(_, variant)| *variant);
            }
            "precision" => self.precision = Some(precision(meta)?),
            _ => {
                let message = format!("unknown option `{key}`; `#[profile]` takes {KNOWN}");
                return Err(Error::new(meta.path().span(), message));
            }
        }
        Ok(())
    }

    /// Returns an error if an option makes no sense for several functions.
    pub(crate) fn check_for_many(&self) -> Result<()> {
        match &self.name {
            None => Ok(()),
            Some(name) => Err(Error::new(
                name.span(),
                "`name` is for one function; put it on that function's own `#[profile]`",
            )),
        }
    }

    /// Returns the expression that describes the options at run time.
    pub(crate) fn to_expression(&self, at: Span) -> TokenStream {
        let name = self.name.iter();
        let precision = self.precision.iter();
        let each_call = self.is_each_call.then(|| quote_spanned!(at=> .each_call()));
        let backend = self.backend.map(|variant| {
            let variant = syn::Ident::new(variant, at);
            quote_spanned!(at=> .backend(::alloc_profiler::Backend::#variant))
        });
        let stream = self.stream.as_ref().map(|stream| match stream.value().as_str() {
            "stdout" => quote_spanned!(at=> .stdout()),
            "stderr" => quote_spanned!(at=> .stderr()),
            _ => quote_spanned!(at=> .file(#stream)),
        });
        quote_spanned! {at=>
            ::alloc_profiler::private::Options::new()
                #(.name(#name))* #(.precision(#precision))* #stream #backend #each_call
        }
    }
}

/// Returns a flag's value: `flag`, `flag = true` or `flag = false`.
fn flag(key: &str, meta: &Meta) -> Result<bool> {
    match meta {
        Meta::Path(_) => Ok(true),
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Bool(value), .. }) => Ok(value.value),
            other => Err(Error::new(other.span(), format!("`{key}` is `true` or `false`"))),
        },
        Meta::List(list) => Err(Error::new(list.span(), format!("`{key}` takes no list"))),
    }
}

/// Returns the text of `key = "text"` if it `is_fit`.
fn text(key: &str, meta: &Meta, is_fit: impl Fn(&str) -> bool, expected: &str) -> Result<LitStr> {
    let wrong = |span| Error::new(span, format!("`{key}` takes {expected}"));
    match meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if is_fit(&text.value()) => {
                Ok(text.clone())
            }
            other => Err(wrong(other.span())),
        },
        _ => Err(wrong(meta.span())),
    }
}

fn precision(meta: &Meta) -> Result<u8> {
    let value = match meta {
        Meta::NameValue(pair) => &pair.value,
        _ => return Err(precision_error(meta.span())),
    };
    let number = match value {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => LitInt::base10_parse::<u8>(number).ok(),
        _ => None,
    };
    let number = number.filter(|number| *number <= MAX_PRECISION);
    number.ok_or_else(|| precision_error(value.span()))
}

fn precision_error(span: Span) -> Error {
    Error::new(span, format!("`precision` takes a number of decimals, 0 to {MAX_PRECISION}"))
}

/// What the attribute was put on.
pub(crate) enum Target {
    /// A function, or a method: a receiver is an argument like any other.
    Function(Box<ItemFn>),
    /// All functions of an implementation,
    Impl(ItemImpl),
    /// of a trait,
    Trait(ItemTrait),
    /// or of a module.
    Module(ItemMod),
}

impl Target {
    /// Returns what `item` is, if its functions can be profiled.
    pub(crate) fn parse(item: &TokenStream) -> Result<Self> {
        if let Ok(function) = syn::parse2::<ItemFn>(item.clone()) {
            check(&function.sig, &function.block)?;
            return Ok(Self::Function(Box::new(function)));
        }
        if let Ok(method) = syn::parse2::<TraitItemFn>(item.clone())
            && method.default.is_none()
        {
            return Err(Error::new(
                method.sig.ident.span(),
                "`#[profile]` needs a body to profile; put it on the implementations of this method",
            ));
        }
        match syn::parse2::<Item>(item.clone())? {
            Item::Impl(item) => Ok(Self::Impl(item)),
            Item::Trait(item) => Ok(Self::Trait(item)),
            Item::Mod(item) if item.content.is_some() => Ok(Self::Module(item)),
            Item::Mod(item) => Err(Error::new(
                item.ident.span(),
                "`#[profile]` cannot see into a module of another file; put it on the items there",
            )),
            other => {
                let start = Start::of(other.to_token_stream());
                let span = start.map_or_else(Span::call_site, |start| start.span);
                Err(Error::new(
                    span,
                    "`#[profile]` goes on functions, methods, `impl` and `trait` blocks and inline \
                     modules",
                ))
            }
        }
    }
}

/// The item that the expansion puts first into a body.
pub(crate) const SITE: &str = "__ALLOC_PROFILER_SITE";

/// Refuses a function that cannot be profiled, or is already.
pub(crate) fn check(signature: &Signature, body: &Block) -> Result<()> {
    if let Some(token) = &signature.constness {
        return Err(Error::new(
            token.span,
            "`#[profile]` cannot take a `const fn`: its body may run in the compiler, where \
             nothing is counted; remove `const`, profile the function that calls it, or leave it \
             out with `#[profile(skip)]`",
        ));
    }
    if let Some(Stmt::Item(Item::Static(first))) = body.stmts.first()
        && first.ident == SITE
    {
        return Err(Error::new(
            signature.ident.span(),
            "this function has `#[profile]` twice; remove one of them",
        ));
    }
    Ok(())
}
