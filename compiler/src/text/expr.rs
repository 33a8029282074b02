//! Values of the language as text, and the values that numbers are.

use super::thousands;
use netc_grammar::Span;
use netc_grammar::ast::{Arg, BinaryOp, Call, Expr, ExprKind, Ident};

/// An expression that is written nowhere.
pub(crate) fn expr(kind: ExprKind) -> Expr {
    Expr {
        kind,
        span: Span::default(),
    }
}

/// A name that is written nowhere.
pub(crate) fn ident(name: &str) -> Ident {
    Ident {
        node: name.to_owned(),
        span: Span::default(),
    }
}

/// A word, or a constant.
pub(crate) fn word(name: &str) -> Expr {
    expr(ExprKind::Name(name.to_owned()))
}

/// A whole number.
pub(crate) fn whole(n: usize) -> Expr {
    expr(ExprKind::Int(n as u64))
}

/// `3x3`
pub(crate) fn size(sizes: &[usize]) -> Expr {
    let sizes = sizes.iter().map(|n| *n as u64);
    expr(ExprKind::Size(sizes.collect()))
}

/// A number, as a whole one where it is.
pub(crate) fn real(x: f64) -> Expr {
    if x < 0.0 {
        return expr(ExprKind::Neg(Box::new(real(-x))));
    }
    // Up to here every whole number is a float.
    let is_whole = x.fract() == 0.0 && x <= (1_u64 << 53) as f64;
    expr(if is_whole {
        ExprKind::Int(x as u64)
    } else {
        ExprKind::Float(x)
    })
}

/// A number of 32 bits: the shortest that reads back as the same.
pub(crate) fn single(x: f32) -> Expr {
    real(format!("{x:?}").parse().unwrap_or(f64::from(x)))
}

/// `adam(lr=0.001)`, and `adam` without arguments.
pub(crate) fn call(name: &str, args: Vec<Arg>) -> Call {
    Call {
        name: ident(name),
        args: (!args.is_empty()).then_some(args),
        span: Span::default(),
    }
}

/// An argument, with its name or by its position.
pub(crate) fn arg(name: Option<&str>, value: Expr) -> Arg {
    Arg {
        name: name.map(ident),
        value,
        span: Span::default(),
    }
}

/// The call as it is written.
pub(crate) fn call_text(call: &Call) -> String {
    let name = &call.name.node;
    match &call.args {
        Some(args) => format!("{name}({})", joined(args.iter().map(arg_text), ", ")),
        None => name.clone(),
    }
}

fn arg_text(arg: &Arg) -> String {
    let value = text(&arg.value);
    match &arg.name {
        Some(name) => format!("{}={value}", name.node),
        None => value,
    }
}

/// The expression as it is written.
pub(crate) fn text(expr: &Expr) -> String {
    let all = |items: &[Expr], by| joined(items.iter().map(text), by);
    match &expr.kind {
        ExprKind::Int(n) if *n < 10_000 => n.to_string(),
        ExprKind::Int(n) => thousands(*n).replace(',', "_"),
        ExprKind::Float(x) => format!("{x:?}"),
        ExprKind::Size(sizes) => joined(sizes.iter().map(u64::to_string), "x"),
        ExprKind::Str(text) => format!("{text:?}"),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Tuple(items) => format!("({})", all(items, ", ")),
        ExprKind::List(items) => format!("[{}]", all(items, ", ")),
        ExprKind::Neg(inner) => format!("-{}", operand(inner, 2)),
        ExprKind::Binary(op, a, b) => {
            let (strength, sign) = match op {
                BinaryOp::Add => (0, " + "),
                BinaryOp::Sub => (0, " - "),
                BinaryOp::Mul => (1, " * "),
                // A stride clings to its size.
                BinaryOp::Div if matches!(a.kind, ExprKind::Size(_)) => (1, "/"),
                BinaryOp::Div => (1, " / "),
            };
            format!("{}{sign}{}", operand(a, strength), operand(b, strength + 1))
        }
        ExprKind::Call(call) => call_text(call),
        ExprKind::Pair(a, b) => format!("{}: {}", text(a), text(b)),
        ExprKind::Pipeline(steps) => all(steps, " => "),
        ExprKind::Unknown => "?".to_owned(),
    }
}

/// An operand, in parentheses if it binds less than `strength`.
fn operand(expr: &Expr, strength: u8) -> String {
    let own = match &expr.kind {
        ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub, ..) => 0,
        ExprKind::Binary(BinaryOp::Mul | BinaryOp::Div, ..) => 1,
        _ => 2,
    };
    if own < strength {
        format!("({})", text(expr))
    } else {
        text(expr)
    }
}

fn joined(parts: impl Iterator<Item = String>, by: &str) -> String {
    parts.collect::<Vec<_>>().join(by)
}
