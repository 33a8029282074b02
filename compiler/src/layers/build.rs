//! From options to a layer.

use super::{LayerKind, LayerSpec, operation};
use crate::graph::{
    Conv, Deconv, Layer, Order, PadMode, Padding, Pool, PoolKind, Shape, WeightOptions,
};
use crate::options::Bound;
use crate::value::Value;
use netc_grammar::{Code, Diagnostic};
use netc_plan::{Act, Pixels};

/// A layer with its options, or `None` where something is missing or wrong that has been reported. Joins are not made here.
pub(crate) fn build(
    spec: &LayerSpec,
    bound: &Bound,
    errors: &mut Vec<Diagnostic>,
) -> Option<Layer> {
    if !bound.complete {
        return None;
    }
    Some(match spec.kind {
        LayerKind::Input => {
            let shape = shape(bound)?;
            check_pixels(bound, shape, errors);
            Layer::Input(shape)
        }
        LayerKind::Conv | LayerKind::DwConv => {
            Layer::Conv(conv(spec.kind == LayerKind::DwConv, bound, errors)?)
        }
        LayerKind::Deconv => Layer::Deconv(deconv(bound, errors)?),
        LayerKind::Fc => Layer::Fc {
            units: bound.whole("units")?,
            bias: bound.flag("bias"),
            weights: weights(bound),
        },
        LayerKind::MaxPool => pool(PoolKind::Max, bound, errors)?,
        LayerKind::AvgPool => pool(PoolKind::Avg, bound, errors)?,
        LayerKind::BatchNorm => Layer::BatchNorm {
            eps: bound.number("eps")?,
            momentum: bound.number("momentum")?,
        },
        LayerKind::Dropout => Layer::Dropout {
            p: bound.number("p")?,
        },
        LayerKind::Activation(Act::LeakyRelu(_)) => {
            Layer::Activation(Act::LeakyRelu(bound.number("slope")?))
        }
        LayerKind::Activation(Act::Elu(_)) => Layer::Activation(Act::Elu(bound.number("alpha")?)),
        LayerKind::Activation(act) => Layer::Activation(act),
        LayerKind::Flatten => Layer::Flatten(if bound.word("order") == Some("chw") {
            Order::Chw
        } else {
            Order::Hwc
        }),
        LayerKind::Subsample => {
            let (window, own) = bound.window("window")?;
            Layer::Subsample {
                window,
                stride: stride(bound, own, errors)?.unwrap_or(window),
            }
        }
        LayerKind::Rbf => Layer::Rbf {
            classes: bound.whole("classes")?,
        },
        LayerKind::Split => {
            let (parts, part) = (bound.whole("parts")?, bound.whole("part")?);
            if part >= parts {
                errors.push(no_such_part(bound, parts, part)?);
                return None;
            }
            Layer::Split { parts, part }
        }
        LayerKind::Op(op) => Layer::Op(operation::build(op, bound, errors)?),
        LayerKind::Concat | LayerKind::Skip => return None,
    })
}

/// `SPLIT(2, 2)`
fn no_such_part(bound: &Bound, parts: usize, part: usize) -> Option<Diagnostic> {
    let span = bound.given("part")?.span;
    let headline = format!("`part` of SPLIT is at most {}", parts - 1);
    Some(
        Diagnostic::error(Code::E0307, headline, span)
            .primary(format!("this is {part}"))
            .note(format!("the {parts} parts are counted from 0")),
    )
}

/// How pixels become inputs, by the options of INPUT.
pub(crate) fn pixels(bound: &Bound) -> Pixels {
    let usual = Pixels::default();
    Pixels {
        scale: bound.number("scale").unwrap_or(usual.scale),
        mean: bound.numbers("mean").unwrap_or(usual.mean),
        std: bound.numbers("std").unwrap_or(usual.std),
    }
}

/// `mean` and `std` hold one number, or one a channel.
fn check_pixels(bound: &Bound, shape: Shape, errors: &mut Vec<Diagnostic>) {
    let Some([_, _, channels]) = shape.hwc() else {
        return;
    };
    for name in ["mean", "std"] {
        let (Some(value), Some(numbers)) = (bound.given(name), bound.numbers(name)) else {
            continue;
        };
        if numbers.len() != 1 && numbers.len() != channels {
            let count = numbers.len();
            let headline = format!("`{name}` of INPUT has {count} numbers for {channels} channels");
            let error = Diagnostic::error(Code::E0405, headline, value.span)
                .primary("one number is needed, or one a channel");
            let shape = bound.given("shape").map(|v| v.span);
            errors.push(shape.into_iter().fold(error, |e, span| {
                e.label(span, format!("the picture has {channels} channels"))
            }));
        }
    }
}

fn shape(bound: &Bound) -> Option<Shape> {
    match &bound.given("shape")?.node {
        Value::Size { sizes, .. } => Some(Shape::Picture(sizes.as_slice().try_into().ok()?)),
        other => other.as_size().map(Shape::Vector),
    }
}

fn conv(depthwise: bool, bound: &Bound, errors: &mut Vec<Diagnostic>) -> Option<Conv> {
    let (kernel, own) = bound.window("kernel")?;
    Some(Conv {
        filters: if depthwise {
            0
        } else {
            bound.whole("filters")?
        },
        kernel,
        stride: stride(bound, own, errors)?.unwrap_or([1, 1]),
        pad: padding(bound)?,
        dilation: bound.factor("dilation").unwrap_or([1, 1]),
        groups: if depthwise { 0 } else { bound.whole("groups")? },
        bias: bound.flag("bias"),
        connect: if depthwise {
            None
        } else {
            bound.connect("connect")
        },
        depthwise,
        weights: weights(bound),
    })
}

fn deconv(bound: &Bound, errors: &mut Vec<Diagnostic>) -> Option<Deconv> {
    let (kernel, own) = bound.window("kernel")?;
    let pad = padding(bound)?;
    if let (PadMode::Same, Some(given)) = (pad.mode, bound.given("output_pad")) {
        let headline = "`output_pad` and `same` exclude each other";
        errors.push(
            Diagnostic::error(Code::E0404, headline, given.span)
                .primary("with `same` there is nothing to choose")
                .note("`same` gives the stride times the height and width that come in"),
        );
        return None;
    }
    Some(Deconv {
        filters: bound.whole("filters")?,
        kernel,
        stride: stride(bound, own, errors)?.unwrap_or([1, 1]),
        pad,
        output_pad: [bound.whole("output_pad")?; 2],
        dilation: bound.factor("dilation").unwrap_or([1, 1]),
        groups: bound.whole("groups")?,
        bias: bound.flag("bias"),
        weights: weights(bound),
    })
}

fn pool(kind: PoolKind, bound: &Bound, errors: &mut Vec<Diagnostic>) -> Option<Layer> {
    let (window, own) = bound.window("window")?;
    let stride = stride(bound, own, errors)?.unwrap_or(window);
    Some(Layer::Pool(Pool {
        kind,
        window,
        stride,
        pad: padding(bound)?,
        ceil: bound.flag("ceil"),
        overhang: [0; 2],
        count_pad: kind == PoolKind::Avg && bound.flag("count_pad"),
    }))
}

/// The stride after the size, or the option's; `Some(None)` if there is neither, `None` if there are both.
fn stride(
    bound: &Bound,
    own: Option<[usize; 2]>,
    errors: &mut Vec<Diagnostic>,
) -> Option<Option<[usize; 2]>> {
    let Some(option) = bound.given("stride") else {
        return Some(own);
    };
    if own.is_none() {
        return Some(bound.factor("stride"));
    }
    let size = bound
        .all_given()
        .find(|(o, _)| matches!(o.name, "kernel" | "window"))
        .map(|(_, v)| v.span);
    let error = Diagnostic::error(Code::E0303, "the stride is given twice", option.span)
        .primary("given again here");
    errors.push(size.into_iter().fold(error, |e, span| {
        e.label(span, "this size has a stride of its own")
    }));
    None
}

fn padding(bound: &Bound) -> Option<Padding> {
    let Some(value) = bound.given("pad") else {
        return Some(Padding {
            mode: PadMode::Valid,
            cells: [0; 4],
        });
    };
    Some(match &value.node {
        Value::Word(word) if word == "same" => Padding {
            mode: PadMode::Same,
            cells: [0; 4],
        },
        Value::Word(_) => Padding {
            mode: PadMode::Valid,
            cells: [0; 4],
        },
        _ => Padding {
            mode: PadMode::Cells,
            cells: bound.cells("pad")?,
        },
    })
}

fn weights(bound: &Bound) -> WeightOptions {
    WeightOptions {
        init: bound.init("init"),
        bias_init: bound.init("bias_init"),
        l2: bound.given("l2").and_then(|_| bound.number("l2")),
    }
}
