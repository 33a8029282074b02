//! Arguments and the options that they are for.

use super::check::{check, initialiser};
use super::{Default, Opt, Owner};
use crate::names::{WORDS, listed};
use crate::value::{Argument, Value, Valued};
use netc_grammar::ast::Ident;
use netc_grammar::{Code, Diagnostic, Span};
use netc_plan::Initialiser;

/// Options with their values: those given are of the right kind and in range.
#[derive(Debug)]
pub(crate) struct Bound {
    owner: Owner,
    values: Vec<Option<Valued>>,
    /// Nothing is missing and nothing is wrong.
    pub(crate) complete: bool,
}

/// Gives each argument to its option, and checks all of them.
pub(crate) fn bind(
    owner: Owner,
    args: &[Argument],
    span: Span,
    errors: &mut Vec<Diagnostic>,
) -> Bound {
    let before = errors.len();
    let mut values: Vec<Option<Valued>> = vec![None; owner.options.len()];
    let mut next = 0;
    for arg in args {
        let Some(index) = slot(owner, arg, &mut next, args, errors) else {
            continue;
        };
        let option = &owner.options[index];
        if let Some(first) = &values[index] {
            errors.push(given_twice(owner, option, first.span, arg.span));
            continue;
        }
        errors.extend(checked(owner.name, option, arg));
        values[index] = Some(arg.value.clone());
    }
    errors.extend(missing(owner, &values, span));
    let known = values.iter().flatten().all(|v| v.node != Value::Unknown);
    Bound {
        owner,
        values,
        complete: known && errors.len() == before,
    }
}

/// What is wrong with an argument. An edit makes sense only where the value itself is written.
fn checked(owner: &str, option: &Opt, arg: &Argument) -> Option<Diagnostic> {
    if matches!(&arg.value.node, Value::Word(word) if !WORDS.contains(&word.as_str())) {
        return None; // A recipe's own word: its table knows what to say.
    }
    let mut error = *check(owner, option, &arg.value).err()?;
    if !arg.literal {
        error.helps.retain(|help| help.edit.is_none());
    }
    Some(error)
}

/// The option that an argument is for: its named one, or the next one by position.
fn slot(
    owner: Owner,
    arg: &Argument,
    next: &mut usize,
    args: &[Argument],
    errors: &mut Vec<Diagnostic>,
) -> Option<usize> {
    if let Some(name) = &arg.name {
        let found = owner.options.iter().position(|o| o.is_called(&name.node));
        if found.is_none() {
            errors.push(unknown_option(owner, name));
        }
        return found;
    }
    let index = *next;
    *next += 1;
    if index < owner.positional {
        return Some(index);
    }
    if index == owner.positional {
        errors.push(too_many(owner, arg, args));
    }
    None
}

fn unknown_option(owner: Owner, name: &Ident) -> Diagnostic {
    let names = || owner.options.iter().map(|o| o.name);
    let error = Diagnostic::error(
        Code::E0302,
        format!("{} has no option `{}`", owner.name, name.node),
        name.span,
    );
    let error = match owner.meant(&name.node) {
        Some(near) => error.edit(format!("did you mean `{near}`?"), name.span, near),
        None => error,
    };
    if owner.options.is_empty() {
        return error.note(format!("{} takes no options", owner.name));
    }
    error.note(format!(
        "the options of {} are {}",
        owner.name,
        listed(names())
    ))
}

fn given_twice(owner: Owner, option: &Opt, first: Span, second: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0303,
        format!("`{}` of {} is given twice", option.name, owner.name),
        second,
    )
    .primary("given again here")
    .label(first, "first given here")
}

fn too_many(owner: Owner, arg: &Argument, args: &[Argument]) -> Diagnostic {
    let given = args.iter().filter(|a| a.name.is_none()).count();
    let headline = match owner.positional {
        0 if owner.options.is_empty() => format!("{} takes no arguments", owner.name),
        0 => format!("the options of {} need their names", owner.name),
        n => format!(
            "{} takes {n} argument{} by position, not {given}",
            owner.name,
            if n == 1 { "" } else { "s" }
        ),
    };
    let error = Diagnostic::error(Code::E0304, headline, arg.span).primary("one too many");
    let names = |options: &'static [Opt]| listed(options.iter().map(|o| o.name));
    let (by_position, by_name) = owner.options.split_at(owner.positional);
    let error = match by_position {
        [] => error,
        options => error.note(format!("by position it takes {}", names(options))),
    };
    match by_name {
        [] => error,
        options => error.note(format!("by name it takes {}", names(options))),
    }
}

fn missing(owner: Owner, values: &[Option<Valued>], span: Span) -> Option<Diagnostic> {
    let missing: Vec<&str> = owner
        .options
        .iter()
        .zip(values)
        .filter(|(o, v)| v.is_none() && matches!(o.default, Default::Required))
        .map(|(o, _)| o.name)
        .collect();
    if missing.is_empty() {
        return None;
    }
    let headline = format!("{} needs {}", owner.name, listed(missing.iter().copied()));
    let verb = if missing.len() == 1 { "is" } else { "are" };
    Some(
        Diagnostic::error(Code::E0305, headline, span)
            .primary(format!(
                "{} {verb} missing",
                listed(missing.iter().copied())
            ))
            .help(format!("for example `{}`", owner.example)),
    )
}

impl Bound {
    fn index(&self, name: &str) -> Option<usize> {
        let index = self.owner.options.iter().position(|o| o.name == name);
        debug_assert!(index.is_some(), "{} has no option {name}", self.owner.name);
        index
    }

    /// The value given for an option.
    pub(crate) fn given(&self, name: &str) -> Option<&Valued> {
        self.values[self.index(name)?].as_ref()
    }

    /// Options with the values given for them, in the order of the table.
    pub(crate) fn all_given(&self) -> impl Iterator<Item = (&'static Opt, &Valued)> {
        self.owner
            .options
            .iter()
            .zip(&self.values)
            .filter_map(|(o, v)| Some((o, v.as_ref()?)))
    }

    /// The default as a number.
    fn default_number(&self, name: &str) -> Option<f64> {
        match self.owner.options[self.index(name)?].default {
            Default::Is(text) => text.parse().ok(),
            Default::Required | Default::Described(_) | Default::Written(_) => None,
        }
    }

    pub(crate) fn whole(&self, name: &str) -> Option<usize> {
        match self.given(name) {
            Some(value) => value.node.as_size(),
            None => self.default_number(name).map(|x| x as usize),
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<f32> {
        let given = self.given(name).and_then(|v| v.node.as_float());
        given
            .or_else(|| self.default_number(name))
            .map(|x| x as f32)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.given(name).map(|v| &v.node) {
            Some(Value::Word(word)) => word == "true",
            _ => self
                .index(name)
                .is_some_and(|i| matches!(self.owner.options[i].default, Default::Is("true"))),
        }
    }

    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        match self.given(name).map(|v| &v.node) {
            Some(Value::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// `3x3/2`: the size, and the stride if there is one.
    pub(crate) fn window(&self, name: &str) -> Option<([usize; 2], Option<[usize; 2]>)> {
        match &self.given(name)?.node {
            Value::Size { sizes, stride } => Some((sizes.as_slice().try_into().ok()?, *stride)),
            _ => None,
        }
    }

    /// A number for all sides, or top, bottom, left, right.
    pub(crate) fn cells(&self, name: &str) -> Option<[usize; 4]> {
        match &self.given(name)?.node {
            Value::Tuple(items) => {
                let cells: Option<Vec<usize>> = items.iter().map(|v| v.node.as_size()).collect();
                cells?.try_into().ok()
            }
            other => Some([other.as_size()?; 4]),
        }
    }

    /// `2`, or `2x1`.
    pub(crate) fn factor(&self, name: &str) -> Option<[usize; 2]> {
        match &self.given(name)?.node {
            Value::Size { sizes, .. } => sizes.as_slice().try_into().ok(),
            other => other.as_size().map(|n| [n, n]),
        }
    }

    /// One number a channel, or one for all.
    pub(crate) fn numbers(&self, name: &str) -> Option<Vec<f32>> {
        let float = |v: &Valued| v.node.as_float().map(|x| x as f32);
        match &self.given(name)?.node {
            Value::Tuple(items) | Value::List(items) => items.iter().map(float).collect(),
            other => Some(vec![other.as_float()? as f32]),
        }
    }

    pub(crate) fn connect(&self, name: &str) -> Option<Vec<Vec<usize>>> {
        let Value::List(rows) = &self.given(name)?.node else {
            return None;
        };
        rows.iter()
            .map(|row| match &row.node {
                Value::List(maps) => maps.iter().map(|m| m.node.as_size()).collect(),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn init(&self, name: &str) -> Option<Initialiser> {
        let option = &self.owner.options[self.index(name)?];
        initialiser(self.owner.name, option, self.given(name)?)
            .ok()
            .flatten()
    }
}
