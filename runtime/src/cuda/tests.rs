//! Every kernel goes through NVIDIA's compiler, for the architectures that netc knows. No GPU is needed for that.

use super::Precision;
use super::cubin::{Usage, usages};
use super::nvrtc::Nvrtc;
use super::source::Source;
use super::task::{Back, Task};
use crate::common::Rng;
use crate::operations::Example;
use crate::plan::{self, Act, Gradient, Op, Operation, View};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use std::io::Write;

/// From Turing to Blackwell.
const ARCHITECTURES: [&str; 5] = ["sm_75", "sm_80", "sm_90", "sm_100", "sm_120"];

/// Bytes of local memory that may be used: two numbers. For sm_90 NVIDIA's compiler takes them in the way back through layer normalisations of some
/// shapes, in one kernel of 266.
const LOCAL: usize = 8;

/// So often each operation stands in the program.
const TIMES: usize = 3;

#[test]
fn every_kernel_compiles_without_spills() {
    let Some(nvrtc) = real_compiler() else { return };
    let all = ARCHITECTURES
        .iter()
        .flat_map(|a| Precision::ALL.map(|p| (*a, p)));
    // Before sm_80 there are no tensor cores for these formats.
    let all = all.filter(|(a, precision)| *a != "sm_75" || *precision == Precision::F32);
    let all: Vec<_> = all.collect();
    // Two at a time: CI has two cores.
    for pair in all.chunks(2) {
        std::thread::scope(|scope| {
            for (architecture, precision) in pair {
                let text = program(&mut Rng(31), *precision);
                let nvrtc = &nvrtc;
                scope.spawn(move || compiles(nvrtc, architecture, &format!("{precision}"), &text));
            }
        });
    }
}

#[test]
fn preparations_of_pictures_compile_without_spills() {
    let Some(nvrtc) = real_compiler() else { return };
    let text = super::train::every_stage_of_pictures();
    for architecture in ARCHITECTURES {
        compiles(&nvrtc, architecture, "pictures", &text);
    }
}

fn compiles(nvrtc: &Nvrtc, architecture: &str, what: &str, text: &str) {
    let target = format!("--gpu-architecture={architecture}");
    let options = [target.as_str(), "--std=c++17", "-default-device"];
    let cubin = nvrtc.compile(text, &options);
    let cubin = cubin.unwrap_or_else(|error| {
        let path = std::env::temp_dir().join("netc-kernels.cu");
        let _ = std::fs::write(&path, text);
        panic!("{architecture}, {}: {error}", path.display())
    });
    let usages = usages(&cubin).expect("a cubin of NVIDIA's compiler");
    assert!(!usages.is_empty(), "{architecture}: no kernel");
    report(architecture, what, &usages);
    let spilled: Vec<_> = usages.iter().filter(|usage| usage.local > LOCAL).collect();
    assert!(
        spilled.is_empty(),
        "{architecture}: in local memory: {spilled:?}"
    );
}

/// A line for a log.
fn report(architecture: &str, what: &str, usages: &[Usage]) {
    let most = usages.iter().max_by_key(|usage| usage.registers);
    let spilled = usages.iter().filter(|usage| usage.local > 0).count();
    let _ = writeln!(
        std::io::stderr(),
        "{architecture} {what}: {} kernels, at most {} registers ({}), {} B of shared memory; {spilled} spill",
        usages.len(),
        most.map_or(0, |usage| usage.registers),
        most.map_or("", |usage| &usage.name),
        usages.iter().map(|usage| usage.shared).max().unwrap_or(0),
    );
}

macro_rules! count {
    ($({ $op:ident, $($rest:tt)* })*) => { [$(stringify!($op)),*].len() };
}

/// Operations that [`Example`] draws: all of training.
const KINDS: usize = plan::for_each_op!(count, train);

/// The compiler that `NETC_NVRTC` names, if it makes code for GPUs.
fn real_compiler() -> Option<Nvrtc> {
    let skip = |why: &str| {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: kernels are not compiled: {why}; NETC_NVRTC has to name NVIDIA's libnvrtc"
        );
    };
    if std::env::var_os("NETC_NVRTC").is_none() {
        skip("NETC_NVRTC is not set");
        return None;
    }
    let nvrtc = Nvrtc::open().expect("the library that NETC_NVRTC names");
    let kernel = "extern \"C\" __global__ void nothing() {}";
    let cubin = nvrtc.compile(kernel, &["--gpu-architecture=sm_90"]);
    match cubin.is_ok_and(|cubin| usages(&cubin).is_some()) {
        true => Some(nvrtc),
        false => {
            skip("it names a stand-in");
            None
        }
    }
}

/// The text of a program over random operations, forward and back.
fn program(rng: &mut Rng, precision: Precision) -> String {
    let mut tasks = Vec::new();
    let mut steps = Vec::new();
    let mut drawn: BTreeMap<&str, usize> = BTreeMap::new();
    while drawn.len() < KINDS || drawn.values().any(|times| *times < TIMES) {
        let Some(example) = Example::new(rng, tasks.len() % 3 > 0) else {
            continue;
        };
        let times = drawn.entry(example.op.name()).or_default();
        if *times == TIMES {
            continue;
        }
        *times += 1;
        // The precision is that of products.
        let is_product = matches!(example.op, Op::Conv(_) | Op::Deconv(_) | Op::Fc(_));
        if precision != Precision::F32 && !is_product {
            continue;
        }
        let params = example.params.len();
        let (task, back) = places(rng, tasks.len(), example.op, params);
        steps.insert(0, back);
        tasks.push(task);
    }
    for op in without_a_way_back() {
        let params = op.tensors().len();
        let is_product = matches!(op, Op::ConvAdd(_));
        if precision == Precision::F32 || is_product {
            let (task, _) = places(rng, tasks.len(), op, params);
            tasks.push(task);
        }
    }
    let mut source = Source::new(tasks.iter(), 1 << 20, precision);
    source.forward(&tasks);
    source.backward(&tasks, &steps);
    source.text
}

/// What stands in plans that infer alone.
fn without_a_way_back() -> Vec<Op> {
    let norm = plan::BatchNorm {
        input: [5, 5, 8],
        act: Act::Silu,
        ..plan::BatchNorm::DEFAULT
    };
    let onto = |input, filters, kernel, stride, pad, groups| plan::ConvAdd {
        input,
        filters,
        kernel,
        stride,
        pad: [pad; 4],
        groups,
        act: Act::Relu,
        ..plan::ConvAdd::DEFAULT
    };
    vec![
        norm.into(),
        onto([14, 14, 16], 32, [1, 1], [1, 1], 0, 1).into(),
        onto([15, 13, 8], 24, [3, 3], [2, 2], 1, 1).into(),
        onto([9, 9, 37], 19, [3, 3], [1, 1], 1, 1).into(),
        onto([12, 12, 12], 18, [5, 3], [1, 1], 1, 6).into(),
    ]
}

/// A task among others of an arena, its views dense or parts of wider pixels, aligned or not.
fn places(rng: &mut Rng, number: usize, op: Op, params: usize) -> (Task, Back) {
    let around = rng.pick(&[0, 0, 1, 4]);
    let mut end = rng.pick(&[0, 0, 4]);
    let mut place = |shape: [usize; 3]| {
        let view = View::arena(end, shape).channels(around, shape[2] + 2 * around);
        end += view.bytes().next_multiple_of(16);
        view
    };
    let operands = || (0..op.arity()).map(|i| op.operand(i));
    let inputs: Vec<View> = operands().map(&mut place).collect();
    let accumulate = rng.pick(&[true, false]);
    let task = Task {
        name: format!("s{number}_{}", op.name().to_ascii_lowercase()),
        op,
        inputs,
        output: place(op.output()),
        params,
        aligned: rng.pick(&[true, true, false]),
        packed: number.is_multiple_of(2),
    };
    let gradient = |view| Some(Gradient { view, accumulate });
    let output_gradient = place(op.output());
    let input_gradients = operands().map(&mut place).map(gradient).collect();
    let back = Back::new(number, output_gradient, input_gradients);
    (task, back)
}
