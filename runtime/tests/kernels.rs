//! Every kernel against its plain reference, over random shapes, options, strides and batches.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, which panic as tests do"
)]

mod common;

use common::{Rng, plan, step, strided, tensors};
use netc_runtime::cpu::{Machine, Method};
use netc_runtime::plan::{self, Act, Interpolation, Op, Operation as _, Plan, Reduction, View};
use netc_runtime::{Executor, Model, Weights, reference};
use std::ops::Range;

const ACTS: [Act; 5] = [
    Act::None,
    Act::Relu,
    Act::LeakyRelu(0.1),
    Act::Tanh,
    Act::Gelu,
];

fn compare(rng: &mut Rng, plan: &Plan, context: &str) {
    let weights = Weights::from_tensors(tensors(rng, &plan.params), &plan.params).unwrap();
    let executor = Executor::new(plan, &weights).unwrap();
    let batch = rng.size(1, 5);
    let images = rng.numbers(batch * plan.input.iter().product::<usize>());
    let threads = rng.size(1, 3);
    let mut workspace = executor
        .workspace(batch + rng.size(0, 1))
        .with_threads(threads);
    let fast = executor.forward(&mut workspace, &images).unwrap();
    let images: Vec<f64> = images.into_iter().map(f64::from).collect();
    let plain = reference::run::<f64>(plan, &weights, &images);
    assert_eq!(fast.len(), plain.len(), "{context}");
    let scale = plain.iter().fold(1.0_f64, |max, y| max.max(y.abs()));
    let mut choices = plan
        .forward
        .iter()
        .map(|step| Machine::here().choice(&step.op));
    let bound = match choices.any(|choice| choice.method == Method::Winograd4) {
        true => 2e-5,
        false => 4e-6,
    };
    for (i, (&fast, &plain)) in fast.iter().zip(&plain).enumerate() {
        let error = (f64::from(fast) - plain).abs();
        assert!(
            error <= bound * scale,
            "{context}, batch {batch}, element {i}: {fast}, exactly {plain}"
        );
    }
}

/// Runs `make`'s operations, dense enough in the space of their options.
fn check(rounds: usize, make: impl Fn(&mut Rng) -> Op) {
    for round in 0..rounds {
        let rng = &mut Rng(round as u64 * 7919);
        let op = make(rng);
        if op.output().contains(&0) {
            continue;
        }
        let plan = strided(rng, op);
        compare(rng, &plan, &format!("round {round}: {op:?}"));
    }
}

fn picture(rng: &mut Rng) -> [usize; 3] {
    let channels = [1, 2, 3, 7, 16, 31, 33, 64, 70];
    [rng.size(1, 12), rng.size(1, 12), rng.pick(&channels)]
}

/// Window, stride and padding; some windows lie outside the picture altogether.
fn window(rng: &mut Rng) -> ([usize; 2], [usize; 2], [usize; 4]) {
    (
        [rng.size(1, 5), rng.size(1, 5)],
        [rng.size(1, 6), rng.size(1, 6)],
        core::array::from_fn(|_| rng.pick(&[0, 0, 1, 2, 6])),
    )
}

#[test]
fn conv() {
    check(150, |rng| {
        let (kernel, stride, pad) = window(rng);
        let groups = rng.pick(&[1, 1, 2, 3]);
        let mut input = picture(rng);
        input[2] = groups * rng.pick(&[1, 2, 3, 8, 17]);
        plan::Conv {
            input,
            filters: groups * rng.pick(&[1, 2, 5, 16, 33]),
            kernel,
            stride,
            pad,
            dilation: [rng.pick(&[1, 1, 2]), rng.pick(&[1, 1, 3])],
            groups,
            bias: rng.pick(&[true, false]),
            act: rng.pick(&ACTS),
        }
        .into()
    });
}

#[test]
fn depthwise_conv() {
    check(100, |rng| {
        let (kernel, stride, pad) = window(rng);
        let input = picture(rng);
        plan::Conv {
            input,
            filters: input[2] * rng.pick(&[1, 1, 2]),
            kernel,
            stride,
            pad,
            dilation: [rng.pick(&[1, 1, 2]), 1],
            groups: input[2],
            bias: rng.pick(&[true, false]),
            act: rng.pick(&ACTS),
        }
        .into()
    });
}

/// More channels than a task has operations for one pixel.
#[test]
fn depthwise_conv_of_many_channels() {
    check(1, |_| {
        plan::Conv {
            input: [3, 3, 1400],
            filters: 1400,
            kernel: [7, 7],
            pad: [3; 4],
            groups: 1400,
            ..plan::Conv::DEFAULT
        }
        .into()
    });
}

#[test]
fn fc() {
    check(100, |rng| {
        let input = rng.pick(&[[1, 1, 1], [1, 1, 300], [3, 2, 5], [4, 4, 33], [1, 5, 16]]);
        plan::Fc {
            input,
            units: rng.pick(&[1, 2, 10, 16, 33, 100]),
            bias: rng.pick(&[true, false]),
            act: rng.pick(&ACTS),
        }
        .into()
    });
}

#[test]
fn max_pool() {
    check(300, |rng| {
        let (window, stride, pad) = window(rng);
        let (input, act) = (picture(rng), rng.pick(&ACTS));
        plan::MaxPool {
            input,
            window,
            stride,
            pad,
            act,
        }
        .into()
    });
}

#[test]
fn avg_pool() {
    check(300, |rng| {
        let (window, stride, pad) = window(rng);
        let (input, act) = (picture(rng), rng.pick(&ACTS));
        plan::AvgPool {
            input,
            window,
            stride,
            pad,
            counted: rng.pick(&[[0; 4], pad, [pad[0], 0, 0, pad[3]]]),
            act,
        }
        .into()
    });
}

#[test]
fn deconv() {
    check(300, |rng| {
        let [h, w, c] = picture(rng);
        let groups = rng.pick(&[1, 1, 1, 2, 3]);
        let two = |rng: &mut Rng, most| [rng.size(1, most), rng.size(1, most)];
        let (kernel, stride, dilation) = (two(rng, 4), two(rng, 4), two(rng, 2));
        let pad = [0, 0, 1, 1].map(|axis: usize| {
            let reach = dilation[axis] * (kernel[axis] - 1);
            rng.size(0, reach.min([h, w][axis] / 2))
        });
        plan::Deconv {
            input: [h, w, c * groups],
            filters: groups * rng.pick(&[1, 3, 16, 21, 48]),
            kernel,
            stride,
            pad,
            output_pad: stride.map(|stride| rng.size(0, stride - 1)),
            dilation,
            groups,
            bias: rng.pick(&[true, false]),
            act: rng.pick(&ACTS),
        }
        .into()
    });
}

#[test]
fn subsample() {
    check(200, |rng| {
        let (window, stride, _) = window(rng);
        let (input, act) = (picture(rng), rng.pick(&ACTS));
        plan::Subsample {
            input,
            window,
            stride,
            act,
        }
        .into()
    });
}

#[test]
fn global_pool() {
    check(100, |rng| {
        let input = picture(rng);
        plan::GlobalPool {
            input,
            kind: rng.pick(&[Reduction::Mean, Reduction::Max]),
        }
        .into()
    });
}

#[test]
fn adaptive_avg_pool() {
    check(100, |rng| {
        let input = picture(rng);
        let size = [rng.size(1, 12), rng.size(1, 12)];
        plan::AdaptiveAvgPool { input, size }.into()
    });
}

#[test]
fn slice() {
    check(50, |rng| {
        let [h, w, c] = picture(rng);
        let (before, after) = (rng.size(0, 4), rng.size(0, 4));
        plan::Slice {
            input: [h, w, before + c + after],
            from: before,
            to: before + c,
        }
        .into()
    });
}

#[test]
fn batch_norm() {
    check(100, |rng| {
        let (input, act) = (picture(rng), rng.pick(&ACTS));
        let eps = rng.pick(&[1e-3, 1e-5]);
        plan::BatchNorm { input, eps, act }.into()
    });
}

#[test]
fn lrn() {
    check(100, |rng| {
        plan::Lrn {
            input: picture(rng),
            n: rng.pick(&[1, 2, 3, 4, 5, 9, 200]),
            k: rng.pick(&[1.0, 2.0]),
            alpha: rng.pick(&[1e-4, 0.1, 1.0]),
            beta: rng.pick(&[0.75, 0.75, 0.5, 1.0]),
        }
        .into()
    });
}

#[test]
fn activation() {
    let acts = [
        Act::None,
        Act::Relu,
        Act::Relu6,
        Act::LeakyRelu(0.01),
        Act::Elu(1.0),
        Act::Gelu,
        Act::Silu,
        Act::Sigmoid,
        Act::Tanh,
        Act::LecunTanh,
    ];
    check(100, |rng| {
        let (input, act) = (picture(rng), rng.pick(&acts));
        plan::Activation { input, act }.into()
    });
}

#[test]
fn softmax() {
    check(100, |rng| {
        plan::Softmax {
            input: picture(rng),
        }
        .into()
    });
}

#[test]
fn transpose() {
    check(50, |rng| {
        plan::Transpose {
            input: picture(rng),
        }
        .into()
    });
}

#[test]
fn pad() {
    check(100, |rng| {
        let (input, (_, _, pad)) = (picture(rng), window(rng));
        plan::Pad { input, pad }.into()
    });
}

#[test]
fn upsample() {
    check(50, |rng| {
        let (input, factor) = (picture(rng), [rng.size(1, 3), rng.size(1, 3)]);
        let mode = rng.pick(&[Interpolation::Nearest, Interpolation::Bilinear]);
        plan::Upsample {
            input,
            factor,
            mode,
        }
        .into()
    });
}

#[test]
fn add() {
    check(100, |rng| {
        let (input, act) = (picture(rng), rng.pick(&ACTS));
        plan::Add { input, act }.into()
    });
}

#[test]
fn conv_add() {
    check(150, |rng| {
        let (kernel, stride, pad) = window(rng);
        let groups = rng.pick(&[1, 1, 2, 3]);
        let mut input = picture(rng);
        input[2] = groups * rng.pick(&[2, 3, 8, 17]);
        let conv = plan::Conv {
            input,
            filters: groups * rng.size(1, 40),
            kernel,
            stride: rng.pick(&[stride, [1, 1]]),
            pad,
            groups,
            act: rng.pick(&ACTS),
            ..plan::Conv::DEFAULT
        };
        plan::ConvAdd::of(conv).into()
    });
}

#[test]
fn copy() {
    check(50, |rng| {
        plan::Copy {
            input: picture(rng),
        }
        .into()
    });
}

#[test]
fn rbf() {
    check(50, |rng| {
        let input = picture(rng);
        plan::Rbf { input, classes: 10 }.into()
    });
}

/// Rows long enough for several tasks, so that the threads have something to share.
#[test]
fn pictures_of_some_size() {
    let input = [57, 61, 40];
    let mut all: Vec<Op> = vec![
        plan::MaxPool {
            input,
            window: [3, 3],
            ..Default::default()
        }
        .into(),
        plan::AvgPool {
            input,
            window: [3, 3],
            ..Default::default()
        }
        .into(),
        plan::Lrn {
            input,
            ..Default::default()
        }
        .into(),
        plan::Activation {
            input,
            act: Act::Silu,
        }
        .into(),
        plan::Softmax { input }.into(),
        plan::Add {
            input,
            act: Act::Relu,
        }
        .into(),
        plan::BatchNorm {
            input,
            ..Default::default()
        }
        .into(),
        plan::GlobalPool {
            input,
            ..plan::GlobalPool::DEFAULT
        }
        .into(),
    ];
    all.push(
        plan::Conv {
            input,
            filters: 8,
            kernel: [3, 3],
            pad: [1; 4],
            ..Default::default()
        }
        .into(),
    );
    for (i, op) in all.into_iter().enumerate() {
        let rng = &mut Rng(i as u64);
        let plan = strided(rng, op);
        compare(rng, &plan, &format!("{op:?}"));
    }
}

#[test]
fn mul() {
    check(60, |rng| {
        plan::Mul {
            input: picture(rng),
            spread: rng.pick(&[true, false]),
            act: rng.pick(&ACTS),
        }
        .into()
    });
}

#[test]
fn layer_norm() {
    check(60, |rng| {
        plan::LayerNorm {
            input: picture(rng),
            ..Default::default()
        }
        .into()
    });
}

#[test]
fn group_norm() {
    check(60, |rng| {
        let groups = rng.pick(&[1, 2, 7]);
        let [h, w, c] = picture(rng);
        plan::GroupNorm {
            input: [h, w, groups * c],
            groups,
            act: rng.pick(&ACTS),
            ..Default::default()
        }
        .into()
    });
}

#[test]
fn scale_and_prelu() {
    check(60, |rng| {
        let scale = plan::Scale {
            input: picture(rng),
            act: rng.pick(&ACTS),
            ..Default::default()
        };
        let prelu = plan::Prelu {
            input: picture(rng),
            shared: rng.pick(&[true, false]),
        };
        rng.pick(&[scale.into(), prelu.into()])
    });
}

#[test]
fn in_place() {
    let input = [5, 6, 19];
    let len = 5 * 6 * 19;
    let ops: [Op; 8] = [
        plan::Activation {
            input,
            act: Act::Elu(1.0),
        }
        .into(),
        plan::Softmax { input }.into(),
        plan::BatchNorm {
            input,
            act: Act::Relu,
            ..Default::default()
        }
        .into(),
        plan::Add {
            input,
            act: Act::Sigmoid,
        }
        .into(),
        plan::Mul {
            input,
            act: Act::Tanh,
            ..Default::default()
        }
        .into(),
        plan::Scale {
            input,
            act: Act::Relu,
            ..Default::default()
        }
        .into(),
        plan::Prelu {
            input,
            ..Default::default()
        }
        .into(),
        plan::LayerNorm {
            input,
            ..Default::default()
        }
        .into(),
    ];
    for op in ops {
        assert!(op.in_place(0));
        for (dense, choice) in [(true, 0), (false, 1), (true, 1), (true, 2), (false, 2)] {
            let pixel = if dense { 19 } else { 25 };
            let place = |offset| {
                let view = View::arena(offset, input);
                if dense { view } else { view.channels(4, pixel) }
            };
            let (a, b) = (place(0), place(2 * 4 * len));
            let copy = |name, to| step(name, plan::Copy { input }, &[View::input(input)], to);
            let inputs: &[View] = match (op.arity(), choice) {
                (1, _) => &[a],
                (_, 0) => &[a, b],
                (_, 1) => &[b, a],
                _ => &[a, a],
            };
            let result = View::arena(0, [5, 6, pixel]);
            let mut steps = vec![copy("copy1", a), copy("copy2", b)];
            if !dense {
                steps.extend(beside(result, input, [0..4, 23..pixel]));
            }
            steps.push(step("layer", op, inputs, a));
            let plan = plan(&input, steps, common::params(&op), result);
            compare(&mut Rng(1), &plan, &format!("{op:?}, {inputs:?}"));
        }
    }
}

/// Steps that fill channels of a buffer with numbers of the image.
fn beside(whole: View, [h, w, c]: [usize; 3], channels: [Range<usize>; 2]) -> Vec<plan::Step> {
    let channels = channels.into_iter();
    let copy = |range: Range<usize>| {
        let input = [h, w, range.len()];
        let to = View {
            shape: input,
            ..whole.channels(range.start, whole.pixel)
        };
        let from = View::input(input).channels(0, c);
        let name = format!("beside{}", range.start);
        step(&name, plan::Copy { input }, &[from], to)
    };
    channels.map(copy).collect()
}

/// DenseNet's case: an operation reads some channels of a buffer and writes others of the same.
#[test]
fn channels_of_one_buffer() {
    let input = [9, 9, 12];
    let buffer = View::arena(0, [9, 9, 40]);
    let (x, y) = (
        View {
            shape: input,
            ..buffer
        }
        .channels(3, 40),
        View {
            shape: [9, 9, 20],
            ..buffer
        }
        .channels(15, 40),
    );
    let conv = plan::Conv {
        input,
        filters: 20,
        kernel: [3, 3],
        pad: [1; 4],
        ..Default::default()
    };
    let params = common::params(&conv.into());
    let copy = step("copy", plan::Copy { input }, &[View::input(input)], x);
    let mut steps = vec![copy];
    steps.extend(beside(buffer, input, [0..3, 35..40]));
    steps.push(step("layer", conv, &[x], y));
    compare(
        &mut Rng(3),
        &plan(&input, steps, params, buffer),
        "dense block",
    );
}

/// What a NaN does: it wins a maximum, and spreads through everything that computes with it.
#[test]
fn a_nan_is_not_lost() {
    let input = [4, 4, 3];
    let ops: [Op; 7] = [
        plan::MaxPool {
            input,
            act: Act::Relu,
            ..Default::default()
        }
        .into(),
        plan::AvgPool {
            input,
            ..Default::default()
        }
        .into(),
        plan::GlobalPool {
            input,
            ..plan::GlobalPool::DEFAULT
        }
        .into(),
        plan::Lrn {
            input,
            ..Default::default()
        }
        .into(),
        plan::Activation {
            input,
            act: Act::Relu6,
        }
        .into(),
        plan::Softmax { input }.into(),
        plan::Conv {
            input,
            filters: 2,
            kernel: [3, 3],
            act: Act::Relu,
            ..Default::default()
        }
        .into(),
    ];
    for op in ops {
        let rng = &mut Rng(1);
        let plan = strided(rng, op);
        let weights = Weights::from_tensors(tensors(rng, &plan.params), &plan.params).unwrap();
        let executor = Executor::new(&plan, &weights).unwrap();
        let mut image = rng.numbers(48);
        image[17] = f32::NAN;
        let mut workspace = executor.workspace(1);
        let fast = executor.forward(&mut workspace, &image).unwrap();
        let plain = reference::run::<f32>(&plan, &weights, &image);
        let nans = |all: &[f32]| all.iter().map(|y| y.is_nan()).collect::<Vec<_>>();
        assert!(nans(fast).contains(&true), "{op:?}");
        assert_eq!(nans(fast), nans(&plain), "{op:?}");
    }
}
