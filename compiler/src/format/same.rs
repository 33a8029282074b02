//! Whether a text still says what it said: the same tokens, comments and syntax tree, but for the names of layers and white space.

use super::tokens::tokens;
use super::tree::own_name;
use super::writer::plain;
use netc_grammar::ast::{Arg, Block, Call, Chain, Expr, ExprKind, File, Item, Stage, StageKind};
use netc_grammar::{Sources, Span, parse};

/// Compares a text with its formatted form. `tree` is the text's.
pub(super) fn is_same(text: &str, tree: &File, formatted: &str) -> bool {
    let mut sources = Sources::default();
    let file = sources.add("", formatted);
    let (mut after, diagnostics) = parse(&sources, file);
    let mut before = tree.clone();
    strip(&mut before);
    strip(&mut after);
    let valid = !diagnostics.iter().any(|d| d.is_error());
    valid && before == after && written(text) == written(formatted)
}

/// All tokens, and all comments.
fn written(text: &str) -> (Vec<&str>, Vec<String>) {
    let tokens = tokens(text);
    let comments = tokens.iter().flat_map(|token| &token.before);
    let comments = comments.map(|comment| plain(comment.text)).collect();
    let texts = tokens.iter().map(|token| own_name(token.text)).collect();
    (texts, comments)
}

/// Takes away what may differ: places, and other names of layers.
fn strip(file: &mut File) {
    for item in &mut file.items {
        match item {
            Item::Net(name) => name.span = Span::default(),
            Item::Use(path) => path.span = Span::default(),
            Item::Let(item) => {
                (item.span, item.name.span) = Default::default();
                expr(&mut item.value);
            }
            Item::Block(item) => block(item),
            Item::Chain(item) => chain(item),
            Item::Where(table) => {
                table.span = Span::default();
                for row in &mut table.rows {
                    (row.span, row.kind.span) = Default::default();
                    row.kind.node = own_name(&row.kind.node).to_owned();
                    for entry in &mut row.entries {
                        entry.span = Span::default();
                        args(&mut entry.args);
                    }
                }
            }
            Item::Head(head) => {
                (head.span, head.name.span) = Default::default();
                head.chain.iter_mut().for_each(chain);
            }
            Item::Expect(claim) => {
                (claim.span, claim.quantity.span, claim.relation.span) = Default::default();
                expr(&mut claim.value);
            }
            Item::Train(train) => {
                train.span = Span::default();
                if let Some(name) = &mut train.name {
                    name.span = Span::default();
                }
                for entry in &mut train.entries {
                    (entry.span, entry.key.span) = Default::default();
                    expr(&mut entry.value);
                }
            }
        }
    }
}

fn block(block: &mut Block) {
    (block.span, block.name.span) = Default::default();
    for param in block.params.iter_mut().flatten() {
        param.span = Span::default();
    }
    chain(&mut block.body);
}

fn chain(chain: &mut Chain) {
    chain.span = Span::default();
    chain.stages.iter_mut().for_each(stage);
}

fn stage(stage: &mut Stage) {
    stage.span = Span::default();
    match &mut stage.kind {
        StageKind::Call(inner) => {
            inner.name.node = own_name(&inner.name.node).to_owned();
            call(inner);
        }
        StageKind::Group(inner) => chain(inner),
        StageKind::Branches(branches) => branches.iter_mut().for_each(chain),
    }
    stage.repeat.iter_mut().for_each(expr);
    if let Some(tap) = &mut stage.tap {
        tap.span = Span::default();
    }
}

fn call(call: &mut Call) {
    (call.span, call.name.span) = Default::default();
    call.args.iter_mut().for_each(|list| args(list));
}

fn args(args: &mut [Arg]) {
    for arg in args {
        arg.span = Span::default();
        if let Some(name) = &mut arg.name {
            name.span = Span::default();
        }
        expr(&mut arg.value);
    }
}

fn expr(value: &mut Expr) {
    value.span = Span::default();
    match &mut value.kind {
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Pipeline(items) => {
            items.iter_mut().for_each(expr);
        }
        ExprKind::Neg(inner) => expr(inner),
        ExprKind::Binary(_, a, b) | ExprKind::Pair(a, b) => {
            expr(a);
            expr(b);
        }
        ExprKind::Call(inner) => call(inner),
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Size(_)
        | ExprKind::Str(_)
        | ExprKind::Name(_)
        | ExprKind::Unknown => {}
    }
}
