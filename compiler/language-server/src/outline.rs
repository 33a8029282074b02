//! The items of a file.

use crate::analysis::{Analysis, bytes};
use netc_grammar::Span;
use netc_grammar::ast::Item;
use serde_json::{Value, json};

/// The document's symbols.
pub(crate) fn outline(analysis: &Analysis) -> Value {
    let items = analysis.tree().items.iter();
    items.filter_map(|item| symbol(analysis, item)).collect()
}

/// Kinds of symbols, as the protocol numbers them.
const MODULE: u8 = 2;
const CLASS: u8 = 5;
const FUNCTION: u8 = 12;
const CONSTANT: u8 = 14;
const EVENT: u8 = 24;
const FIELD: u8 = 8;

fn symbol(analysis: &Analysis, item: &Item) -> Option<Value> {
    let (name, detail, kind, whole, own): (&str, String, u8, Span, Span) = match item {
        Item::Net(name) => (&name.node, "net".into(), MODULE, name.span, name.span),
        Item::Use(path) => (&path.node, "use".into(), MODULE, path.span, path.span),
        Item::Let(item) => (
            &item.name.node,
            "let".into(),
            CONSTANT,
            item.span,
            item.name.span,
        ),
        Item::Block(item) => {
            let count = item.body.stages.len();
            (
                &item.name.node,
                stages(count),
                FUNCTION,
                item.span,
                item.name.span,
            )
        }
        Item::Chain(chain) => {
            let count = chain.stages.len();
            (
                "network",
                stages(count),
                CLASS,
                chain.span,
                chain.stages.first()?.span,
            )
        }
        Item::Where(table) => (
            "where",
            String::new(),
            FIELD,
            table.span,
            table.rows.first()?.kind.span,
        ),
        Item::Head(head) => {
            let kind = if head.auxiliary {
                "auxiliary"
            } else {
                "output"
            };
            (
                &head.name.node,
                kind.into(),
                FIELD,
                head.span,
                head.name.span,
            )
        }
        Item::Expect(claim) => (
            &claim.quantity.node,
            "expect".into(),
            CONSTANT,
            claim.span,
            claim.quantity.span,
        ),
        Item::Train(train) => {
            let named = train.name.as_ref();
            let own = named.map_or(train.span, |name| name.span);
            (
                named.map_or("train", |name| &name.node),
                "train".into(),
                EVENT,
                train.span,
                own,
            )
        }
    };
    Some(json!({
        "name": name,
        "detail": detail,
        "kind": kind,
        "range": analysis.text.range(bytes(whole)),
        "selectionRange": analysis.text.range(bytes(own)),
    }))
}

fn stages(count: usize) -> String {
    match count {
        1 => "1 stage".to_owned(),
        count => format!("{count} stages"),
    }
}
