//! From a layer to its options: `build` the other way.

use super::values::{Values, factor, flag, lists, padding, strided};
use super::{LAYERS, LayerKind, LayerSpec, operation};
use crate::graph::{Conv, Deconv, Layer, Order, PadMode, Pool, PoolKind, Shape, WeightOptions};
use crate::options::{Given, Opt, given, initialiser_written};
use crate::text::expr::{call, expr, single, size, whole, word};
use netc_grammar::ast::{Call, Expr, ExprKind};
use netc_plan::{Act, Pixels};

/// A layer as its row of the table and values for the options.
pub(crate) struct Written {
    pub(crate) spec: &'static LayerSpec,
    options: Given,
}

impl Written {
    /// Leaves out the other options.
    pub(crate) fn keep(&mut self, keep: impl Fn(&Opt) -> bool) {
        self.options.retain(|(option, _)| keep(option));
    }

    /// `CONV(96, 11x11/4)`: what differs from the defaults.
    pub(crate) fn call(self) -> Call {
        let owner = self.spec.owner();
        // `DROPOUT(0.5)`: the thing that a layer is about is said.
        let said = owner
            .options
            .first()
            .filter(|_| owner.example.contains('('));
        let is_said = |option: &Opt| said.is_some_and(|said| said.name == option.name);
        let options = self.options.into_iter();
        let differing =
            options.filter(|(option, value)| is_said(option) || !option.is_default(value));
        call(owner.name, owner.arguments(differing.collect()))
    }
}

/// The layer's row and options. `pixels` are INPUT's; every option that is no part of another has a value.
pub(crate) fn written(layer: &Layer, pixels: Option<&Pixels>) -> Written {
    let (kind, values) = match layer {
        Layer::Input(shape) => (LayerKind::Input, input(*shape, pixels)),
        Layer::Conv(conv) => convolution(conv),
        Layer::Deconv(deconv) => transposed(deconv),
        Layer::Fc {
            units,
            bias,
            weights,
        } => {
            let values = vec![("units", whole(*units)), ("bias", flag(*bias))];
            (LayerKind::Fc, [values, initial(weights)].concat())
        }
        Layer::Pool(pool) => pooling(pool),
        Layer::BatchNorm { eps, momentum } => {
            let values = vec![("eps", single(*eps)), ("momentum", single(*momentum))];
            (LayerKind::BatchNorm, values)
        }
        Layer::Dropout { p } => (LayerKind::Dropout, vec![("p", single(*p))]),
        Layer::Activation(act) => activation(*act),
        Layer::Flatten(order) => {
            let order = match order {
                Order::Hwc => "hwc",
                Order::Chw => "chw",
            };
            (LayerKind::Flatten, vec![("order", word(order))])
        }
        Layer::Concat => (LayerKind::Concat, vec![]),
        Layer::Subsample { window, stride } => {
            let window = strided(*window, *stride, *window);
            (LayerKind::Subsample, vec![("window", window)])
        }
        Layer::Split { parts, part } => {
            let values = vec![("parts", whole(*parts)), ("part", whole(*part))];
            (LayerKind::Split, values)
        }
        Layer::Op(op) => operation::written(*op),
        Layer::Rbf { classes } => (LayerKind::Rbf, vec![("classes", whole(*classes))]),
    };
    let row = LAYERS.iter().find(|spec| spec.kind == kind);
    debug_assert!(row.is_some(), "{kind:?} has no row");
    let spec = row.unwrap_or(&LAYERS[0]);
    Written {
        spec,
        options: given(spec.options, values),
    }
}

fn input(shape: Shape, pixels: Option<&Pixels>) -> Values {
    let shape = match shape {
        Shape::Unknown => word("?"),
        Shape::Picture(hwc) => size(&hwc),
        Shape::Vector(n) => whole(n),
    };
    let mut values = vec![("shape", shape)];
    if let Some(Pixels { scale, mean, std }) = pixels {
        values.push(("scale", single(*scale)));
        values.push(("mean", per_channel(mean)));
        values.push(("std", per_channel(std)));
    }
    values
}

/// One number for all channels, or one each.
fn per_channel(numbers: &[f32]) -> Expr {
    match numbers {
        [number] => single(*number),
        numbers => expr(ExprKind::Tuple(
            numbers.iter().map(|x| single(*x)).collect(),
        )),
    }
}

fn convolution(conv: &Conv) -> (LayerKind, Values) {
    let Conv {
        filters,
        kernel,
        stride,
        pad,
        dilation,
        groups,
        bias,
        connect,
        depthwise,
        weights,
    } = conv;
    let mut values = vec![
        ("kernel", strided(*kernel, *stride, [1, 1])),
        ("pad", padding(pad)),
        ("dilation", factor(*dilation)),
        ("bias", flag(*bias)),
    ];
    let kind = if *depthwise {
        LayerKind::DwConv
    } else {
        values.push(("filters", whole(*filters)));
        values.push(("groups", whole(*groups)));
        values.extend(connect.as_deref().map(|table| ("connect", lists(table))));
        LayerKind::Conv
    };
    (kind, [values, initial(weights)].concat())
}

fn transposed(deconv: &Deconv) -> (LayerKind, Values) {
    let Deconv {
        filters,
        kernel,
        stride,
        pad,
        output_pad,
        dilation,
        groups,
        bias,
        weights,
    } = deconv;
    let mut values = vec![
        ("filters", whole(*filters)),
        ("kernel", strided(*kernel, *stride, [1, 1])),
        ("pad", padding(pad)),
        ("dilation", factor(*dilation)),
        ("groups", whole(*groups)),
        ("bias", flag(*bias)),
    ];
    if pad.mode != PadMode::Same {
        values.push(("output_pad", whole(output_pad[0])));
    }
    (LayerKind::Deconv, [values, initial(weights)].concat())
}

fn pooling(pool: &Pool) -> (LayerKind, Values) {
    let window = strided(pool.window, pool.stride, pool.window);
    let mut values = vec![
        ("window", window),
        ("pad", padding(&pool.pad)),
        ("ceil", flag(pool.ceil)),
    ];
    let kind = match pool.kind {
        PoolKind::Max => LayerKind::MaxPool,
        PoolKind::Avg => {
            values.push(("count_pad", flag(pool.count_pad)));
            LayerKind::AvgPool
        }
    };
    (kind, values)
}

fn activation(act: Act) -> (LayerKind, Values) {
    match act {
        Act::None => (LayerKind::Skip, vec![]),
        Act::LeakyRelu(slope) => (
            LayerKind::Activation(Act::LeakyRelu(0.01)),
            vec![("slope", single(slope))],
        ),
        Act::Elu(alpha) => (
            LayerKind::Activation(Act::Elu(1.0)),
            vec![("alpha", single(alpha))],
        ),
        act => (LayerKind::Activation(act), vec![]),
    }
}

fn initial(weights: &WeightOptions) -> Values {
    let WeightOptions {
        init,
        bias_init,
        l2,
    } = weights;
    let mut values = Vec::new();
    values.extend(init.map(|init| ("init", initialiser_written(init))));
    values.extend(bias_init.map(|init| ("bias_init", initialiser_written(init))));
    values.extend(l2.map(|l2| ("l2", single(l2))));
    values
}
