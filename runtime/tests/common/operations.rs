//! Random operations, with parameters and inputs.

#![allow(dead_code, reason = "each test file uses its part")]

use super::common::{Rng, params, tensors};
use netc_runtime::plan::{self, Act, Interpolation, Op, Param, Reduction};
use netc_runtime::train;

/// What can follow an operation inside its kernel.
pub(crate) const ACTS: [Act; 8] = [
    Act::None,
    Act::Relu,
    Act::Relu6,
    Act::LeakyRelu(0.1),
    Act::Elu(1.5),
    Act::Sigmoid,
    Act::Tanh,
    Act::LecunTanh,
];

/// Any operation with any options; `wide` shapes fill vectors and several tiles.
fn operation(rng: &mut Rng, wide: bool) -> Op {
    let channels = |rng: &mut Rng| {
        let most = if wide { 40 } else { 4 };
        rng.size(1, most)
    };
    let side = |rng: &mut Rng| rng.size(4, if wide { 12 } else { 6 });
    let input = [side(rng), side(rng), channels(rng)];
    let act = rng.pick(&ACTS);
    let sizes = |rng: &mut Rng, low, high| [rng.size(low, high), rng.size(low, high)];
    let pad = |rng: &mut Rng, most: usize| [0; 4].map(|_: usize| rng.size(0, most));
    match rng.size(0, 24) {
        0..=4 => {
            let groups = rng.pick(&[1, 1, 1, 2, 3]);
            let per = rng.size(1, if wide { 20 } else { 3 });
            let cin = rng.size(1, if wide { 20 } else { 3 });
            Op::Conv(plan::Conv {
                input: [input[0], input[1], groups * cin],
                filters: groups * per,
                kernel: sizes(rng, 1, 3),
                stride: sizes(rng, 1, 2),
                pad: pad(rng, 3),
                dilation: rng.pick(&[[1, 1], [1, 1], [2, 1]]),
                groups,
                bias: rng.pick(&[true, false]),
                act,
            })
        }
        5..=6 => Op::Conv(plan::Conv {
            input,
            filters: input[2],
            kernel: sizes(rng, 1, 3),
            stride: sizes(rng, 1, 2),
            pad: pad(rng, 1),
            groups: input[2],
            bias: rng.pick(&[true, false]),
            act,
            ..plan::Conv::DEFAULT
        }),
        7 => {
            let groups = rng.pick(&[1, 1, 2]);
            let (kernel, stride) = (sizes(rng, 1, 4), sizes(rng, 1, 3));
            let dilation = rng.pick(&[[1, 1], [1, 2]]);
            let reach = [0, 1].map(|axis| dilation[axis] * (kernel[axis] - 1));
            let pad = [0, 0, 1, 1].map(|axis: usize| rng.size(0, reach[axis].min(2)));
            Op::Deconv(plan::Deconv {
                input: [input[0], input[1], groups * input[2]],
                filters: groups * rng.size(1, if wide { 20 } else { 3 }),
                kernel,
                stride,
                pad,
                output_pad: stride.map(|stride| rng.size(0, stride - 1)),
                dilation,
                groups,
                bias: rng.pick(&[true, false]),
                act,
            })
        }
        8 => Op::Fc(plan::Fc {
            input,
            units: rng.size(1, if wide { 70 } else { 5 }),
            bias: rng.pick(&[true, false]),
            act,
        }),
        9..=10 => Op::MaxPool(plan::MaxPool {
            input,
            window: sizes(rng, 2, 3),
            stride: sizes(rng, 1, 3),
            pad: pad(rng, 1),
            act,
        }),
        11 => {
            let pad = pad(rng, 1);
            Op::AvgPool(plan::AvgPool {
                input,
                window: sizes(rng, 2, 3),
                stride: sizes(rng, 1, 3),
                pad,
                counted: rng.pick(&[[0; 4], pad, [pad[0], 0, pad[2], 0]]),
                act,
            })
        }
        12 => {
            let kind = rng.pick(&[Reduction::Mean, Reduction::Max]);
            let size = sizes(rng, 1, 7);
            rng.pick(&[
                Op::GlobalPool(plan::GlobalPool { input, kind }),
                Op::AdaptiveAvgPool(plan::AdaptiveAvgPool { input, size }),
            ])
        }
        13 => rng.pick(&[
            Op::BatchNormTraining(plan::BatchNormTraining {
                input,
                momentum: 0.9,
                act,
                ..plan::BatchNormTraining::DEFAULT
            }),
            Op::BatchNormFrozen(plan::BatchNormFrozen {
                input,
                act,
                ..plan::BatchNormFrozen::DEFAULT
            }),
        ]),
        14 => Op::Lrn(plan::Lrn {
            input,
            n: rng.pick(&[3, 5]),
            alpha: 0.5,
            beta: rng.pick(&[0.75, 0.5]),
            ..plan::Lrn::DEFAULT
        }),
        15 => {
            let act = rng.pick(&[act, Act::Gelu, Act::Silu, Act::HardSwish, Act::HardSigmoid]);
            Op::Activation(plan::Activation { input, act })
        }
        16 => Op::Softmax(plan::Softmax { input }),
        17 => rng.pick(&[
            Op::Transpose(plan::Transpose { input }),
            Op::Copy(plan::Copy { input }),
            Op::Shuffle(plan::Shuffle {
                input: [input[0], input[1], 3 * input[2]],
                groups: 3,
            }),
            Op::Slice(plan::Slice {
                input: [input[0], input[1], input[2] + 3],
                from: 2,
                to: input[2] + 2,
            }),
            Op::Dropout(plan::Dropout {
                input,
                p: 0.4,
                index: 1,
            }),
            Op::DropPath(plan::DropPath {
                input,
                p: 0.4,
                index: 1,
            }),
            Op::Pad(plan::Pad {
                input,
                pad: [1, 0, 2, 1],
            }),
            Op::Crop(plan::Crop {
                input,
                crop: [1, 0, 2, 1],
            }),
        ]),
        18 => Op::Upsample(plan::Upsample {
            input,
            factor: sizes(rng, 1, 3),
            mode: rng.pick(&[Interpolation::Nearest, Interpolation::Bilinear]),
        }),
        19 if rng.pick(&[true, false]) => Op::Mul(plan::Mul {
            input,
            spread: rng.pick(&[true, false]),
            act,
        }),
        19 => Op::Add(plan::Add { input, act }),
        22 => Op::LayerNorm(plan::LayerNorm {
            input,
            ..plan::LayerNorm::DEFAULT
        }),
        23 => Op::GroupNorm(plan::GroupNorm {
            input: [input[0], input[1], 3 * input[2]],
            groups: rng.pick(&[1, 3, 3 * input[2]]),
            act,
            ..plan::GroupNorm::DEFAULT
        }),
        24 => rng.pick(&[
            Op::Scale(plan::Scale {
                input,
                act,
                ..plan::Scale::DEFAULT
            }),
            Op::Prelu(plan::Prelu {
                input,
                shared: false,
            }),
            Op::Prelu(plan::Prelu {
                input,
                shared: true,
            }),
        ]),
        20 => Op::Subsample(plan::Subsample {
            input,
            act,
            ..plan::Subsample::DEFAULT
        }),
        _ => Op::Rbf(plan::Rbf {
            input,
            classes: rng.size(1, 5),
        }),
    }
}

/// One operation with its parameters, inputs and the gradient of its output.
pub(crate) struct Example {
    pub(crate) op: Op,
    pub(crate) params: Vec<Param>,
    pub(crate) values: Vec<Vec<f32>>,
    pub(crate) inputs: Vec<Vec<f32>>,
    pub(crate) dy: Vec<f32>,
}

impl Example {
    /// `wide` shapes fill vectors and several tiles. None where the output would have no element.
    pub(crate) fn new(rng: &mut Rng, wide: bool) -> Option<Self> {
        let op = operation(rng, wide);
        if op.output().contains(&0) {
            return None;
        }
        let batch = rng.size(2, if wide { 5 } else { 3 });
        let mut example = Self::of(rng, op, batch);
        if let Op::Conv(d) = op
            && d.groups == 1
            && rng.pick(&[true, false, false])
        {
            example.params[0].connect = Some(table(rng, &d));
            let (param, values) = (&example.params[0], &mut example.values[0]);
            unconnected(param).for_each(|i| values[i] = 0.0);
        }
        Some(example)
    }

    /// This operation for so many images.
    pub(crate) fn of(rng: &mut Rng, op: Op, batch: usize) -> Self {
        let params = params(&op);
        let values = tensors(rng, &params);
        let len = |shape: [usize; 3]| batch * shape.iter().product::<usize>();
        let operands = (0..op.arity()).map(|i| op.operand(i));
        Self {
            op,
            params,
            values: values.into_iter().map(|(_, values)| values).collect(),
            inputs: operands.map(|shape| inputs(rng, &op, len(shape))).collect(),
            dy: rng.numbers(len(op.output())),
        }
    }

    pub(crate) fn plain(&self) -> train::Single<f64> {
        let [values, inputs] = [&self.values, &self.inputs].map(|all| wide(all));
        train::plain(&self.op, &self.params, &values, &inputs, &widen(&self.dy))
    }
}

/// Around the kinks of RELU6 where that is what the operation does; in `[-1, 1)` otherwise.
fn inputs(rng: &mut Rng, op: &Op, len: usize) -> Vec<f32> {
    let scale =
        if op.fused() == Act::Relu6 || matches!(op, Op::Activation(d) if d.act == Act::Relu6) {
            9.0
        } else {
            1.0
        };
    let numbers = rng.numbers(len).into_iter();
    numbers.map(|x| x * scale).collect()
}

/// For each filter the maps that it sees, one at least.
fn table(rng: &mut Rng, d: &plan::Conv) -> Vec<Vec<usize>> {
    let maps = d.input[2];
    let mut row = |_| {
        let one = rng.size(0, maps - 1);
        let seen = |map: &usize| *map == one || rng.pick(&[true, false]);
        (0..maps).filter(seen).collect()
    };
    (0..d.filters).map(&mut row).collect()
}

/// The elements of a weight that its connection table leaves out.
pub(crate) fn unconnected(param: &Param) -> impl Iterator<Item = usize> {
    let table = param.connect.as_deref().unwrap_or_default();
    let [inputs, area] = match param.shape[..] {
        [_, inputs, h, w] => [inputs, h * w],
        _ => [0, 0],
    };
    let places =
        (0..table.len() * inputs).filter(move |i| !table[i / inputs].contains(&(i % inputs)));
    places.flat_map(move |i| i * area..(i + 1) * area)
}

pub(crate) fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| v.into()).collect()
}

pub(crate) fn wide(all: &[Vec<f32>]) -> Vec<Vec<f64>> {
    all.iter().map(|values| widen(values)).collect()
}

pub(crate) fn near(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * largest,
            "{what}[{i}]: {a}, expected {b}"
        );
    }
}
