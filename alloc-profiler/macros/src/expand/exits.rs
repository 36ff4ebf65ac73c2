//! What leaves a block before its end.

use quote::ToTokens as _;
use syn::{Block, Expr, ExprMatch, Lifetime, Stmt};

use crate::tokens::Start;

/// What an expression leaves for good.
pub(super) enum Exit<'a> {
    /// The function.
    Call,
    /// The loop or block of this label, or the innermost loop.
    Scope(Option<&'a Lifetime>),
}

impl<'a> Exit<'a> {
    /// Returns what `expr` leaves when it has got its value.
    pub(super) fn of(expr: &'a Expr) -> Option<Self> {
        match expr {
            Expr::Return(_) => Some(Self::Call),
            Expr::Break(leave) => Some(Self::Scope(leave.label.as_ref())),
            Expr::Continue(leave) => Some(Self::Scope(leave.label.as_ref())),
            _ => None,
        }
    }
}

/// Returns whether nothing behind `statement` is ever reached, as far as its text says.
/// The compiler knows more (a function's type may be `!`), and warns of what is there.
/// What a `cfg` may leave out is not sure.
pub(super) fn diverges(statement: &Stmt) -> bool {
    let start = Start::of(statement.to_token_stream());
    if start.is_none_or(|start| !start.cfgs.is_empty()) {
        return false;
    }
    match statement {
        Stmt::Local(local) => local.init.as_ref().is_some_and(|init| is_never(&init.expr)),
        Stmt::Expr(expr, _) => is_never(expr),
        Stmt::Macro(call) => is_panic(&call.mac),
        Stmt::Item(_) => false,
    }
}

fn is_never(expr: &Expr) -> bool {
    match expr {
        Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => true,
        Expr::Macro(call) => is_panic(&call.mac),
        Expr::Paren(inner) => is_never(&inner.expr),
        Expr::Group(inner) => is_never(&inner.expr),
        // A label may be what is left.
        Expr::Block(block) => block.label.is_none() && is_left_early(&block.block),
        Expr::Unsafe(block) => is_left_early(&block.block),
        Expr::If(branches) => {
            is_never(&branches.cond)
                || is_left_early(&branches.then_branch)
                    && branches.else_branch.as_ref().is_some_and(|(_, other)| is_never(other))
        }
        Expr::Match(ExprMatch { expr, arms, .. }) => {
            is_never(expr) || !arms.is_empty() && arms.iter().all(|arm| is_never(&arm.body))
        }
        _ => false,
    }
}

fn is_left_early(block: &Block) -> bool {
    block.stmts.iter().any(diverges)
}

fn is_panic(call: &syn::Macro) -> bool {
    const PANICS: [&str; 4] = ["panic", "todo", "unimplemented", "unreachable"];
    call.path.segments.last().is_some_and(|name| PANICS.iter().any(|panic| name.ident == panic))
}
