//! Recipes: `train { ... }` checked against a table of keys, values and options, and typed there and then.
//!
//! A [`Recipe`] holds the [`netc_plan::Recipe`] that plan, training loop, printer and command line share, with the table's default for
//! every key that is left out. Nothing reads the file's words again.

mod choice;
mod freeze;
mod key;
mod losses;
mod plain;
mod table;

pub use key::Key;
pub use table::KEYS;
pub(crate) use table::empty;

use crate::names::{bad_name, listed};
use crate::options::Kind;
use crate::report::Report;
use crate::value::{Scope, Value, evaluate};
use netc_grammar::ast::{Entry, Expr, Ident, Item, Train};
use netc_grammar::{Code, Diagnostic, Sources, Span, parse_value};
use std::collections::BTreeMap;

/// A `train` block, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// What it says; a default for every key that it leaves out.
    pub values: netc_plan::Recipe,
    /// The keys that it gives, in order, each at most once.
    pub given: Vec<Given>,
    /// The whole block.
    pub span: Span,
    /// `train` and the name.
    pub head: Span,
}

/// A key that a recipe gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The table's row.
    pub key: &'static Key,
    /// Where the value stands.
    pub span: Span,
}

impl Recipe {
    /// A recipe that says nothing, written at this place.
    pub(crate) fn at(span: Span) -> Self {
        Self {
            values: empty(),
            given: Vec::new(),
            span,
            head: span,
        }
    }

    /// Where the value of a key stands; `None` where it is left out.
    #[must_use]
    pub fn span_of(&self, key: &str) -> Option<Span> {
        debug_assert!(KEYS.iter().any(|row| row.option.name == key), "{key}");
        let mut given = self.given.iter();
        given
            .find(|given| given.key.option.name == key)
            .map(|given| given.span)
    }

    /// Takes what another recipe gives in place of its own.
    pub fn take(&mut self, other: &Recipe) {
        for given in &other.given {
            (given.key.copy)(&mut self.values, &other.values);
            self.given.retain(|own| own.key != given.key);
            self.given.push(given.clone());
        }
    }

    /// Reads an entry, whose errors are reported.
    fn entry(&mut self, key: &'static Key, value: &Expr, scope: &dyn Scope, report: &mut Report) {
        let mut errors = Vec::new();
        let value = evaluate(value, &Words(scope), &mut errors);
        if value.node != Value::Unknown {
            (key.read)(&mut self.values, &key.option, &value, &mut errors);
        }
        report.extend(errors);
        let span = value.span;
        self.given.push(Given { key, span });
    }
}

/// The file's recipes.
pub(crate) fn recipes(items: &[Item], scope: &dyn Scope, report: &mut Report) -> Vec<Recipe> {
    let trains = || {
        items.iter().filter_map(|item| match item {
            Item::Train(train) => Some(train),
            _ => None,
        })
    };
    for (index, train) in trains().enumerate() {
        let name = |t: &Train| t.name.as_ref().map(|n| n.node.clone());
        if let Some(first) = trains().take(index).find(|t| name(t) == name(train)) {
            report.push(recipe_twice(first, train));
        }
    }
    trains().map(|train| recipe(train, scope, report)).collect()
}

/// `train` and the name, not the whole block.
fn head(train: &Train) -> Span {
    match &train.name {
        Some(name) => Span {
            end: name.span.end,
            ..train.span
        },
        None => Span {
            end: train.span.start + 5,
            ..train.span
        },
    }
}

fn recipe_twice(first: &Train, second: &Train) -> Diagnostic {
    let headline = match &second.name {
        Some(name) => format!("there are two recipes `{}`", name.node),
        None => "there are two recipes without a name".to_owned(),
    };
    Diagnostic::error(Code::E0605, headline, head(second))
        .primary("the second one")
        .label(head(first), "the first one")
        .help("give it a name of its own: `train augmented { ... }`")
}

fn recipe(train: &Train, scope: &dyn Scope, report: &mut Report) -> Recipe {
    let mut recipe = Recipe {
        span: train.span,
        ..Recipe::at(head(train))
    };
    recipe.values.name = train.name.as_ref().map(|n| n.node.clone());
    let mut seen: Vec<&Ident> = Vec::new();
    for Entry { key, value, .. } in &train.entries {
        let Some(row) = find(&key.node) else {
            report.push(unknown_key(key));
            continue;
        };
        if let Some(first) = seen.iter().find(|k| row.option.is_called(&k.node)) {
            report.push(
                Diagnostic::error(
                    Code::E0602,
                    format!("`{}` is set twice", key.node),
                    key.span,
                )
                .primary("set again here")
                .label(first.span, "first set here"),
            );
            continue;
        }
        seen.push(key);
        recipe.entry(row, value, scope, report);
    }
    if let Some(name) = &train.name {
        report.extend(bad_name(name, "recipes"));
    }
    recipe
}

fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.option.is_called(name))
}

/// A recipe of entries that stand in no file, as a command line has them: a value for each key. Diagnostics point into the values, which
/// are added to the sources under the names of their keys.
///
/// # Errors
/// What is wrong with keys and values.
pub fn entries(
    values: &BTreeMap<String, String>,
    sources: &mut Sources,
) -> Result<Recipe, Vec<Diagnostic>> {
    let mut recipe = Recipe::at(Span::default());
    let mut diagnostics = Vec::new();
    for (key, text) in values {
        let file = sources.add(key, text.clone());
        let span = Span {
            file,
            start: 0,
            end: u32::try_from(text.len()).unwrap_or(u32::MAX),
        };
        let (value, problems) = parse_value(sources, file);
        diagnostics.extend(problems);
        let mut report = Report::new(&mut diagnostics);
        match (find(key), value) {
            (Some(row), Some(value)) => recipe.entry(row, &value, &Nothing, &mut report),
            (Some(_), None) => {}
            (None, _) => report.push(unknown_key(&Ident {
                node: key.clone(),
                span,
            })),
        }
    }
    if diagnostics.is_empty() {
        Ok(recipe)
    } else {
        Err(diagnostics)
    }
}

/// No names at all.
struct Nothing;

impl Scope for Nothing {
    fn lookup(&self, _: &Ident, _: &mut Vec<Diagnostic>) -> Option<Value> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

fn unknown_key(key: &Ident) -> Diagnostic {
    let names = || KEYS.iter().map(|key| key.option.name);
    let error = Diagnostic::error(
        Code::E0601,
        format!("a recipe has no key `{}`", key.node),
        key.span,
    );
    let inside = KEYS.iter().find_map(|row| match row.option.kind {
        Kind::OneOf(choices) | Kind::Pipeline(choices) => choices
            .iter()
            .find(|c| c.options.iter().any(|o| o.name == key.node))
            .map(|choice| (row.option.name, choice.example)),
        _ => None,
    });
    if let Some((outer, example)) = inside {
        return error.help(format!(
            "`{}` belongs to the {outer}: `{outer} = {example}`",
            key.node
        ));
    }
    error.did_you_mean(&key.node, key.span, names(), |error| {
        error.note(format!("the keys are {}", listed(names())))
    })
}

/// In a recipe, names that are not constants stand for themselves: `mnist`, `cosine`.
struct Words<'a>(&'a dyn Scope);

impl Scope for Words<'_> {
    fn lookup(&self, name: &Ident, errors: &mut Vec<Diagnostic>) -> Option<Value> {
        self.0.lookup(name, errors)
    }

    fn names(&self) -> Vec<String> {
        self.0.names()
    }

    fn keeps_words(&self) -> bool {
        true
    }
}
