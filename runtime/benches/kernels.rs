//! Each kernel of inference alone: `cargo bench -p netc-runtime`, or some of them, `cargo bench -p netc-runtime -- conv`.
//!
//! One image on one thread, in sizes of the catalogue's networks and some odd ones. Convolutions are measured by each method that can compute them.
//! Throughput is in multiply-accumulates of operations that have any, in numbers read and written of the others.

#![allow(missing_docs, reason = "criterion's macro writes a function")]

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use netc_runtime::cpu::Machine;
use netc_runtime::plan::{self, Act, Op, Operation, Pixels, Plan, Source, Step, View};
use netc_runtime::{Executor, Model, Weights, prepare};
use std::hint::black_box;
use std::time::Duration;

const LAYER: &str = "layer";

/// A network of this operation alone; where it reads several pictures, the same one again.
fn network(op: Op) -> Plan {
    let (input, result) = (op.input(), View::arena(0, op.output()));
    let tensors = op.tensors().into_iter();
    let params: Vec<_> = tensors.map(|tensor| tensor.param(LAYER, None)).collect();
    Plan {
        name: op.name().into(),
        input: input.to_vec(),
        output: result.shape.to_vec(),
        probabilities: false,
        distances: false,
        pixels: Pixels::default(),
        arena: (result.len() * size_of::<f32>()).next_multiple_of(64),
        forward: vec![Step {
            name: LAYER.into(),
            text: op.name().into(),
            op,
            source: (!params.is_empty()).then(|| Source::of(LAYER)),
            inputs: vec![View::input(input); op.arity()],
            output: result,
        }],
        params,
        joins: Vec::new(),
        blocks: Vec::new(),
        by_rows: Vec::new(),
        result,
        kept: Vec::new(),
        loss: Vec::new(),
        backward: Vec::new(),
        update: Vec::new(),
    }
}

/// `56x56x64`
fn shape([h, w, c]: [usize; 3]) -> String {
    format!("{h}x{w}x{c}")
}

fn time(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, executor: &Executor) {
    let mut workspace = executor.workspace(1).with_threads(1);
    let count = executor.input().iter().product::<usize>();
    let image: Vec<f32> = (0..count).map(|i| (i as f32 * 0.37).sin()).collect();
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            let outputs = executor.forward(&mut workspace, black_box(&image));
            black_box(outputs.expect("one image").len())
        });
    });
}

/// The operation by each of its methods; `about` tells it from others of its input's size.
fn operation(c: &mut Criterion, about: &str, op: impl Into<Op>) {
    let op = op.into();
    let plan = network(op);
    let weights = Weights::random(1, &plan.params);
    let mut group = c.benchmark_group(op.name());
    group.warm_up_time(Duration::from_millis(200));
    group.measurement_time(Duration::from_millis(500));
    group.sample_size(20);
    let moved = op.input().iter().product::<usize>() + plan.result.len();
    group.throughput(Throughput::Elements(match op.macs() {
        0 => moved as u64,
        macs => macs,
    }));
    let machine = Machine::here();
    let methods: Vec<_> = machine.methods(&op).collect();
    for method in &methods {
        let mut prepared = prepare(&plan, machine, 1).expect("a valid plan");
        prepared.force(LAYER, *method).expect("one of its methods");
        let executor = prepared.executor(&weights).expect("its weights");
        let mut name = shape(op.input());
        for part in [about, if methods.len() > 1 { method.name() } else { "" }] {
            if !part.is_empty() {
                name += " ";
                name += part;
            }
        }
        time(&mut group, &name, &executor);
    }
    group.finish();
}

fn convolutions(c: &mut Criterion) {
    for (input, filters, [kh, kw], stride, groups) in [
        ([28, 28, 1], 6, [5, 5], 1, 1),
        ([224, 224, 3], 64, [7, 7], 2, 1),
        ([227, 227, 3], 96, [11, 11], 4, 1),
        ([32, 32, 3], 32, [3, 3], 1, 1),
        ([56, 56, 64], 64, [3, 3], 1, 1),
        ([28, 28, 128], 128, [3, 3], 1, 1),
        ([14, 14, 256], 256, [3, 3], 1, 1),
        ([7, 7, 512], 512, [3, 3], 1, 1),
        ([56, 56, 128], 128, [3, 3], 2, 1),
        ([27, 27, 96], 256, [5, 5], 1, 2),
        ([56, 56, 64], 256, [1, 1], 1, 1),
        ([14, 14, 1024], 256, [1, 1], 1, 1),
        ([61, 47, 37], 83, [5, 3], 1, 1),
        ([112, 112, 32], 32, [3, 3], 1, 32),
        ([56, 56, 144], 144, [3, 3], 2, 144),
        ([7, 7, 960], 960, [3, 3], 1, 960),
    ] {
        let about = match groups {
            1 => format!("{kh}x{kw}/{stride} to {filters}"),
            _ => format!("{kh}x{kw}/{stride} to {filters} in {groups} groups"),
        };
        let conv = plan::Conv {
            input,
            filters,
            kernel: [kh, kw],
            stride: [stride; 2],
            pad: [kh / 2, kh / 2, kw / 2, kw / 2],
            groups,
            act: Act::Relu,
            ..plan::Conv::DEFAULT
        };
        operation(c, &about, conv);
    }
}

fn products(c: &mut Criterion) {
    for (inputs, units) in [(400, 120), (9216, 4096)] {
        let fc = plan::Fc {
            input: [1, 1, inputs],
            units,
            ..plan::Fc::DEFAULT
        };
        operation(c, &format!("to {units}"), fc);
    }
    let deconv = plan::Deconv {
        input: [28, 28, 64],
        filters: 32,
        kernel: [2, 2],
        stride: [2, 2],
        ..plan::Deconv::DEFAULT
    };
    operation(c, "2x2/2 to 32", deconv);
}

fn others(c: &mut Criterion) {
    let [wide, deep] = [[56, 56, 256], [7, 7, 2048]];
    for input in [[112, 112, 64], [24, 24, 6]] {
        let pool = plan::MaxPool {
            input,
            window: [3, 3],
            stride: [2, 2],
            ..plan::MaxPool::DEFAULT
        };
        operation(c, "3x3/2", pool);
    }
    let average = plan::AvgPool {
        input: [56, 56, 128],
        window: [2, 2],
        stride: [2, 2],
        ..plan::AvgPool::DEFAULT
    };
    operation(c, "2x2/2", average);
    let input = deep;
    operation(
        c,
        "",
        plan::GlobalPool {
            input,
            ..plan::GlobalPool::DEFAULT
        },
    );
    let input = wide;
    operation(
        c,
        "",
        plan::BatchNorm {
            input,
            ..plan::BatchNorm::DEFAULT
        },
    );
    operation(
        c,
        "",
        plan::LayerNorm {
            input,
            ..plan::LayerNorm::DEFAULT
        },
    );
    operation(
        c,
        "",
        plan::Add {
            input,
            act: Act::Relu,
        },
    );
    operation(
        c,
        "",
        plan::Scale {
            input,
            ..plan::Scale::DEFAULT
        },
    );
    for act in [Act::Relu, Act::Gelu, Act::Silu] {
        operation(c, &format!("{act:?}"), plan::Activation { input, act });
    }
    let input = [55, 55, 96];
    operation(
        c,
        "",
        plan::Lrn {
            input,
            ..plan::Lrn::DEFAULT
        },
    );
    let input = [1, 1, 1000];
    operation(c, "", plan::Softmax { input });
}

criterion_group!(kernels, convolutions, products, others);
criterion_main!(kernels);
