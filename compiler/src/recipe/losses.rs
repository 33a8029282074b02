//! `losses = (aux: 0.3, boxes: (mse, 2))`

use super::choice;
use super::plain::{Plain, Said, Setting};
use crate::text::expr::{expr, word};
use crate::value::{Value, Valued};
use netc_grammar::ast::{Expr, ExprKind};
use netc_grammar::{Code, Diagnostic};
use netc_plan::{HeadLoss, Loss};

impl Setting for Vec<HeadLoss> {
    fn read(said: Said<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        let entries = said.entries();
        let mut losses: Vec<HeadLoss> = Vec::new();
        for entry in entries {
            let Value::Pair(pair) = &entry.node else {
                said.part(entry).wrong_kind(errors);
                return None;
            };
            let Value::Word(head) = &pair.0.node else {
                said.part(&pair.0).wrong_kind(errors);
                return None;
            };
            if losses.iter().any(|other| other.head == *head) {
                let headline = format!("`{head}` stands twice in `{}`", said.option.name);
                errors.push(Diagnostic::error(Code::E0610, headline, pair.0.span));
                return None;
            }
            losses.push(one(head, said.part(&pair.1), errors)?);
        }
        Some(losses)
    }

    fn write(&self) -> Option<Expr> {
        let entries = self.iter().map(|loss| {
            let said = [
                loss.loss.as_ref().and_then(choice::write),
                loss.weight.written(),
            ];
            let mut said: Vec<Expr> = said.into_iter().flatten().collect();
            let said = match said.len() {
                1 => said.remove(0),
                _ => expr(ExprKind::Tuple(said)),
            };
            expr(ExprKind::Pair(Box::new(word(&loss.head)), Box::new(said)))
        });
        Some(expr(ExprKind::Tuple(entries.collect())))
    }
}

impl<'a> Said<'a> {
    /// What stands in parentheses, or the one value without.
    fn entries(self) -> &'a [Valued] {
        match &self.value.node {
            Value::Tuple(entries) => entries,
            _ => std::slice::from_ref(self.value),
        }
    }
}

/// What one head learns by: a weight, a loss, or both in parentheses.
fn one(head: &str, said: Said<'_>, errors: &mut Vec<Diagnostic>) -> Option<HeadLoss> {
    let (loss, weight) = match said.entries() {
        [part] if part.node.as_float().is_some() => (None, Some(part)),
        [part] => (Some(part), None),
        [loss, weight] => (Some(loss), Some(weight)),
        _ => {
            said.wrong_kind(errors);
            return None;
        }
    };
    let loss = match loss {
        Some(loss) => Some(choice::read::<Loss>(said.part(loss), errors)?),
        None => None,
    };
    let weight = match weight {
        Some(part) => Some(weight_of(said.part(part), errors)?),
        None => None,
    };
    Some(HeadLoss {
        head: head.to_owned(),
        loss,
        weight,
    })
}

fn weight_of(said: Said<'_>, errors: &mut Vec<Diagnostic>) -> Option<f32> {
    let value = said.value;
    match f32::of(&value.node) {
        Some(weight) if weight.is_finite() && weight >= 0.0 => Some(weight),
        Some(_) => {
            let headline = "the weight of a loss is a number of at least 0";
            errors.push(
                Diagnostic::error(Code::E0610, headline, value.span)
                    .primary(format!("this is {}", value.node)),
            );
            None
        }
        None => {
            said.wrong_kind(errors);
            None
        }
    }
}
