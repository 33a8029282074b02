//! Options: what a layer or a part of a recipe can be told, and the checks that all of them share.

mod written;

pub(crate) use written::{Given, given, initialiser_written};

use crate::limits::MAX_SIZE;
use crate::names::listed;
use crate::text::thousands;
use crate::value::{Argument, Value, ValueCall, Valued, WORDS};
use netc_grammar::ast::Ident;
use netc_grammar::{Code, Diagnostic, Span, nearest};
use netc_plan::Initialiser;
use std::fmt;

/// One option of a layer or of a part of a recipe.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// The name: `stride`.
    pub name: &'static str,
    /// Other names that work, as Keras and PyTorch have them: `strides`.
    pub aliases: &'static [&'static str],
    /// What its values are.
    pub kind: Kind,
    /// What holds where it is left out.
    pub default: Default,
    /// What it does.
    pub about: &'static str,
}

impl Opt {
    pub(crate) const fn new(
        name: &'static str,
        kind: Kind,
        default: Default,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            aliases: &[],
            kind,
            default,
            about,
        }
    }

    /// The option, with other names that work.
    pub(crate) const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The option under this name.
    pub(crate) const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// The option with a default that is no value; the text says what holds without it.
    pub(crate) const fn described(self, text: &'static str) -> Self {
        Self {
            default: Default::Described(text),
            ..self
        }
    }

    /// The option with a default, unless it is described.
    pub(crate) const fn left_out(self, text: fn() -> String) -> Self {
        match self.default {
            Default::Described(_) => self,
            _ => Self {
                default: Default::Written(text),
                ..self
            },
        }
    }

    /// Whether this is its name, or another that works.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// What holds where an option is left out.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// It cannot be left out.
    Required,
    /// This text, which is a value of the language.
    Is(&'static str),
    /// A value of a recipe; the function writes it down.
    Written(fn() -> String),
    /// Something that is not a value; the text says what.
    Described(&'static str),
}

/// What the values of an option are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A whole number in a range, both ends included.
    Whole(u64, u64),
    /// A number.
    Number(Range),
    /// `true` or `false`
    Bool,
    /// `3x3`, with or without a stride.
    Window,
    /// A number for both directions, or `2x1`.
    Factor,
    /// `227x227x3`, or a number of inputs.
    Shape,
    /// `same`, `valid`, a number, or (top, bottom, left, right).
    Pad,
    /// A number, or (top, bottom, left, right).
    Cells,
    /// One of these words.
    Word(&'static [&'static str]),
    /// For each output map the list of its input maps.
    Connect,
    /// An initialiser.
    Init,
    /// A number, or one a channel in parentheses.
    PerChannel(Range),
    /// A name of the table, alone or with options: `adam(lr=0.001)`.
    OneOf(&'static [Choice]),
    /// Such names joined by `=>`.
    Pipeline(&'static [Choice]),
    /// Names of outputs, each with a loss, a weight, or both.
    Losses,
    /// A text.
    Text,
}

/// A name that is a value of an option, with options of its own.
#[derive(Debug)]
pub struct Choice {
    /// `adam`
    pub name: &'static str,
    /// Its options.
    pub options: &'static [Opt],
    /// How many of the options may be given without their names.
    pub positional: usize,
    /// Whether it takes pairs: `2: 0.8`.
    pub pairs: bool,
    /// A complete use.
    pub example: &'static str,
    /// What it does.
    pub about: &'static str,
}

impl PartialEq for Choice {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Which numbers are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// All.
    Any,
    /// Above 0.
    Positive,
    /// 0 and above.
    NotNegative,
    /// From 0 up to, but without 1.
    BelowOne,
    /// Between 0 and 1, both left out.
    Share,
    /// From 0 to 1.
    Unit,
}

impl Range {
    fn holds(self, x: f64) -> bool {
        match self {
            Range::Any => true,
            Range::Positive => x > 0.0,
            Range::NotNegative => x >= 0.0,
            Range::BelowOne => (0.0..1.0).contains(&x),
            Range::Share => x > 0.0 && x < 1.0,
            Range::Unit => (0.0..=1.0).contains(&x),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Range::Any => "a number",
            Range::Positive => "a number above 0",
            Range::NotNegative => "a number of at least 0",
            Range::BelowOne => "a number from 0 up to, but not including, 1",
            Range::Share => "a number between 0 and 1",
            Range::Unit => "a number from 0 to 1",
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Whole(min, _) => write!(f, "a whole number of at least {min}"),
            Kind::Number(range) => range.fmt(f),
            Kind::Bool => f.write_str("`true` or `false`"),
            Kind::Window => f.write_str("a size such as 3x3 or 3x3/2"),
            Kind::Factor => f.write_str("a whole number or a size such as 2x1"),
            Kind::Shape => f.write_str("a size such as 32x32x3, or a number of inputs"),
            Kind::Pad => {
                f.write_str("`same`, `valid`, a number of cells, or (top, bottom, left, right)")
            }
            Kind::Cells => f.write_str("a number of cells, or (top, bottom, left, right)"),
            Kind::Word(words) => write!(f, "`{}`", words.join("` or `")),
            Kind::Connect => f.write_str("a list of lists of input maps, such as [[0, 1], [1, 2]]"),
            Kind::Init => f.write_str(
                "`glorot`, `he`, `lecun`, normal(sd), uniform(a), constant(v) or a number",
            ),
            Kind::PerChannel(range) => write!(f, "{range}, or one a channel: (0.5, 0.4, 0.4)"),
            Kind::OneOf(choices) => write!(f, "one of {}", listed(choices.iter().map(|c| c.name))),
            Kind::Pipeline(choices) => write!(
                f,
                "one or more of {}, joined by `=>`",
                listed(choices.iter().map(|c| c.name))
            ),
            Kind::Losses => f.write_str(
                "names of outputs with weights, losses or both, such as (aux: 0.3, boxes: (mse, 2))",
            ),
            Kind::Text => f.write_str("a text in quotes"),
        }
    }
}

impl fmt::Display for Default {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Default::Required => f.write_str("required"),
            Default::Is(text) | Default::Described(text) => f.write_str(text),
            Default::Written(text) => f.write_str(&text()),
        }
    }
}

/// What is told options: a layer, or a choice of a recipe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    /// `CONV`
    pub(crate) name: &'static str,
    /// Its options.
    pub(crate) options: &'static [Opt],
    /// How many may be given without their names.
    pub(crate) positional: usize,
    /// A complete use, for messages about missing options.
    pub(crate) example: &'static str,
}

impl Owner {
    /// The option that was probably meant by a name.
    fn meant(&self, name: &str) -> Option<&'static str> {
        let names = |o: &'static Opt| o.aliases.iter().copied().chain([o.name]);
        let near = nearest(name, self.options.iter().flat_map(names))?;
        let option = self.options.iter().find(|o| o.is_called(near))?;
        Some(option.name)
    }
}

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

type Checked = Result<(), Box<Diagnostic>>;

/// Whether a value is of the option's kind and in range.
pub(crate) fn check(owner: &str, option: &Opt, value: &Valued) -> Checked {
    if value.node == Value::Unknown {
        return Ok(());
    }
    match option.kind {
        Kind::Whole(min, max) => check_whole(owner, option, value, min, max),
        Kind::Number(range) => check_number(owner, option, value, range),
        Kind::PerChannel(range) => match &value.node {
            Value::Tuple(items) | Value::List(items) if !items.is_empty() => items
                .iter()
                .try_for_each(|item| check_number(owner, option, item, range)),
            _ => check_number(owner, option, value, range),
        },
        Kind::Bool => word_of(owner, option, value, &["true", "false"]),
        Kind::Word(words) => word_of(owner, option, value, words),
        Kind::Window => check_window(owner, option, value),
        Kind::Factor => check_factor(owner, option, value),
        Kind::Shape => check_shape(owner, option, value),
        Kind::Pad if matches!(&value.node, Value::Word(w) if w == "same" || w == "valid") => Ok(()),
        Kind::Pad | Kind::Cells => check_cells(owner, option, value),
        Kind::Connect => check_connect(owner, option, value),
        Kind::Init => initialiser(owner, option, value).map(|_| ()),
        Kind::Text if matches!(value.node, Value::Str(_)) => Ok(()),
        // Checked where recipes are built: their choices nest.
        Kind::OneOf(_) | Kind::Pipeline(_) | Kind::Losses => Ok(()),
        Kind::Text => Err(wrong_kind(owner, option, value)),
    }
}

/// What a value of another language is here: `(3, 3)` is 3x3, `"same"` is same.
fn translated(kind: Kind, value: &Value) -> Option<String> {
    let numbers = |items: &[Valued]| -> Option<Vec<usize>> {
        items.iter().map(|item| item.node.as_size()).collect()
    };
    match (kind, value) {
        (Kind::Word(words), Value::Str(text)) => {
            let word = text.to_ascii_lowercase();
            words.contains(&word.as_str()).then_some(word)
        }
        (Kind::Pad | Kind::Bool | Kind::Init, Value::Str(text)) => {
            let word = text.to_ascii_lowercase();
            WORDS.contains(&word.as_str()).then_some(word)
        }
        (Kind::OneOf(choices) | Kind::Pipeline(choices), Value::Str(text)) => {
            let choice = choices.iter().find(|choice| choice.name == text);
            choice.map(|choice| choice.name.to_owned())
        }
        (Kind::Bool, Value::Int(n)) => Some((*n != 0).to_string()),
        (_, Value::Tuple(items) | Value::List(items)) => match (kind, &numbers(items)?[..]) {
            (Kind::Window, [h, w]) => Some(format!("{h}x{w}")),
            (Kind::Factor | Kind::Pad | Kind::Cells, [h, w]) if h == w => Some(h.to_string()),
            (Kind::Factor, [h, w]) => Some(format!("{h}x{w}")),
            (Kind::Pad | Kind::Cells, [h, w]) => Some(format!("({h}, {h}, {w}, {w})")),
            _ => None,
        },
        _ => None,
    }
}

/// "`filters` of CONV is a whole number of at least 1, not the size 3x3"
pub(crate) fn wrong_kind(owner: &str, option: &Opt, value: &Valued) -> Box<Diagnostic> {
    let headline = format!("`{}` of {owner} is {}", option.name, option.kind);
    let error = Diagnostic::error(Code::E0306, headline, value.span)
        .primary(format!("this is {}", value.node.kind()));
    Box::new(match translated(option.kind, &value.node) {
        Some(text) => error.edit(format!("write `{text}`"), value.span, text),
        None => error,
    })
}

fn out_of_range(owner: &str, option: &Opt, value: &Valued) -> Box<Diagnostic> {
    let wanted = match (option.kind, value.node.as_float()) {
        (Kind::Number(_) | Kind::PerChannel(_), Some(x)) if x.abs() > f64::from(f32::MAX) => {
            "must fit into 32 bits".to_owned()
        }
        (Kind::Factor | Kind::Shape, Some(x)) if x < 1.0 => "must be at least 1".to_owned(),
        (Kind::Pad | Kind::Cells, Some(x)) if x < 0.0 => "must not be negative".to_owned(),
        (Kind::Factor | Kind::Shape | Kind::Pad | Kind::Cells, _) => {
            format!("is at most {}", thousands(MAX_SIZE))
        }
        (kind, _) => format!("must be {kind}"),
    };
    let headline = format!("`{}` of {owner} {wanted}", option.name);
    Box::new(
        Diagnostic::error(Code::E0307, headline, value.span)
            .primary(format!("this is {}", value.node)),
    )
}

fn check_whole(owner: &str, option: &Opt, value: &Valued, min: u64, max: u64) -> Checked {
    let Value::Int(n) = value.node else {
        return Err(wrong_kind(owner, option, value));
    };
    match u64::try_from(n) {
        Ok(n) if n > max => {
            let headline = format!("`{}` of {owner} is at most {}", option.name, thousands(max));
            Err(Box::new(
                Diagnostic::error(Code::E0307, headline, value.span)
                    .primary(format!("this is {}", thousands(n))),
            ))
        }
        Ok(n) if n >= min => Ok(()),
        _ => Err(out_of_range(owner, option, value)),
    }
}

fn check_number(owner: &str, option: &Opt, value: &Valued, range: Range) -> Checked {
    match value.node {
        Value::Unknown => Ok(()),
        Value::Int(_) | Value::Float(_) => {
            let x = value.node.as_float().unwrap_or(f64::NAN);
            let fits = x.abs() <= f64::from(f32::MAX) && range.holds(x);
            if fits {
                Ok(())
            } else {
                Err(out_of_range(owner, option, value))
            }
        }
        _ => Err(wrong_kind(owner, option, value)),
    }
}

fn word_of(owner: &str, option: &Opt, value: &Valued, words: &[&str]) -> Checked {
    match &value.node {
        Value::Word(word) if words.contains(&word.as_str()) => Ok(()),
        _ => Err(wrong_kind(owner, option, value)),
    }
}

fn check_window(owner: &str, option: &Opt, value: &Valued) -> Checked {
    match &value.node {
        Value::Size { sizes, .. } if sizes.len() == 2 => not_zero(owner, option, value, sizes),
        Value::Int(n) if *n > 0 => Err(Box::new(wrong_kind(owner, option, value).edit(
            format!("write both sizes: {n}x{n}"),
            value.span,
            format!("{n}x{n}"),
        ))),
        _ => Err(wrong_kind(owner, option, value)),
    }
}

fn check_factor(owner: &str, option: &Opt, value: &Valued) -> Checked {
    match &value.node {
        Value::Size {
            sizes,
            stride: None,
        } if sizes.len() == 2 => not_zero(owner, option, value, sizes),
        Value::Int(n) if *n > 0 && value.node.as_size().is_some() => Ok(()),
        Value::Int(_) => Err(out_of_range(owner, option, value)),
        _ => Err(wrong_kind(owner, option, value)),
    }
}

fn check_shape(owner: &str, option: &Opt, value: &Valued) -> Checked {
    match &value.node {
        Value::Size {
            sizes,
            stride: None,
        } if sizes.len() == 3 => not_zero(owner, option, value, sizes),
        Value::Size {
            sizes,
            stride: None,
        } if sizes.len() == 2 => Err(Box::new(
            wrong_kind(owner, option, value)
                .note("a picture is height x width x channels")
                .edit(
                    format!("for a picture of one channel, write {}x1", value.node),
                    value.span,
                    format!("{}x1", value.node),
                ),
        )),
        Value::Int(n) if *n > 0 && value.node.as_size().is_some() => Ok(()),
        Value::Int(_) => Err(out_of_range(owner, option, value)),
        _ => Err(wrong_kind(owner, option, value)),
    }
}

fn not_zero(owner: &str, option: &Opt, value: &Valued, sizes: &[usize]) -> Checked {
    if sizes.contains(&0) {
        let headline = format!("`{}` of {owner} must not have a size of 0", option.name);
        return Err(Box::new(
            Diagnostic::error(Code::E0307, headline, value.span)
                .primary(format!("this is {}", value.node)),
        ));
    }
    Ok(())
}

fn check_cells(owner: &str, option: &Opt, value: &Valued) -> Checked {
    let cell = |value: &Valued| match value.node {
        Value::Unknown => Ok(()),
        Value::Int(_) if value.node.as_size().is_some() => Ok(()),
        Value::Int(_) => Err(out_of_range(owner, option, value)),
        _ => Err(wrong_kind(owner, option, value)),
    };
    match &value.node {
        Value::Tuple(items) if items.len() == 4 => items.iter().try_for_each(cell),
        Value::Tuple(items) if items.len() != 2 => Err(Box::new(
            wrong_kind(owner, option, value).help("write four: (top, bottom, left, right)"),
        )),
        Value::Tuple(_) => Err(wrong_kind(owner, option, value)),
        _ => cell(value),
    }
}

fn check_connect(owner: &str, option: &Opt, value: &Valued) -> Checked {
    let Value::List(rows) = &value.node else {
        return Err(wrong_kind(owner, option, value));
    };
    for row in rows {
        let Value::List(maps) = &row.node else {
            return Err(wrong_kind(owner, option, row));
        };
        let wrong = maps
            .iter()
            .find(|m| m.node != Value::Unknown && m.node.as_size().is_none());
        if let Some(map) = wrong {
            return Err(wrong_kind(owner, option, map));
        }
    }
    Ok(())
}

/// `he`, `normal(0.01)`, or a number for a constant.
pub(crate) fn initialiser(
    owner: &str,
    option: &Opt,
    value: &Valued,
) -> Result<Option<Initialiser>, Box<Diagnostic>> {
    Ok(Some(match &value.node {
        Value::Unknown => return Ok(None),
        Value::Int(_) | Value::Float(_) => {
            check_number(owner, option, value, Range::Any)?;
            Initialiser::Constant(value.node.as_float().unwrap_or(0.0) as f32)
        }
        Value::Word(word) => match word.as_str() {
            "glorot" => Initialiser::Glorot,
            "he" => Initialiser::He,
            "lecun" => Initialiser::LeCun,
            _ => return Err(wrong_kind(owner, option, value)),
        },
        Value::Call(call) => match (call.name.node.as_str(), parameter(owner, option, call)?) {
            (_, None) => return Ok(None),
            ("normal", Some(sd)) if sd >= 0.0 => Initialiser::Normal(sd),
            ("uniform", Some(a)) if a >= 0.0 => Initialiser::Uniform(a),
            ("constant", Some(v)) => Initialiser::Constant(v),
            ("normal" | "uniform", Some(_)) => {
                let headline = format!("`{}` needs a number of at least 0", call.name.node);
                return Err(Box::new(Diagnostic::error(
                    Code::E0307,
                    headline,
                    value.span,
                )));
            }
            _ => return Err(wrong_kind(owner, option, value)),
        },
        _ => return Err(wrong_kind(owner, option, value)),
    }))
}

/// The one number in `normal(0.01)`.
fn parameter(owner: &str, option: &Opt, call: &ValueCall) -> Result<Option<f32>, Box<Diagnostic>> {
    let known = match call.name.node.as_str() {
        "normal" => "sd",
        "uniform" => "a",
        "constant" => "v",
        _ => {
            let value = Valued {
                node: Value::Call(call.clone()),
                span: call.name.span,
            };
            return Err(wrong_kind(owner, option, &value));
        }
    };
    match call.args.as_slice() {
        [arg] if arg.name.as_ref().is_none_or(|n| n.node == known) => {
            check_number(owner, option, &arg.value, Range::Any)?;
            Ok(arg.value.node.as_float().map(|x| x as f32))
        }
        _ => {
            let headline = format!("`{}` takes one number", call.name.node);
            Err(Box::new(
                Diagnostic::error(Code::E0304, headline, call.name.span)
                    .help(format!("write `{}(0.01)`", call.name.node)),
            ))
        }
    }
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
