//! The walk over a body, which puts the probes in.
//!
//! Calls are put *between* statements; no statement is wrapped, so control
//! flow, inference, coercions and temporaries stay as they were. What is put in:
//!
//! ```text
//! guard.line(3);                    before a statement on a new line
//! let round = guard.round(3);       first in a loop's body
//! let block = guard.block(3);       first in any other inner block
//! guard.ends();                     before a block's last statement
//! guard.leave_call();               before `return`
//! guard.leave_rounds(1);            before `break`, `continue`: how many loops and
//!                                   labelled blocks are left
//! let round = guard.labelled(3);    first in a labelled block
//! let close = guard.close(9);       before a block's last expression: from its
//!                                   drop on, drops are on the brace's line
//! let guard = Part::enter(…);       first in a closure with lines of its own
//! Task::part(…, async { … })        around such an `async` block
//! ```
//!
//! The new pairs of braces are put around a match arm's or a closure's bare
//! expression, which is a scope of its own for temporaries anyway, in every
//! edition.

use std::mem;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, Block, Expr, ExprAsync, ExprBlock, ExprClosure, Label, MacroDelimiter, Stmt, token,
};

use super::exits::{Exit, diverges};
use super::{hygienic, local, site_name, used, verbatim};
use crate::lines::Lines;
use crate::source::Source;
use crate::tokens::Start;

/// The state of the walk over a body.
pub(super) struct Prober {
    lines: Lines,
    /// How many probes were put in.
    count: usize,
    /// How many locals were named.
    named: usize,
    /// Where the names of our locals live: see `name`.
    home: Span,
    /// The local that the probes are called on here.
    guard: Ident,
    /// The loops and labelled blocks around, the innermost last.
    scopes: Vec<Scope>,
    /// The line in force: the one that everything is charged to at this point.
    current: Place,
}

/// What `break` can leave.
struct Scope {
    is_loop: bool,
    label: Option<String>,
}

impl Scope {
    fn of(is_loop: bool, label: Option<&Label>) -> Self {
        Self { is_loop, label: label.map(|label| label.name.ident.to_string()) }
    }
}

/// A line and its index among the probed ones.
#[derive(Clone, Copy)]
struct Place {
    number: usize,
    index: usize,
}

impl Prober {
    /// Returns the walk over the body of a function, or over such a block.
    pub(super) fn new(source: &Source, body: &Block) -> Self {
        let home = body.brace_token.span.open();
        Self {
            lines: Lines::new(source.lines.clone()),
            current: Place { number: *source.lines.start(), index: 0 },
            count: 0,
            named: 0,
            home,
            guard: guard(home),
            scopes: Vec::new(),
        }
    }

    /// Returns the lines that have probes.
    pub(super) fn into_lines(self) -> Lines {
        self.lines
    }

    /// Puts probes into the function's own block.
    pub(super) fn in_body(&mut self, block: &mut Block) {
        block.stmts = self.statements(block);
    }

    /// Puts probes into a loop's block. Each round counts on the loop's line.
    fn in_loop(&mut self, label: Option<&Label>, block: &mut Block) {
        let round = self.local_call("round", block.brace_token.span.open(), self.current.index);
        self.scopes.push(Scope::of(true, label));
        block.stmts = self.statements(block);
        self.scopes.pop();
        block.stmts.insert(0, round);
        self.count += 1;
    }

    /// Puts probes into a block that `break` can leave by its label.
    fn in_labelled(&mut self, label: &Label, block: &mut Block) {
        self.scopes.push(Scope::of(false, Some(label)));
        self.in_block("labelled", block);
        self.scopes.pop();
    }

    /// Puts probes into another inner block, if it has lines of its own; `method` makes
    /// the local for it.
    fn in_block(&mut self, method: &str, block: &mut Block) {
        let whole = self.local_call(method, block.brace_token.span.open(), self.current.index);
        let before = block.stmts.len();
        block.stmts = self.statements(block);
        if block.stmts.len() > before {
            block.stmts.insert(0, whole);
        }
    }

    /// Returns the block's statements with their probes, in inner blocks too.
    fn statements(&mut self, block: &mut Block) -> Vec<Stmt> {
        let (around, before) = (self.current, block.stmts.len());
        let close = Close::of(block, &self.lines);
        let last = last_sure(block);
        let mut out = Vec::with_capacity(2 * block.stmts.len() + 2);
        // Whether `current` is known to run: a `cfg` may leave its probe out.
        let mut is_sure = true;
        let mut has_lines = false;
        for (position, mut statement) in mem::take(&mut block.stmts).into_iter().enumerate() {
            let Some(start) = start_of_code(&statement) else {
                out.push(statement);
                continue;
            };
            let number = self.lines.number_of(start.span).unwrap_or(self.current.number);
            if let Some(brace) = close.before(position, number) {
                let index = self.lines.brace(brace);
                let local = self.local_call("close", start.span, index);
                out.push(self.with_cfgs(&start, &local));
            }
            if number != self.current.number || !is_sure {
                has_lines = true;
                self.current = Place { number, index: self.lines.statement(number) };
                let method = if is_bare_loop(&statement) { "resume" } else { "line" };
                let probe = self.call(method, start.span, Some(self.current.index));
                out.push(self.with_cfgs(&start, &probe));
            }
            if position >= last && has_lines {
                let probe = self.call("ends", start.span, None);
                out.push(self.with_cfgs(&start, &probe));
            }
            if let Some(probe) = self.exit(&statement, start.span) {
                out.push(self.with_cfgs(&start, &probe));
            }
            is_sure = start.cfgs.is_empty();
            self.visit_stmt_mut(&mut statement);
            out.push(statement);
        }
        if let Some(brace) = close.after(self.current.number) {
            let index = self.lines.brace(brace);
            let at = block.brace_token.span.close();
            out.extend([self.call("line", at, Some(index)), self.call("ends", at, None)]);
        }
        self.current = around;
        self.count += out.len() - before;
        out
    }

    /// Puts probes into a closure's body, if it has lines of its own. A closure
    /// may run anywhere and later, so it finds its function's record anew; it
    /// captures nothing for that.
    fn in_closure(&mut self, closure: &mut ExprClosure) {
        if closure.asyncness.is_some() || closure.constness.is_some() {
            return;
        }
        let at = first_span(&closure.body);
        let (site, index) = (site_name(at), self.current.index);
        let part = self.name("part");
        let around = mem::replace(&mut self.guard, part.clone());
        if self.has_probes(|prober| prober.in_closure_body(&mut closure.body)) {
            if !matches!(&*closure.body, Expr::Block(body) if body.label.is_none()) {
                put_in_block(&mut closure.body);
            }
            if let Expr::Block(body) = &mut *closure.body {
                let activation = local("activation", at);
                let enter = verbatim(quote_spanned! {hygienic(at)=>
                    let #activation = ::alloc_profiler::private::Part::enter(&#site, #index);
                    let #part = #activation.probes();
                });
                body.block.stmts.splice(0..0, [enter, used(&part)]);
            }
        }
        self.guard = around;
    }

    fn in_closure_body(&mut self, body: &mut Expr) {
        match body {
            Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => {
                self.in_body(&mut block.block);
            }
            other => self.visit_expr_mut(other),
        }
    }

    /// Puts probes into an `async` block, if it has lines of its own; returns
    /// what stands for it then.
    fn in_async(&mut self, each: &mut ExprAsync) -> Option<Expr> {
        let at = each.async_token.span;
        let (span, site, index) = (hygienic(at), site_name(at), self.current.index);
        let probes = self.name("task");
        let around = mem::replace(&mut self.guard, probes.clone());
        let has_probes = self.has_probes(|prober| prober.in_body(&mut each.block));
        self.guard = around;
        if !has_probes {
            return None;
        }
        let enter = verbatim(quote_spanned! {span=>
            let #probes = ::alloc_profiler::private::Probes::wandering(&#site);
        });
        each.block.stmts.splice(0..0, [enter, used(&probes)]);
        let attributes = mem::take(&mut each.attrs);
        Some(Expr::Verbatim(quote_spanned! {span=>
            #(#attributes)* ::alloc_profiler::private::Task::part(&#site, #index, #each)
        }))
    }

    /// Returns whether `walk` puts probes in that find the function's record by
    /// themselves. Nothing in there leaves what is around it.
    fn has_probes(&mut self, walk: impl FnOnce(&mut Self)) -> bool {
        let before = mem::take(&mut self.count);
        let scopes = mem::take(&mut self.scopes);
        walk(self);
        self.scopes = scopes;
        mem::replace(&mut self.count, before) > 0
    }

    /// Returns the probe before a statement that leaves a loop, a labelled block or
    /// the function.
    fn exit(&self, statement: &Stmt, at: Span) -> Option<Stmt> {
        let Stmt::Expr(expr, _) = statement else {
            return None;
        };
        Some(match Exit::of(expr)? {
            Exit::Call => self.call("leave_call", at, None),
            Exit::Scope(label) => {
                let is_it = |scope: &Scope| match label {
                    Some(label) => scope.label.as_ref().is_some_and(|each| label.ident == each),
                    None => scope.is_loop,
                };
                let count = self.scopes.iter().rev().position(is_it).map_or(1, |place| place + 1);
                self.call("leave_rounds", at, Some(count))
            }
        })
    }

    /// Returns the statement `guard.method(index);`.
    fn call(&self, method: &str, at: Span, index: Option<usize>) -> Stmt {
        let (guard, method, index) = self.parts(method, at, index);
        verbatim(quote_spanned!(self.at(at)=> #guard.#method(#index);))
    }

    /// Returns the statement `let local = guard.method(index);`.
    fn local_call(&mut self, method: &str, at: Span, index: usize) -> Stmt {
        let mut name = self.name(method);
        name.set_span(self.at(at));
        let (guard, method, index) = self.parts(method, at, Some(index));
        verbatim(quote_spanned!(self.at(at)=> let #name = #guard.#method(#index);))
    }

    fn parts(
        &self,
        method: &str,
        at: Span,
        index: Option<usize>,
    ) -> (Ident, Ident, Option<Literal>) {
        let mut guard = self.guard.clone();
        guard.set_span(self.at(at));
        let index = index.map(|index| {
            let mut literal = Literal::usize_unsuffixed(index);
            // The user's own text is no number, as a lint may think.
            literal.set_span(hygienic(at));
            literal
        });
        (guard, Ident::new(method, self.at(at)), index)
    }

    /// Puts the statement's own conditions on its probe: without the statement the
    /// probe must not be there either, or it may stand behind the block's value.
    fn with_cfgs(&self, start: &Start, probe: &Stmt) -> Stmt {
        let cfgs = &start.cfgs;
        verbatim(quote_spanned!(self.at(start.span)=> #cfgs #probe))
    }

    /// Returns a name for a local, used nowhere else in the function.
    fn name(&mut self, what: &str) -> Ident {
        self.named += 1;
        let underscore = if what == "part" || what == "task" { "" } else { "_" };
        let name = format!("{underscore}alloc_profiler_{what}_{}", self.named);
        Ident::new(&name, self.home)
    }

    /// Returns the span of a probe for what stands at `at`.
    ///
    /// A debugger shows what a macro puts in at the macro's own place, unless it
    /// has the context of the code around it. So probes have that of the body's
    /// brace, and names that nobody else would use instead of hygiene.
    fn at(&self, at: Span) -> Span {
        at.resolved_at(self.home)
    }
}

/// Returns the name of the local that the probes of a body are called on, whose
/// brace is at `home`.
pub(super) fn guard(home: Span) -> Ident {
    Ident::new("alloc_profiler_guard", home)
}

impl VisitMut for Prober {
    fn visit_block_mut(&mut self, block: &mut Block) {
        self.in_block("block", block);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::ForLoop(each) => {
                self.visit_expr_mut(&mut each.expr);
                self.in_loop(each.label.as_ref(), &mut each.body);
            }
            Expr::While(each) => {
                self.visit_expr_mut(&mut each.cond);
                self.in_loop(each.label.as_ref(), &mut each.body);
            }
            Expr::Loop(each) => self.in_loop(each.label.as_ref(), &mut each.body),
            Expr::Block(ExprBlock { label: Some(label), block, .. }) => {
                self.in_labelled(label, block);
            }
            // Its length is a constant.
            Expr::Repeat(array) => self.visit_expr_mut(&mut array.expr),
            Expr::Closure(closure) => self.in_closure(closure),
            Expr::Async(each) => {
                if let Some(task) = self.in_async(each) {
                    *expr = task;
                }
            }
            // Bodies that run in the compiler, and what is not stable.
            Expr::Const(_) | Expr::TryBlock(_) => {}
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        let line = self.lines.number_of(first_span(&arm.body));
        let is_on_its_own_line = line.is_some_and(|line| line != self.current.number);
        let leaves = Exit::of(&arm.body).is_some();
        if (is_on_its_own_line || leaves) && can_stand_in_block(&arm.body) {
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
            let is_reached = !diverges(&block.stmts[position]);
            return if is_reached { Self::After { brace } } else { Self::Nowhere };
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

/// Returns the position of the last statement that runs for sure; none of those
/// after it may be there.
fn last_sure(block: &Block) -> usize {
    let is_sure =
        |statement: &Stmt| start_of_code(statement).is_some_and(|start| start.cfgs.is_empty());
    block.stmts.iter().rposition(is_sure).unwrap_or(0)
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
