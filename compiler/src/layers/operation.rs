//! Layers that are operations of the plan's table: from options to descriptor, and back. Those without options are not named here.

use super::values::{Values, cells, flag};
use super::{LAYERS, LayerKind};
use crate::options::Bound;
use crate::text::expr::{single, size, whole, word};
use netc_grammar::{Code, Diagnostic};
use netc_plan::{
    AdaptiveAvgPool, Crop, DropPath, GlobalPool, GroupNorm, Interpolation, LayerNorm, Lrn, Op, Pad,
    Prelu, Reduction, Scale, Shuffle, Slice, Upsample,
};
use std::mem::discriminant;

/// The descriptor with its options, or `None` where one is missing or wrong that has been reported.
pub(super) fn build(op: Op, bound: &Bound, errors: &mut Vec<Diagnostic>) -> Option<Op> {
    Some(match op {
        Op::DropPath(d) => DropPath {
            p: bound.number("p")?,
            ..d
        }
        .into(),
        Op::GroupNorm(d) => GroupNorm {
            groups: bound.whole("groups")?,
            eps: bound.number("eps")?,
            ..d
        }
        .into(),
        Op::LayerNorm(d) => LayerNorm {
            eps: bound.number("eps")?,
            ..d
        }
        .into(),
        Op::Lrn(d) => lrn(d, bound, errors)?.into(),
        Op::AdaptiveAvgPool(d) => AdaptiveAvgPool {
            size: bound.factor("size")?,
            ..d
        }
        .into(),
        // GLOBALMAXPOOL has no option.
        Op::GlobalPool(d) if d.kind == Reduction::Mean => GlobalPool {
            kind: match bound.word("kind") {
                Some("max") => Reduction::Max,
                _ => d.kind,
            },
            ..d
        }
        .into(),
        Op::Slice(d) => slice(d, bound, errors)?.into(),
        Op::Crop(d) => Crop {
            crop: bound.cells("crop")?,
            ..d
        }
        .into(),
        Op::Pad(d) => Pad {
            pad: bound.cells("pad")?,
            ..d
        }
        .into(),
        Op::Prelu(d) => Prelu {
            shared: bound.flag("shared"),
            ..d
        }
        .into(),
        Op::Scale(d) => Scale {
            init: bound.number("init")?,
            ..d
        }
        .into(),
        Op::Shuffle(d) => Shuffle {
            groups: bound.whole("groups")?,
            ..d
        }
        .into(),
        Op::Upsample(d) => Upsample {
            factor: bound.factor("factor").unwrap_or(d.factor),
            mode: match bound.word("mode") {
                Some("bilinear") => Interpolation::Bilinear,
                _ => d.mode,
            },
            ..d
        }
        .into(),
        other => other,
    })
}

/// The row of the table of layers, and the values of its options.
pub(super) fn written(op: Op) -> (LayerKind, Values) {
    let values = match op {
        Op::DropPath(d) => vec![("p", single(d.p))],
        Op::GroupNorm(d) => vec![("groups", whole(d.groups)), ("eps", single(d.eps))],
        Op::LayerNorm(d) => vec![("eps", single(d.eps))],
        Op::Lrn(Lrn {
            n, k, alpha, beta, ..
        }) => vec![
            ("n", whole(n)),
            ("k", single(k)),
            ("alpha", single(alpha)),
            ("beta", single(beta)),
        ],
        Op::Crop(d) => vec![("crop", cells(d.crop))],
        Op::Pad(d) => vec![("pad", cells(d.pad))],
        Op::Prelu(d) => vec![("shared", flag(d.shared))],
        Op::Scale(d) => vec![("init", single(d.init))],
        Op::Shuffle(d) => vec![("groups", whole(d.groups))],
        Op::Slice(d) => vec![("from", whole(d.from)), ("to", whole(d.to))],
        Op::AdaptiveAvgPool(d) => vec![("size", size(&d.size))],
        Op::GlobalPool(d) => {
            let kind = match d.kind {
                Reduction::Mean => "mean",
                Reduction::Max => "max",
            };
            vec![("kind", word(kind))]
        }
        Op::Upsample(d) => {
            let mode = match d.mode {
                Interpolation::Nearest => "nearest",
                Interpolation::Bilinear => "bilinear",
            };
            vec![("factor", size(&d.factor)), ("mode", word(mode))]
        }
        _ => Vec::new(),
    };
    let is_row = |kind: &LayerKind| match kind {
        LayerKind::Op(row) => discriminant(row) == discriminant(&op),
        _ => false,
    };
    let kinds = LAYERS.iter().map(|spec| spec.kind);
    let row = kinds.into_iter().find(is_row);
    (row.unwrap_or(LayerKind::Op(op)), values)
}

fn slice(d: Slice, bound: &Bound, errors: &mut Vec<Diagnostic>) -> Option<Slice> {
    let (from, to) = (bound.whole("from")?, bound.whole("to")?);
    if from >= to {
        let span = bound.given("to")?.span;
        errors.push(
            Diagnostic::error(Code::E0307, "SLICE ends before it begins", span)
                .primary(format!("from {from} up to, not including, {to}")),
        );
        return None;
    }
    Some(Slice { from, to, ..d })
}

fn lrn(d: Lrn, bound: &Bound, errors: &mut Vec<Diagnostic>) -> Option<Lrn> {
    let n = bound.whole("n")?;
    if n % 2 == 0 {
        let span = bound.given("n")?.span;
        errors.push(
            Diagnostic::error(Code::E0307, "`n` of LRN must be odd", span)
                .primary(format!("this is {n}"))
                .note("the window reaches n / 2 channels to both sides of its own")
                .edit(format!("write {}", n + 1), span, (n + 1).to_string()),
        );
        return None;
    }
    Some(Lrn {
        n,
        k: bound.number("k")?,
        alpha: bound.number("alpha")?,
        beta: bound.number("beta")?,
        ..d
    })
}
