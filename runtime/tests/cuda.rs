//! The kernels for GPUs on the emulated device, against the plain references and the CPU: random shapes and options, forward and back, threads
//! in several orders.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, which panic as tests do"
)]
#![allow(
    clippy::needless_update,
    reason = "a macro leaves out usual values, of which there may be none"
)]

mod common;
#[path = "common/network.rs"]
mod network;
#[path = "common/operations.rs"]
mod operations;

use common::{Rng, params, step, strided};
use netc_emulated_device::{KernelCounters, Session, session_or_skip};
use netc_runtime::plan::{self, Act, Interpolation, Op, Reduction, View};
use netc_runtime::train::{self, Setting, Single};
use netc_runtime::{Device, Model, cuda};
use network::{executor, executor_on, network};
use operations::{ACTS, Example, near, widen};
use std::collections::BTreeMap;

/// Orders in which the threads of a block go on.
const ORDERS: [&str; 4] = ["forward", "reverse", "7", "8"];

/// So many examples of each operation.
const TIMES: usize = 3;

/// The emulated device, where it can be built.
fn device() -> Option<(Session<'static>, Device)> {
    let session = session_or_skip()?;
    Some((session, Device::cuda(0).expect("the emulated device")))
}

/// Operations: what is not said of one is as usual.
macro_rules! ops {
    ($($op:ident: $($field:ident $(= $value:expr)?),*;)*) => {
        [$(Op::$op(plan::$op { $($field $(: $value)?,)* ..plan::$op::DEFAULT })),*]
    };
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
    // BN and CONV onto a picture are not of training.
    while drawn.len() < Op::NAMES.len() - 2 || drawn.values().any(|times| *times < TIMES) {
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
    let (kind, alpha) = (Reduction::Mean, 0.5);
    ops! {
        BatchNormTraining: input = [20, 20, 132];
        BatchNormTraining: input = [40, 40, 3];
        BatchNormFrozen: input = [40, 40, 3];
        BatchNormTraining: input = [1, 1, 70];
        GroupNorm: input = [6, 6, 320];
        GroupNorm: input = [6, 6, 70], groups = 70;
        GroupNorm: input = [7, 5, 66], groups = 22;
        GroupNorm: input = [5, 5, 135], groups = 3, act = Act::Relu;
        LayerNorm: input = [2, 2, 1100];
        LayerNorm: input = [2, 3, 301];
        LayerNorm: input = [9, 9, 96];
        Softmax: input = [1, 1, 1300];
        Softmax: input = [2, 1, 1001];
        GlobalPool: input = [33, 32, 20], kind;
        GlobalPool: input = [7, 7, 260], kind;
        GlobalPool: input = [14, 14, 6], kind = Reduction::Max;
        GlobalPool: input = [33, 32, 8], kind = Reduction::Max;
        Lrn: input = [3, 3, 70], n = 11, alpha;
        Lrn: input = [2, 2, 20], n = 64, alpha;
        Lrn: input = [2, 2, 8], n = 1, alpha;
        Mul: input = [34, 31, 12], spread = true;
        Prelu: input = [20, 20, 140], shared = true;
        Scale: input = [20, 20, 140];
        Transpose: input = [9, 8, 70];
        MaxPool: input = [12, 12, 64], window = [3, 3];
        Upsample: input = [8, 8, 40], factor = [3, 2], mode = Interpolation::Bilinear;
        Rbf: input = [1, 1, 84], classes = 10;
    }
    .to_vec()
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
    for op in ops! {
        BatchNormTraining: input;
        LayerNorm: input;
        GroupNorm: input, groups = 3;
    } {
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
    let (stride, pad) = ([2, 2], [1, 0, 1, 0]);
    let ops = ops! {
        MaxPool: input, window = [3, 3], stride, pad;
        MaxPool: input, window = [2, 2], stride, pad;
        GlobalPool: input, kind = Reduction::Max;
        GlobalPool: input, kind = Reduction::Mean;
        Prelu: input;
        Softmax: input;
        LayerNorm: input;
        BatchNormTraining: input;
        BatchNormFrozen: input;
    };
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
    let ops = ops! {
        Dropout: input, p = 0.3, index = 2;
        DropPath: input, p = 0.5, index = 3;
        Dropout: input, p = 0.0, index = 0;
        Copy: input;
        Shuffle: input, groups = 4;
        Transpose: input;
        Add: input, act = Act::Relu;
    };
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
    ops! {
        MaxPool: input, window = [3, 3];
        MaxPool: input;
        AvgPool: input;
        AdaptiveAvgPool: input, size = [7, 7];
        GlobalPool: input;
        GlobalPool: input, kind = Reduction::Max;
        BatchNormTraining: input, act = Act::Relu;
        BatchNormFrozen: input, act = Act::Relu;
        LayerNorm: input;
        GroupNorm: input, groups = 8;
        Lrn: input;
        Scale: input;
        Prelu: input;
        Softmax: input = [1, 1, 1000];
        Dropout: input;
        Transpose: input;
        Pad: input, pad = [1; 4];
        Crop: input, crop = [1; 4];
        Upsample: input;
        Upsample: input, mode = Interpolation::Bilinear;
        Shuffle: input, groups = 4;
        Slice: input, from = 16, to = 48;
        Add: input, act = Act::Relu;
        Mul: input, spread = true;
        Mul: input;
        Copy: input;
        Subsample: input;
        Activation: input, act = Act::Gelu;
    }
    .to_vec()
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
    let ops = ops! {
        BatchNorm: input, act = Act::Relu;
        LayerNorm: input;
        Softmax: input;
        Prelu: input, shared = false;
        Scale: input;
        Add: input, act = Act::None;
        Mul: input, spread = false, act = Act::None;
        Activation: input, act = Act::Tanh;
    };
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
