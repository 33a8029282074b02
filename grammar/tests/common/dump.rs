//! A syntax tree as text: one line a stage, row or entry, values in brackets that show how they group.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read or write should panic"
)]

use netc_grammar::ast::*;
use std::fmt::Write as _;

pub(crate) fn dump(file: &File) -> String {
    let mut out = String::new();
    for item in &file.items {
        dump_item(&mut out, item);
    }
    out
}

fn dump_item(out: &mut String, item: &Item) {
    match item {
        Item::Net(name) => line(out, 0, format_args!("net {}", name.node)),
        Item::Use(path) => line(out, 0, format_args!("use {:?}", path.node)),
        Item::Let(constant) => line(
            out,
            0,
            format_args!("let {} = {}", constant.name.node, expr(&constant.value)),
        ),
        Item::Block(block) => {
            let params = block.params.as_ref().map_or(String::new(), |params| {
                let names: Vec<_> = params.iter().map(|p| p.node.as_str()).collect();
                format!("({})", names.join(", "))
            });
            line(out, 0, format_args!("block {}{params}", block.name.node));
            dump_chain(out, 1, &block.body);
        }
        Item::Chain(chain) => {
            line(out, 0, format_args!("chain"));
            dump_chain(out, 1, chain);
        }
        Item::Where(table) => {
            line(out, 0, format_args!("where"));
            for row in &table.rows {
                let entries: Vec<_> = row
                    .entries
                    .iter()
                    .map(|e| format!("({})", args(&e.args)))
                    .collect();
                line(
                    out,
                    1,
                    format_args!("{} = {}", row.kind.node, entries.join(", ")),
                );
            }
        }
        Item::Head(head) => {
            let kind = if head.auxiliary {
                "auxiliary"
            } else {
                "output"
            };
            line(out, 0, format_args!("{kind} {}", head.name.node));
            if let Some(chain) = &head.chain {
                dump_chain(out, 1, chain);
            }
        }
        Item::Expect(claim) => line(
            out,
            0,
            format_args!(
                "expect {} {:?} {}",
                claim.quantity.node,
                claim.relation.node,
                expr(&claim.value)
            ),
        ),
        Item::Train(recipe) => {
            let name = recipe.name.as_ref().map_or("(default)", |name| &name.node);
            line(out, 0, format_args!("train {name}"));
            for entry in &recipe.entries {
                line(
                    out,
                    1,
                    format_args!("{} = {}", entry.key.node, expr(&entry.value)),
                );
            }
        }
    }
}

fn dump_chain(out: &mut String, depth: usize, chain: &Chain) {
    for stage in &chain.stages {
        let repeat = stage
            .repeat
            .as_ref()
            .map_or(String::new(), |n| format!(" * {}", expr(n)));
        let tap = stage
            .tap
            .as_ref()
            .map_or(String::new(), |name| format!(" as {}", name.node));
        match &stage.kind {
            StageKind::Call(c) => line(out, depth, format_args!("{}{repeat}{tap}", call(c))),
            StageKind::Group(chain) => {
                line(out, depth, format_args!("group{repeat}{tap}"));
                dump_chain(out, depth + 1, chain);
            }
            StageKind::Branches(chains) => {
                line(out, depth, format_args!("branches{repeat}{tap}"));
                for chain in chains {
                    line(out, depth + 1, format_args!("branch"));
                    dump_chain(out, depth + 2, chain);
                }
            }
        }
    }
}

fn line(out: &mut String, depth: usize, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{:width$}{text}", "", width = depth * 4).unwrap();
}

fn call(call: &Call) -> String {
    match &call.args {
        None => call.name.node.clone(),
        Some(list) => format!("{}({})", call.name.node, args(list)),
    }
}

fn args(args: &[Arg]) -> String {
    let args = args.iter().map(|arg| match &arg.name {
        Some(name) => format!("{}={}", name.node, expr(&arg.value)),
        None => expr(&arg.value),
    });
    args.collect::<Vec<_>>().join(", ")
}

fn expr(value: &Expr) -> String {
    let list = |values: &[Expr], separator: &str| {
        values.iter().map(expr).collect::<Vec<_>>().join(separator)
    };
    match &value.kind {
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Float(x) => format!("{x:?}"),
        ExprKind::Size(sides) => sides
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join("x"),
        ExprKind::Str(text) => format!("{text:?}"),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Tuple(values) => format!("tuple({})", list(values, ", ")),
        ExprKind::List(values) => format!("[{}]", list(values, ", ")),
        ExprKind::Neg(value) => format!("{{-{}}}", expr(value)),
        ExprKind::Binary(op, a, b) => format!("{{{} {op:?} {}}}", expr(a), expr(b)),
        ExprKind::Call(c) => call(c),
        ExprKind::Pair(a, b) => format!("{{{}: {}}}", expr(a), expr(b)),
        ExprKind::Pipeline(values) => list(values, " => "),
        ExprKind::Unknown => "?".to_owned(),
    }
}
