//! Numbers, words and texts: from values of the language to Rust's, and back.

use crate::names::WORDS;
use crate::options::{Kind, NONE, Opt, check, initialiser, initialiser_written, wrong_kind};
use crate::text::expr::{expr, real, single, whole, word};
use crate::value::{Value, Valued};
use netc_grammar::ast::{Expr, ExprKind};
use netc_grammar::{Code, Diagnostic, Span};
use netc_plan::Initialiser;

/// A value, as a file says it, for an option of a recipe or of a choice, which is its owner.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) owner: &'a str,
    pub(super) option: &'a Opt,
    pub(super) value: &'a Valued,
}

impl<'a> Said<'a> {
    /// A part of the value.
    pub(super) fn part(self, value: &'a Valued) -> Self {
        Self { value, ..self }
    }

    /// Reports that the value is not of the option's kind.
    pub(super) fn wrong_kind(self, errors: &mut Vec<Diagnostic>) {
        errors.push(*wrong_kind(self.owner, self.option, self.value));
    }
}

/// What an entry of a recipe comes to.
pub(super) trait Setting: Sized {
    /// The value; `None` if it is wrong, which is reported.
    fn read(said: Said<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self>;

    /// The value as a file says it; `None` where a file says nothing.
    fn write(&self) -> Option<Expr>;
}

/// A setting without options of its own.
pub(super) trait Plain: Sized {
    /// The value, which has been checked.
    fn of(value: &Value) -> Option<Self>;

    fn written(&self) -> Option<Expr>;
}

impl<T: Plain> Setting for T {
    fn read(said: Said<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        is_fit(said, errors)
            .then(|| T::of(&said.value.node))
            .flatten()
    }

    fn write(&self) -> Option<Expr> {
        self.written()
    }
}

impl Setting for Initialiser {
    fn read(said: Said<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        let Said {
            owner,
            option,
            value,
        } = said;
        is_fit(said, errors)
            .then(|| initialiser(owner, option, value).ok().flatten())
            .flatten()
    }

    fn write(&self) -> Option<Expr> {
        Some(initialiser_written(*self))
    }
}

/// Whether a value is one of the option's.
fn is_fit(said: Said<'_>, errors: &mut Vec<Diagnostic>) -> bool {
    let Said {
        owner,
        option,
        value,
    } = said;
    let error = undefined(owner, option, value).or_else(|| {
        let error = check(owner, option, value).err()?;
        Some(*error)
    });
    let fits = error.is_none();
    errors.extend(error);
    fits
}

/// A word that stands for nothing here.
pub(super) fn undefined(owner: &str, option: &Opt, value: &Valued) -> Option<Diagnostic> {
    match &value.node {
        Value::Word(word) if word == NONE && matches!(option.kind, Kind::Maybe(_)) => None,
        Value::Word(word) if !WORDS.contains(&word.as_str()) => {
            Some(not_defined(owner, option, word, value.span))
        }
        _ => None,
    }
}

fn not_defined(owner: &str, option: &Opt, word: &str, span: Span) -> Diagnostic {
    Diagnostic::error(Code::E0201, format!("`{word}` is not defined"), span)
        .primary("no constant has this name")
        .note(format!("`{}` of {owner} is {}", option.name, option.kind))
}

impl Plain for f64 {
    fn of(value: &Value) -> Option<Self> {
        value.as_float()
    }

    fn written(&self) -> Option<Expr> {
        Some(real(*self))
    }
}

impl Plain for f32 {
    fn of(value: &Value) -> Option<Self> {
        value.as_float().map(|x| x as f32)
    }

    fn written(&self) -> Option<Expr> {
        Some(single(*self))
    }
}

impl Plain for usize {
    fn of(value: &Value) -> Option<Self> {
        value.as_size()
    }

    fn written(&self) -> Option<Expr> {
        Some(whole(*self))
    }
}

impl Plain for u64 {
    fn of(value: &Value) -> Option<Self> {
        match *value {
            Value::Int(n) => n.try_into().ok(),
            _ => None,
        }
    }

    fn written(&self) -> Option<Expr> {
        Some(expr(ExprKind::Int(*self)))
    }
}

impl Plain for bool {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Word(word) => Some(word == "true"),
            _ => None,
        }
    }

    fn written(&self) -> Option<Expr> {
        Some(word(if *self { "true" } else { "false" }))
    }
}

impl Plain for String {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Str(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn written(&self) -> Option<Expr> {
        Some(expr(ExprKind::Str(self.clone())))
    }
}

impl<T: Plain> Plain for Option<T> {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Word(word) if word == NONE => Some(None),
            value => T::of(value).map(Some),
        }
    }

    fn written(&self) -> Option<Expr> {
        self.as_ref()?.written()
    }
}
