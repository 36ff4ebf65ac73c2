//! Where a piece of code begins, read off its tokens.
//!
//! Statements and items come in dozens of syntax types, and each keeps its
//! attributes elsewhere. Their tokens all begin alike: `#[…]` any number of
//! times, then the code itself.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// The start of a piece of code.
pub(crate) struct Start {
    /// The `#[cfg(…)]` and `#[cfg_attr(…)]` attributes, which decide whether the
    /// code is there at all.
    pub(crate) cfgs: TokenStream,
    /// The first token after all attributes.
    pub(crate) span: Span,
}

impl Start {
    /// Returns where `tokens` start; `None` if there is nothing but attributes.
    pub(crate) fn of(tokens: TokenStream) -> Option<Self> {
        let mut tokens = tokens.into_iter();
        let mut cfgs = TokenStream::new();
        loop {
            match tokens.next()? {
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    let attribute = tokens.next()?;
                    if is_cfg(&attribute) {
                        cfgs.extend([TokenTree::Punct(hash), attribute]);
                    }
                }
                // What macro_rules captured as one fragment.
                TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                    let inner = Self::of(group.stream())?;
                    cfgs.extend(inner.cfgs);
                    return Some(Self { cfgs, span: inner.span });
                }
                TokenTree::Group(group) => {
                    return Some(Self { cfgs, span: group.span_open() });
                }
                token => {
                    return Some(Self { cfgs, span: token.span() });
                }
            }
        }
    }
}

/// Returns whether an attribute's `[…]` holds `cfg`, or a `cfg_attr` that may come
/// to one. What other attributes it may come to are about the statement alone.
fn is_cfg(attribute: &TokenTree) -> bool {
    let TokenTree::Group(group) = attribute else {
        return false;
    };
    let mut tokens = group.stream().into_iter();
    match tokens.next() {
        Some(TokenTree::Ident(name)) if name == "cfg_attr" => {
            let Some(TokenTree::Group(arguments)) = tokens.next() else {
                return false;
            };
            let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ',');
            let after = arguments.stream().into_iter().skip_while(|token| !is_comma(token));
            let is_condition = |token: TokenTree| matches!(token, TokenTree::Ident(name) if name == "cfg" || name == "cfg_attr");
            after.into_iter().any(is_condition)
        }
        Some(TokenTree::Ident(name)) => name == "cfg",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn attributes_are_skipped_and_cfgs_kept() {
        let tokens = quote! {
            #[doc = "x"] #[cfg(a)] #[allow(b)] #[cfg_attr(c, allow(d))] #[cfg_attr(c, cfg(d))]
            let x = 1;
        };
        let start = Start::of(tokens).unwrap();
        assert_eq!(start.cfgs.to_string(), quote!(#[cfg(a)] #[cfg_attr(c, cfg(d))]).to_string());
    }

    #[test]
    fn nothing_has_no_start() {
        assert!(Start::of(quote!()).is_none());
        assert!(Start::of(quote!(#[cfg(a)])).is_none());
    }
}
