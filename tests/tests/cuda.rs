//! Networks on the emulated device: inference and training agree with the CPU and with PyTorch.

use netc_compiler::{Options, RecipeChoice, Train, Training};
use netc_emulated_device::{Missing, Session, device};
use netc_plan::random::SplitMix64;
use netc_plan::{Operation, Plan};
use netc_runtime::train::Trainer;
use netc_runtime::{Device, Executor, Model, Weights};
use netc_tests::networks::{compile_file, path};
use netc_tests::reference::networks;
use netc_tests::seeded;
use std::collections::BTreeMap;

/// Absolute error allowed, as a share of the largest reference value.
const TOLERANCE: f64 = 1e-4;

/// The emulator takes some ten nanoseconds for an operation.
const MACS: u64 = 8_000_000;

/// The emulated device's turn, or a visible skip where it cannot be built.
fn session() -> Option<(Session<'static>, Device)> {
    match device() {
        Ok(emulated) => {
            let session = emulated.session();
            session.set("seed", "1");
            let device = Device::cuda(0).expect("the emulated device");
            Some((session, device))
        }
        Err(Missing::Compiler(reason)) => {
            eprintln!("SKIPPED: {reason}");
            None
        }
        Err(broken) => panic!("{broken}"),
    }
}

fn macs(plan: &Plan) -> u64 {
    plan.forward.iter().map(|step| step.op.macs()).sum()
}

fn near(found: &[f32], expected: &[f32], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0f32, |m, v| m.max(v.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = f64::from((found - expected).abs());
        assert!(
            off <= tolerance * f64::from(largest),
            "{what}: number {i} is {found}, not {expected}"
        );
    }
}

fn without_reports(session: &Session<'_>, what: &str) {
    let reports = session.reports();
    assert!(reports.is_empty(), "{what}:\n{reports}");
}

#[test]
fn golden_networks_agree_with_the_cpu() {
    let Some((session, device)) = session() else {
        return;
    };
    let mut seen = 0;
    for case in networks() {
        let plan = compile_file(&path(&case.name), &Options::default())
            .plan
            .expect("a network");
        let batch = case.batch.min(2);
        if macs(&plan) * batch as u64 > MACS {
            continue;
        }
        seen += 1;
        let image: usize = plan.input.iter().product();
        let images = seeded::input(batch * image, case.input_scale);
        let run = |weights: Weights| {
            let executor = Executor::new(&plan, &weights).expect("weights");
            let mut workspace = executor.workspace(batch);
            let result = executor.forward(&mut workspace, &images);
            let numbers = result.map(<[f32]>::to_vec);
            numbers.map(|numbers| (numbers, workspace.launches()))
        };
        let weights = || seeded::weights(&plan.params);
        let (expected, _) = run(weights()).expect("the CPU");
        let (found, launches) =
            run(weights().on(device.clone())).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        without_reports(&session, &case.name);
        near(&found, &expected, TOLERANCE, &case.name);
        let launches = launches.expect("a GPU");
        assert!(
            launches <= plan.forward.len() + 5,
            "{}: {launches} launches",
            case.name
        );
        assert!(
            case.name != "lenet5_mnist" || launches == 1,
            "{launches} launches"
        );
    }
    assert!(seen >= 4, "{seen} networks");
}

/// A run of a few steps: the losses, and the weights after it.
fn learn(training: &Training, device: &Device, steps: usize, batch: usize) -> (Vec<f32>, Weights) {
    let plan = &training.plan;
    let weights = Weights::random(1, &plan.params).on(device.clone());
    let optimizer = &training.recipe.optimizer;
    let trainer = Trainer::new(plan, optimizer, &weights, batch, 1).expect("a trainer");
    let mut trainer = trainer.with_seed(7).with_clip(training.recipe.clip);
    let image: usize = plan.input.iter().product();
    let [h, w, classes] = plan.result.shape;
    let losses = (0..steps).map(|i| {
        let images = SplitMix64(i as u64).numbers(batch * image);
        let labels: Vec<u32> = (0..batch * h * w)
            .map(|k| ((k + i) % classes) as u32)
            .collect();
        trainer.step(&images, &labels, 1.0).expect("a step").loss as f32
    });
    (losses.collect(), trainer.weights().expect("finite weights"))
}

#[test]
fn training_agrees_with_the_cpu() {
    let Some((session, device)) = session() else {
        return;
    };
    for (name, steps, batch) in [
        ("lenet5_mnist", 12, 4),
        ("alexnet_cifar_14", 2, 2),
        ("lenet5_1998", 2, 2),
    ] {
        let options = Options {
            train: Some(Train {
                recipe: RecipeChoice::BuiltIn,
                overrides: BTreeMap::new(),
            }),
            ..Options::default()
        };
        let training = compile_file(&path(name), &options).training;
        let training = training.expect("a network that can be trained");
        let (expected, weights) = learn(&training, &Device::cpu(), steps, batch);
        let (found, on_device) = learn(&training, &device, steps, batch);
        without_reports(&session, name);
        near(&found, &expected, 1e-3, name);
        for ((tensor, _, expected), (_, _, found)) in weights.tensors().zip(on_device.tensors()) {
            near(&found, &expected, 1e-2, &format!("{name} {tensor}"));
        }
    }
}
