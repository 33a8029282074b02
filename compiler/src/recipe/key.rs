//! A key of a recipe.

use crate::options::Opt;
use crate::text::expr;
use crate::value::Valued;
use netc_grammar::Diagnostic;
use netc_grammar::ast::Expr;
use netc_plan::Recipe;

/// A key of a recipe: how it is said, and how it stands in a [`Recipe`].
#[derive(Debug)]
pub struct Key {
    /// Its name, what its values are, and what holds without it.
    pub option: Opt,
    /// Sets the recipe's field; what is wrong is reported, and leaves it as it was.
    pub(super) read: fn(&mut Recipe, &Opt, &Valued, &mut Vec<Diagnostic>),
    pub(super) write: fn(&Recipe) -> Option<Expr>,
    /// Sets the first recipe's field to the second's.
    pub(super) copy: fn(&mut Recipe, &Recipe),
}

impl Key {
    /// The recipe's value as a file says it; `None` where a file says nothing.
    pub(crate) fn written(&self, recipe: &Recipe) -> Option<Expr> {
        (self.write)(recipe)
    }

    /// `Key::written` as text.
    #[must_use]
    pub fn text(&self, recipe: &Recipe) -> String {
        self.written(recipe)
            .map_or_else(String::new, |value| expr::text(&value))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.option.name == other.option.name
    }
}
