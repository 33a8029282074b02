//! Options with values, as they are written.

use super::{Default, Kind, Opt, Owner, Range};
use crate::text::expr::{self, arg, call, expr, single, word};
use netc_grammar::ast::{Arg, Expr, ExprKind};
use netc_plan::Initialiser;

/// Options with the values to write for them, in the order of the table.
pub(crate) type Given = Vec<(&'static Opt, Expr)>;

/// The options that these values are for.
pub(crate) fn given(options: &'static [Opt], values: Vec<(&str, Expr)>) -> Given {
    let slot = |name: &str| options.iter().position(|option| option.name == name);
    debug_assert!(values.iter().all(|(name, _)| slot(name).is_some()));
    let mut values: Vec<(usize, Expr)> = values
        .into_iter()
        .filter_map(|(name, value)| Some((slot(name)?, value)))
        .collect();
    values.sort_by_key(|(slot, _)| *slot);
    let values = values.into_iter();
    values
        .map(|(slot, value)| (&options[slot], value))
        .collect()
}

impl Opt {
    /// Whether the option means this where it is left out.
    pub(crate) fn is_default(&self, value: &Expr) -> bool {
        let text = expr::text(value);
        let number = |text: &str| text.parse::<f32>().ok();
        match self.default {
            Default::Is(default) => {
                text == default || number(&text).is_some_and(|x| number(default) == Some(x))
            }
            Default::Written(default) => text == default(),
            Default::Required | Default::Described(_) => false,
        }
    }
}

impl Owner {
    /// The arguments that give these values: by position where the example does so and where a word speaks for itself.
    pub(crate) fn arguments(&self, given: Given) -> Vec<Arg> {
        let shown = by_position(self.example);
        let mut next = 0;
        let arguments = given.into_iter().map(|(option, value)| {
            let index = self.options.iter().position(|o| o.name == option.name);
            let speaks = match (option.kind, &value.kind) {
                (Kind::Bool, _) => false,
                (_, ExprKind::Name(_)) => true,
                (Kind::Pad, _) => false,
                // `LN(1)` would be taken for channels.
                (Kind::Number(Range::Positive), _) => next < shown,
                _ => self.options.len() == 1 || next < shown,
            };
            let placed = speaks && index == Some(next) && next < self.positional;
            next += usize::from(placed);
            expr::arg((!placed).then_some(option.name), value)
        });
        arguments.collect()
    }
}

/// How many arguments an example gives by their position.
fn by_position(example: &str) -> usize {
    let Some((_, args)) = example.split_once('(') else {
        return 0;
    };
    args.split(',').take_while(|arg| !arg.contains('=')).count()
}

/// An initialiser as it is written.
pub(crate) fn initialiser_written(init: Initialiser) -> Expr {
    let of = |name: &str, x: f32| expr(ExprKind::Call(call(name, vec![arg(None, single(x))])));
    match init {
        Initialiser::Glorot => word("glorot"),
        Initialiser::He => word("he"),
        Initialiser::LeCun => word("lecun"),
        Initialiser::Normal(sd) => of("normal", sd),
        Initialiser::Uniform(a) => of("uniform", a),
        Initialiser::Constant(v) => single(v),
    }
}
