//! Choices: names of the table with options, as the values of a type. `adam(lr=0.001)` is an `Optimizer::Adam`.

use super::plain::{Plain, Said, Setting, undefined};
use crate::names::listed;
use crate::options::{Bound, Choice, Opt, Owner, bind, given};
use crate::text::expr::{arg, call, expr, real, whole};
use crate::value::{Argument, Value};
use netc_grammar::ast::{Expr, ExprKind, Ident};
use netc_grammar::{Code, Diagnostic, Span};

/// A type whose values are the rows of a table. [`choices`](super::table) implements it.
pub(super) trait Choices: Sized {
    /// The rows.
    const ALL: &'static [Choice];

    /// The value that a row makes of its options, which have been checked.
    fn of(row: usize, arguments: &Arguments) -> Option<Self>;

    /// The row that the value is of, and the options to write.
    fn written(&self) -> Written;
}

/// The options given to a choice.
pub(super) struct Arguments {
    bound: Bound,
    pub(super) pairs: Vec<(usize, f64)>,
}

impl Arguments {
    /// The option given, or its default.
    pub(super) fn option<T: Plain>(&self, name: &str, default: Option<T>) -> Option<T> {
        match self.bound.given(name) {
            Some(value) => T::of(&value.node),
            None => default,
        }
    }
}

/// A choice as a file says it.
pub(super) struct Written {
    pub(super) name: &'static str,
    pub(super) pairs: Vec<(usize, f64)>,
    pub(super) options: Vec<(&'static str, Option<Expr>)>,
}

/// `adam`, `adam(lr=0.001)`: a name of the table with its options.
pub(super) fn read<T: Choices>(said: Said<'_>, errors: &mut Vec<Diagnostic>) -> Option<T> {
    let Said { option, value, .. } = said;
    let (name, args) = match &value.node {
        Value::Unknown => return None,
        Value::Word(word) => (
            Ident {
                node: word.clone(),
                span: value.span,
            },
            [].as_slice(),
        ),
        Value::Call(call) => (call.name.clone(), call.args.as_slice()),
        _ => {
            said.wrong_kind(errors);
            return None;
        }
    };
    let Some(row) = T::ALL.iter().position(|choice| choice.name == name.node) else {
        errors.push(unknown(option, T::ALL, &name));
        return None;
    };
    let arguments = arguments(&T::ALL[row], args, value.span, errors)?;
    T::of(row, &arguments)
}

/// The value as a file says it, without the options that mean what they mean where they are left out.
pub(super) fn write<T: Choices>(value: &T) -> Option<Expr> {
    let Written {
        name,
        pairs,
        options,
    } = value.written();
    let choice = T::ALL.iter().find(|choice| choice.name == name)?;
    let pairs = pairs.into_iter().map(|(epoch, factor)| {
        let pair = ExprKind::Pair(Box::new(whole(epoch)), Box::new(real(factor)));
        arg(None, expr(pair))
    });
    let options = options
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let mut options = given(choice.options, options);
    options.retain(|(option, value)| !option.is_default(value));
    let arguments = pairs.chain(owner(choice).arguments(options));
    let call = call(name, arguments.collect());
    Some(expr(match call.args {
        Some(_) => ExprKind::Call(call),
        None => ExprKind::Name(name.to_owned()),
    }))
}

/// Choices joined by `=>`; one alone needs no arrow.
impl<T: Clone> Setting for Vec<T>
where
    Option<T>: Choices,
{
    fn read(said: Said<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        let parts = match &said.value.node {
            Value::Pipeline(parts) => parts.as_slice(),
            _ => std::slice::from_ref(said.value),
        };
        let steps: Vec<Option<Option<T>>> = parts
            .iter()
            .map(|part| read(said.part(part), errors))
            .collect();
        let steps: Option<Vec<Option<T>>> = steps.into_iter().collect();
        Some(steps?.into_iter().flatten().collect())
    }

    fn write(&self) -> Option<Expr> {
        let mut steps: Vec<Expr> = self
            .iter()
            .filter_map(|step| write(&Some(step.clone())))
            .collect();
        match steps.len() {
            0 => write(&None::<T>),
            1 => steps.pop(),
            _ => Some(expr(ExprKind::Pipeline(steps))),
        }
    }
}

fn owner(choice: &Choice) -> Owner {
    Owner {
        name: choice.name,
        options: choice.options,
        positional: choice.positional,
        example: choice.example,
    }
}

/// The arguments of a choice, checked; `None` if some are wrong.
fn arguments(
    choice: &Choice,
    args: &[Argument],
    span: Span,
    errors: &mut Vec<Diagnostic>,
) -> Option<Arguments> {
    let before = errors.len();
    let (pairs, args): (Vec<&Argument>, Vec<&Argument>) = args
        .iter()
        .partition(|a| matches!(a.value.node, Value::Pair(_)));
    let pairs = steps(choice, &pairs, span, errors);
    let args: Vec<Argument> = args.into_iter().cloned().collect();
    let bound = bind(owner(choice), &args, span, errors);
    let words = bound.all_given();
    errors.extend(words.filter_map(|(option, value)| undefined(choice.name, option, value)));
    (bound.complete && errors.len() == before).then_some(Arguments { bound, pairs })
}

fn unknown(option: &Opt, choices: &[Choice], name: &Ident) -> Diagnostic {
    let names = || choices.iter().map(|c| c.name);
    let error = Diagnostic::error(
        Code::E0603,
        format!("`{}` is not a value of `{}`", name.node, option.name),
        name.span,
    );
    error.did_you_mean(&name.node, name.span, names(), |error| {
        error.note(format!("it is one of {}", listed(names())))
    })
}

/// `2: 0.8, 5: 0.4`: epochs that rise, and factors.
fn steps(
    choice: &Choice,
    pairs: &[&Argument],
    span: Span,
    errors: &mut Vec<Diagnostic>,
) -> Vec<(usize, f64)> {
    match (choice.pairs, pairs) {
        (false, [first, ..]) => errors.push(
            Diagnostic::error(
                Code::E0604,
                format!("`{}` takes no pairs", choice.name),
                first.span,
            )
            .primary("this is a pair"),
        ),
        (true, []) => errors.push(
            Diagnostic::error(
                Code::E0604,
                format!("`{}` needs pairs of an epoch and a factor", choice.name),
                span,
            )
            .help(format!("for example `{}`", choice.example)),
        ),
        _ => {}
    }
    let mut steps: Vec<(usize, f64)> = Vec::new();
    for argument in pairs {
        let Value::Pair(pair) = &argument.value.node else {
            continue;
        };
        let (epoch, factor) = (&pair.0.node, &pair.1.node);
        if [epoch, factor].contains(&&Value::Unknown) {
            continue;
        }
        match (usize::of(epoch), f64::of(factor)) {
            (Some(epoch), Some(factor)) if factor > 0.0 => {
                if steps.last().is_some_and(|&(last, _)| epoch <= last) {
                    errors.push(
                        Diagnostic::error(Code::E0604, "epochs of steps must rise", argument.span)
                            .primary("not after the one before"),
                    );
                }
                steps.push((epoch, factor));
            }
            _ => errors.push(
                Diagnostic::error(
                    Code::E0604,
                    "a step is an epoch, counted from 0, and a factor above 0",
                    argument.span,
                )
                .primary("not such a pair"),
            ),
        }
    }
    steps
}
