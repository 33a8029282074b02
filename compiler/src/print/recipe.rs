//! Recipes, back from their settings.

use crate::graph::{Recipe, Setting};
use crate::options::{Choice, Kind, Opt, Owner, given};
use crate::recipe::KEYS;
use crate::text::expr::{arg, call, expr, ident, real, word};
use netc_grammar::Span;
use netc_grammar::ast::{Entry, Expr, ExprKind, Train};

/// The `train` block of a recipe.
pub(super) fn train(recipe: &Recipe) -> Train {
    let entries = recipe.entries.iter().map(|entry| {
        let key = KEYS.iter().find(|key| key.name == entry.key);
        Entry {
            key: ident(&entry.key),
            value: value(key, &entry.setting),
            span: Span::default(),
        }
    });
    Train {
        name: recipe.name.as_deref().map(ident),
        entries: entries.collect(),
        span: Span::default(),
    }
}

fn value(option: Option<&Opt>, setting: &Setting) -> Expr {
    match setting {
        Setting::Int(n) => {
            let size = expr(ExprKind::Int(n.unsigned_abs()));
            if *n < 0 {
                expr(ExprKind::Neg(Box::new(size)))
            } else {
                size
            }
        }
        Setting::Float(x) => real(*x),
        Setting::Bool(on) => word(if *on { "true" } else { "false" }),
        Setting::Str(text) => expr(ExprKind::Str(text.clone())),
        Setting::Pipeline(steps) => {
            let steps = steps.iter().map(|step| value(option, step));
            expr(ExprKind::Pipeline(steps.collect()))
        }
        Setting::Call {
            name,
            args,
            pairs,
            named,
        } => {
            let mut all: Vec<_> = args.iter().map(|a| arg(None, value(None, a))).collect();
            all.extend(pairs.iter().map(|(epoch, factor)| {
                let pair = Box::new(real(*epoch));
                arg(None, expr(ExprKind::Pair(pair, Box::new(real(*factor)))))
            }));
            if let Some(choice) = option.and_then(|option| choice(option, name)) {
                let values = named.iter().map(|(name, setting)| {
                    let option = choice.options.iter().find(|o| o.name == name);
                    (name.as_str(), value(option, setting))
                });
                let owner = Owner {
                    name: choice.name,
                    options: choice.options,
                    positional: choice.positional,
                    example: choice.example,
                };
                all.extend(owner.arguments(given(choice.options, values.collect())));
            }
            let call = call(name, all);
            expr(match call.args {
                Some(_) => ExprKind::Call(call),
                None => ExprKind::Name(name.clone()),
            })
        }
    }
}

fn choice(option: &Opt, name: &str) -> Option<&'static Choice> {
    match option.kind {
        Kind::OneOf(choices) | Kind::Pipeline(choices) => choices.iter().find(|c| c.name == name),
        _ => None,
    }
}
