//! Convolutions, transposed convolutions and fully connected layers on the emulated device, forward and back, against their definitions.

mod common;
#[path = "common/network.rs"]
mod network;

use common::{Rng, params, step, strided, tensors};
use netc_emulated_device::session_or_skip;
use netc_runtime::Device;
use netc_runtime::Model;
use netc_runtime::cuda::{Precision, single};
use netc_runtime::plan::{Act, Conv, ConvAdd, Copy, Deconv, Fc, Op, Operation, Plan, View};
use netc_runtime::train::{Setting, Single, plain};

use network::{executor, executor_on};

/// How an operation is called: images, channels around its views, and what gradients are added to.
#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    around: usize,
    accumulate: Option<f32>,
}

/// How far from the definition, by operands that are rounded as the precision says, a result may be: a share of the largest number.
const TOLERANCE: f64 = 1e-5;

/// A fully connected layer reads its weights once for so many images at most, and rounds nothing (`FEW` of fc.cu).
const EXACT_IMAGES: usize = 4;

/// The operand of a product: nearest, a tie away from 0 in tf32 (`cvt.rna`) and to even in bf16 (`cvt.rn`).
fn rounded(number: f32, precision: Precision) -> f64 {
    let bits = number.to_bits();
    let bits = match precision {
        Precision::F32 => bits,
        Precision::Tf32 => (bits + 0x1000) & !0x1fff,
        Precision::Bf16 => (bits + 0x7fff + (bits >> 16 & 1)) & !0xffff,
    };
    f64::from(f32::from_bits(bits))
}

/// The largest difference, as a share of the largest number.
fn difference(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(1e-3, |m: f64, e| m.max(e.abs()));
    let pairs = found.iter().zip(expected);
    let mut differences = pairs.map(|(f, e)| (f64::from(*f) - e).abs() / largest);
    differences
        .try_fold(
            0.0,
            |m: f64, d| if d.is_nan() { Err(d) } else { Ok(m.max(d)) },
        )
        .unwrap_or_else(|nan| nan)
}

/// `precision`: that of the device's products; depthwise convolutions are none.
fn check(rng: &mut Rng, device: &Device, op: impl Into<Op>, case: Case, precision: Precision) {
    let op = op.into();
    assert_eq!(op.problem(), None, "{op:?}");
    let params = params(&op);
    let values = tensors(rng, &params).into_iter();
    let values: Vec<Vec<f32>> = values.map(|(_, values)| values).collect();
    let count = |shape: [usize; 3]| shape.iter().product::<usize>() * case.batch;
    let (x, dy) = (
        rng.numbers(count(op.input())),
        rng.numbers(count(op.output())),
    );
    // Of x and the weight, and of dy: the first parameter is the weight, and a bias is summed as it is.
    let expected = |by: [Precision; 2]| -> Single<f64> {
        let operand = |numbers: &[f32], by| numbers.iter().map(|&v| rounded(v, by)).collect();
        let values = values.iter().enumerate();
        let values = values.map(|(i, v)| operand(v, if i == 0 { by[0] } else { Precision::F32 }));
        let values: Vec<Vec<f64>> = values.collect();
        plain(
            &op,
            &params,
            &values,
            &[operand(&x, by[0])],
            &operand(&dy, by[1]),
        )
    };
    let forward = match op {
        Op::Fc(_) if case.batch <= EXACT_IMAGES => Precision::F32,
        _ => precision,
    };
    let output = expected([forward, Precision::F32]).output;
    let back = expected([precision; 2]);
    let bias = expected([precision, Precision::F32]).gradients;
    let gradients = back.gradients.iter().take(1).chain(bias.iter().skip(1));
    let setting = Setting {
        around: case.around,
        accumulate: case.accumulate,
        ..Setting::default()
    };
    let found = single(device, &op, &params, &values, &[x], &dy, setting);
    let found = found.unwrap_or_else(|e| panic!("{op:?} {case:?}: {e}"));
    let before = f64::from(case.accumulate.unwrap_or(0.0));
    let dx: Vec<f64> = back.inputs[0].iter().map(|v| v + before).collect();
    let gradients = found.gradients.iter().zip(gradients);
    let differences = [
        difference(&found.output, &output),
        difference(&found.inputs[0], &dx),
    ];
    let gradients = gradients.map(|(found, expected)| difference(found, expected));
    let names = [
        "output",
        "gradient of the input",
        "of the weight",
        "of the bias",
    ];
    for (name, difference) in names.iter().zip(differences.into_iter().chain(gradients)) {
        assert!(
            difference <= TOLERANCE,
            "{name}: {difference:e} off, {TOLERANCE:e} allowed, in {precision}, {op:?} {case:?}"
        );
    }
}

/// A filter a channel.
fn draw_depthwise(rng: &mut Rng) -> Conv {
    let channels = rng.pick(&[5, 12, 32, 44, 71]);
    Conv {
        input: [rng.size(5, 19), rng.size(5, 19), channels],
        filters: channels,
        kernel: [rng.size(1, 5), rng.size(1, 5)],
        stride: [rng.size(1, 3), rng.size(1, 3)],
        pad: [0; 4].map(|_: usize| rng.size(0, 2)),
        dilation: rng.pick(&[[1, 1], [1, 1], [2, 1], [2, 3]]),
        groups: channels,
        bias: rng.pick(&[true, false]),
        act: rng.pick(&[Act::None, Act::Tanh]),
    }
}

fn draw(rng: &mut Rng, precision: Precision) -> (Op, Case) {
    let groups = rng.pick(&[1, 1, 2, 3]);
    let channels = |rng: &mut Rng| match rng.size(0, 2) {
        0 => rng.size(1, 5),
        1 => 4 * rng.size(1, 5),
        _ => rng.size(30, 70),
    };
    let (depth, filters) = (channels(rng), channels(rng));
    let conv = Conv {
        input: [rng.size(6, 11), rng.size(6, 11), depth * groups],
        filters: filters * groups,
        kernel: [rng.size(1, 3), rng.size(1, 3)],
        stride: [rng.size(1, 3), rng.size(1, 3)],
        pad: [0; 4].map(|_: usize| rng.size(0, 2)),
        dilation: [rng.size(1, 2), rng.size(1, 2)],
        groups,
        bias: rng.pick(&[true, false]),
        // The gradient behind another activation is rounded after its slope.
        act: match precision {
            Precision::F32 => rng.pick(&[Act::None, Act::Relu, Act::Tanh]),
            _ => rng.pick(&[Act::None, Act::Relu]),
        },
    };
    let deconv = Deconv {
        input: [rng.size(3, 6), rng.size(3, 6), depth * groups],
        filters: conv.filters,
        kernel: conv.kernel,
        stride: conv.stride,
        pad: [0, 1, 2, 3].map(|i: usize| {
            rng.size(0, 1)
                .min(conv.dilation[i / 2] * (conv.kernel[i / 2] - 1))
        }),
        output_pad: conv.stride.map(|stride| rng.below(stride)),
        dilation: conv.dilation,
        groups,
        bias: conv.bias,
        act: conv.act,
    };
    let fc = Fc {
        input: [rng.size(1, 3), rng.size(1, 3), channels(rng)],
        units: channels(rng),
        bias: conv.bias,
        act: conv.act,
    };
    let op = rng.pick(&[conv.into(), conv.into(), deconv.into(), fc.into()]);
    // A fully connected layer reads a picture as one vector.
    let around = match op {
        Op::Fc(fc) if fc.input[0] * fc.input[1] > 1 => 0,
        _ => rng.pick(&[0, 0, 3, 4]),
    };
    let case = Case {
        batch: rng.pick(&[1, 2, 5, 33]),
        around,
        accumulate: rng.pick(&[None, Some(0.5)]),
    };
    (op, case)
}

#[test]
fn products_are_what_their_definitions_say() {
    let Some(session) = session_or_skip() else {
        return;
    };
    let rng = &mut Rng(11);
    for round in 0..24 {
        let precision = Precision::ALL[round % 3];
        let (op, case) = draw(rng, precision);
        let device = Device::cuda(0).expect("the emulated device");
        session.set("seed", &round.to_string());
        check(rng, &device.with_precision(precision), op, case, precision);
    }
    assert_eq!(session.reports(), "");
}

/// What is added lies elsewhere, or where the output does; by a block an image, and by tiles.
#[test]
fn convolutions_onto_pictures_are_what_the_cpu_gives() {
    let Some(session) = session_or_skip() else {
        return;
    };
    let rng = &mut Rng(12);
    for round in 0..24 {
        let (Op::Conv(mut conv), _) = draw(rng, Precision::F32) else {
            continue;
        };
        let is_large = round % 3 == 0;
        if is_large {
            conv.input = [70, 66, conv.input[2]];
        }
        let op = Op::from(ConvAdd::of(conv));
        if op.problem().is_some() {
            continue;
        }
        session.set("seed", &round.to_string());
        let mut plan = strided(rng, op);
        if round % 2 == 0 {
            in_place(&mut plan);
        }
        let images = rng.numbers(2 * plan.input.iter().product::<usize>());
        let cuda = Device::cuda(0).expect("the emulated device");
        let [expected, found] = [executor(&plan), executor_on(&plan, cuda)].map(|model| {
            let mut workspace = model.workspace(2);
            let output = model.forward(&mut workspace, &images).expect("a pass");
            output.to_vec()
        });
        let expected: Vec<f64> = expected.into_iter().map(f64::from).collect();
        let difference = difference(&found, &expected);
        // The CPU may compute by Winograd's method.
        assert!(difference <= 3e-5, "{difference:e} off: {op:?}");
    }
    assert_eq!(session.reports(), "");
}

/// Has the last step write over its second input, from where the result is copied.
fn in_place(plan: &mut Plan) {
    let layer = plan.forward.last_mut().expect("a step");
    layer.output = layer.inputs[1];
    let output = layer.output;
    let result = View::arena(plan.arena.next_multiple_of(64), output.shape);
    let input = output.shape;
    let copy = step("result", Copy { input }, &[output], result);
    plan.forward.push(copy);
    plan.arena = result.bytes() + plan.arena.next_multiple_of(64);
    plan.output = vec![result.len()];
    plan.result = result;
}

#[test]
fn depthwise_convolutions_are_what_their_definition_says() {
    let Some(session) = session_or_skip() else {
        return;
    };
    let rng = &mut Rng(5);
    let device = Device::cuda(0).expect("the emulated device");
    let mut done = 0;
    while done < 8 {
        let op = Op::Conv(draw_depthwise(rng));
        if op.problem().is_some() {
            continue;
        }
        done += 1;
        session.set("seed", &done.to_string());
        let case = Case {
            batch: rng.pick(&[1, 3]),
            around: rng.pick(&[0, 3, 4]),
            accumulate: rng.pick(&[None, Some(0.5)]),
        };
        check(rng, &device, op, case, Precision::F32);
    }
    assert_eq!(session.reports(), "");
}
