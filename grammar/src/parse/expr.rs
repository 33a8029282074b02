//! Values and arguments.

use pest::iterators::{Pair, Pairs};

use super::rules::Rule;
use super::walk::Walk;
use crate::ast::{Arg, BinaryOp, Call, Expr, ExprKind, Ident};
use crate::limits::MAX_EXPR_HEIGHT;
use crate::{Code, Diagnostic, Span, Spanned};

/// A value and the height of its tree, which is kept low enough to recurse over.
pub(super) struct Built {
    pub(super) expr: Expr,
    height: usize,
}

impl Built {
    fn leaf(kind: ExprKind, span: Span) -> Self {
        Self {
            expr: Expr { kind, span },
            height: 1,
        }
    }
}

pub(super) fn positional(value: Expr) -> Arg {
    let span = value.span;
    Arg {
        name: None,
        value,
        span,
    }
}

impl Walk<'_> {
    pub(super) fn expr(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        self.operation(pair).map(|built| built.expr)
    }

    pub(super) fn no_value(&mut self, at: usize) {
        let d = self.missing("a value", at);
        self.report(d);
    }

    /// `expr`, `product` or `unary`; anything else is an atom.
    fn operation(&mut self, pair: Pair<'_, Rule>) -> Option<Built> {
        match pair.as_rule() {
            Rule::expr | Rule::product => self.binary(pair.into_inner()),
            Rule::unary => self.unary(pair.into_inner()),
            _ => self.atom(pair),
        }
    }

    /// Operands and operators in turn, grouped from the left.
    fn binary(&mut self, pairs: Pairs<'_, Rule>) -> Option<Built> {
        let mut left: Option<Built> = None;
        let mut operator = None;
        for pair in pairs {
            match binary_op(pair.as_rule()) {
                Some(op) => operator = Some((op, self.place(&pair))),
                None => {
                    let at = pair.as_span().start();
                    let right = match (pair.as_rule(), operator) {
                        (Rule::no_value, Some((_, place))) => {
                            self.no_operand(at, place);
                            None
                        }
                        _ => self.operation(pair),
                    };
                    left = match (left, operator) {
                        (None, _) => right,
                        (Some(left), Some((op, _))) => Some(self.join(op, left, right)),
                        (left, None) => left,
                    };
                }
            }
        }
        left
    }

    fn join(&mut self, op: BinaryOp, left: Built, right: Option<Built>) -> Built {
        let Some(right) = right else {
            return left;
        };
        let span = left.expr.span.to_end_of(right.expr.span);
        let height = left.height.max(right.height) + 1;
        let Some(height) = self.bounded(height, span) else {
            return Built {
                height: MAX_EXPR_HEIGHT + 1,
                ..left
            };
        };
        let kind = ExprKind::Binary(op, Box::new(left.expr), Box::new(right.expr));
        Built {
            expr: Expr { kind, span },
            height,
        }
    }

    /// The height, if it is within bounds. The first step beyond is reported, further ones are silent.
    fn bounded(&mut self, height: usize, span: Span) -> Option<usize> {
        if height <= MAX_EXPR_HEIGHT {
            return Some(height);
        }
        if height == MAX_EXPR_HEIGHT + 1 {
            let d = Diagnostic::error(
                Code::E0131,
                format!("a value with more than {MAX_EXPR_HEIGHT} operators above one another"),
                span,
            )
            .primary("too long")
            .help("give its parts names with `let`");
            self.report(d);
        }
        None
    }

    fn no_operand(&mut self, at: usize, operator: Span) {
        let sign = self.written(operator).to_owned();
        let d = self
            .missing("a value", at)
            .label(operator, format!("after this `{sign}`"));
        self.report(d);
    }

    /// Minus signs, then a value.
    fn unary(&mut self, pairs: Pairs<'_, Rule>) -> Option<Built> {
        let mut signs = Vec::new();
        for pair in pairs {
            let at = pair.as_span().start();
            match (pair.as_rule(), signs.last()) {
                (Rule::minus, _) => signs.push(self.place(&pair)),
                (Rule::no_value, Some(&sign)) => {
                    self.no_operand(at, sign);
                    return None;
                }
                _ => return self.atom(pair).map(|value| self.negated(&signs, value)),
            }
        }
        None
    }

    fn negated(&mut self, signs: &[Span], value: Built) -> Built {
        let mut built = value;
        for &sign in signs.iter().rev() {
            let span = sign.to_end_of(built.expr.span);
            let Some(height) = self.bounded(built.height + 1, span) else {
                return Built {
                    height: MAX_EXPR_HEIGHT + 1,
                    ..built
                };
            };
            let kind = ExprKind::Neg(Box::new(built.expr));
            built = Built {
                expr: Expr { kind, span },
                height,
            };
        }
        built
    }

    pub(super) fn atom(&mut self, pair: Pair<'_, Rule>) -> Option<Built> {
        let span = self.place(&pair);
        let kind = match pair.as_rule() {
            Rule::integer | Rule::float | Rule::size | Rule::bad_size | Rule::bad_number => {
                self.number(&pair)?
            }
            Rule::string => ExprKind::Str(self.string(&pair)),
            Rule::list => {
                let (values, height) = self.values(pair, ']');
                return Some(Built {
                    expr: Expr {
                        kind: ExprKind::List(values),
                        span,
                    },
                    height,
                });
            }
            Rule::paren => return self.paren(pair),
            Rule::bad_name => {
                let name = self.name(pair, "a value")?;
                return Some(Built::leaf(ExprKind::Name(name.node), name.span));
            }
            Rule::call => return self.value_call(pair),
            _ => return None,
        };
        Some(Built::leaf(kind, span))
    }

    fn paren(&mut self, pair: Pair<'_, Rule>) -> Option<Built> {
        let span = self.place(&pair);
        let empty = pair.clone().into_inner().next().is_none();
        let (mut values, height) = self.values(pair, ')');
        if values.len() > 1 {
            return Some(Built {
                expr: Expr {
                    kind: ExprKind::Tuple(values),
                    span,
                },
                height,
            });
        }
        let Some(value) = values.pop() else {
            if empty {
                let d =
                    Diagnostic::error(Code::E0101, "expected a value between `(` and `)`", span)
                        .primary("empty");
                self.report(d);
            }
            return None;
        };
        Some(Built {
            expr: Expr { span, ..value },
            height,
        })
    }

    /// The values of a list or tuple, and the height of the tree that holds them.
    fn values(&mut self, pair: Pair<'_, Rule>, closer: char) -> (Vec<Expr>, usize) {
        let open = pair.as_span().start();
        let mut values = Vec::new();
        let mut height = 1;
        for inner in pair.into_inner() {
            if inner.as_rule() == Rule::pair {
                if let Some(built) = self.pair(inner) {
                    height = height.max(built.height + 1);
                    values.push(built.expr);
                }
            } else {
                self.between_entries(inner, open, closer);
            }
        }
        (values, height.min(MAX_EXPR_HEIGHT))
    }

    /// What the grammar marks as wrong between the entries of a list or of arguments.
    fn between_entries(&mut self, pair: Pair<'_, Rule>, open: usize, closer: char) {
        let at = pair.as_span().start();
        match pair.as_rule() {
            Rule::no_comma => self.no_comma(at),
            Rule::no_close => self.not_closed(open, at, closer),
            Rule::no_entry => self.no_value(at),
            Rule::junk => {
                let d = self.unexpected(&format!("`,` or `{closer}`"), at);
                self.report(d);
            }
            _ => {}
        }
    }

    fn value_call(&mut self, pair: Pair<'_, Rule>) -> Option<Built> {
        let (call, height) = self.call(pair)?;
        let span = call.span;
        let kind = match call {
            Call {
                name, args: None, ..
            } => ExprKind::Name(name.node),
            call => ExprKind::Call(call),
        };
        Some(Built {
            expr: Expr { kind, span },
            height,
        })
    }

    /// A name with its arguments, and the height of the tree.
    pub(super) fn call(&mut self, pair: Pair<'_, Rule>) -> Option<(Call, usize)> {
        let mut inner = pair.into_inner();
        let name = self.ident(&inner.next()?);
        let Some(args) = inner.next() else {
            let span = name.span;
            return Some((
                Call {
                    name,
                    args: None,
                    span,
                },
                1,
            ));
        };
        let span = name.span.to_end_of(self.place(&args));
        let (args, height) = self.args(args);
        Some((
            Call {
                name,
                args: Some(args),
                span,
            },
            height,
        ))
    }

    /// The arguments in parentheses, and the height of the tree that holds them.
    pub(super) fn args(&mut self, pair: Pair<'_, Rule>) -> (Vec<Arg>, usize) {
        let open = pair.as_span().start();
        let mut args = Vec::new();
        let mut height = 1;
        for inner in pair.into_inner() {
            if inner.as_rule() != Rule::argument {
                self.between_entries(inner, open, ')');
            } else if let Some((arg, of_arg)) = self.argument(inner) {
                height = height.max(of_arg + 1);
                args.push(arg);
            }
        }
        (args, height.min(MAX_EXPR_HEIGHT))
    }

    fn argument(&mut self, pair: Pair<'_, Rule>) -> Option<(Arg, usize)> {
        let (mut name, mut value) = (None, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::key => name = self.key(inner),
                Rule::pair => value = self.pair(inner),
                Rule::no_value => self.no_value(inner.as_span().start()),
                _ => value = self.operation(inner),
            }
        }
        let Built {
            expr: value,
            height,
        } = value?;
        let span = name
            .as_ref()
            .map_or(value.span, |name: &Ident| name.span.to_end_of(value.span));
        Some((Arg { name, value, span }, height))
    }

    fn key(&mut self, pair: Pair<'_, Rule>) -> Option<Ident> {
        let mut name = None;
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::is => {}
                Rule::bad_is => self.wrong_equals(&inner),
                _ => name = self.name(inner, "the option"),
            }
        }
        name
    }

    fn pair(&mut self, pair: Pair<'_, Rule>) -> Option<Built> {
        let mut inner = pair.into_inner();
        let first = self.operation(inner.next()?)?;
        let Some(second) = inner.next() else {
            return Some(first);
        };
        if second.as_rule() == Rule::no_value {
            self.no_value(second.as_span().start());
            return None;
        }
        let second = self.operation(second)?;
        let span = first.expr.span.to_end_of(second.expr.span);
        let height = (first.height.max(second.height) + 1).min(MAX_EXPR_HEIGHT);
        let kind = ExprKind::Pair(Box::new(first.expr), Box::new(second.expr));
        Some(Built {
            expr: Expr { kind, span },
            height,
        })
    }

    /// `stride: 2` in the arguments of a layer. (In a recipe `2: 0.8` is a pair.)
    pub(super) fn colon_for_equals(&mut self, arg: &mut Arg) {
        let ExprKind::Pair(left, right) = &arg.value.kind else {
            return;
        };
        let ExprKind::Name(name) = &left.kind else {
            return;
        };
        let between = self.span(left.span.end as usize, right.span.start as usize);
        let d = Diagnostic::error(Code::E0107, "expected `=`, found `:`", between)
            .primary("options are given with `=`")
            .edit("write `=`", between, "=");
        let name = Spanned {
            node: name.clone(),
            span: left.span,
        };
        let value = (**right).clone();
        self.report(d);
        *arg = Arg {
            name: Some(name),
            value,
            span: arg.span,
        };
    }

    /// The value of an entry that stands alone.
    pub(super) fn lone_value(&mut self, pairs: Pairs<'_, Rule>) -> Option<Expr> {
        let mut value = None;
        for inner in pairs.flat_map(Pair::into_inner) {
            let at = inner.as_span().start();
            match inner.as_rule() {
                Rule::pipeline => value = self.pipeline(inner),
                Rule::no_value => self.no_value(at),
                Rule::bad_rest => {
                    let d = self.unexpected("the end of the value", at);
                    self.report(d);
                }
                _ => {}
            }
        }
        value
    }

    /// `rotate(8) => shift(0.1)`; a single value is no pipeline.
    pub(super) fn pipeline(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        let mut values = Vec::new();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::expr => values.extend(self.expr(inner)),
                Rule::no_value => self.no_value(inner.as_span().start()),
                _ => {}
            }
        }
        let span = values.first()?.span.to_end_of(values.last()?.span);
        if values.len() == 1 {
            return values.pop();
        }
        Some(Expr {
            kind: ExprKind::Pipeline(values),
            span,
        })
    }
}

fn binary_op(rule: Rule) -> Option<BinaryOp> {
    Some(match rule {
        Rule::plus => BinaryOp::Add,
        Rule::minus => BinaryOp::Sub,
        Rule::times => BinaryOp::Mul,
        Rule::divide => BinaryOp::Div,
        _ => return None,
    })
}
