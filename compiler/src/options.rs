//! Options: what a layer or a part of a recipe can be told. `bind` gives each argument to its option, `check` tells whether a value will do.

mod bind;
mod check;
mod written;

pub(crate) use bind::{Bound, bind};
pub(crate) use check::{check, initialiser, wrong_kind};
pub(crate) use written::{Given, given, initialiser_written};

use crate::names::listed;
use netc_grammar::nearest;
use std::fmt;

/// The word that takes a setting of a recipe away.
pub(crate) const NONE: &str = "none";

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
    /// A number, or `none`.
    Maybe(Range),
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
    /// Names of layers, alone or as before(name).
    Layers,
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
            Kind::Maybe(range) => write!(f, "{range}, or `none`"),
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
            Kind::Layers => f.write_str("names of layers, such as conv1, (conv1, bn1) or before(fc1)"),
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
