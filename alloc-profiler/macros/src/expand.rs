//! Puts the probes into a function's body.
//!
//! Calls are put *between* statements; no statement is wrapped, so control
//! flow, inference, coercions and temporaries stay as they were. What is put in:
//!
//! ```text
//! let guard = …;                    first in the body: dropped last
//! guard.line(3);                    before a statement on a new line
//! let round = guard.round(3);       first in a loop's body
//! let block = guard.block(3);       first in any other inner block
//! guard.leave_call();               before `return`, `break`, `continue`
//! let close = guard.close(9);       before a block's last expression: from its
//!                                   drop on, drops are on the brace's line
//! ```
//!
//! All of it has the hygiene of this macro's definition, so it neither meets nor
//! shows the user's names, and the position of the statement that it stands for,
//! so that a debugger steps as before. Its paths are absolute. The body's own
//! braces are kept: they carry its edition, which governs when temporaries drop.
//!
//! The one new pair of braces is put around a match arm's bare expression. An
//! arm's body is a scope of its own for temporaries anyway, in every edition.

use std::mem;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Arm, Block, Expr, ItemFn, MacroDelimiter, Stmt, token};

use crate::attr;
use crate::lines::Lines;
use crate::source::Source;
use crate::tokens::Start;

/// Returns the item with probes; or with one error and unchanged, so that no
/// second error follows from its absence.
pub(crate) fn profile(attribute: Span, args: TokenStream, item: TokenStream) -> TokenStream {
    let parsed = attr::parse_args(args).and_then(|()| attr::parse_function(item.clone()));
    match parsed {
        Ok(function) => put_probes(attribute, function).into_token_stream(),
        Err(error) => {
            let mut tokens = error.into_compile_error();
            tokens.extend(item);
            tokens
        }
    }
}

fn put_probes(attribute: Span, mut function: ItemFn) -> ItemFn {
    let source = Source::of(attribute, &function);
    let mut probes = Probes::new(&source);
    probes.in_body(&mut function.block);
    let guard = probes.guard(&source, function.block.brace_token.span.open());
    function.block.stmts.insert(0, guard);
    function
}

/// The state of the walk over a body.
struct Probes {
    lines: Lines,
    /// The line in force: the one that everything is charged to at this point.
    current: Place,
}

/// A line and its index among the probed ones.
#[derive(Clone, Copy)]
struct Place {
    number: usize,
    index: usize,
}

impl Probes {
    fn new(source: &Source) -> Self {
        let lines = Lines::new(source.lines.clone());
        Self { lines, current: Place { number: *source.lines.start(), index: 0 } }
    }

    /// Returns the body's first statement, once all its lines are known.
    fn guard(&self, source: &Source, at: Span) -> Stmt {
        let guard = local("guard", at);
        let lines = self.lines.to_array();
        let Source { file, text, .. } = source;
        let first_line = u32::try_from(*source.lines.start()).unwrap_or(u32::MAX);
        verbatim(quote_spanned! {hygienic(at)=>
            let #guard = {
                fn path() -> &'static ::core::primitive::str {
                    ::core::any::type_name_of_val(&path)
                }
                static SITE: ::alloc_profiler::private::Site =
                    ::alloc_profiler::private::Site::new(path, #file, #first_line, #text, &#lines);
                ::alloc_profiler::private::Guard::enter(&SITE)
            };
        })
    }

    /// Puts probes into the function's own block.
    fn in_body(&mut self, block: &mut Block) {
        block.stmts = self.statements(block);
    }

    /// Puts probes into a loop's block. Each round counts on the loop's line.
    fn in_loop(&mut self, block: &mut Block) {
        let round = local_call("round", block.brace_token.span.open(), self.current.index);
        block.stmts = self.statements(block);
        block.stmts.insert(0, round);
    }

    /// Puts probes into another inner block, if it has lines of its own.
    fn in_block(&mut self, block: &mut Block) {
        let whole = local_call("block", block.brace_token.span.open(), self.current.index);
        let before = block.stmts.len();
        block.stmts = self.statements(block);
        if block.stmts.len() > before {
            block.stmts.insert(0, whole);
        }
    }

    /// Returns the block's statements with their probes, in inner blocks too.
    fn statements(&mut self, block: &mut Block) -> Vec<Stmt> {
        let around = self.current;
        let close = Close::of(block, &self.lines);
        let mut out = Vec::with_capacity(2 * block.stmts.len() + 2);
        // Whether `current` is known to run: a `cfg` may leave its probe out.
        let mut is_sure = true;
        for (position, mut statement) in mem::take(&mut block.stmts).into_iter().enumerate() {
            let Some(start) = start_of_code(&statement) else {
                out.push(statement);
                continue;
            };
            let number = self.lines.number_of(start.span).unwrap_or(self.current.number);
            if let Some(brace) = close.before(position, number) {
                let index = self.lines.brace(brace);
                out.push(with_cfgs(&start, &local_call("close", start.span, index)));
            }
            if number != self.current.number || !is_sure {
                self.current = Place { number, index: self.lines.statement(number) };
                let method = if is_bare_loop(&statement) { "resume" } else { "line" };
                out.push(with_cfgs(&start, &call(method, start.span, Some(self.current.index))));
            }
            if let Some(method) = exit(&statement) {
                out.push(with_cfgs(&start, &call(method, start.span, None)));
            }
            is_sure = start.cfgs.is_empty();
            self.visit_stmt_mut(&mut statement);
            out.push(statement);
        }
        if let Some(brace) = close.after(self.current.number) {
            let index = self.lines.brace(brace);
            out.push(call("line", block.brace_token.span.close(), Some(index)));
        }
        self.current = around;
        out
    }
}

impl VisitMut for Probes {
    fn visit_block_mut(&mut self, block: &mut Block) {
        self.in_block(block);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::ForLoop(each) => {
                self.visit_expr_mut(&mut each.expr);
                self.in_loop(&mut each.body);
            }
            Expr::While(each) => {
                self.visit_expr_mut(&mut each.cond);
                self.in_loop(&mut each.body);
            }
            Expr::Loop(each) => self.in_loop(&mut each.body),
            // Its length is a constant.
            Expr::Repeat(array) => self.visit_expr_mut(&mut array.expr),
            // Bodies that run elsewhere, at other times or in the compiler.
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) | Expr::TryBlock(_) => {}
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        if let Some(line) = self.lines.number_of(first_span(&arm.body))
            && line != self.current.number
            && can_stand_in_block(&arm.body)
        {
            put_in_block(&mut arm.body);
        }
        if let Some((_, condition)) = &mut arm.guard {
            self.visit_expr_mut(condition);
        }
        self.visit_expr_mut(&mut arm.body);
    }

    // What has no statements that run here: nested functions and other items,
    // and constants in types, patterns and generic arguments.
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
    fn visit_type_mut(&mut self, _: &mut syn::Type) {}
    fn visit_pat_mut(&mut self, _: &mut syn::Pat) {}
    fn visit_path_mut(&mut self, _: &mut syn::Path) {}
    fn visit_angle_bracketed_generic_arguments_mut(
        &mut self,
        _: &mut syn::AngleBracketedGenericArguments,
    ) {
    }
}

/// Where the drops of a block's locals begin to be charged to its brace.
enum Close {
    /// Nothing is dropped there.
    Nowhere,
    /// Before the statement at `position`, the last: an expression.
    Before { position: usize, brace: usize },
    /// After the last statement: a `let`.
    After { brace: usize },
}

impl Close {
    fn of(block: &Block, lines: &Lines) -> Self {
        let Some(brace) = lines.number_of(block.brace_token.span.close()) else {
            return Self::Nowhere;
        };
        let is_code = |statement: &Stmt| start_of_code(statement).is_some();
        let Some(position) = block.stmts.iter().rposition(is_code) else {
            return Self::Nowhere;
        };
        if matches!(block.stmts[position], Stmt::Local(_)) {
            return Self::After { brace };
        }
        // A macro may expand to `let`.
        let binds = |statement: &Stmt| matches!(statement, Stmt::Local(_) | Stmt::Macro(_));
        if block.stmts[..position].iter().any(binds) {
            Self::Before { position, brace }
        } else {
            Self::Nowhere
        }
    }

    /// Returns the brace's line if the drops begin before the statement at
    /// `position`, which begins on line `number`.
    fn before(&self, at: usize, number: usize) -> Option<usize> {
        match *self {
            Self::Before { position, brace } if position == at && brace != number => Some(brace),
            _ => None,
        }
    }

    /// Returns the brace's line if the drops begin after all statements, of which
    /// the last began on line `number`.
    fn after(&self, number: usize) -> Option<usize> {
        match *self {
            Self::After { brace } if brace != number => Some(brace),
            _ => None,
        }
    }
}

/// Returns where a statement that runs begins; `None` for items and for `;`.
fn start_of_code(statement: &Stmt) -> Option<Start> {
    match statement {
        Stmt::Item(_) => None,
        Stmt::Expr(Expr::Verbatim(tokens), _) if tokens.is_empty() => None,
        _ => Start::of(statement.to_token_stream()),
    }
}

/// Returns whether a statement is a `loop`, which has no condition to count.
fn is_bare_loop(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(Expr::Loop(_), _))
}

/// Returns the method to call before a statement that leaves the innermost loop
/// or the function for good.
fn exit(statement: &Stmt) -> Option<&'static str> {
    let Stmt::Expr(expr, _) = statement else {
        return None;
    };
    match expr {
        Expr::Return(_) => Some("leave_call"),
        Expr::Break(leave) if leave.label.is_none() => Some("leave_round"),
        Expr::Continue(leave) if leave.label.is_none() => Some("leave_round"),
        _ => None,
    }
}

/// Returns whether an arm's body means the same as the last expression of a
/// block. A macro with braces would become a statement.
fn can_stand_in_block(body: &Expr) -> bool {
    match body {
        Expr::Block(_) | Expr::Unsafe(_) | Expr::Verbatim(_) | Expr::Let(_) => false,
        Expr::Macro(call) => !matches!(call.mac.delimiter, MacroDelimiter::Brace(_)),
        _ => true,
    }
}

/// Puts braces around an arm's body.
fn put_in_block(body: &mut Expr) {
    let span = hygienic(first_span(body));
    let inner = mem::replace(body, Expr::Verbatim(TokenStream::new()));
    let block = Block { brace_token: token::Brace(span), stmts: vec![Stmt::Expr(inner, None)] };
    *body = Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block });
}

/// Returns the span of an expression's first token after its attributes.
fn first_span(expr: &Expr) -> Span {
    Start::of(expr.to_token_stream()).map_or_else(|| expr.span(), |start| start.span)
}

/// Puts the statement's own conditions on its probe: without the statement the
/// probe must not be there either, or it may stand behind the block's value.
fn with_cfgs(start: &Start, probe: &Stmt) -> Stmt {
    let cfgs = &start.cfgs;
    verbatim(quote_spanned!(hygienic(start.span)=> #cfgs #probe))
}

/// Returns the name of one of our locals, which the user's code cannot see.
fn local(name: &str, at: Span) -> Ident {
    Ident::new(name, hygienic(at))
}

/// Returns a span at the position of `at` with the names of this macro.
fn hygienic(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

/// Returns the statement `guard.method(index);`.
fn call(method: &str, at: Span, index: Option<usize>) -> Stmt {
    let (guard, method) = (local("guard", at), Ident::new(method, hygienic(at)));
    verbatim(quote_spanned!(hygienic(at)=> #guard.#method(#index);))
}

/// Returns the statement `let method = guard.method(index);`.
fn local_call(method: &str, at: Span, index: usize) -> Stmt {
    let (guard, method) = (local("guard", at), Ident::new(method, hygienic(at)));
    let name = local(&format!("_{method}"), at);
    verbatim(quote_spanned!(hygienic(at)=> let #name = #guard.#method(#index);))
}

/// Returns `tokens`, a whole statement, as one.
fn verbatim(tokens: TokenStream) -> Stmt {
    Stmt::Expr(Expr::Verbatim(tokens), None)
}

#[cfg(test)]
mod tests;
