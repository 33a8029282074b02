//! Recipes, back from their values.

use crate::recipe::Recipe;
use crate::text::expr::ident;
use netc_grammar::Span;
use netc_grammar::ast::{Entry, Train};

/// The `train` block of a recipe.
pub(super) fn train(recipe: &Recipe) -> Train {
    let entries = recipe.given.iter().filter_map(|given| {
        Some(Entry {
            key: ident(given.key.option.name),
            value: given.key.written(&recipe.values)?,
            span: Span::default(),
        })
    });
    Train {
        name: recipe.values.name.as_deref().map(ident),
        entries: entries.collect(),
        span: Span::default(),
    }
}
