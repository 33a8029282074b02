//! Kernels that are chosen for a machine, and choices that are forced: all give the same numbers up to rounding.

use netc_plan::Plan;
use netc_runtime::cpu::{Level, Machine, Method, Profile};
use netc_runtime::train::Trainer;
use netc_runtime::{Device, ErrorKind, Executor, Model, Precision, Prepared, Weights, prepare};
use netc_tests::generated::resnet18::ResNet18;
use netc_tests::networks::{compile_file, compile_text, path};
use std::path::Path;

const NETWORK: &str = "INPUT(9x9x3)
    => CONV(8, 3x3, same) => RELU => DWCONV(3x3, same) => CONV(12, 3x3/2, pad=1, groups=4) => RELU
    => POOL(2x2) => CONV(20, 1x1) => RELU => FC(5)";

fn plan() -> Plan {
    let output = compile_text(NETWORK, &netc_compiler::Options::default());
    output.plan.expect("a network")
}

fn images(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * 0.7).sin()).collect()
}

fn outputs(executor: &Executor) -> Vec<f32> {
    let mut workspace = executor.workspace(3);
    let images = images(3 * 9 * 9 * 3);
    let outputs = executor.forward(&mut workspace, &images);
    outputs.expect("three images").to_vec()
}

fn near(found: &[f32], expected: &[f32], context: &str) {
    let largest = expected.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs();
        assert!(error <= 1e-5 * largest, "{context}: {found}, {expected}");
    }
}

#[test]
fn each_method_that_can_serve_gives_the_same_numbers() {
    let plan = plan();
    let weights = Weights::random(1, &plan.params);
    let machine = Machine::here();
    let usual = outputs(&Executor::new(&plan, &weights).expect("a valid plan"));
    let mut forced = 0;
    for step in &plan.forward {
        for method in machine.methods(&step.op) {
            let mut prepared = prepare(&plan, machine, 3).expect("a valid plan");
            prepared.force(&step.name, method).expect("it can serve");
            let executor = prepared.executor(&weights).expect("its weights");
            near(
                &outputs(&executor),
                &usual,
                &format!("{} {method}", step.name),
            );
            forced += 1;
        }
    }
    assert!(forced > plan.forward.len() + 2, "some steps have a choice");
}

/// Only layers that gain by it have weights in bf16, and their rounding stays small.
#[test]
fn bf16_weights_of_large_layers() {
    let keep = netc_compiler::Options {
        keep: vec!["fc3".to_owned()],
        ..Default::default()
    };
    let plan = compile_file(&path("alexnet"), &keep).plan.expect("AlexNet");
    let logits = |device: Device| {
        let executor = Executor::new(&plan, &Weights::random(1, &plan.params).on(device));
        let executor = executor.expect("a valid plan");
        let mut workspace = executor.workspace(1);
        let images = images(plan.input.iter().product());
        executor.forward(&mut workspace, &images).expect("an image");
        let kept = executor.kept(&workspace, "fc3").expect("it is kept");
        kept.expect("numbers")
    };
    let device = Device::cpu().with_precision(Precision::Bf16);
    let prepared = prepare(&plan, device.machine(), 1).expect("a valid plan");
    for (step, choice) in prepared.steps() {
        let expected = if step.name.starts_with("fc") {
            "bf16"
        } else {
            "f32"
        };
        assert_eq!(choice.precision.name(), expected, "{}", step.name);
    }
    let small = self::plan();
    let prepared = prepare(&small, device.machine(), 1).expect("a valid plan");
    assert!(
        prepared
            .steps()
            .all(|(_, choice)| choice.precision.name() == "f32")
    );

    let (exact, rounded) = (logits(Device::cpu()), logits(device));
    let largest = exact.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
    let errors = exact
        .iter()
        .zip(&rounded)
        .map(|(a, b)| (a - b).abs() / largest);
    let error = errors.fold(0.0, f32::max);
    assert!(0.0 < error && error < 2e-2, "{error}");
}

#[test]
fn each_level_of_this_machine_gives_the_same_numbers() {
    let plan = plan();
    let weights = Weights::random(1, &plan.params);
    let here = Machine::here();
    let usual = outputs(&Executor::new(&plan, &weights).expect("a valid plan"));
    for level in Level::ALL {
        match here.with_level(*level) {
            Ok(machine) => {
                let prepared = prepare(&plan, machine, 3).expect("a valid plan");
                let executor = prepared.executor(&weights).expect("its weights");
                near(&outputs(&executor), &usual, level.name());
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Choice);
                assert!(*level > here.level(), "{error}");
            }
        }
    }
}

#[test]
fn what_was_chosen_is_shown() {
    let plan = plan();
    let prepared = prepare(&plan, Machine::here(), 1).expect("a valid plan");
    let shown = prepared.steps().map(|(_, choice)| choice.method);
    let expected = [
        Method::Padded,
        Method::Depthwise,
        Method::Grouped,
        Method::Only,
        Method::Direct,
        Method::Direct,
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
    let level = Machine::here().level();
    let (_, first) = prepared.steps().next().expect("a step");
    assert_eq!(first.to_string(), format!("padded {level} f32"));
}

#[test]
fn what_cannot_serve_is_refused_with_what_can() {
    let plan = plan();
    let mut prepared = prepare(&plan, Machine::here(), 1).expect("a valid plan");
    let error = prepared
        .force("conv1", Method::Depthwise)
        .expect_err("3 channels to 8");
    assert_eq!(error.kind(), ErrorKind::Choice);
    assert_eq!(
        error.to_string(),
        "conv1, CONV(8, 3x3, same) + RELU, cannot be computed by the method `depthwise`, only by `direct`, `padded`, `winograd2` or `winograd4`"
    );
    let error = prepared
        .force("conv", Method::Direct)
        .expect_err("no such step");
    assert_eq!(
        error.to_string(),
        "the network has no step `conv`; did you mean `conv1`?"
    );
}

/// The loss of a training step and the gradients of two weights, by these choices.
fn trained(choose: impl Fn(&Plan) -> Prepared<'_>) -> [Vec<f32>; 3] {
    let options = netc_compiler::Options {
        train: Some(netc_compiler::Train::default()),
        ..netc_compiler::Options::default()
    };
    let output = compile_text(&format!("{NETWORK}\ntrain {{ data = mnist }}"), &options);
    let output = output.training.expect("a network that can be trained");
    let weights = Weights::random(1, &output.plan.params);
    let prepared = choose(&output.plan);
    let optimizer = &output.recipe.optimizer;
    let mut trainer = Trainer::prepared(&prepared, optimizer, &weights, 1).expect("weights");
    let result = trainer.gradients(&images(3 * 9 * 9 * 3), &[0, 1, 2]);
    let loss = result.expect("finite").loss as f32;
    let gradient = |name| {
        trainer
            .gradient(name)
            .expect("the CPU")
            .expect("it has one")
    };
    [vec![loss], gradient("conv1.weight"), gradient("fc1.weight")]
}

fn all_near(found: &[Vec<f32>; 3], expected: &[Vec<f32>; 3], context: &str) {
    let pairs = found.iter().zip(expected);
    pairs.for_each(|(found, expected)| near(found, expected, context));
}

/// A network's generated code and its plan's executor, on a device whose kernels are chosen otherwise.
fn on_both(device: &Device, weights: &Path, plan: &Plan) -> Vec<f32> {
    let params = Weights::from_file(weights, &plan.params).expect("its weights");
    let executor = Executor::new(plan, &params.on(device.clone())).expect("a valid plan");
    let generated = ResNet18::on(device, weights).expect("its weights");
    let images = images(executor.input().iter().product());
    let forward = |model: &dyn Model| {
        let mut workspace = model.workspace(1);
        let outputs = model.forward(&mut workspace, &images);
        outputs.expect("an image").to_vec()
    };
    let found = forward(&executor);
    assert_eq!(forward(&generated), found);
    found
}

#[test]
fn generated_code_takes_the_choices_of_a_device() {
    let options = netc_compiler::Options::default();
    let plan = compile_file("models/resnet18.net", &options).plan;
    let plan = plan.expect("a network");
    let folder = tempfile::tempdir().expect("a folder");
    let weights = folder.path().join("weights.safetensors");
    let saved = Weights::random(1, &plan.params).save(&weights);
    saved.expect("a file");

    let here = Machine::here();
    let usual = on_both(&Device::cpu(), &weights, &plan);
    let exact = Device::cpu().with_machine(here.without_winograd());
    let exact = on_both(&exact, &weights, &plan);
    assert_ne!(usual, exact, "some of its convolutions are Winograd's");

    // The methods without Winograd's, as a profile.
    let prepared = prepare(&plan, here.without_winograd(), 1).expect("a valid plan");
    let methods = prepared.steps();
    let methods: Vec<(&str, Method)> = methods
        .map(|(step, choice)| (step.name.as_str(), choice.method))
        .collect();
    let profile = Profile::new(&plan, here.level(), 1, 2, &methods);
    let read = Profile::parse(&profile.to_string()).expect("what it wrote");
    let device = Device::cpu().with_profile(read).expect("its level");
    assert_eq!(on_both(&device, &weights, &plan), exact);

    // It is of no use to another network, or at another level.
    let other = self::plan();
    let problem = Prepared::on(&device, &other, 1).expect_err("another network");
    assert_eq!(problem.kind(), ErrorKind::Choice);
    if let Ok(portable) = here.with_level(Level::Portable)
        && here.level() != Level::Portable
    {
        let device = Device::cpu().with_machine(portable);
        assert!(device.with_profile(profile).is_err());
    }
}

#[test]
fn a_trainer_takes_forced_choices() {
    let by = |method| {
        trained(|plan| {
            let mut prepared = prepare(plan, Machine::here(), 3).expect("a valid plan");
            prepared.force("conv1", method).expect("it can serve");
            prepared
        })
    };
    all_near(&by(Method::Direct), &by(Method::Padded), "direct");
}

#[test]
fn a_trainer_takes_each_level_of_this_machine() {
    let at = |machine: Machine| trained(|plan| prepare(plan, machine, 3).expect("a valid plan"));
    let here = Machine::here();
    let usual = at(here);
    for level in Level::ALL {
        let Ok(machine) = here.with_level(*level) else {
            continue;
        };
        let found = at(machine);
        all_near(&found, &usual, level.name());
        // Without fused multiply-add, products are rounded: other bits show that the level was taken, by FC as by CONV.
        let fuses = |level| level != Level::Portable;
        if fuses(*level) != fuses(here.level()) {
            assert!(found.iter().zip(&usual).skip(1).all(|(a, b)| a != b));
        }
    }
}
