//! Whole networks, with joins, taps and every loss: plain backward against central differences of the loss in f64, and the
//! trainer against plain backward.

use netc_compiler::{Options, RecipeChoice, Train};
use netc_plan::{Loss, Optimizer, Plan};
use netc_runtime::train::{Trainer, reference};
use netc_tests::networks::{compile_file, compile_text, path};
use netc_tests::seeded;
use std::collections::BTreeMap;

/// A network for what the files under `networks/` do not have.
const JOINS: &str = "
INPUT(9x8x4)
=> CONV(6, 3x3, same) => RELU as early
=> [ CONV(6, 3x3, pad=1) => BN => LEAKY_RELU(0.2) | SKIP | DWCONV(3x3, same) ] => ADD => RELU
=> [ POOL(3x3/1, same) | AVGPOOL(3x3/1, same) | CONV(4, 1x1, groups=2) => [ SKIP | SIGMOID ] => CONCAT ] => CONCAT
=> CONCAT(early) => PAD((1, 0, 0, 1)) => CONV(8, 3x2/2, pad=(1, 0, 0, 1), bias=false) => LRN(n=3, alpha=0.3) => RELU6
=> UPSAMPLE(2x3) => SUBSAMPLE(2x2) => LECUN_TANH => CONV(5, 3x3, connect=[[0, 1], [2, 3, 4], [7], [5, 6], [0, 1, 2, 3, 4, 5, 6, 7]])
=> DROPOUT(0.3) => FC(9) => TANH";

const SGD: Optimizer = Optimizer::Sgd {
    lr: 0.01,
    momentum: 0.0,
    nesterov: false,
    weight_decay: 0.0,
    decay: 0.0,
};
const BATCH: usize = 2;
/// Of the run and the step, for DROPOUT.
const KEYS: [u64; 2] = [5, 0];

fn options() -> Options {
    Options {
        train: Some(Train {
            recipe: RecipeChoice::BuiltIn,
            overrides: BTreeMap::new(),
        }),
        ..Options::default()
    }
}

/// Small networks with everything that the language has, and the losses that fit.
fn plans() -> Vec<Plan> {
    let joins = |end: &str| compile_text(&format!("{JOINS}{end}"), &options());
    let files = ["residual_mlp", "sepnet", "striped", "unet"];
    let files = files.map(|stem| compile_file(&path(stem), &options()));
    let cross_entropy = |label_smoothing| Loss::CrossEntropy { label_smoothing };
    let outputs = files
        .into_iter()
        .map(|output| (output, vec![cross_entropy(0.2)]))
        .chain([
            (
                joins(" => RBF(4)"),
                vec![Loss::LeNet5 { j: 1.0 }, Loss::LeNet5 { j: 0.1 }],
            ),
            (
                joins(" => FC(4) => SOFTMAX"),
                vec![cross_entropy(0.0), cross_entropy(0.2), Loss::Mse],
            ),
        ]);
    let mut plans = Vec::new();
    for (output, losses) in outputs {
        let plan = output.training.expect("a network that can be trained").plan;
        plans.extend(losses.into_iter().map(|loss| {
            let mut plan = plan.clone();
            plan.loss[0].loss = loss;
            plan
        }));
    }
    plans
}

struct Example {
    images: Vec<f32>,
    labels: Vec<u32>,
    params: reference::Tensors<f64>,
}

impl Example {
    fn new(plan: &Plan) -> Self {
        let [h, w, classes] = plan.result.shape;
        let weights = seeded::weights(&plan.params);
        let tensors = weights.tensors();
        Self {
            images: seeded::input(BATCH * plan.input.iter().product::<usize>(), 1.0),
            labels: (0..BATCH * h * w)
                .map(|i| (i * 7 % classes) as u32)
                .collect(),
            params: tensors
                .map(|(name, _, numbers)| (name.to_owned(), widen(&numbers)))
                .collect(),
        }
    }

    fn step(&self, plan: &Plan, params: &reference::Tensors<f64>) -> reference::PlainStep<f64> {
        reference::step(plan, params, &widen(&self.images), &self.labels, KEYS)
    }
}

fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| v.into()).collect()
}

#[test]
fn the_plain_way_back_is_the_central_difference() {
    const STEP: f64 = 1e-6;
    /// Directions, each through every so manieth tensor.
    const DIRECTIONS: usize = 3;
    let plans = plans();
    assert_eq!(plans.len(), 4 + 2 + 3);
    for plan in plans {
        let example = Example::new(&plan);
        let exact = example.step(&plan, &example.params).gradients;
        for direction in 0..DIRECTIONS {
            let mut slope = 0.0;
            let mut scale = 0.0;
            let mut moved = [example.params.clone(), example.params.clone()];
            let trainable = plan.params.iter().filter(|param| param.trainable);
            for param in trainable.skip(direction).step_by(DIRECTIONS) {
                let gradient = &exact[&param.name];
                let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
                let name = format!("{} along", param.name);
                let along = seeded::uniform(&name, gradient.len());
                let mut along: Vec<f32> = along.map(|by| by as f32).collect();
                // Weights without a connection have no gradient, and do not move.
                seeded::keep_connected(&mut along, param);
                for (i, along) in widen(&along).into_iter().enumerate() {
                    slope += gradient[i] * along;
                    for (params, step) in moved.iter_mut().zip([STEP, -STEP]) {
                        if let Some(numbers) = params.get_mut(&param.name) {
                            numbers[i] += step * along;
                        }
                    }
                }
                scale += norm;
            }
            let [up, down] = moved.map(|params| example.step(&plan, &params).loss);
            let found = (up - down) / (2.0 * STEP);
            assert!(
                (found - slope).abs() <= 1e-5 * scale,
                "{} {:?}, direction {direction}: {slope}, the difference is {found}",
                plan.name,
                plan.loss[0].loss
            );
        }
    }
}

#[test]
fn the_trainer_goes_the_plain_way_back() {
    for plan in plans() {
        let example = Example::new(&plan);
        let expected = example.step(&plan, &example.params);
        let weights = seeded::weights(&plan.params);
        let mut before = None;
        for threads in [1, 2, 5] {
            let trainer = Trainer::new(&plan, &SGD, &weights, BATCH, threads);
            let mut trainer = trainer.expect("weights that fit").with_seed(KEYS[0]);
            let found = trainer.gradients(&example.images, &example.labels);
            let found = found.expect("a step");
            let what = format!("{} {:?}", plan.name, plan.loss[0].loss);
            near(&what, &[found.loss], &[expected.loss], 1e-5);
            let mut all = vec![found.loss.to_bits()];
            for (name, expected) in &expected.gradients {
                let gradient = trainer
                    .gradient(name)
                    .expect("the CPU")
                    .expect("a parameter");
                near(&format!("{what} {name}"), &widen(&gradient), expected, 1e-4);
                all.extend(gradient.iter().map(|g| u64::from(g.to_bits())));
            }
            let same = before.get_or_insert_with(|| all.clone()) == &all;
            assert!(same, "{what}: {threads} threads make a difference");
        }
    }
}

/// Absolute error relative to the largest value, or to what rounding leaves of a gradient that is 0: a bias' before BN.
fn near(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-2_f64, |m, v| m.max(v.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * largest,
            "{what}[{i}]: {a}, expected {b}"
        );
    }
}
