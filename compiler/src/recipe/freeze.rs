//! `freeze = (conv1, before(fc1))`

use super::plain::{Said, Setting};
use crate::options::NONE;
use crate::text::expr::{arg, call, expr, word};
use crate::value::{Value, Valued};
use netc_grammar::Diagnostic;
use netc_grammar::ast::{Expr, ExprKind};
use netc_plan::Freeze;

/// Of the layers whose values go into another one's.
const BEFORE: &str = "before";

impl Setting for Vec<Freeze> {
    fn read(said: Said<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        let entries = match &said.value.node {
            Value::Word(name) if name == NONE => return Some(Vec::new()),
            Value::Tuple(entries) => entries.as_slice(),
            _ => std::slice::from_ref(said.value),
        };
        let entries = entries.iter().map(|entry| {
            let found = one(entry);
            if found.is_none() && entry.node != Value::Unknown {
                said.part(entry).wrong_kind(errors);
            }
            found
        });
        entries.collect::<Vec<_>>().into_iter().collect()
    }

    fn write(&self) -> Option<Expr> {
        let mut entries: Vec<Expr> = self.iter().map(written).collect();
        Some(match entries.len() {
            0 => word(NONE),
            1 => entries.remove(0),
            _ => expr(ExprKind::Tuple(entries)),
        })
    }
}

fn one(entry: &Valued) -> Option<Freeze> {
    match &entry.node {
        Value::Word(name) => Some(Freeze::Layer(name.clone())),
        Value::Call(call) if call.name.node == BEFORE => match call.args.as_slice() {
            [arg] if arg.name.is_none() => match &arg.value.node {
                Value::Word(name) => Some(Freeze::Before(name.clone())),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn written(freeze: &Freeze) -> Expr {
    match freeze {
        Freeze::Layer(name) => word(name),
        Freeze::Before(name) => expr(ExprKind::Call(call(BEFORE, vec![arg(None, word(name))]))),
    }
}
