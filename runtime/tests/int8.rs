//! Quantised networks: near the network in f32, the same bits on every level and for any number of threads, and files that are whole.
//! On Unix each buffer ends at a page that nobody may touch.

#![allow(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod common;
#[cfg(unix)]
#[path = "common/guarded.rs"]
mod guarded;

use common::{Rng, params, plan, step, tensors};
use netc_runtime::cpu::{Level, Machine, Method};
use netc_runtime::plan::{self, Act, Op, Param, Plan, View};
use netc_runtime::{ErrorKind, Executor, Model, Quantised, Weights, prepare, quantise};

/// Steps that follow one another, with their parameters and places.
struct Builder {
    steps: Vec<plan::Step>,
    params: Vec<Param>,
    end: usize,
}

impl Builder {
    fn buffer(&mut self, shape: [usize; 3]) -> View {
        let view = View::arena(self.end, shape);
        self.end += view.bytes();
        view
    }

    fn to(&mut self, name: &str, op: impl Into<Op>, inputs: &[View], output: View) -> View {
        let op = op.into();
        let named = |p: Param| Param {
            name: p.name.replace("layer", name),
            ..p
        };
        self.params.extend(params(&op).into_iter().map(named));
        self.steps.push(step(name, op, inputs, output));
        output
    }

    fn add(&mut self, name: &str, op: impl Into<Op>, inputs: &[View]) -> View {
        let op = op.into();
        let output = self.buffer(op.output());
        self.to(name, op, inputs, output)
    }
}

/// Everything that computes with bytes, and some steps that do not; `c` channels, which fours may not divide.
fn network(c: usize) -> Plan {
    let mut b = Builder {
        steps: Vec::new(),
        params: Vec::new(),
        end: 0,
    };
    let conv = |input: [usize; 3], filters, side: usize, act| plan::Conv {
        input,
        filters,
        kernel: [side; 2],
        pad: [side / 2; 4],
        act,
        ..plan::Conv::DEFAULT
    };
    let input = [17, 14, 3];
    let x = b.add("conv1", conv(input, c, 3, Act::Relu), &[View::input(input)]);
    let x = b.add(
        "pool1",
        plan::MaxPool {
            input: x.shape,
            ..plan::MaxPool::DEFAULT
        },
        &[x],
    );
    let [h, w, _] = x.shape;
    let wide = b.buffer([h, w, c + 16]);
    let [left, right] = [(0, c), (c, 16)].map(|(from, count)| {
        View {
            shape: [h, w, count],
            ..wide
        }
        .channels(from, c + 16)
    });
    b.to("conv2", conv(x.shape, c, 3, Act::None), &[x], left);
    b.to("conv3", conv(x.shape, 16, 1, Act::Relu6), &[x], right);
    let bn = plan::BatchNorm {
        input: wide.shape,
        act: Act::Relu,
        ..plan::BatchNorm::DEFAULT
    };
    let short = b.add("bn1", bn, &[wide]);
    let depthwise = plan::Conv {
        groups: c + 16,
        ..conv(short.shape, c + 16, 3, Act::Silu)
    };
    let x = b.add("dwconv1", depthwise, &[short]);
    let x = b.add("conv4", conv(x.shape, c + 16, 1, Act::None), &[x]);
    let add = plan::Add {
        input: x.shape,
        act: Act::Relu,
    };
    let x = b.to("add1", add, &[short, x], x);
    let x = b.to(
        "act1",
        plan::Activation {
            input: x.shape,
            act: Act::Tanh,
        },
        &[x],
        x,
    );
    let x = b.add("conv5", conv(x.shape, 12, 1, Act::None), &[x]);
    let norm = plan::LayerNorm {
        input: x.shape,
        ..plan::LayerNorm::DEFAULT
    };
    let y = b.add("ln1", norm, &[x]);
    let x = b.add("conv6", conv(y.shape, 33, 5, Act::Sigmoid), &[y]);
    let mean = b.add(
        "globalpool1",
        plan::GlobalPool {
            input: x.shape,
            ..plan::GlobalPool::DEFAULT
        },
        &[x],
    );
    let x = b.add(
        "fc1",
        plan::Fc {
            input: x.shape,
            units: 33,
            act: Act::Relu,
            ..plan::Fc::DEFAULT
        },
        &[x],
    );
    let x = b.add(
        "mul1",
        plan::Mul {
            input: x.shape,
            ..plan::Mul::DEFAULT
        },
        &[x, mean],
    );
    let x = b.add(
        "fc2",
        plan::Fc {
            input: x.shape,
            units: 11,
            ..plan::Fc::DEFAULT
        },
        &[x],
    );
    plan(&input, b.steps, b.params, x)
}

/// Convolutions onto pictures: elsewhere, and in place.
fn residual(c: usize) -> Plan {
    let mut b = Builder {
        steps: Vec::new(),
        params: Vec::new(),
        end: 0,
    };
    let input = [9, 8, 3];
    let conv = |input: [usize; 3], act| plan::Conv {
        input,
        filters: c,
        kernel: [3, 3],
        pad: [1; 4],
        act,
        ..plan::Conv::DEFAULT
    };
    let x = b.add("conv1", conv(input, Act::Relu), &[View::input(input)]);
    let onto = |act| plan::ConvAdd::of(conv(x.shape, act));
    let y = b.add("conv2", onto(Act::Relu), &[x, x]);
    let x = b.to("conv3", onto(Act::Silu), &[y, x], x);
    let y = b.to("conv4", onto(Act::None), &[x, y], y);
    let units = plan::Fc {
        input: y.shape,
        units: 11,
        ..plan::Fc::DEFAULT
    };
    let result = b.add("fc1", units, &[y]);
    plan(&input, b.steps, b.params, result)
}

fn networks() -> [Plan; 5] {
    [
        network(8),
        network(13),
        network(32),
        residual(8),
        residual(13),
    ]
}

#[test]
fn convolutions_onto_pictures_read_and_write_bytes() {
    let plan = residual(13);
    let prepared = prepare(&plan, Machine::here(), 1).unwrap();
    let prepared = prepared.with_int8(&quantised(&plan)).unwrap();
    let mut choices = prepared.steps().map(|(_, choice)| choice.method);
    assert!(choices.all(|method| method == Method::Int8));
}

fn weights(plan: &Plan) -> Weights {
    Weights::from_tensors(tensors(&mut Rng(1), &plan.params), &plan.params).unwrap()
}

fn images(plan: &Plan, count: usize, seed: u64) -> Vec<f32> {
    let one: usize = plan.input.iter().product();
    Rng(seed).numbers(one * count)
}

fn quantised(plan: &Plan) -> Quantised {
    quantise(plan, &weights(plan), &images(plan, 64, 2)).unwrap()
}

fn executor(plan: &Plan, quantised: &Quantised, level: Option<Level>) -> Executor {
    let machine = level.map_or(Machine::here(), |level| {
        Machine::here().with_level(level).unwrap()
    });
    prepare(plan, machine, 1)
        .unwrap()
        .int8_executor(quantised)
        .unwrap()
}

fn run(executor: &Executor, images: &[f32], threads: usize) -> Vec<f32> {
    let one: usize = executor.input().iter().product();
    let mut workspace = executor.workspace(images.len() / one).with_threads(threads);
    executor.forward(&mut workspace, images).unwrap().to_vec()
}

/// The largest difference, as a part of the largest number.
fn error(found: &[f32], expected: &[f32]) -> f32 {
    let largest = expected
        .iter()
        .fold(0.0_f32, |largest, y| largest.max(y.abs()));
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    differences.fold(0.0_f32, f32::max) / largest
}

#[test]
fn near_the_network_in_f32() {
    for plan in networks() {
        let c = plan.forward[0].output.shape[2];
        let images = images(&plan, 9, 3);
        let exact = run(&Executor::new(&plan, &weights(&plan)).unwrap(), &images, 1);
        let found = run(&executor(&plan, &quantised(&plan), None), &images, 1);
        let error = error(&found, &exact);
        assert!(error < 0.06, "{c} channels: off by {error}");
    }
}

#[test]
fn the_same_bits_on_all_levels_for_all_threads_and_batches() {
    for plan in networks() {
        let quantised = quantised(&plan);
        let images = images(&plan, 5, 4);
        let one: usize = plan.input.iter().product();
        // What is not quantised is computed by one level, so that it has the same bits.
        let expected = run(&executor(&plan, &quantised, None), &images, 1);
        for &level in Level::ALL {
            let Ok(machine) = Machine::here().with_level(level) else {
                continue;
            };
            let prepared = prepare(&plan, machine, 1).unwrap();
            let executor = prepared.int8_executor(&quantised).unwrap();
            for threads in 1..4 {
                assert!(
                    run(&executor, &images, threads) == expected,
                    "{level}, {threads} threads"
                );
            }
            let alone = images
                .chunks(one)
                .flat_map(|image| run(&executor, image, 2));
            assert!(
                alone.collect::<Vec<_>>() == expected,
                "{level}, the batch matters"
            );
        }
    }
}

#[test]
fn the_choices_show_what_computes_with_bytes() {
    let plan = network(8);
    let prepared = prepare(&plan, Machine::here(), 1).unwrap();
    let prepared = prepared.with_int8(&quantised(&plan)).unwrap();
    let (with, without): (Vec<_>, Vec<_>) = prepared
        .steps()
        .partition(|(_, choice)| choice.method == Method::Int8);
    let names = |steps: &[(&plan::Step, _)]| {
        steps
            .iter()
            .map(|(step, _)| step.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&without), ["ln1", "mul1"]);
    assert_eq!(with.len(), plan.forward.len() - 2);
    assert_eq!(
        with[0].1.to_string(),
        format!("int8 {}", Machine::here().level())
    );
}

/// The names of the steps that do not compute with bytes, for a network that stays near itself in f32.
fn in_floats(plan: &Plan) -> Vec<String> {
    let quantised = quantised(plan);
    let images = images(plan, 3, 7);
    let exact = run(&Executor::new(plan, &weights(plan)).unwrap(), &images, 1);
    let error = error(&run(&executor(plan, &quantised, None), &images, 2), &exact);
    assert!(error < 0.06, "off by {error}");
    let prepared = prepare(plan, Machine::here(), 1).unwrap();
    let prepared = prepared.with_int8(&quantised).unwrap();
    let floats = prepared
        .steps()
        .filter(|(_, choice)| choice.method != Method::Int8);
    floats.map(|(step, _)| step.name.clone()).collect()
}

fn pointwise(input: [usize; 3], filters: usize) -> plan::Conv {
    plan::Conv {
        input,
        filters,
        ..plan::Conv::DEFAULT
    }
}

/// A step that reads floats makes those of a chain of sums that it reads floats, and no others.
#[test]
fn sums_go_between_bytes_and_floats() {
    let mut b = Builder {
        steps: Vec::new(),
        params: Vec::new(),
        end: 0,
    };
    let input = [6, 5, 3];
    let mut x = b.add("conv1", pointwise(input, 24), &[View::input(input)]);
    let shape = x.shape;
    for block in 1..=4 {
        let name = format!("conv{}", block + 1);
        let y = b.add(&name, pointwise(shape, 24), &[x]);
        let add = plan::Add {
            input: shape,
            act: Act::Relu,
        };
        let name = format!("add{block}");
        x = match block {
            // In place: bytes to bytes, and floats to floats.
            1 => b.to(&name, add, &[y, x], y),
            3 => b.to(&name, add, &[x, y], x),
            _ => b.add(&name, add, &[x, y]),
        };
        if block == 2 {
            let norm = plan::LayerNorm {
                input: shape,
                ..plan::LayerNorm::DEFAULT
            };
            b.add("ln1", norm, &[x]);
        }
    }
    let mean = plan::GlobalPool {
        input: shape,
        ..plan::GlobalPool::DEFAULT
    };
    let x = b.add("globalpool1", mean, &[x]);
    let plan = plan(&input, b.steps, b.params, x);
    // add3 runs in place on what ln1 reads, and all that it reads may be floats.
    assert_eq!(in_floats(&plan), ["ln1"]);
}

/// A buffer of which nobody reads the old parts any more may hold new ones of another kind.
#[test]
fn dead_parts_of_a_concat_do_not_count() {
    let mut b = Builder {
        steps: Vec::new(),
        params: Vec::new(),
        end: 0,
    };
    let input = [6, 5, 3];
    let wide = b.buffer([6, 5, 32]);
    let part = |from| {
        View {
            shape: [6, 5, 16],
            ..wide
        }
        .channels(from, 32)
    };
    b.to(
        "conv1",
        pointwise(input, 16),
        &[View::input(input)],
        part(0),
    );
    b.to(
        "conv2",
        pointwise(input, 16),
        &[View::input(input)],
        part(16),
    );
    let bn = plan::BatchNorm {
        input: wide.shape,
        ..plan::BatchNorm::DEFAULT
    };
    let x = b.add("bn1", bn, &[wide]);
    b.to("conv3", pointwise(x.shape, 16), &[x], part(0));
    let norm = plan::LayerNorm {
        input: part(0).shape,
        ..plan::LayerNorm::DEFAULT
    };
    let x = b.add("ln1", norm, &[part(0)]);
    let x = b.add("conv4", pointwise(x.shape, 5), &[x]);
    let plan = plan(&input, b.steps, b.params, x);
    assert_eq!(in_floats(&plan), ["ln1"]);
}

#[test]
fn values_that_are_kept_are_floats() {
    let mut plan = network(8);
    let pool = plan.forward[1].output;
    plan.kept = vec![("pool1".into(), pool)];
    let executor = executor(&plan, &quantised(&plan), None);
    let mut workspace = executor.workspace(1);
    executor
        .forward(&mut workspace, &images(&plan, 1, 5))
        .unwrap();
    let kept = executor.kept(&workspace, "pool1").unwrap().unwrap();
    assert_eq!(kept.len(), pool.len());
    assert!(kept.iter().any(|x| *x > 0.0) && kept.iter().all(|x| (0.0..100.0).contains(x)));
}

#[test]
fn a_file_gives_the_same_network() {
    let plan = network(13);
    let quantised = quantised(&plan);
    let bytes = quantised.to_bytes();
    let again = Quantised::from_bytes(&bytes, &plan).unwrap();
    assert_eq!(again.to_bytes(), bytes);
    let images = images(&plan, 2, 6);
    let [a, b] =
        [&quantised, &again].map(|quantised| run(&executor(&plan, quantised, None), &images, 1));
    assert!(a == b);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.safetensors");
    quantised.save(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!(
        Quantised::from_file(&path, &plan).unwrap().to_bytes(),
        bytes
    );
    // Without a last SOFTMAX, which evaluation leaves to the loss.
    let mut longer = plan.clone();
    let input = longer.result.shape;
    longer.forward.push(step(
        "softmax1",
        plan::Softmax { input },
        &[longer.result],
        longer.result,
    ));
    let quantised = quantise(&longer, &weights(&longer), &images).unwrap();
    assert!(Quantised::from_bytes(&quantised.to_bytes(), &plan).is_ok());
}

#[test]
fn other_files_are_refused() {
    let plan = network(8);
    let bytes = quantised(&plan).to_bytes();
    let refused = |bytes: &[u8], plan: &Plan| {
        let error = Quantised::from_bytes(bytes, plan).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Weights);
        error.to_string()
    };
    let other = network(13);
    assert!(refused(&bytes, &other).starts_with("quantised for another network than `Test`"));
    let floats = weights(&plan);
    assert!(refused(&floats.to_bytes(), &plan).starts_with("not a quantised network"));
    let error = Weights::from_bytes(&bytes, &plan.params).err().unwrap();
    assert!(
        error
            .to_string()
            .starts_with("a quantised network in place of weights"),
        "{error}"
    );
    for len in [0, 7, 100, bytes.len() - 1] {
        assert!(
            refused(&bytes[..len], &plan).contains("safetensors"),
            "{len}"
        );
    }
    let renamed = |from: &[u8], to: &[u8]| {
        let at = bytes
            .windows(from.len())
            .position(|part| part == from)
            .unwrap();
        let mut changed = bytes.clone();
        changed[at..at + to.len()].copy_from_slice(to);
        changed
    };
    let future = renamed(b":\"2 ", b":\"3 ");
    assert!(refused(&future, &plan).starts_with("quantised by another version"));
    assert_eq!(
        refused(
            &renamed(b"conv4.weight_scale", b"conv9.weight_scale"),
            &plan
        ),
        "`conv4.weight_scale` is missing"
    );
    assert!(
        prepare(&other, Machine::here(), 1)
            .unwrap()
            .int8_executor(&quantised(&plan))
            .is_err()
    );
    assert!(
        prepare(&other, Machine::here(), 1)
            .unwrap()
            .with_int8(&quantised(&plan))
            .is_err()
    );
}

#[test]
fn what_is_not_finite_has_no_scale() {
    let plan = network(8);
    let mut images = images(&plan, 3, 7);
    images[100] = f32::NAN;
    let error = quantise(&plan, &weights(&plan), &images).err().unwrap();
    assert!(
        error
            .to_string()
            .starts_with("the input has numbers that are not finite"),
        "{error}"
    );
    assert!(quantise(&plan, &weights(&plan), &[]).is_err());
}
