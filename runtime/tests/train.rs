//! Training: the ways back against finite differences and against each other, over random shapes and options; the trainer.

mod common;

use common::{Rng, params};
use netc_runtime::plan::{self, Act, Init, Op, Optimizer, Param, TrainOp};
use netc_runtime::train::{self, Setting};
use std::panic::{AssertUnwindSafe, catch_unwind};

const SMOOTH: [Act; 6] = [
    Act::None,
    Act::Elu(1.0),
    Act::Sigmoid,
    Act::Tanh,
    Act::LecunTanh,
    Act::LeakyRelu(0.1),
];
const ALL: [Act; 8] = [
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
fn operation(rng: &mut Rng, acts: &[Act], wide: bool) -> TrainOp {
    let channels = |rng: &mut Rng| {
        let most = if wide { 40 } else { 4 };
        rng.size(1, most)
    };
    let side = |rng: &mut Rng| rng.size(4, if wide { 12 } else { 6 });
    let input = [side(rng), side(rng), channels(rng)];
    let act = rng.pick(acts);
    let sizes = |rng: &mut Rng, low, high| [rng.size(low, high), rng.size(low, high)];
    let pad = |rng: &mut Rng, most: usize| [0; 4].map(|_: usize| rng.size(0, most));
    let op = match rng.size(0, 21) {
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
        7..=8 => Op::Fc(plan::Fc {
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
        11 => Op::AvgPool(plan::AvgPool {
            input,
            window: sizes(rng, 2, 3),
            stride: sizes(rng, 1, 3),
            pad: pad(rng, 1),
            act,
        }),
        12 => Op::GlobalPool(plan::GlobalPool { input }),
        13 => Op::BatchNorm(plan::BatchNorm {
            input,
            eps: 1e-3,
            act,
        }),
        14 => Op::Lrn(plan::Lrn {
            input,
            n: rng.pick(&[3, 5]),
            alpha: 0.5,
            beta: rng.pick(&[0.75, 0.5]),
            ..plan::Lrn::DEFAULT
        }),
        15 => {
            let act = rng.pick(&[acts[acts.len() - 1], Act::Gelu, Act::Silu]);
            Op::Activation(plan::Activation { input, act })
        }
        16 => Op::Softmax(plan::Softmax { input }),
        17 => rng.pick(&[
            Op::Transpose(plan::Transpose { input }),
            Op::Copy(plan::Copy { input }),
            Op::Pad(plan::Pad {
                input,
                pad: [1, 0, 2, 1],
            }),
        ]),
        18 => Op::Upsample(plan::Upsample {
            input,
            factor: sizes(rng, 1, 3),
        }),
        19 => Op::Add(plan::Add { input, act }),
        20 => Op::Subsample(plan::Subsample {
            input,
            act,
            ..plan::Subsample::DEFAULT
        }),
        _ => Op::Rbf(plan::Rbf {
            input,
            classes: rng.size(1, 5),
        }),
    };
    match op {
        Op::BatchNorm(op) if rng.pick(&[true, true, false]) => {
            TrainOp::BatchNorm { op, momentum: 0.9 }
        }
        Op::Copy(plan::Copy { input }) => TrainOp::Dropout {
            input,
            p: 0.4,
            index: 1,
        },
        op => TrainOp::Same(op),
    }
}

/// One operation with its parameters, inputs and the gradient of its output.
struct Example {
    op: TrainOp,
    params: Vec<Param>,
    values: Vec<Vec<f32>>,
    inputs: Vec<Vec<f32>>,
    dy: Vec<f32>,
}

impl Example {
    fn new(rng: &mut Rng, acts: &[Act], wide: bool) -> Option<Self> {
        let op = operation(rng, acts, wide);
        let output: usize = op.output().iter().product();
        if output == 0 {
            return None;
        }
        let batch = rng.size(2, if wide { 5 } else { 3 });
        let plain = match op {
            TrainOp::Same(op) => Some(op),
            TrainOp::BatchNorm { op, .. } => Some(Op::BatchNorm(op)),
            TrainOp::Dropout { .. } => None,
        };
        let params = plain.map(|op| params(&op)).unwrap_or_default();
        let values = common::tensors(rng, &params)
            .into_iter()
            .map(|(_, values)| values);
        let len = batch * op.input().iter().product::<usize>();
        Some(Self {
            values: values.collect(),
            params,
            inputs: (0..op.arity()).map(|_| rng.numbers(len)).collect(),
            dy: rng.numbers(batch * output),
            op,
        })
    }

    fn plain(&self) -> train::Single<f64> {
        let [values, inputs] = [&self.values, &self.inputs].map(|all| wide(all));
        train::plain(&self.op, &self.params, &values, &inputs, &widen(&self.dy))
    }
}

fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| v.into()).collect()
}

fn wide(all: &[Vec<f32>]) -> Vec<Vec<f64>> {
    all.iter().map(|values| widen(values)).collect()
}

fn near(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * largest,
            "{what}[{i}]: {a}, expected {b}"
        );
    }
}

#[test]
fn the_plain_way_back_is_the_central_difference() {
    const STEP: f64 = 1e-5;
    let mut rng = Rng(20);
    for number in 0..300 {
        let Some(example) = Example::new(&mut rng, &SMOOTH, false) else {
            continue;
        };
        let Example { op, params, .. } = &example;
        let what = format!("{number}: {op:?}");
        let exact = example.plain();
        let [values, inputs] = [&example.values, &example.inputs].map(|all| wide(all));
        let dy = widen(&example.dy);
        let along = |values: &[Vec<f64>], inputs: &[Vec<f64>]| -> f64 {
            let y = train::plain(op, params, values, inputs, &dy).output;
            y.iter().zip(&dy).map(|(y, dy)| y * dy).sum()
        };
        // Statistics and prototypes are constants.
        let fixed = |name: &str| name.contains("running") || name.contains("prototypes");
        for (i, tensor) in values
            .iter()
            .enumerate()
            .filter(|(i, _)| !fixed(&params[*i].name))
        {
            for _ in 0..3 {
                let at = rng.size(0, tensor.len() - 1);
                let moved = |by: f64| {
                    let mut values = values.clone();
                    values[i][at] += by;
                    along(&values, &inputs)
                };
                let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
                let what = format!("{what} {} [{at}]", params[i].name);
                near(&what, &[exact.gradients[i][at]], &[slope], 1e-6);
            }
        }
        for (i, tensor) in inputs.iter().enumerate() {
            for _ in 0..4 {
                let at = rng.size(0, tensor.len() - 1);
                let moved = |by: f64| {
                    let mut inputs = inputs.clone();
                    inputs[i][at] += by;
                    along(&values, &inputs)
                };
                let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
                let what = format!("{what} input {i} [{at}]");
                near(&what, &[exact.inputs[i][at]], &[slope], 1e-6);
            }
        }
    }
}

#[test]
fn the_fast_way_back_is_the_plain_one() {
    let mut rng = Rng(21);
    for number in 0..600 {
        let Some(example) = Example::new(&mut rng, &ALL, number % 3 > 0) else {
            continue;
        };
        let setting = Setting {
            around: rng.pick(&[0, 0, 1, 5]),
            accumulate: rng.pick(&[None, None, Some(0.25)]),
            in_place: rng.pick(&[true, false]),
            threads: 1,
        };
        let Example {
            op,
            params,
            values,
            inputs,
            dy,
        } = &example;
        let what = format!("{number}: {op:?}, {setting:?}");
        let expected = example.plain();
        let run = |setting| {
            let run = || train::fast(op, params, values, inputs, dy, setting);
            catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| panic!("{what}"))
        };
        let found = run(setting);
        near(&what, &widen(&found.output), &expected.output, 2e-5);
        let before = f64::from(setting.accumulate.unwrap_or(0.0));
        for (found, expected) in found.inputs.iter().zip(&expected.inputs) {
            let found: Vec<f64> = widen(found).into_iter().map(|dx| dx - before).collect();
            near(&format!("{what} dx"), &found, expected, 3e-5);
        }
        for ((param, found), expected) in
            params.iter().zip(&found.gradients).zip(&expected.gradients)
        {
            near(
                &format!("{what} {}", param.name),
                &widen(found),
                expected,
                3e-5,
            );
        }
        for (found, expected) in found.params.iter().zip(&expected.params) {
            near(&format!("{what} after"), &widen(found), expected, 1e-5);
        }
        let several = run(Setting {
            threads: 3,
            ..setting
        });
        assert_eq!(
            found.inputs, several.inputs,
            "{what}: threads make a difference"
        );
        assert_eq!(
            found.gradients, several.gradients,
            "{what}: threads make a difference"
        );
    }
}

#[test]
fn weights_without_a_connection_have_no_gradient() {
    let mut rng = Rng(22);
    let d = plan::Conv {
        input: [6, 6, 3],
        filters: 4,
        kernel: [3, 3],
        bias: false,
        ..plan::Conv::DEFAULT
    };
    let table: &[&[usize]] = &[&[0], &[0, 1], &[2], &[0, 1, 2]];
    let weight = Param::new("conv1.weight", &[4, 3, 3, 3], Init::Constant(0.0)).connect(table);
    let x = rng.numbers(2 * 6 * 6 * 3);
    let dy = rng.numbers(2 * 4 * 4 * 4);
    let values = [rng.numbers(4 * 3 * 9)];
    let op = TrainOp::Same(Op::Conv(d));
    let found = train::fast(&op, &[weight], &values, &[x], &dy, Setting::default());
    for (i, kernel) in found.gradients[0].chunks(9).enumerate() {
        let seen = table[i / 3].contains(&(i % 3));
        assert_eq!(
            kernel.iter().any(|g| *g != 0.0),
            seen,
            "map {} of filter {}",
            i % 3,
            i / 3
        );
    }
}

const SGD: Optimizer = Optimizer::Sgd {
    lr: 0.1,
    momentum: 0.9,
    nesterov: false,
    weight_decay: 0.0,
    decay: 0.0,
};

mod trainer {
    use super::*;
    use netc_runtime::plan::{
        BackwardStep, Gradient, Loss, LossStep, Pixels, TrainPlan, TrainStep, View,
    };
    use netc_runtime::train::{OptimizerState, Trainer};
    use netc_runtime::{ErrorKind, Weights};
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::cell::Cell;

    /// Counts the allocations of the thread that asks; workers have their own counts.
    struct Counting;

    thread_local! {
        static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    }

    // SAFETY: hands everything to the system's allocator.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            ALLOCATIONS.with(|count| count.set(count.get() + 1));
            // SAFETY: the caller's promise.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
            // SAFETY: the caller's promise.
            unsafe { System.dealloc(ptr, layout) }
        }
    }

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    /// CONV => BN + RELU => POOL => LRN => DROPOUT => FC, every value and every gradient in a place of its own.
    fn network() -> TrainPlan {
        let conv = |input: [usize; 3], filters, stride| {
            TrainOp::Same(Op::Conv(plan::Conv {
                input,
                filters,
                kernel: [3, 3],
                stride: [stride; 2],
                pad: [1; 4],
                ..plan::Conv::DEFAULT
            }))
        };
        let ops = [
            conv([12, 12, 3], 20, 1),
            TrainOp::BatchNorm {
                op: plan::BatchNorm {
                    input: [12, 12, 20],
                    act: Act::Relu,
                    ..plan::BatchNorm::DEFAULT
                },
                momentum: 0.9,
            },
            TrainOp::Same(Op::MaxPool(plan::MaxPool {
                input: [12, 12, 20],
                ..plan::MaxPool::DEFAULT
            })),
            conv([6, 6, 20], 9, 2),
            TrainOp::Same(Op::Lrn(plan::Lrn {
                input: [3, 3, 9],
                ..plan::Lrn::DEFAULT
            })),
            TrainOp::Dropout {
                input: [3, 3, 9],
                p: 0.25,
                index: 0,
            },
            TrainOp::Same(Op::Fc(plan::Fc {
                input: [3, 3, 9],
                units: 5,
                ..plan::Fc::DEFAULT
            })),
        ];
        let mut end = 0;
        let mut place = |shape: [usize; 3]| {
            let view = View::arena(end, shape);
            end += view.len();
            view
        };
        let (mut forward, mut gradients, mut all) = (Vec::new(), Vec::new(), Vec::new());
        let mut at = View::input([12, 12, 3]);
        for (i, op) in ops.into_iter().enumerate() {
            let name = format!("layer{i}");
            let plain = match op {
                TrainOp::Same(op) => Some(op),
                TrainOp::BatchNorm { op, .. } => Some(Op::BatchNorm(op)),
                TrainOp::Dropout { .. } => None,
            };
            let own = plain.map(|op| params(&op)).unwrap_or_default();
            all.extend(own.into_iter().map(|p| Param {
                trainable: !p.name.contains("running"),
                init: match p.name.as_str() {
                    "layer.running_var" => Init::Constant(1.0),
                    _ => Init::Uniform(0.3),
                },
                name: p.name.replace("layer", &name),
                ..p
            }));
            let output = place(op.output());
            gradients.push(place(op.output()));
            forward.push(TrainStep {
                text: name.clone(),
                layer: op.has_weights().then(|| name.clone()),
                name,
                op,
                inputs: vec![at],
                output,
            });
            at = output;
        }
        let backward = (0..forward.len()).rev().map(|step| BackwardStep {
            step,
            output_gradient: gradients[step],
            input_gradients: vec![step.checked_sub(1).map(|before| Gradient {
                view: gradients[before],
                accumulate: false,
            })],
        });
        TrainPlan {
            name: "Small".into(),
            input: vec![12, 12, 3],
            output: vec![5],
            pixels: Pixels::default(),
            l2: all
                .iter()
                .map(|p| if p.name == "layer6.weight" { 0.01 } else { 0.0 })
                .collect(),
            params: all,
            loss: LossStep {
                loss: Loss::CrossEntropy {
                    label_smoothing: 0.1,
                },
                scores: at,
                gradient: gradients[forward.len() - 1],
            },
            backward: backward.collect(),
            forward,
            arena: end,
        }
    }

    const BATCH: usize = 6;

    fn trainer(threads: usize) -> Trainer {
        let plan = network();
        let weights = Weights::random(7, &plan.params);
        Trainer::new(&plan, &SGD, &weights, BATCH, threads)
            .expect("weights of the plan")
            .with_seed(3)
    }

    fn batch(number: u64) -> (Vec<f32>, Vec<u32>) {
        let mut rng = Rng(100 + number);
        let labels = (0..BATCH).map(|_| rng.size(0, 4) as u32).collect();
        (rng.numbers(BATCH * 12 * 12 * 3), labels)
    }

    fn numbers(trainer: &Trainer) -> Vec<(String, Vec<u32>)> {
        let weights = trainer.weights().expect("finite weights");
        let tensors = weights.tensors();
        let bits = |v: &[f32]| v.iter().map(|x| x.to_bits()).collect();
        tensors
            .map(|(name, _, v)| (name.to_owned(), bits(&v)))
            .collect()
    }

    #[test]
    fn a_step_is_the_plain_one() {
        let plan = network();
        let weights = Weights::random(7, &plan.params);
        let (images, labels) = batch(0);
        let mut trainer = trainer(2);
        let found = trainer.gradients(&images, &labels).unwrap();
        let params = weights
            .tensors()
            .map(|(name, _, v)| (name.to_owned(), widen(&v)));
        let (params, images) = (params.collect(), widen(&images));
        let expected = train::reference::step::<f64>(&plan, &params, &images, &labels, [3, 0]);
        let squares: f64 = params["layer6.weight"].iter().map(|w| 0.01 * w * w).sum();
        near("loss", &[found.loss], &[expected.loss + squares], 1e-5);
        for (name, gradient) in &expected.gradients {
            let l2 = if name == "layer6.weight" { 0.02 } else { 0.0 };
            let gradient: Vec<f64> = gradient
                .iter()
                .zip(&params[name])
                .map(|(g, w)| g + l2 * w)
                .collect();
            near(
                name,
                &widen(trainer.gradient(name).unwrap()),
                &gradient,
                2e-5,
            );
        }
        for (name, running) in &expected.running {
            let now = trainer.weights().unwrap();
            near(name, &widen(&now.get(name).unwrap().1), running, 1e-5);
        }
    }

    #[test]
    fn it_learns_and_allocates_nothing() {
        for threads in [1, 3] {
            let mut trainer = trainer(threads);
            let (images, labels) = batch(0);
            let first = trainer.step(&images, &labels, 1.0).unwrap();
            let before = ALLOCATIONS.get();
            for _ in 0..60 {
                let _ = trainer.step(&images, &labels, 1.0).unwrap();
            }
            assert_eq!(ALLOCATIONS.get() - before, 0, "{threads} threads");
            let last = trainer.step(&images, &labels, 1.0).unwrap();
            assert!(last.loss < first.loss / 2.0, "{first:?} {last:?}");
        }
    }

    #[test]
    fn threads_make_no_difference() {
        let run = |threads| {
            let mut trainer = trainer(threads).with_clip(Some(0.5));
            for number in 0..5 {
                let (images, labels) = batch(number);
                let _ = trainer.step(&images, &labels, 0.5).unwrap();
            }
            numbers(&trainer)
        };
        assert_eq!(run(1), run(4));
    }

    #[test]
    fn a_resumed_run_is_the_same_to_the_bit() {
        let plan = network();
        let adam = Optimizer::Adam {
            lr: 0.01,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-7,
            weight_decay: 0.01,
            decoupled: true,
            decay: 0.1,
        };
        for optimizer in [SGD, adam] {
            let start = Weights::random(7, &plan.params);
            let new = |weights: &Weights| {
                Trainer::new(&plan, &optimizer, weights, BATCH, 2)
                    .unwrap()
                    .with_seed(3)
            };
            let run = |trainer: &mut Trainer, steps: std::ops::Range<u64>| {
                for number in steps {
                    let (images, labels) = batch(number);
                    let _ = trainer.step(&images, &labels, 1.0).unwrap();
                }
            };
            let mut whole = new(&start);
            run(&mut whole, 0..6);
            let mut first = new(&start);
            run(&mut first, 0..3);
            let mut second = new(&first.weights().unwrap());
            second.restore_optimizer(&first.optimizer_state()).unwrap();
            assert_eq!(second.steps(), 3);
            run(&mut second, 3..6);
            assert_eq!(numbers(&whole), numbers(&second));
            assert_eq!(whole.optimizer_state(), second.optimizer_state());

            let nothing = OptimizerState {
                steps: 1,
                tensors: Vec::new(),
            };
            assert_eq!(
                second.restore_optimizer(&nothing).unwrap_err().kind(),
                ErrorKind::Weights
            );
        }
    }

    #[test]
    fn what_is_not_finite_is_found_and_changes_nothing() {
        let mut trainer = trainer(2);
        let (mut images, labels) = batch(0);
        let _ = trainer.step(&images, &labels, 1.0).unwrap();
        let before = numbers(&trainer);
        images[5] = f32::NAN;
        let error = trainer.step(&images, &labels, 1.0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Diverged);
        assert!(error.to_string().contains("an image"), "{error}");
        images[5] = 3e38;
        let error = trainer.step(&images, &labels, 1.0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Diverged);
        assert!(error.to_string().contains("layer"), "{error}");
        assert_eq!(numbers(&trainer), before);
        // And it goes on.
        let (images, labels) = batch(1);
        assert!(trainer.step(&images, &labels, 1.0).is_ok());
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let mut trainer = trainer(1);
        let (images, mut labels) = batch(0);
        for wrong in [&images[..7], &[][..]] {
            let error = trainer.step(wrong, &labels, 1.0).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Input);
        }
        assert_eq!(
            trainer.step(&images, &labels[1..], 1.0).unwrap_err().kind(),
            ErrorKind::Input
        );
        labels[2] = 5;
        let error = trainer.step(&images, &labels, 1.0).unwrap_err();
        assert!(error.to_string().contains("label 2 is 5"), "{error}");
    }

    #[test]
    fn memory_is_what_the_plan_says() {
        let trainer = trainer(2);
        let memory = trainer.memory();
        let plan = trainer.plan();
        let params: usize = plan.params.iter().map(Param::len).sum();
        assert_eq!(memory.weights, 4 * params);
        assert_eq!(memory.gradients, 4 * params);
        assert_eq!(memory.optimizer, 4 * params);
        assert_eq!(memory.activations, 4 * plan.arena * BATCH);
        assert!(memory.workspace > 0 && memory.total() > memory.workspace);
    }
}
