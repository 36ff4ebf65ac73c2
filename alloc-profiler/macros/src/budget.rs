//! `assert_heap!`: a block with probes, between two looks at the heap.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{BinOp, Block, Error, Expr, ExprBinary, Ident, Result, Token, token};

use crate::expand;

/// What can be compared, and the constructor of the figure at run time.
const FIGURES: [(&str, &str); 9] = [
    ("allocs", "Allocs"),
    ("bytes", "Bytes"),
    ("frees", "Frees"),
    ("freed_bytes", "FreedBytes"),
    ("leaked", "Leaked"),
    ("leaked_blocks", "LeakedBlocks"),
    ("reallocs", "Reallocs"),
    ("copied", "Copied"),
    ("peak", "Peak"),
];

/// What stands in the macro's parentheses.
struct Input {
    limits: Vec<Limit>,
    body: Block,
}

/// One comparison.
struct Limit {
    figure: Ident,
    operator: Ident,
    bound: Expr,
    text: String,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut limits = Vec::new();
        while !input.peek(token::Brace) {
            if input.is_empty() {
                return Err(input.error("`assert_heap!` ends with the block to measure: `{ … }`"));
            }
            limits.push(Limit::of(input.parse()?)?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let body = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error("nothing may follow the block of `assert_heap!`"));
        }
        if limits.is_empty() {
            return Err(Error::new(
                Span::call_site(),
                format!("`assert_heap!` needs a limit before the block, on {}", known()),
            ));
        }
        Ok(Self { limits, body })
    }
}

impl Limit {
    fn of(expr: Expr) -> Result<Self> {
        let text = expr.to_token_stream().to_string();
        let Expr::Binary(ExprBinary { left, op, right, .. }) = expr else {
            return Err(Error::new(expr.span(), "expected a limit such as `allocs <= 3`"));
        };
        let operator = match op {
            BinOp::Le(_) => "AtMost",
            BinOp::Lt(_) => "Below",
            BinOp::Eq(_) => "Equal",
            BinOp::Ge(_) => "AtLeast",
            BinOp::Gt(_) => "Above",
            other => {
                return Err(Error::new(other.span(), "a limit compares with <=, <, ==, >= or >"));
            }
        };
        let name = left.to_token_stream().to_string();
        let figure = FIGURES.iter().find(|(known, _)| *known == name).ok_or_else(|| {
            Error::new(left.span(), format!("unknown figure `{name}`; known are {}", known()))
        })?;
        let at = left.span();
        Ok(Self {
            figure: Ident::new(figure.1, at),
            operator: Ident::new(operator, at),
            bound: *right,
            text,
        })
    }
}

fn known() -> String {
    FIGURES.map(|(name, _)| name).join(", ")
}

/// Returns the expression that `input` stands for.
pub(crate) fn assert_heap(input: TokenStream) -> TokenStream {
    let Input { limits, mut body } = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let call = Span::call_site();
    let at = expand::hygienic(call);
    let (site_name, guard, site) = expand::block(&mut body, call);
    let (budget, value) = (expand::local("budget", call), expand::local("value", call));
    let limits = limits.iter().map(|Limit { figure, operator, bound, text }| {
        quote_spanned! {at=>
            ::alloc_profiler::private::Limit::new(
                ::alloc_profiler::private::Figure::#figure,
                ::alloc_profiler::private::Comparison::#operator,
                #bound,
                #text,
            )
        }
    });
    // The call's own span is where a failure is reported.
    quote_spanned! {at=>
        {
            #site
            let #budget = ::alloc_profiler::private::Budget::enter(&#site_name, [#(#limits),*]);
            let #guard = #budget.probes();
            let _ = &#guard;
            let #value = #body;
            #budget.check();
            #value
        }
    }
}
