//! The parameters of a block: the values in which its uses differ.

use super::skeleton::is_value;
use super::{inside, inside_mut};
use crate::layers;
use crate::text::expr::{expr, ident, whole, word};
use netc_grammar::ast::{Arg, BinaryOp, Block, Call, Expr, ExprKind, Ident, Stage, StageKind};
use std::collections::BTreeMap;

/// The largest factor between two parameters that one of them is left out for.
const MAX_FACTOR: u64 = 16;

/// What a block is given, and what stands in its body.
pub(super) struct Params {
    /// Names, and which value of a use each one is.
    pub(super) names: Vec<(Ident, usize)>,
    /// For each value of the body what stands there.
    pub(super) body: Vec<Expr>,
}

/// The parameters of a block with this body. `uses` holds the values of each use, in the order of the body.
pub(super) fn params(
    body: &[Stage],
    uses: &[Vec<Expr>],
    blocks: &BTreeMap<String, Block>,
) -> Params {
    let options = option_names(body, blocks);
    let mut params = Params {
        names: Vec::new(),
        body: Vec::new(),
    };
    for (index, option) in options.iter().enumerate() {
        let values: Vec<&Expr> = uses.iter().map(|values| &values[index]).collect();
        let first = values[0];
        if values.iter().all(|value| *value == first) && !has_name(first) {
            params.body.push(first.clone());
            continue;
        }
        let known = params.names.iter().find_map(|(name, other)| {
            let other: Vec<&Expr> = uses.iter().map(|values| &values[*other]).collect();
            let factor = factor(&other, &values)?;
            Some(times(factor, &name.node))
        });
        let written = known.unwrap_or_else(|| {
            let count = |name: &str| params.names.iter().any(|(n, _)| n.node == name);
            let name = unused(option, count);
            params.names.push((ident(&name), index));
            word(&name)
        });
        params.body.push(written);
    }
    params
}

/// `name`, or `name2`, `name3` ... where it is taken.
pub(super) fn unused(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|n| format!("{name}{n}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !taken(name)).unwrap_or_default()
}

fn has_name(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) => true,
        ExprKind::Neg(inner) => has_name(inner),
        ExprKind::Binary(_, a, b) => has_name(a) || has_name(b),
        _ => false,
    }
}

/// The number by which all values are multiples of others.
fn factor(others: &[&Expr], values: &[&Expr]) -> Option<u64> {
    if others == values {
        return Some(1);
    }
    let quotient = |(other, value): (&&Expr, &&Expr)| match (&other.kind, &value.kind) {
        (ExprKind::Int(a), ExprKind::Int(b)) if *a > 1 && b % a == 0 => Some(b / a),
        _ => None,
    };
    let mut quotients = others.iter().zip(values).map(quotient);
    let first = quotients.next()??;
    let same = quotients.all(|next| next == Some(first));
    (same && (2..=MAX_FACTOR).contains(&first)).then_some(first)
}

fn times(factor: u64, name: &str) -> Expr {
    if factor == 1 {
        return word(name);
    }
    let factor = Box::new(whole(factor as usize));
    expr(ExprKind::Binary(
        BinaryOp::Mul,
        factor,
        Box::new(word(name)),
    ))
}

/// For each value of a body the name of the option that it is given to.
fn option_names(body: &[Stage], blocks: &BTreeMap<String, Block>) -> Vec<String> {
    let mut names = Vec::new();
    for stage in body {
        if let StageKind::Call(call) = &stage.kind {
            let args = call.args.iter().flatten().enumerate();
            let values = args.filter(|(_, arg)| is_value(&arg.value));
            names.extend(values.map(|(i, arg)| option_name(call, i, arg, blocks)));
        }
        for chain in inside(stage) {
            names.extend(option_names(&chain.stages, blocks));
        }
    }
    names
}

fn option_name(call: &Call, index: usize, arg: &Arg, blocks: &BTreeMap<String, Block>) -> String {
    let positional = || match layers::find(&call.name.node) {
        Some(spec) => spec.options.get(index).map(|option| option.name.to_owned()),
        None => {
            let params = blocks.get(&call.name.node)?.params.as_ref()?;
            let name = params.get(index)?.node.as_str();
            Some(
                name.trim_end_matches(|c: char| c.is_ascii_digit())
                    .to_owned(),
            )
        }
    };
    let named = arg.name.as_ref().map(|name| name.node.clone());
    named.or_else(positional).unwrap_or_else(|| "n".to_owned())
}

/// Puts what stands in the body in the place of the values, in order.
pub(super) fn fill(stages: &mut [Stage], body: &mut impl Iterator<Item = Expr>) {
    for stage in stages {
        if let StageKind::Call(call) = &mut stage.kind {
            let args = call.args.iter_mut().flatten();
            for arg in args.filter(|arg| is_value(&arg.value)) {
                if let Some(value) = body.next() {
                    arg.value = value;
                }
            }
        }
        for chain in inside_mut(stage) {
            fill(&mut chain.stages, body);
        }
    }
}
