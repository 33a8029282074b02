//! Values: what the expressions of a file come to.

use crate::limits::MAX_SIZE;
use crate::names::{WORDS, listed};
use crate::text::thousands;
use netc_grammar::ast::{Arg, BinaryOp, Call, Expr, ExprKind, Ident};
use netc_grammar::{Code, Diagnostic, Span, Spanned};
use std::fmt;

/// A value and where it is written.
pub(crate) type Valued = Spanned<Value>;

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Not known, because of an error that has been reported. Fits everywhere, so that one mistake gives one message.
    Unknown,
    /// A whole number.
    Int(i64),
    /// A number with a point.
    Float(f64),
    /// `3x3`, `11x11/4`, `227x227x3`
    Size {
        /// The sizes, at least two.
        sizes: Vec<usize>,
        /// The stride, if one is written.
        stride: Option<[usize; 2]>,
    },
    /// A word of the language: `same`, `true`.
    Word(String),
    /// `"labels.txt"`
    Str(String),
    /// `(1, 2, 3)`
    Tuple(Vec<Valued>),
    /// `[1, 2, 3]`
    List(Vec<Valued>),
    /// `normal(0.01)`
    Call(ValueCall),
    /// `2: 0.8`
    Pair(Box<(Valued, Valued)>),
    /// `rotate(8) => zoom(0.1)`
    Pipeline(Vec<Valued>),
}

/// A call among values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ValueCall {
    /// The name.
    pub(crate) name: Ident,
    /// The arguments.
    pub(crate) args: Vec<Argument>,
}

/// An argument whose value is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Argument {
    /// `stride` in `stride=2`.
    pub(crate) name: Option<Ident>,
    /// The value.
    pub(crate) value: Valued,
    /// The whole argument.
    pub(crate) span: Span,
    /// Whether the value is written here, and is not a name's.
    pub(crate) literal: bool,
}

impl Argument {
    /// The argument with its value.
    pub(crate) fn new(arg: &Arg, scope: &dyn Scope, errors: &mut Vec<Diagnostic>) -> Self {
        Self {
            name: arg.name.clone(),
            value: evaluate(&arg.value, scope, errors),
            span: arg.span,
            literal: !matches!(arg.value.kind, ExprKind::Name(_)),
        }
    }
}

/// Initialisers that take a number.
const INITIALISERS: &[&str] = &["normal", "uniform", "constant"];

/// Where names in expressions are looked up.
pub(crate) trait Scope {
    /// The value of a name, or `None` if it is not defined.
    fn lookup(&self, name: &Ident, errors: &mut Vec<Diagnostic>) -> Option<Value>;
    /// Every name that could be looked up, for suggestions.
    fn names(&self) -> Vec<String>;
    /// Whether names that are not defined stand for themselves, as `mnist` and `cosine` do in a recipe.
    fn keeps_words(&self) -> bool {
        false
    }
}

/// The value of an expression. Errors are reported, and give [`Value::Unknown`].
pub(crate) fn evaluate(expr: &Expr, scope: &dyn Scope, errors: &mut Vec<Diagnostic>) -> Valued {
    let node = match evaluated(expr, scope, errors) {
        Ok(value) => value,
        Err(error) => {
            errors.extend(error.map(|e| *e));
            Value::Unknown
        }
    };
    Valued {
        node,
        span: expr.span,
    }
}

/// `Err(None)`: the error has been reported already.
type Evaluated = Result<Value, Option<Box<Diagnostic>>>;

fn evaluated(expr: &Expr, scope: &dyn Scope, errors: &mut Vec<Diagnostic>) -> Evaluated {
    Ok(match &expr.kind {
        ExprKind::Int(n) => Value::Int(i64::try_from(*n).map_err(|_| too_large(expr.span))?),
        ExprKind::Float(x) if x.is_finite() => Value::Float(*x),
        ExprKind::Float(_) => return Err(Some(too_large(expr.span))),
        ExprKind::Size(sizes) => Value::Size {
            sizes: sizes_of(sizes, expr.span)?,
            stride: None,
        },
        ExprKind::Str(text) => Value::Str(text.clone()),
        ExprKind::Name(name) => return named(name, expr.span, scope, errors),
        ExprKind::Tuple(items) => Value::Tuple(evaluate_all(items, scope, errors)),
        ExprKind::List(items) => Value::List(evaluate_all(items, scope, errors)),
        ExprKind::Unknown => Value::Unknown,
        ExprKind::Pipeline(items) => Value::Pipeline(evaluate_all(items, scope, errors)),
        ExprKind::Call(call) => Value::Call(evaluate_call(call, scope, errors)),
        ExprKind::Pair(a, b) => Value::Pair(Box::new((
            evaluate(a, scope, errors),
            evaluate(b, scope, errors),
        ))),
        ExprKind::Neg(inner) => return negated(&evaluate(inner, scope, errors)),
        ExprKind::Binary(op, a, b) => {
            let (a, b) = (evaluate(a, scope, errors), evaluate(b, scope, errors));
            return combined(*op, &a, &b, expr.span);
        }
    })
}

fn evaluate_all(exprs: &[Expr], scope: &dyn Scope, errors: &mut Vec<Diagnostic>) -> Vec<Valued> {
    exprs.iter().map(|e| evaluate(e, scope, errors)).collect()
}

fn evaluate_call(call: &Call, scope: &dyn Scope, errors: &mut Vec<Diagnostic>) -> ValueCall {
    let args = call
        .args
        .iter()
        .flatten()
        .map(|arg| Argument::new(arg, scope, errors));
    ValueCall {
        name: call.name.clone(),
        args: args.collect(),
    }
}

fn named(name: &str, span: Span, scope: &dyn Scope, errors: &mut Vec<Diagnostic>) -> Evaluated {
    let ident = Ident {
        node: name.to_owned(),
        span,
    };
    if let Some(value) = scope.lookup(&ident, errors) {
        return Ok(value);
    }
    if WORDS.contains(&name) || scope.keeps_words() {
        return Ok(Value::Word(name.to_owned()));
    }
    Err(Some(Box::new(undefined(&ident, &scope.names()))))
}

fn undefined(name: &Ident, known: &[String]) -> Diagnostic {
    let error = Diagnostic::error(
        Code::E0201,
        format!("`{}` is not defined", name.node),
        name.span,
    )
    .primary("no constant or parameter has this name");
    let candidates = known
        .iter()
        .map(String::as_str)
        .chain(WORDS.iter().copied());
    error.did_you_mean(&name.node, name.span, candidates, |error| {
        error.help(if INITIALISERS.contains(&name.node.as_str()) {
            format!("it needs a number: `{}(0.01)`", name.node)
        } else {
            format!("define it: `let {} = 64`", name.node)
        })
    })
}

fn sizes_of(sizes: &[u64], span: Span) -> Result<Vec<usize>, Box<Diagnostic>> {
    let fits = |&n: &u64| usize::try_from(n).ok().filter(|_| n <= MAX_SIZE);
    sizes
        .iter()
        .map(|n| fits(n).ok_or_else(|| too_large(span)))
        .collect()
}

fn too_large(span: Span) -> Box<Diagnostic> {
    let error = Diagnostic::error(Code::E0207, "the number is too large", span);
    Box::new(error.note(format!(
        "sizes go up to {}, other whole numbers up to {}",
        thousands(MAX_SIZE),
        i64::MAX
    )))
}

fn negated(value: &Valued) -> Evaluated {
    Ok(match &value.node {
        Value::Unknown => Value::Unknown,
        Value::Int(n) => Value::Int(n.checked_neg().ok_or_else(|| too_large(value.span))?),
        Value::Float(x) => Value::Float(-x),
        other => {
            let error = Diagnostic::error(
                Code::E0205,
                format!("`-` needs a number, not {}", other.kind()),
                value.span,
            );
            return Err(Some(Box::new(
                error.primary(format!("this is {}", other.kind())),
            )));
        }
    })
}

fn combined(op: BinaryOp, a: &Valued, b: &Valued, span: Span) -> Evaluated {
    let result = match (op, &a.node, &b.node) {
        (_, Value::Unknown, _) | (_, _, Value::Unknown) => Value::Unknown,
        (BinaryOp::Div, Value::Size { .. }, _) => return Ok(with_stride(a, b)?),
        (_, &Value::Int(x), &Value::Int(y)) => Value::Int(whole(op, x, y, b.span, span)?),
        (_, x, y) => match (x.as_float(), y.as_float()) {
            (Some(x), Some(y)) => Value::Float(real(op, x, y, span)?),
            _ => return Err(Some(Box::new(not_numbers(op, a, b, span)))),
        },
    };
    Ok(result)
}

fn not_numbers(op: BinaryOp, a: &Valued, b: &Valued, span: Span) -> Diagnostic {
    let what = format!("`{}` needs two numbers", symbol(op));
    let error = Diagnostic::error(Code::E0205, what, span);
    [a, b]
        .iter()
        .filter(|v| v.node.as_float().is_none())
        .fold(error, |e, v| {
            e.label(v.span, format!("this is {}", v.node.kind()))
        })
}

fn whole(op: BinaryOp, x: i64, y: i64, divisor: Span, span: Span) -> Result<i64, Box<Diagnostic>> {
    let result = match op {
        BinaryOp::Add => x.checked_add(y),
        BinaryOp::Sub => x.checked_sub(y),
        BinaryOp::Mul => x.checked_mul(y),
        BinaryOp::Div if y == 0 => return Err(Box::new(division_by_zero(divisor))),
        BinaryOp::Div if x.checked_rem(y).is_some_and(|r| r != 0) => {
            return Err(Box::new(remainder(x, y, span)));
        }
        BinaryOp::Div => x.checked_div(y),
    };
    result.ok_or_else(|| too_large(span))
}

fn remainder(x: i64, y: i64, span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0206,
        format!("{x} cannot be divided by {y} without a remainder"),
        span,
    )
    .primary(format!("{x} / {y} leaves a remainder of {}", x % y))
    .help(format!("for a number with a point, write `{x}.0 / {y}`"))
}

fn division_by_zero(span: Span) -> Diagnostic {
    Diagnostic::error(Code::E0207, "division by zero", span).primary("this is 0")
}

fn real(op: BinaryOp, x: f64, y: f64, span: Span) -> Result<f64, Box<Diagnostic>> {
    let result = match op {
        BinaryOp::Add => x + y,
        BinaryOp::Sub => x - y,
        BinaryOp::Mul => x * y,
        BinaryOp::Div if y == 0.0 => return Err(Box::new(division_by_zero(span))),
        BinaryOp::Div => x / y,
    };
    if result.is_finite() {
        Ok(result)
    } else {
        Err(too_large(span))
    }
}

fn with_stride(size: &Valued, by: &Valued) -> Result<Value, Box<Diagnostic>> {
    let wrong = |what: String| Box::new(Diagnostic::error(Code::E0205, what, by.span));
    let Value::Size { sizes, stride } = &size.node else {
        return Ok(Value::Unknown);
    };
    if sizes.len() != 2 {
        return Err(wrong(format!(
            "only a size of two numbers has a stride, not {}",
            size.node
        )));
    }
    if stride.is_some() {
        return Err(wrong(format!("`{}` has a stride already", size.node)));
    }
    let stride = match &by.node {
        Value::Int(n) => usize::try_from(*n)
            .ok()
            .filter(|&n| n as u64 <= MAX_SIZE)
            .map(|n| [n, n]),
        Value::Size {
            sizes,
            stride: None,
        } => <[usize; 2]>::try_from(sizes.as_slice()).ok(),
        _ => None,
    };
    match stride {
        Some(stride) if !stride.contains(&0) => Ok(Value::Size {
            sizes: sizes.clone(),
            stride: Some(stride),
        }),
        Some(_) => Err(Box::new(
            Diagnostic::error(Code::E0307, "a stride must be at least 1", by.span)
                .primary("this is 0"),
        )),
        None => Err(Box::new(
            Diagnostic::error(Code::E0205, "a stride is a whole number or a size", by.span)
                .primary(format!("this is {}", by.node.kind()))
                .note("after a size, `/` is its stride: `11x11/4`"),
        )),
    }
}

fn symbol(op: BinaryOp) -> char {
    match op {
        BinaryOp::Add => '+',
        BinaryOp::Sub => '-',
        BinaryOp::Mul => '*',
        BinaryOp::Div => '/',
    }
}

impl Value {
    /// What kind of value this is, for messages: `a size`.
    pub(crate) fn kind(&self) -> String {
        match self {
            Value::Unknown => "unknown".to_owned(),
            Value::Int(n) => format!("the number {n}"),
            Value::Float(x) => format!("the number {x:?}"),
            Value::Size { .. } => format!("the size {self}"),
            Value::Word(word) => format!("the word `{word}`"),
            Value::Str(_) => "a text".to_owned(),
            Value::Tuple(items) => format!("{} values in parentheses", items.len()),
            Value::List(_) => "a list".to_owned(),
            Value::Call(call) => format!("`{}(...)`", call.name.node),
            Value::Pair(_) => "a pair".to_owned(),
            Value::Pipeline(_) => "a pipeline".to_owned(),
        }
    }

    /// A number as a float.
    pub(crate) fn as_float(&self) -> Option<f64> {
        match *self {
            Value::Int(n) => Some(n as f64),
            Value::Float(x) => Some(x),
            _ => None,
        }
    }

    /// A whole number that can be a size.
    pub(crate) fn as_size(&self) -> Option<usize> {
        match *self {
            Value::Int(n) => usize::try_from(n).ok().filter(|&n| n as u64 <= MAX_SIZE),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |items: &[Valued], by: &str| {
            items
                .iter()
                .map(|v| v.node.to_string())
                .collect::<Vec<_>>()
                .join(by)
        };
        match self {
            Value::Unknown => f.write_str("?"),
            Value::Int(n) => write!(f, "{n}"),
            Value::Float(x) => write!(f, "{x:?}"),
            Value::Size { sizes, stride } => {
                let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
                f.write_str(&sizes.join("x"))?;
                match *stride {
                    None => Ok(()),
                    Some([h, w]) if h == w => write!(f, "/{h}"),
                    Some([h, w]) => write!(f, "/{h}x{w}"),
                }
            }
            Value::Word(word) => f.write_str(word),
            Value::Str(text) => write!(f, "{text:?}"),
            Value::Tuple(items) => write!(f, "({})", joined(items, ", ")),
            Value::List(items) => write!(f, "[{}]", joined(items, ", ")),
            Value::Call(call) => f.write_str(&call.name.node),
            Value::Pair(pair) => write!(f, "{}: {}", pair.0.node, pair.1.node),
            Value::Pipeline(items) => f.write_str(&joined(items, " => ")),
        }
    }
}

/// Where two imported files define the same name.
pub(crate) fn ambiguous(name: &Ident, files: &[&str], places: &[Span]) -> Diagnostic {
    let headline = format!(
        "`{}` is defined in {}",
        name.node,
        listed(files.iter().copied())
    );
    let error = Diagnostic::error(Code::E0211, headline, name.span)
        .primary("it is not clear which one is meant");
    places
        .iter()
        .fold(error, |e, &place| e.label(place, "defined here"))
        .help("rename one of them, or define your own: it goes before used ones")
}
