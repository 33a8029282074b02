//! One training step of whole networks against PyTorch's float64: the loss, and the norm of every parameter's gradient.

use netc_compiler::{Options, RecipeChoice, Train};
use netc_plan::{Op, Optimizer, Plan};
use netc_runtime::train::{Trainer, reference};
use netc_tests::networks::{compile_file, path};
use netc_tests::reference::{Network, Training, networks};
use netc_tests::seeded;
use std::collections::BTreeMap;

/// What PyTorch itself reaches in f32.
const LOSS: f64 = 1e-5;
/// The same of the norms.
const NORM: f64 = 3e-3;
/// Networks up to this size are computed by the plain reference too.
const PARAMS: u64 = 200_000;

const SGD: Optimizer = Optimizer::Sgd {
    lr: 0.01,
    momentum: 0.9,
    nesterov: false,
    weight_decay: 0.0,
    decay: 0.0,
};

fn plan(case: &Network) -> Plan {
    let options = Options {
        train: Some(Train {
            recipe: RecipeChoice::BuiltIn,
            overrides: BTreeMap::new(),
        }),
        ..Options::default()
    };
    let output = compile_file(&path(&case.name), &options);
    let mut plan = output.training.expect("a network that can be trained").plan;
    for step in &mut plan.forward {
        if let Op::Dropout(d) = &mut step.op {
            d.p = 0.0;
        }
    }
    plan
}

#[test]
fn the_first_step_is_pytorchs() {
    let mut seen = 0;
    for case in networks() {
        let Some(training) = &case.training else {
            continue;
        };
        seen += 1;
        let plan = plan(&case);
        let weights = seeded::weights(&plan.params);
        let elements = case.batch * plan.input.iter().product::<usize>();
        let images = seeded::input(elements, case.input_scale);
        let mut found = Vec::new();
        for threads in [1, 3] {
            let mut trainer = Trainer::new(&plan, &SGD, &weights, case.batch, threads)
                .unwrap_or_else(|e| panic!("{}: {e}", case.name));
            let step = trainer.gradients(&images, &training.labels);
            let step = step.unwrap_or_else(|e| panic!("{}: {e}", case.name));
            let gradient = |name: &str| {
                let found = trainer.gradient(name).expect("the CPU");
                found.map(|numbers| widen(&numbers)).unwrap_or_default()
            };
            check(&case, training, step.loss, gradient);
            found.push(step);
        }
        assert_eq!(
            found[0], found[1],
            "{}: threads make a difference",
            case.name
        );
        if case.params <= PARAMS {
            let params = weights
                .tensors()
                .map(|(name, _, v)| (name.to_owned(), widen(&v)));
            let step = reference::step(
                &plan,
                &params.collect(),
                &widen(&images),
                &training.labels,
                [0, 0],
            );
            check(&case, training, step.loss, |name| {
                step.gradients[name].clone()
            });
        }
    }
    assert_eq!(seen, 12);
}

fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| v.into()).collect()
}

fn check(case: &Network, training: &Training, loss: f64, gradient: impl Fn(&str) -> Vec<f64>) {
    let near = |what: &str, found: f64, expected: f64, tolerance: f64| {
        assert!(
            (found - expected).abs() <= tolerance * expected,
            "{} {what}: {found}, PyTorch {expected}",
            case.name
        );
    };
    near("loss", loss, training.loss, LOSS);
    for (name, expected) in &training.norms {
        let squares = gradient(name).into_iter().map(|g| g * g);
        near(name, squares.sum::<f64>().sqrt(), *expected, NORM);
    }
}
