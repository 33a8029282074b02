//! Whether a value is of its option's kind and in range.

use super::{Kind, NONE, Opt, Range};
use crate::limits::MAX_SIZE;
use crate::names::WORDS;
use crate::text::thousands;
use crate::value::{Value, ValueCall, Valued};
use netc_grammar::{Code, Diagnostic};
use netc_plan::Initialiser;

type Checked = Result<(), Box<Diagnostic>>;

/// Whether a value is of the option's kind and in range.
pub(crate) fn check(owner: &str, option: &Opt, value: &Valued) -> Checked {
    if value.node == Value::Unknown {
        return Ok(());
    }
    match option.kind {
        Kind::Whole(min, max) => check_whole(owner, option, value, min, max),
        Kind::Number(range) => check_number(owner, option, value, range),
        Kind::Maybe(_) if matches!(&value.node, Value::Word(word) if word == NONE) => Ok(()),
        Kind::Maybe(range) => check_number(owner, option, value, range),
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
        Kind::OneOf(_) | Kind::Pipeline(_) | Kind::Losses | Kind::Layers => Ok(()),
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
        (Kind::Number(_) | Kind::Maybe(_) | Kind::PerChannel(_), Some(x))
            if x.abs() > f64::from(f32::MAX) =>
        {
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
