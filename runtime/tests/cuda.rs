//! The kernels for GPUs on the emulated device, against the plain references and the CPU: random shapes and options, forward and back, threads
//! in several orders.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, which panic as tests do"
)]

mod common;
#[path = "common/network.rs"]
mod network;
#[path = "common/operations.rs"]
mod operations;

use common::{Rng, params, step, strided};
use netc_emulated_device::{KernelCounters, Session};
use netc_runtime::plan::{self, Act, Interpolation, Op, Reduction, View};
use netc_runtime::train::{self, Setting, Single};
use netc_runtime::{Device, Model, cuda};
use network::{executor, executor_on, network};
use operations::{ACTS, Example, near, widen};
use std::collections::BTreeMap;
use std::io::Write;

/// Orders in which the threads of a block go on.
const ORDERS: [&str; 4] = ["forward", "reverse", "7", "8"];

/// So many examples of each operation.
const TIMES: usize = 3;

/// The emulated device, where there is one.
fn device() -> Option<(Session<'static>, Device)> {
    match netc_emulated_device::device() {
        Ok(device) => {
            let session = device.session();
            Some((session, Device::cuda(0).expect("the emulated device")))
        }
        Err(missing) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED: no emulated device: {missing}");
            None
        }
    }
}

/// What multiplies with weights has tests of its own.
fn is_product(op: &Op) -> bool {
    matches!(op, Op::Conv(_) | Op::Deconv(_) | Op::Fc(_))
}

fn any_setting(rng: &mut Rng) -> Setting {
    Setting {
        around: rng.pick(&[0, 0, 1, 4]),
        accumulate: rng.pick(&[None, None, Some(0.25)]),
        in_place: rng.pick(&[true, false]),
        threads: 1,
    }
}

/// The kernels of an example; nothing may be reported.
fn run(session: &Session<'_>, gpu: &Device, example: &Example, setting: Setting) -> Single<f32> {
    let Example {
        op,
        params,
        values,
        inputs,
        dy,
    } = example;
    let found = cuda::single(gpu, op, params, values, inputs, dy, setting);
    assert_eq!(session.reports(), "", "{op:?}, {setting:?}");
    found.unwrap_or_else(|error| panic!("{op:?}, {setting:?}: {error}"))
}

fn compare(session: &Session<'_>, gpu: &Device, example: &Example, setting: Setting) {
    let what = format!("{:?}, {setting:?}", example.op);
    let found = run(session, gpu, example, setting);
    let expected = example.plain();
    near(&what, &widen(&found.output), &expected.output, 2e-5);
    let before = f64::from(setting.accumulate.unwrap_or(0.0));
    for (found, expected) in found.inputs.iter().zip(&expected.inputs) {
        let found: Vec<f64> = widen(found).into_iter().map(|dx| dx - before).collect();
        near(&format!("{what} dx"), &found, expected, 3e-5);
    }
    let names = example.params.iter().map(|param| &param.name);
    let pairs = found.gradients.iter().zip(&expected.gradients);
    for (name, (found, expected)) in names.clone().zip(pairs) {
        near(&format!("{what} {name}"), &widen(found), expected, 3e-5);
    }
    let pairs = found.params.iter().zip(&expected.params);
    for (name, (found, expected)) in names.zip(pairs) {
        let what = format!("{what} {name} after the step");
        near(&what, &widen(found), expected, 1e-5);
    }
}

#[test]
fn kernels_give_what_the_definitions_say() {
    let Some((session, gpu)) = device() else {
        return;
    };
    let mut rng = Rng(41);
    let mut drawn: BTreeMap<&str, usize> = BTreeMap::new();
    let mut number = 0;
    while drawn.len() < Op::NAMES.len() - 1 || drawn.values().any(|times| *times < TIMES) {
        number += 1;
        let Some(example) = Example::new(&mut rng, number % 3 > 0) else {
            continue;
        };
        let times = drawn.entry(example.op.name()).or_default();
        if *times == TIMES {
            continue;
        }
        *times += 1;
        let setting = any_setting(&mut rng);
        if !is_product(&example.op) {
            session.set("seed", ORDERS[number % ORDERS.len()]);
            compare(&session, &gpu, &example, setting);
        }
    }
}

/// Shapes that take several blocks, several turns of a thread, or more registers than a thread has.
fn large() -> Vec<Op> {
    let picture = |h, w, c| [h, w, c];
    let groups = |input: [usize; 3], groups| {
        Op::GroupNorm(plan::GroupNorm {
            input,
            groups,
            act: Act::Relu,
            ..plan::GroupNorm::DEFAULT
        })
    };
    let norm = |input| {
        Op::BatchNormTraining(plan::BatchNormTraining {
            input,
            ..plan::BatchNormTraining::DEFAULT
        })
    };
    let pool = |input, kind| Op::GlobalPool(plan::GlobalPool { input, kind });
    let lrn = |input, n| {
        Op::Lrn(plan::Lrn {
            input,
            n,
            alpha: 0.5,
            ..plan::Lrn::DEFAULT
        })
    };
    let layer = |input| {
        Op::LayerNorm(plan::LayerNorm {
            input,
            ..plan::LayerNorm::DEFAULT
        })
    };
    vec![
        norm(picture(20, 20, 132)),
        norm(picture(40, 40, 3)),
        norm(picture(1, 1, 70)),
        groups(picture(6, 6, 320), 1),
        groups(picture(6, 6, 70), 70),
        groups(picture(7, 5, 66), 22),
        groups(picture(5, 5, 135), 3),
        layer(picture(2, 2, 1100)),
        layer(picture(2, 3, 301)),
        layer(picture(9, 9, 96)),
        Op::Softmax(plan::Softmax {
            input: picture(1, 1, 1300),
        }),
        Op::Softmax(plan::Softmax {
            input: picture(2, 1, 1001),
        }),
        pool(picture(33, 32, 20), Reduction::Mean),
        pool(picture(7, 7, 260), Reduction::Mean),
        pool(picture(14, 14, 6), Reduction::Max),
        pool(picture(33, 32, 8), Reduction::Max),
        lrn(picture(3, 3, 70), 11),
        lrn(picture(2, 2, 20), 64),
        lrn(picture(2, 2, 8), 1),
        Op::Mul(plan::Mul {
            input: picture(34, 31, 12),
            spread: true,
            act: Act::None,
        }),
        Op::Prelu(plan::Prelu {
            input: picture(20, 20, 140),
            shared: true,
        }),
        Op::Scale(plan::Scale {
            input: picture(20, 20, 140),
            ..plan::Scale::DEFAULT
        }),
        Op::Transpose(plan::Transpose {
            input: picture(9, 8, 70),
        }),
        Op::MaxPool(plan::MaxPool {
            input: picture(12, 12, 64),
            window: [3, 3],
            stride: [2, 2],
            ..plan::MaxPool::DEFAULT
        }),
        Op::Upsample(plan::Upsample {
            input: picture(8, 8, 40),
            factor: [3, 2],
            mode: Interpolation::Bilinear,
        }),
        Op::Rbf(plan::Rbf {
            input: picture(1, 1, 84),
            classes: 10,
        }),
    ]
}

#[test]
fn large_shapes() {
    let Some((session, gpu)) = device() else {
        return;
    };
    let mut rng = Rng(42);
    for (number, op) in large().into_iter().enumerate() {
        let example = Example::of(&mut rng, op, 3);
        session.set("seed", ORDERS[number % ORDERS.len()]);
        let setting = any_setting(&mut rng);
        compare(&session, &gpu, &example, setting);
    }
}

/// Far from 0 a variance is the small difference of large numbers, unless it is computed with care.
#[test]
fn statistics_far_from_zero() {
    let Some((session, gpu)) = device() else {
        return;
    };
    let mut rng = Rng(43);
    let input = [9, 9, 12];
    for op in [
        Op::BatchNormTraining(plan::BatchNormTraining {
            input,
            ..plan::BatchNormTraining::DEFAULT
        }),
        Op::LayerNorm(plan::LayerNorm {
            input,
            ..plan::LayerNorm::DEFAULT
        }),
        Op::GroupNorm(plan::GroupNorm {
            input,
            groups: 3,
            ..plan::GroupNorm::DEFAULT
        }),
    ] {
        let mut example = Example::of(&mut rng, op, 4);
        // Sixteenths, so that moving them loses nothing.
        let moved = example.inputs[0].iter().map(|x| (x * 16.0).round() / 16.0);
        example.inputs[0] = moved.map(|x| x + 2000.0).collect();
        let found = run(&session, &gpu, &example, Setting::default());
        let expected = example.plain();
        let what = format!("{op:?}");
        near(&what, &widen(&found.output), &expected.output, 2e-3);
        near(&what, &widen(&found.inputs[0]), &expected.inputs[0], 2e-3);
    }
}

/// Both none, or the same number.
fn same(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        let close = (a - b).abs() <= 2e-5 * b.abs().max(1.0);
        let same = a == b || close || (a.is_nan() && b.is_nan());
        assert!(same, "{what}[{i}]: {a}, on the CPU {b}");
    }
}

#[test]
fn what_is_no_number_goes_where_the_cpu_lets_it_go() {
    let Some((session, gpu)) = device() else {
        return;
    };
    let mut rng = Rng(44);
    let input = [6, 6, 8];
    let window = plan::MaxPool {
        input,
        window: [3, 3],
        stride: [2, 2],
        pad: [1, 0, 1, 0],
        act: Act::None,
    };
    let ops = [
        Op::MaxPool(window),
        Op::MaxPool(plan::MaxPool {
            window: [2, 2],
            ..window
        }),
        Op::GlobalPool(plan::GlobalPool {
            input,
            kind: Reduction::Max,
        }),
        Op::GlobalPool(plan::GlobalPool {
            input,
            kind: Reduction::Mean,
        }),
        Op::Prelu(plan::Prelu {
            input,
            shared: false,
        }),
        Op::Softmax(plan::Softmax { input }),
        Op::LayerNorm(plan::LayerNorm {
            input,
            ..plan::LayerNorm::DEFAULT
        }),
        Op::BatchNormTraining(plan::BatchNormTraining {
            input,
            ..plan::BatchNormTraining::DEFAULT
        }),
    ];
    let acts = [Act::Gelu, Act::Silu, Act::HardSigmoid, Act::HardSwish].into_iter();
    let acts = acts.chain(ACTS).map(|act| plan::Activation { input, act });
    for op in ops.into_iter().chain(acts.map(Op::Activation)) {
        let mut example = Example::of(&mut rng, op, 2);
        for special in [f32::NAN, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3e38] {
            for _ in 0..3 {
                let at = rng.below(example.inputs[0].len());
                example.inputs[0][at] = special;
            }
        }
        // Equal numbers: the first one wins.
        let last = example.inputs[0].len() - input[2] * 4;
        example.inputs[0][last..].fill(0.5);
        let Example {
            params,
            values,
            inputs,
            dy,
            ..
        } = &example;
        let setting = Setting::default();
        let expected = train::fast(&op, params, values, inputs, dy, setting);
        let found = run(&session, &gpu, &example, setting);
        let what = format!("{op:?}");
        same(&what, &found.output, &expected.output);
        same(&format!("{what} dx"), &found.inputs[0], &expected.inputs[0]);
    }
}

/// The same elements are dropped, and those that are not become the same number; so does all that is only moved.
#[test]
fn the_very_numbers_of_the_cpu() {
    let Some((session, gpu)) = device() else {
        return;
    };
    let mut rng = Rng(45);
    let input = [5, 7, 12];
    let ops = [
        Op::Dropout(plan::Dropout {
            input,
            p: 0.3,
            index: 2,
        }),
        Op::DropPath(plan::DropPath {
            input,
            p: 0.5,
            index: 3,
        }),
        Op::Dropout(plan::Dropout {
            input,
            p: 0.0,
            index: 0,
        }),
        Op::Copy(plan::Copy { input }),
        Op::Shuffle(plan::Shuffle { input, groups: 4 }),
        Op::Transpose(plan::Transpose { input }),
        Op::Add(plan::Add {
            input,
            act: Act::Relu,
        }),
    ];
    for op in ops {
        for around in [0, 1] {
            let example = Example::of(&mut rng, op, 8);
            let Example {
                params,
                values,
                inputs,
                dy,
                ..
            } = &example;
            let setting = Setting {
                around,
                ..Setting::default()
            };
            let expected = train::fast(&op, params, values, inputs, dy, setting);
            let found = run(&session, &gpu, &example, setting);
            assert_eq!(found.output, expected.output, "{op:?}");
            assert_eq!(found.inputs, expected.inputs, "{op:?}");
        }
    }
}

/// By one block an image, with what lies beside the output left alone.
#[test]
fn small_networks_of_one_operation() {
    let Some((session, gpu)) = device() else {
        return;
    };
    let mut rng = Rng(46);
    let mut drawn: BTreeMap<&str, usize> = BTreeMap::new();
    for number in 0..400 {
        let Some(example) = Example::new(&mut rng, number % 3 > 0) else {
            continue;
        };
        let op = example.op;
        let times = drawn.entry(op.name()).or_default();
        if *times == 2 || is_product(&op) || !op.occurs(false) {
            continue;
        }
        *times += 1;
        session.set("seed", ORDERS[number % ORDERS.len()]);
        let plan = strided(&mut rng, op);
        let images = rng.numbers(3 * plan.input.iter().product::<usize>());
        let [expected, found] = [executor(&plan), executor_on(&plan, gpu.clone())].map(|model| {
            let mut workspace = model.workspace(3);
            model.forward(&mut workspace, &images).unwrap().to_vec()
        });
        assert_eq!(session.reports(), "", "{op:?}");
        near(&format!("{op:?}"), &widen(&found), &widen(&expected), 3e-5);
    }
}

/// Operations that only stream: what they move is counted.
fn streams() -> Vec<Op> {
    let input = [14, 14, 64];
    let small = [2, 2];
    let max = |window, stride| {
        Op::MaxPool(plan::MaxPool {
            input,
            window,
            stride,
            ..plan::MaxPool::DEFAULT
        })
    };
    let up = |mode| {
        Op::Upsample(plan::Upsample {
            input,
            factor: small,
            mode,
        })
    };
    let mul = |spread| {
        Op::Mul(plan::Mul {
            input,
            spread,
            act: Act::None,
        })
    };
    vec![
        max([3, 3], small),
        max(small, small),
        Op::AvgPool(plan::AvgPool {
            input,
            ..plan::AvgPool::DEFAULT
        }),
        Op::AdaptiveAvgPool(plan::AdaptiveAvgPool {
            input,
            size: [7, 7],
        }),
        Op::GlobalPool(plan::GlobalPool {
            input,
            kind: Reduction::Mean,
        }),
        Op::GlobalPool(plan::GlobalPool {
            input,
            kind: Reduction::Max,
        }),
        Op::BatchNormTraining(plan::BatchNormTraining {
            input,
            act: Act::Relu,
            ..plan::BatchNormTraining::DEFAULT
        }),
        Op::LayerNorm(plan::LayerNorm {
            input,
            ..plan::LayerNorm::DEFAULT
        }),
        Op::GroupNorm(plan::GroupNorm {
            input,
            groups: 8,
            ..plan::GroupNorm::DEFAULT
        }),
        Op::Lrn(plan::Lrn {
            input,
            ..plan::Lrn::DEFAULT
        }),
        Op::Scale(plan::Scale {
            input,
            ..plan::Scale::DEFAULT
        }),
        Op::Prelu(plan::Prelu {
            input,
            shared: false,
        }),
        Op::Softmax(plan::Softmax {
            input: [1, 1, 1000],
        }),
        Op::Dropout(plan::Dropout {
            input,
            p: 0.5,
            index: 0,
        }),
        Op::Transpose(plan::Transpose { input }),
        Op::Pad(plan::Pad { input, pad: [1; 4] }),
        Op::Crop(plan::Crop {
            input,
            crop: [1; 4],
        }),
        up(Interpolation::Nearest),
        up(Interpolation::Bilinear),
        Op::Shuffle(plan::Shuffle { input, groups: 4 }),
        Op::Slice(plan::Slice {
            input,
            from: 16,
            to: 48,
        }),
        Op::Add(plan::Add {
            input,
            act: Act::Relu,
        }),
        mul(true),
        mul(false),
        Op::Copy(plan::Copy { input }),
        Op::Subsample(plan::Subsample {
            input,
            ..plan::Subsample::DEFAULT
        }),
        Op::Activation(plan::Activation {
            input,
            act: Act::Gelu,
        }),
    ]
}

/// Of the sectors of 32 bytes that warps ask for four fifths are full, where a kernel moves much; no two lanes wait for one bank of shared
/// memory; and a forward pass moves little more than its inputs and its output.
#[test]
fn memory_is_moved_in_whole_lines_and_once() {
    let Some((session, gpu)) = device() else {
        return;
    };
    let mut rng = Rng(47);
    for op in streams() {
        let example = Example::of(&mut rng, op, 4);
        session.set("count", "1");
        run(&session, &gpu, &example, Setting::default());
        let kernels = session.counters();
        session.set("count", "0");
        session.reset();
        let moved = |k: &KernelCounters| k.global_reads.footprint + k.global_writes.footprint;
        let all: u64 = kernels.iter().map(moved).sum();
        for kernel in &kernels {
            let what = format!("{op:?}: {kernel:?}");
            for traffic in [&kernel.global_reads, &kernel.global_writes] {
                let much = traffic.footprint * 20 > all;
                assert!(!much || traffic.efficiency() >= 0.8, "{what}");
            }
            for traffic in [&kernel.shared_reads, &kernel.shared_writes] {
                assert!(traffic.efficiency() >= 0.95, "{what}");
            }
        }
        let forward = kernels.iter().filter(|k| k.name.contains("forward"));
        let forward: u64 = forward.map(moved).sum();
        let values = example.inputs.iter().map(Vec::len).sum::<usize>() + example.dy.len();
        // What reads statistics first reads twice.
        let limit = if matches!(op, Op::BatchNormTraining(_)) {
            1.6
        } else {
            1.1
        };
        let times = forward as f64 / (4 * values) as f64;
        assert!(times <= limit, "{op:?} moves {times} of its values");
    }
}

/// Where the output lies over the input.
#[test]
fn in_place() {
    let Some((session, gpu)) = device() else {
        return;
    };
    let mut rng = Rng(48);
    let input = [5, 6, 20];
    let ops = [
        Op::BatchNorm(plan::BatchNorm {
            input,
            act: Act::Relu,
            ..plan::BatchNorm::DEFAULT
        }),
        Op::LayerNorm(plan::LayerNorm {
            input,
            ..plan::LayerNorm::DEFAULT
        }),
        Op::Softmax(plan::Softmax { input }),
        Op::Prelu(plan::Prelu {
            input,
            shared: false,
        }),
        Op::Scale(plan::Scale {
            input,
            ..plan::Scale::DEFAULT
        }),
        Op::Add(plan::Add {
            input,
            act: Act::None,
        }),
        Op::Mul(plan::Mul {
            input,
            spread: false,
            act: Act::None,
        }),
        Op::Activation(plan::Activation {
            input,
            act: Act::Tanh,
        }),
    ];
    for op in ops {
        let view = View::arena(0, input);
        let copy = step("copy", plan::Copy { input }, &[View::input(input)], view);
        let layer = step("layer", op, &vec![view; op.arity()], view);
        let plan = common::plan(&input, vec![copy, layer], params(&op), view);
        let images = rng.numbers(3 * view.len());
        let [expected, found] = [executor(&plan), executor_on(&plan, gpu.clone())].map(|model| {
            let mut workspace = model.workspace(3);
            model.forward(&mut workspace, &images).unwrap().to_vec()
        });
        assert_eq!(session.reports(), "", "{op:?}");
        near(&format!("{op:?}"), &widen(&found), &widen(&expected), 3e-5);
    }
}

#[test]
fn a_network_of_every_operation() {
    let Some((session, gpu)) = device() else {
        return;
    };
    let plan = network();
    let images = Rng(2).numbers(2 * plan.input.iter().product::<usize>());
    let [expected, found] = [executor(&plan), executor_on(&plan, gpu)].map(|model| {
        let mut workspace = model.workspace(2);
        let output = model.forward(&mut workspace, &images).unwrap().to_vec();
        let copy = model.kept(&workspace, "copy").unwrap().unwrap();
        (output, copy)
    });
    assert_eq!(session.reports(), "");
    near("output", &widen(&found.0), &widen(&expected.0), 1e-4);
    near("copy", &widen(&found.1), &widen(&expected.1), 1e-4);
}
