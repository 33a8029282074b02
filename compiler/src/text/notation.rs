//! Layers as the language writes them, with what differs from the defaults.

use netc_plan::Act;

use crate::graph::{Conv, Layer, Order, PadMode, Padding, PoolKind};

/// `CONV(96, 11x11/4)`: the layer as a file would say it; initialisers and long tables left out.
pub fn layer(layer: &Layer) -> String {
    let arguments = arguments(layer);
    if arguments.is_empty() {
        kind(layer).to_string()
    } else {
        format!("{}({})", kind(layer), arguments.join(", "))
    }
}

/// `CONV`: the layer's word.
pub fn kind(layer: &Layer) -> &'static str {
    match layer {
        Layer::Input(_) => "INPUT",
        Layer::Conv(conv) if conv.depthwise => "DWCONV",
        Layer::Conv(_) => "CONV",
        Layer::Fc { .. } => "FC",
        Layer::Pool {
            kind: PoolKind::Max,
            ..
        } => "POOL",
        Layer::Pool {
            kind: PoolKind::Avg,
            ..
        } => "AVGPOOL",
        Layer::GlobalPool => "GLOBALPOOL",
        Layer::BatchNorm { .. } => "BN",
        Layer::Lrn { .. } => "LRN",
        Layer::Dropout { .. } => "DROPOUT",
        Layer::Activation(act) => activation(*act),
        Layer::Softmax => "SOFTMAX",
        Layer::Flatten(_) => "FLATTEN",
        Layer::Pad(_) => "PAD",
        Layer::Upsample { .. } => "UPSAMPLE",
        Layer::Add => "ADD",
        Layer::Concat => "CONCAT",
        Layer::Subsample { .. } => "SUBSAMPLE",
        Layer::Rbf { .. } => "RBF",
    }
}

fn activation(act: Act) -> &'static str {
    match act {
        Act::None => "SKIP",
        Act::Relu => "RELU",
        Act::Relu6 => "RELU6",
        Act::LeakyRelu(_) => "LEAKY_RELU",
        Act::Elu(_) => "ELU",
        Act::Gelu => "GELU",
        Act::Silu => "SILU",
        Act::Sigmoid => "SIGMOID",
        Act::Tanh => "TANH",
        Act::LecunTanh => "LECUN_TANH",
    }
}

fn arguments(layer: &Layer) -> Vec<String> {
    match layer {
        Layer::Input(shape) => vec![shape.to_string()],
        Layer::Conv(conv) => convolution(conv),
        Layer::Fc { units, bias, .. } => {
            let mut all = vec![units.to_string()];
            all.extend((!bias).then(|| "bias=false".to_string()));
            all
        }
        Layer::Pool {
            window,
            stride,
            pad,
            ..
        } => {
            let mut all = vec![strided(*window, *stride, *window)];
            all.extend(padding(pad));
            all
        }
        Layer::BatchNorm { eps, momentum } => {
            named(&[("eps", *eps, 1e-3), ("momentum", *momentum, 0.99)])
        }
        Layer::Lrn { n, k, alpha, beta } => {
            let mut all = Vec::new();
            all.extend((*n != 5).then(|| format!("n={n}")));
            all.extend(named(&[
                ("k", *k, 2.0),
                ("alpha", *alpha, 1e-4),
                ("beta", *beta, 0.75),
            ]));
            all
        }
        Layer::Dropout { p } => vec![number(*p)],
        Layer::Activation(Act::LeakyRelu(slope)) if *slope != 0.01 => vec![number(*slope)],
        Layer::Activation(Act::Elu(alpha)) if *alpha != 1.0 => vec![number(*alpha)],
        Layer::Flatten(Order::Chw) => vec!["chw".into()],
        Layer::Pad(pad) => vec![cells(pad.cells)],
        Layer::Upsample { factor } => vec![size(*factor)],
        Layer::Subsample { window, stride } => vec![strided(*window, *stride, *window)],
        Layer::Rbf { classes } => vec![classes.to_string()],
        Layer::GlobalPool
        | Layer::Activation(_)
        | Layer::Softmax
        | Layer::Flatten(Order::Hwc)
        | Layer::Add
        | Layer::Concat => Vec::new(),
    }
}

fn convolution(conv: &Conv) -> Vec<String> {
    let mut all = Vec::new();
    all.extend((!conv.depthwise).then(|| conv.filters.to_string()));
    all.push(strided(conv.kernel, conv.stride, [1, 1]));
    all.extend(padding(&conv.pad));
    all.extend((conv.dilation != [1, 1]).then(|| {
        let [vertical, horizontal] = conv.dilation;
        if vertical == horizontal {
            format!("dilation={vertical}")
        } else {
            format!("dilation={}", size(conv.dilation))
        }
    }));
    all.extend((!conv.depthwise && conv.groups != 1).then(|| format!("groups={}", conv.groups)));
    all.extend((!conv.bias).then(|| "bias=false".to_string()));
    all.extend(conv.connect.is_some().then(|| "connect=[..]".to_string()));
    all
}

fn size([h, w]: [usize; 2]) -> String {
    format!("{h}x{w}")
}

/// `3x3`, `3x3/2`, `3x3/2x1`
fn strided(window: [usize; 2], stride: [usize; 2], usual: [usize; 2]) -> String {
    let window = size(window);
    match stride {
        _ if stride == usual => window,
        [v, h] if v == h => format!("{window}/{v}"),
        _ => format!("{window}/{}", size(stride)),
    }
}

fn padding(pad: &Padding) -> Option<String> {
    match pad.mode {
        PadMode::Valid => None,
        PadMode::Same => Some("same".into()),
        PadMode::Cells => Some(format!("pad={}", cells(pad.cells))),
    }
}

fn cells(cells: [usize; 4]) -> String {
    let [top, bottom, left, right] = cells;
    if cells == [top; 4] {
        top.to_string()
    } else {
        format!("({top}, {bottom}, {left}, {right})")
    }
}

fn named(options: &[(&str, f32, f32)]) -> Vec<String> {
    let differing = options.iter().filter(|(_, value, usual)| value != usual);
    differing
        .map(|(name, value, _)| format!("{name}={}", number(*value)))
        .collect()
}

/// The shortest form that reads back as the same number: `2`, `0.5`, `1e-5`.
pub(crate) fn number(value: f32) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
}
