//! Training: plain backward against finite differences, over random shapes and options; the trainer. The fast kernels
//! against the plain ones are in `src/train/tests.rs`, for every instruction set.

mod common;
#[path = "common/operations.rs"]
mod operations;

use common::{Rng, params};
use netc_runtime::plan::{self, Act, Init, Loss, Op, Optimizer, Param};
use netc_runtime::train::{self, Setting};
use operations::{Example, near, unconnected, wide, widen};

/// The slope by differences: the nearest to `found` between those to its two sides, which differ where an activation has a kink.
fn slope(moved: impl Fn(f64) -> f64, found: f64) -> f64 {
    const STEP: f64 = 1e-5;
    let [down, here, up] = [-STEP, 0.0, STEP].map(moved);
    let [left, right] = [(here - down) / STEP, (up - here) / STEP];
    found.clamp(left.min(right), left.max(right))
}

#[test]
fn the_plain_way_back_lies_between_the_differences() {
    let mut rng = Rng(20);
    for number in 0..400 {
        let Some(example) = Example::new(&mut rng, false) else {
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
        // Statistics, prototypes and what is frozen are constants.
        for (i, tensor) in values
            .iter()
            .enumerate()
            .filter(|(i, _)| params[*i].trainable)
        {
            for _ in 0..3 {
                let at = rng.size(0, tensor.len() - 1);
                if unconnected(&params[i]).any(|other| other == at) {
                    assert_eq!(exact.gradients[i][at], 0.0, "{what}");
                    continue;
                }
                let moved = |by: f64| {
                    let mut values = values.clone();
                    values[i][at] += by;
                    along(&values, &inputs)
                };
                let found = exact.gradients[i][at];
                let what = format!("{what} {} [{at}]", params[i].name);
                near(&what, &[found], &[slope(moved, found)], 1e-5);
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
                let found = exact.inputs[i][at];
                let what = format!("{what} input {i} [{at}]");
                near(&what, &[found], &[slope(moved, found)], 1e-5);
            }
        }
    }
}

#[test]
fn the_gradients_of_the_losses_are_central_differences() {
    const STEP: f64 = 1e-5;
    let mut rng = Rng(23);
    for _ in 0..200 {
        let part = rng.number().abs();
        let loss = rng.pick(&[
            Loss::CrossEntropy {
                label_smoothing: 0.0,
            },
            Loss::CrossEntropy {
                label_smoothing: part,
            },
            Loss::Mse,
            Loss::LeNet5 { j: 2.0 * part },
        ]);
        let classes = rng.size(2, 12);
        let scores: Vec<f64> = widen(&rng.numbers(classes))
            .iter()
            .map(|s| 5.0 * s)
            .collect();
        let mut target = vec![0.0; classes];
        target[rng.size(0, classes - 1)] = 1.0;
        let value = |scores: &[f64]| train::loss(loss, scores, &target, &mut vec![0.0; classes]);
        let mut gradient = vec![0.0; classes];
        train::loss(loss, &scores, &target, &mut gradient);
        for at in 0..classes {
            let moved = |by: f64| {
                let mut scores = scores.clone();
                scores[at] += by;
                value(&scores)
            };
            let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            near(&format!("{loss:?}"), &[gradient[at]], &[slope], 1e-8);
        }
    }
}

/// What PyTorch's `channel_shuffle(arange(12), 3)` gives.
#[test]
fn channels_are_shuffled_as_pytorch_does() {
    let op = Op::Shuffle(plan::Shuffle {
        input: [1, 1, 12],
        groups: 3,
    });
    let x: Vec<f32> = (0..12_u8).map(f32::from).collect();
    let inputs = std::slice::from_ref(&x);
    let found = train::fast(&op, &[], &[], inputs, &x, Setting::default());
    let expected = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11_u8].map(f32::from);
    assert_eq!(found.output, expected);
    // Backward undoes it.
    let again = train::fast(&op, &[], &[], inputs, &expected, Setting::default());
    assert_eq!(again.inputs[0], x);
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
    let op = Op::Conv(d);
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
        BackwardStep, Gradient, Loss, LossStep, Pixels, Plan, Source, Step, UpdateStep, View,
    };
    use netc_runtime::train::{OptimizerState, Trainer};
    use netc_runtime::{ErrorKind, Weights};

    /// CONV => BN + RELU => POOL => LRN => DROPOUT => FC, every value and every gradient in a place of its own.
    fn network() -> Plan {
        let conv = |input: [usize; 3], filters, stride| {
            Op::Conv(plan::Conv {
                input,
                filters,
                kernel: [3, 3],
                stride: [stride; 2],
                pad: [1; 4],
                ..plan::Conv::DEFAULT
            })
        };
        let ops = [
            conv([12, 12, 3], 20, 1),
            Op::BatchNormTraining(plan::BatchNormTraining {
                input: [12, 12, 20],
                act: Act::Relu,
                momentum: 0.9,
                ..plan::BatchNormTraining::DEFAULT
            }),
            Op::MaxPool(plan::MaxPool {
                input: [12, 12, 20],
                ..plan::MaxPool::DEFAULT
            }),
            conv([6, 6, 20], 9, 2),
            Op::BatchNormFrozen(plan::BatchNormFrozen {
                input: [3, 3, 9],
                ..plan::BatchNormFrozen::DEFAULT
            }),
            Op::Lrn(plan::Lrn {
                input: [3, 3, 9],
                ..plan::Lrn::DEFAULT
            }),
            Op::Dropout(plan::Dropout {
                input: [3, 3, 9],
                p: 0.25,
                index: 0,
            }),
            Op::Fc(plan::Fc {
                input: [3, 3, 9],
                units: 5,
                ..plan::Fc::DEFAULT
            }),
        ];
        let mut end = 0;
        let mut place = |shape: [usize; 3]| {
            let view = View::arena(end, shape);
            end += view.bytes();
            view
        };
        let (mut forward, mut gradients, mut all) = (Vec::new(), Vec::new(), Vec::new());
        let mut at = View::input([12, 12, 3]);
        for (i, op) in ops.into_iter().enumerate() {
            let name = format!("layer{i}");
            all.extend(params(&op).into_iter().map(|p| Param {
                init: match p.name.as_str() {
                    "layer.running_var" => Init::Constant(1.0),
                    _ => Init::Uniform(0.3),
                },
                name: p.name.replace("layer", &name),
                ..p
            }));
            let output = place(op.output());
            gradients.push(place(op.output()));
            forward.push(Step {
                text: name.clone(),
                source: op.has_params().then(|| Source::of(name.as_str())),
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
        Plan {
            name: "Small".into(),
            input: vec![12, 12, 3],
            output: vec![5],
            pixels: Pixels::default(),
            probabilities: false,
            distances: false,
            update: (all.iter().enumerate())
                .filter(|(_, p)| p.trainable)
                .map(|(param, p)| UpdateStep {
                    param,
                    l2: if p.name == "layer7.weight" { 0.01 } else { 0.0 },
                })
                .collect(),
            params: all,
            loss: vec![LossStep {
                loss: Loss::CrossEntropy {
                    label_smoothing: 0.1,
                },
                weight: 1.0,
                scores: at,
                gradient: gradients[forward.len() - 1],
            }],
            result: at,
            joins: Vec::new(),
            blocks: Vec::new(),
            by_rows: Vec::new(),
            kept: Vec::new(),
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
        let squares: f64 = params["layer7.weight"].iter().map(|w| 0.01 * w * w).sum();
        near("loss", &[found.loss], &[expected.loss + squares], 1e-5);
        for (name, gradient) in &expected.gradients {
            let l2 = if name == "layer7.weight" { 0.02 } else { 0.0 };
            let gradient: Vec<f64> = gradient
                .iter()
                .zip(&params[name])
                .map(|(g, w)| g + l2 * w)
                .collect();
            near(
                name,
                &widen(&trainer.gradient(name).unwrap().unwrap()),
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
            let memory = allocation_counter::measure(|| {
                for _ in 0..60 {
                    let _ = trainer.step(&images, &labels, 1.0).unwrap();
                }
            });
            assert_eq!(memory.count_total, 0, "{threads} threads");
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
    fn longer_gradients_are_scaled_down_to_the_clip() {
        let (images, labels) = batch(0);
        let plain = trainer(2).gradients(&images, &labels).unwrap();
        // Above the norm, at it, below it.
        for (part, scale) in [(2.0, 1.0), (1.0, 1.0), (0.25, 0.25)] {
            let clip = (part * plain.grad_norm) as f32;
            let mut gradients = trainer(2);
            let _ = gradients.gradients(&images, &labels).unwrap();
            let mut clipped = trainer(2).with_clip(Some(clip));
            let before = clipped.weights().unwrap();
            let result = clipped.step(&images, &labels, 1.0).unwrap();
            assert_eq!(result, plain, "the norm is that before clipping");
            let after = clipped.weights().unwrap();
            let trainable = clipped.plan().params.iter().filter(|p| p.trainable);
            for Param { name, .. } in trainable {
                let gradient = widen(&gradients.gradient(name).unwrap().unwrap());
                let [before, after] = [&before, &after].map(|w| widen(&w.get(name).unwrap().1));
                // The first step of SGD: the learning rate times the gradient.
                let weights = before.iter().zip(&gradient);
                let expected: Vec<f64> = weights.map(|(w, g)| w - 0.1 * scale * g).collect();
                near(&format!("{name}, clip {clip}"), &after, &expected, 2e-7);
            }
        }
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
            second
                .restore_optimizer(&first.optimizer_state().unwrap())
                .unwrap();
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
    fn a_gradient_that_is_not_finite_changes_nothing() {
        let mut trainer = trainer(2);
        let (mut images, labels) = batch(0);
        let usual = trainer.weights().unwrap();
        let tensors = usual.tensors().map(|(name, _, numbers)| {
            let scale = if name == "layer7.weight" { 1e30 } else { 1.0 };
            let larger = numbers.iter().map(|w| w * scale);
            (name.to_owned(), larger.collect::<Vec<f32>>())
        });
        let weights = Weights::from_tensors(tensors, &trainer.plan().params).unwrap();
        trainer.set_weights(&weights).unwrap();
        // The scores are numbers still, but the gradient of layer1's weight sums products of both.
        images.iter_mut().for_each(|x| *x *= 1e15);
        let before = numbers(&trainer);
        let error = trainer.step(&images, &labels, 1.0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Diverged);
        let message = "the gradient of `layer1.weight` is not finite";
        assert_eq!(error.to_string(), message);
        // Its statistics had moved in backward.
        assert_eq!(numbers(&trainer), before);
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
        assert_eq!(memory.activations, plan.arena * BATCH);
        assert!(memory.workspace > 0 && memory.total() > memory.workspace);
    }
}
