//! `expect` lines.

use super::constants::FileScope;
use crate::graph::{Claim, ClaimValue, Quantity};
use crate::names::listed;
use crate::report::Report;
use crate::value::{Value, Valued, evaluate};
use netc_grammar::ast::{Expect, Item, Relation};
use netc_grammar::{Code, Diagnostic};

const QUANTITIES: &[(&str, Quantity)] = &[
    ("params", Quantity::Params),
    ("trainable", Quantity::Trainable),
    ("macs", Quantity::Macs),
    ("output", Quantity::Output),
    ("layers", Quantity::Layers),
    ("accuracy", Quantity::Accuracy),
    ("loss", Quantity::Loss),
];

/// What claims call a quantity.
pub(crate) fn quantity_name(quantity: Quantity) -> &'static str {
    let row = QUANTITIES.iter().find(|(_, known)| *known == quantity);
    debug_assert!(row.is_some(), "{quantity:?} has no name");
    row.map_or("", |(name, _)| name)
}

/// The file's claims.
pub(super) fn claims(items: &[Item], scope: &FileScope<'_>, report: &mut Report) -> Vec<Claim> {
    let expects = items.iter().filter_map(|item| match item {
        Item::Expect(expect) => Some(expect),
        _ => None,
    });
    expects
        .filter_map(|expect| claim(expect, scope, report))
        .collect()
}

fn claim(expect: &Expect, scope: &FileScope<'_>, report: &mut Report) -> Option<Claim> {
    let mut errors = Vec::new();
    let value = evaluate(&expect.value, scope, &mut errors);
    report.extend(errors);
    let Some(&(name, quantity)) = QUANTITIES
        .iter()
        .find(|(name, _)| *name == expect.quantity.node)
    else {
        report.push(unknown_quantity(expect));
        return None;
    };
    if value.node == Value::Unknown {
        return None;
    }
    match claimed(quantity, expect.relation.node, &value) {
        Ok(claimed) => Some(Claim {
            quantity,
            relation: expect.relation.node,
            value: claimed,
            span: expect.span,
            value_span: value.span,
        }),
        Err(wanted) => {
            let at = if wanted == EQUALITY {
                expect.relation.span
            } else {
                value.span
            };
            report.push(
                Diagnostic::error(Code::E0502, format!("`{name}` {wanted}"), at).primary(
                    if wanted == EQUALITY {
                        "not an equality".to_owned()
                    } else {
                        format!("this is {}", value.node.kind())
                    },
                ),
            );
            None
        }
    }
}

const EQUALITY: &str = "is a shape: it is equal or not";

fn claimed(
    quantity: Quantity,
    relation: Relation,
    value: &Valued,
) -> Result<ClaimValue, &'static str> {
    match quantity {
        Quantity::Params | Quantity::Trainable | Quantity::Macs | Quantity::Layers => {
            match value.node {
                Value::Int(n) => u64::try_from(n)
                    .map(ClaimValue::Int)
                    .map_err(|_| "is never negative"),
                _ => Err("is a whole number"),
            }
        }
        Quantity::Output if relation != Relation::Eq => Err(EQUALITY),
        Quantity::Output => match &value.node {
            Value::Size {
                sizes,
                stride: None,
            } => Ok(ClaimValue::Size(sizes.clone())),
            other => other
                .as_size()
                .map(|n| ClaimValue::Size(vec![n]))
                .ok_or("is a size, such as 7x7x512, or a whole number"),
        },
        Quantity::Accuracy => match value.node.as_float() {
            Some(x) if (0.0..=1.0).contains(&x) => Ok(ClaimValue::Float(x)),
            _ => Err("is a number from 0 to 1"),
        },
        Quantity::Loss => value
            .node
            .as_float()
            .map(ClaimValue::Float)
            .ok_or("is a number"),
    }
}

fn unknown_quantity(expect: &Expect) -> Diagnostic {
    let names = || QUANTITIES.iter().map(|(name, _)| *name);
    let name = &expect.quantity;
    let error = Diagnostic::error(
        Code::E0501,
        format!("nothing can be claimed about `{}`", name.node),
        name.span,
    );
    let error = error.did_you_mean(&name.node, name.span, names(), |error| error);
    error.note(format!("claims speak of {}", listed(names())))
}
