//! `losses = (aux: 0.3, boxes: (mse, 2))`

use super::choice;
use super::plain::{Plain, Setting};
use crate::options::{Opt, wrong_kind};
use crate::text::expr::{expr, word};
use crate::value::{Value, Valued};
use netc_grammar::ast::{Expr, ExprKind};
use netc_grammar::{Code, Diagnostic};
use netc_plan::{HeadLoss, Loss};

impl Setting for Vec<HeadLoss> {
    fn read(
        owner: &str,
        option: &Opt,
        value: &Valued,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let entries = match &value.node {
            Value::Tuple(entries) => entries.as_slice(),
            _ => std::slice::from_ref(value),
        };
        let mut losses: Vec<HeadLoss> = Vec::new();
        for entry in entries {
            let Value::Pair(pair) = &entry.node else {
                errors.push(*wrong_kind(owner, option, entry));
                return None;
            };
            let Value::Word(head) = &pair.0.node else {
                errors.push(*wrong_kind(owner, option, &pair.0));
                return None;
            };
            if losses.iter().any(|other| other.head == *head) {
                let headline = format!("`{head}` stands twice in `{}`", option.name);
                errors.push(Diagnostic::error(Code::E0610, headline, pair.0.span));
                return None;
            }
            losses.push(one(owner, option, head, &pair.1, errors)?);
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

/// What one head learns by: a weight, a loss, or both in parentheses.
fn one(
    owner: &str,
    option: &Opt,
    head: &str,
    value: &Valued,
    errors: &mut Vec<Diagnostic>,
) -> Option<HeadLoss> {
    let parts = match &value.node {
        Value::Tuple(parts) => parts.as_slice(),
        _ => std::slice::from_ref(value),
    };
    let (loss, weight) = match parts {
        [part] if part.node.as_float().is_some() => (None, Some(part)),
        [part] => (Some(part), None),
        [loss, weight] => (Some(loss), Some(weight)),
        _ => {
            errors.push(*wrong_kind(owner, option, value));
            return None;
        }
    };
    let loss = match loss {
        Some(loss) => Some(choice::read::<Loss>(owner, option, loss, errors)?),
        None => None,
    };
    let weight = match weight {
        Some(part) => Some(weight_of(owner, option, part, errors)?),
        None => None,
    };
    Some(HeadLoss {
        head: head.to_owned(),
        loss,
        weight,
    })
}

fn weight_of(
    owner: &str,
    option: &Opt,
    value: &Valued,
    errors: &mut Vec<Diagnostic>,
) -> Option<f32> {
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
            errors.push(*wrong_kind(owner, option, value));
            None
        }
    }
}
