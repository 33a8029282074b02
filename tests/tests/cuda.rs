//! Networks on the emulated device: inference and training agree with the CPU and with PyTorch.

use netc_compiler::{Options, RecipeChoice, Train, Training};
use netc_emulated_device::{Session, session_or_skip};
use netc_plan::random::SplitMix64;
use netc_plan::{Operation, Plan};
use netc_runtime::cuda::Precision;
use netc_runtime::train::Trainer;
use netc_runtime::{Device, ErrorKind, Executor, Model, Weights};
use netc_tests::networks::{compile_file, compile_text, path};
use netc_tests::reference::{Network, networks};
use netc_tests::seeded;
use std::time::Instant;

/// Absolute error allowed, as a share of the largest reference value.
const TOLERANCE: f64 = 1e-4;

/// The same where products are of rounded numbers.
const TF32: f64 = 5e-3;
const BF16: f64 = 5e-2;

/// Pictures are scaled by this at most where products are of rounded numbers. Those of `efficientnet_b0`'s reference values are scaled by a
/// million, so that its biases are small beside them, and its gates are steps: a rounded sum of a hundred thousand that is off by half a
/// percent is on the other side of 0 in places, by the definition as on the device (`docs/cuda.md`).
const ROUNDED_SCALE: f64 = 100.0;

/// The emulator takes some ten nanoseconds for an operation, with every check.
const MACS: u64 = 12_000_000;
/// Without checks it takes about one; larger networks are of no other layers.
const LARGE_MACS: u64 = 5_000_000_000;
/// Rounded ones take several times as long.
const ROUNDED_MACS: u64 = 800_000_000;

/// The turn with the emulated device, or a real one.
fn session() -> Option<(Session<'static>, Device)> {
    let session = session_or_skip()?;
    session.set("seed", "1");
    let device = Device::cuda(0).expect("the emulated device");
    Some((session, device))
}

fn macs(plan: &Plan) -> u64 {
    plan.forward.iter().map(|step| step.op.macs()).sum()
}

/// Up to a share of the largest number, which is 0.01 at least: the gradient of a bias before BN is nothing but rounding.
fn near(found: &[f32], expected: &[f32], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-2f32, |m, v| m.max(v.abs()));
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

/// A network on the device and on the CPU: the largest difference as a share of the largest number, which is 0.01 at least. One program, few
/// launches.
fn error(
    session: &Session<'_>,
    device: &Device,
    precision: Precision,
    case: &Network,
    batch: usize,
) -> f64 {
    let device = device.clone().with_precision(precision);
    let plan = plan(case);
    let image: usize = plan.input.iter().product();
    let scale = match precision {
        Precision::F32 => case.input_scale,
        _ => case.input_scale.min(ROUNDED_SCALE),
    };
    let images = seeded::input(batch * image, scale);
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
        run(weights().on(device)).unwrap_or_else(|e| panic!("{}: {e}", case.name));
    without_reports(session, &case.name);
    let launches = launches.expect("a GPU");
    let most = match &*case.name {
        "lenet5_mnist" => 1,
        _ => plan.forward.len() + 5,
    };
    assert!(launches <= most, "{}: {launches} launches", case.name);
    let largest = expected.iter().fold(1e-2f32, |m, v| m.max(v.abs()));
    let off = found.iter().zip(&expected).map(|(f, e)| (f - e).abs());
    // A NaN is the largest error.
    let off = off.fold(0.0, |m: f32, off| if off <= m { m } else { off });
    f64::from(off / largest)
}

fn plan(case: &Network) -> Plan {
    let compiled = compile_file(&path(&case.name), &Options::default());
    compiled.plan.expect("a network")
}

fn agrees(session: &Session<'_>, device: &Device, case: &Network, batch: usize) {
    let error = error(session, device, Precision::F32, case, batch);
    assert!(error <= TOLERANCE, "{}: off by {error:.1e}", case.name);
}

#[test]
fn golden_networks_agree_with_the_cpu() {
    let Some((session, device)) = session() else {
        return;
    };
    let mut seen = 0;
    for case in &networks() {
        let images = match macs(&plan(case)) {
            macs if !session.is_emulated() || 2 * macs <= MACS => case.batch.min(2),
            macs if macs <= MACS => 1,
            _ => continue,
        };
        agrees(&session, &device, case, images);
        seen += 1;
    }
    assert!(seen >= 4, "{seen} networks");
}

/// Those that are too large for the checks, without them.
#[test]
fn large_golden_networks_agree_with_the_cpu() {
    let Some((session, device)) = session() else {
        return;
    };
    session.set("check", "0");
    let large = networks().into_iter();
    let sizes = MACS + 1..LARGE_MACS;
    for case in large.filter(|case| sizes.contains(&macs(&plan(case)))) {
        agrees(&session, &device, &case, 1);
    }
}

/// Prints the errors that `docs/cuda.md` has. `NETC_ONLY=alexnet,resnet18` picks some.
#[test]
#[ignore = "tensor cores take minutes for each billion of multiply-accumulates on the emulated device"]
fn all_golden_networks_at_every_precision() {
    let Some((session, device)) = session() else {
        return;
    };
    session.set("check", "0");
    let picked = std::env::var("NETC_ONLY").ok();
    let picked: Option<Vec<&str>> = picked.as_ref().map(|names| names.split(',').collect());
    let mut all = networks();
    all.retain(|case| picked.as_ref().is_none_or(|p| p.contains(&&*case.name)));
    all.sort_by_key(|case| macs(&plan(case)));
    for case in &all {
        let macs = macs(&plan(case));
        for (precision, bound) in Precision::ALL.into_iter().zip([TOLERANCE, TF32, BF16]) {
            if session.is_emulated() && precision != Precision::F32 && macs > ROUNDED_MACS {
                continue;
            }
            let start = Instant::now();
            let error = error(&session, &device, precision, case, 1);
            let seconds = start.elapsed().as_secs();
            eprintln!("| {} | {precision} | {error:.1e} | {seconds} s", case.name);
            assert!(error <= bound, "{}, {precision}: {error:.1e}", case.name);
        }
    }
}

/// Launches of a training step: three where a block computes an image alone, else one for each step forward and backward, and three for the
/// loss, the end of the gradients and the update; some layers take more.
fn launches_are_few(trainer: &Trainer, plan: &Plan) {
    let most = match plan.name.as_str() {
        "LeNet5Mnist" => 3,
        "LeNetCifar" => plan.forward.len() + plan.backward.len() + 3,
        _ => return,
    };
    if let Some(launches) = trainer.launches() {
        assert!(launches <= most, "{}: {launches} launches", plan.name);
    }
}

/// A run of a few steps: the losses, and the weights after it.
fn learn(training: &Training, device: &Device, steps: usize, batch: usize) -> (Vec<f32>, Weights) {
    let plan = &training.plan;
    let weights = Weights::random(1, &plan.params).on(device.clone());
    let optimizer = &training.recipe.optimizer;
    let trainer = Trainer::new(plan, optimizer, &weights, batch, 1).expect("a trainer");
    let mut trainer = trainer.with_seed(7).with_clip(training.recipe.clip);
    launches_are_few(&trainer, plan);
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

/// The gradients of one step.
fn gradients(training: &Training, device: &Device, batch: usize) -> Vec<(String, Vec<f32>)> {
    let plan = &training.plan;
    let weights = Weights::random(1, &plan.params).on(device.clone());
    let optimizer = &training.recipe.optimizer;
    let trainer = Trainer::new(plan, optimizer, &weights, batch, 1).expect("a trainer");
    let mut trainer = trainer.with_seed(7);
    launches_are_few(&trainer, plan);
    let image: usize = plan.input.iter().product();
    let [h, w, classes] = plan.result.shape;
    let images = SplitMix64(5).numbers(batch * image);
    let labels: Vec<u32> = (0..batch * h * w).map(|k| (k % classes) as u32).collect();
    trainer.gradients(&images, &labels).expect("a step");
    let trained = plan.params.iter().filter(|param| param.trainable);
    let gradient = |name: &str| {
        trainer
            .gradient(name)
            .expect("a device")
            .expect("a parameter")
    };
    trained
        .map(|param| (param.name.clone(), gradient(&param.name)))
        .collect()
}

/// Layers of training that the two LeNets have not.
const MODERN: &str = "
    INPUT(12x12x3)
    => CONV(8, 3x3, same) => BN => RELU as stem
    => DWCONV(3x3, same) => BN => SILU => CONV(8, 1x1) => ADD(stem) => POOL(2x2)
    => [ CONV(4, 1x1) => RELU | CONV(6, 3x3, same) => GROUPNORM(2) => HARD_SWISH ] => CONCAT => LRN
    => AVGPOOL(2x2) => DROPOUT(0.3) => FC(16) => BN => TANH => FC(5) => SOFTMAX";

/// Layers that write the gradient of an activation, each in its own way: a layer behind it, one of its readers, a loss.
const BEHIND: [&str; 4] = [
    "INPUT(10x10x4) => CONV(8, 3x3, same) => RELU => POOL(3x3/2) => CONV(8, 3x3, same) => TANH => AVGPOOL(2x2/1)
     => CONV(12, 1x1) => SIGMOID => LRN => DWCONV(3x3, same) => RELU6 => BN => RELU => GROUPNORM(2) => CONV(6, 1x1) => ELU => LN
     => CONV(6, 1x1) => RELU => PAD(1) => CONV(6, 1x1) => RELU => CROP(1) => CONV(8, 1x1) => RELU => POOL(3x3/1)
     => FC(12) => ELU => DROPOUT(0.2) => FC(9) => RELU => FC(5) => SOFTMAX",
    "INPUT(8x8x3) => CONV(8, 3x3, same) => RELU as stem
     => [ CONV(4, 1x1) => RELU | CONV(4, 3x3, same) => RELU | SKIP ] => CONCAT => CONV(8, 1x1) => ADD(stem) => RELU as next
     => SCALE => CONV(8, 1x1) => RELU => PRELU => CONV(4, 1x1) => RELU => UPSAMPLE(2x2, mode=bilinear) => CONV(6, 2x2/2) => LEAKY_RELU
     => DECONV(8, 2x2/2) => RELU => POOL(2x2) => SHUFFLE(2) => CONV(8, 1x1) => RELU => SLICE(2, 6) => CONV(8, 1x1) => RELU => ADD(next)
     => RELU => GLOBALPOOL => FC(6) => RELU => FC(5)",
    "INPUT(6x6x4) => CONV(8, 3x3, same) => RELU as a
     => [ GLOBALPOOL(max) => CONV(8, 1x1) => SIGMOID | SKIP ] => MUL => CONV(8, 1x1, same) => RELU as b
     => [ CONV(8, 1x1) => TANH | SKIP ] => MUL => ADD(a) => ADD(b) => RELU => AVGPOOL(2x2) => FC(8) => TANH => FC(4)",
    "INPUT(8) => FC(16) => TANH => FC(4) => SIGMOID",
];

fn compiled(network: &str) -> Training {
    // The last of those above is for another loss.
    let other = Some(("loss".into(), "mse".into())).filter(|_| network.ends_with("SIGMOID"));
    let options = Options {
        train: Some(Train {
            recipe: RecipeChoice::BuiltIn,
            overrides: other.into_iter().collect(),
        }),
        ..Options::default()
    };
    let output = match network.contains('=') {
        true => compile_text(network, &options),
        false => compile_file(&path(network), &options),
    };
    output.training.expect("a network that can be trained")
}

#[test]
fn gradients_agree_with_the_cpu() {
    let Some((session, device)) = session() else {
        return;
    };
    let networks = ["lenet5_mnist", "lenet5_1998", MODERN].into_iter();
    for (number, network) in networks.chain(BEHIND).enumerate() {
        let training = compiled(network);
        let network = &format!("{number} {}", training.plan.name);
        let expected = gradients(&training, &Device::cpu(), 5);
        let found = gradients(&training, &device, 5);
        without_reports(&session, network);
        for ((tensor, expected), (_, found)) in expected.iter().zip(&found) {
            near(found, expected, 2e-4, &format!("{network} {tensor}"));
        }
    }
}

#[test]
fn training_agrees_with_the_cpu() {
    let Some((session, device)) = session() else {
        return;
    };
    for (network, steps) in [("lenet5_mnist", 20), (MODERN, 5)] {
        let training = compiled(network);
        let network = &training.plan.name;
        let (expected, weights) = learn(&training, &Device::cpu(), steps, 6);
        let (found, on_device) = learn(&training, &device, steps, 6);
        let again = learn(&training, &device, steps, 6).0;
        without_reports(&session, network);
        assert_eq!(found, again, "{network}: from run to run");
        near(&found, &expected, 1e-3, network);
        for ((tensor, _, expected), (_, _, found)) in weights.tensors().zip(on_device.tensors()) {
            near(&found, &expected, 1e-2, &format!("{network} {tensor}"));
        }
    }
}

/// Batches that can be learnt from: each image is its class's picture, half of it hidden by noise.
fn lessons(plan: &Plan, count: usize, batch: usize) -> Vec<(Vec<f32>, Vec<u32>)> {
    let image: usize = plan.input.iter().product();
    let classes = plan.result.shape[2];
    let picture = |seed: u64| SplitMix64(seed).numbers(image);
    let lesson = |i: usize| {
        let numbers = i * batch..(i + 1) * batch;
        let labels = numbers.clone().map(|k| (k * 7 % classes) as u32);
        let images = numbers.flat_map(|k| {
            let class = picture(1000 + (k * 7 % classes) as u64);
            let noise = picture(2000 + k as u64);
            class
                .into_iter()
                .zip(noise)
                .map(|(a, b)| 0.5 * (a + b))
                .collect::<Vec<f32>>()
        });
        (images.collect(), labels.collect())
    };
    (0..count).map(lesson).collect()
}

/// The losses of a run.
fn curve(training: &Training, device: &Device, lessons: &[(Vec<f32>, Vec<u32>)]) -> Vec<f32> {
    let plan = &training.plan;
    let weights = Weights::random(1, &plan.params).on(device.clone());
    let optimizer = &training.recipe.optimizer;
    let trainer = Trainer::new(plan, optimizer, &weights, lessons[0].1.len(), 1);
    let mut trainer = trainer.expect("a trainer").with_seed(7);
    launches_are_few(&trainer, plan);
    let steps = lessons.iter();
    let steps = steps.map(|(images, labels)| trainer.step(images, labels, 1.0).expect("a step"));
    steps.map(|result| result.loss as f32).collect()
}

#[test]
fn curves_of_a_hundred_steps_agree_with_the_cpu() {
    let Some((session, device)) = session() else {
        return;
    };
    // Other tests look for what a GPU would punish.
    session.set("check", "0");
    for (network, batch, tolerance) in [("lenet5_mnist", 4, 1e-3), ("lenet_cifar", 2, 1e-3)] {
        let training = compiled(network);
        let lessons = lessons(&training.plan, 100, batch);
        let expected = curve(&training, &Device::cpu(), &lessons);
        let found = curve(&training, &device, &lessons);
        let pairs = found.iter().zip(&expected);
        let most = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        eprintln!(
            "{network}: losses from {} to {}, at most {most:e} apart",
            expected[0], expected[99]
        );
        near(&found, &expected, tolerance, network);
        assert_eq!(
            found[..20],
            curve(&training, &device, &lessons[..20])[..],
            "{network}: from run to run"
        );
    }
}

/// Batches of a run: images and labels of each.
fn batches(plan: &Plan, count: usize, batch: usize) -> Vec<(Vec<f32>, Vec<u32>)> {
    let image: usize = plan.input.iter().product();
    let classes = plan.result.shape[2];
    let batch = |i: usize| {
        let labels = (0..batch).map(|k| ((k + i) % classes) as u32);
        (
            SplitMix64(i as u64).numbers(batch * image),
            labels.collect(),
        )
    };
    (0..count).map(batch).collect()
}

#[test]
fn steps_that_nobody_waits_for_are_the_same() {
    let Some((session, device)) = session() else {
        return;
    };
    let training = compiled("lenet5_mnist");
    let plan = &training.plan;
    let trainer = || {
        let weights = Weights::random(1, &plan.params).on(device.clone());
        let trainer = Trainer::new(plan, &training.recipe.optimizer, &weights, 4, 1);
        trainer.expect("a trainer").with_seed(7)
    };
    let batches = batches(plan, 4, 4);
    let mut waiting = trainer();
    let mut step = |(images, labels): &(Vec<f32>, Vec<u32>)| {
        let result = waiting.step(images, labels, 1.0).expect("a step");
        (result, waiting.weights().expect("finite weights"))
    };
    let expected: Vec<_> = batches.iter().map(&mut step).collect();

    let mut trainer = trainer();
    let mut found = Vec::new();
    for (images, labels) in &batches[..2] {
        found.extend(trainer.submit(images, labels, 1.0).expect("a step"));
    }
    assert_eq!(found.len(), 1, "one step is under way");
    // A step that fails is found out when the next one is under way; of both nothing is left.
    let (mut broken, labels) = batches[2].clone();
    broken[5] = f32::NAN;
    found.extend(trainer.submit(&broken, &labels, 1.0).expect("the second"));
    let (images, labels) = &batches[3];
    let error = trainer.submit(images, labels, 1.0).expect_err("not finite");
    assert_eq!(error.kind(), ErrorKind::Diverged, "{error}");
    assert_eq!(trainer.steps(), 2);
    assert!(trainer.outcome().expect("a device").is_none());
    let numbers = |weights: &Weights| -> Vec<f32> {
        let tensors = weights.tensors();
        tensors
            .flat_map(|(_, _, values)| values.into_owned())
            .collect()
    };
    let weights = trainer.weights().expect("finite weights");
    assert_eq!(numbers(&weights), numbers(&expected[1].1));
    for (images, labels) in &batches[2..] {
        found.extend(trainer.submit(images, labels, 1.0).expect("a step"));
    }
    found.extend(trainer.outcome().expect("the last step"));
    without_reports(&session, "lenet5_mnist");
    let losses: Vec<f64> = found.iter().map(|result| result.loss).collect();
    let all: Vec<f64> = expected.iter().map(|(result, _)| result.loss).collect();
    assert_eq!(losses, all);
    let weights = trainer.weights().expect("finite weights");
    assert_eq!(numbers(&weights), numbers(&expected[3].1));
}

#[test]
fn a_step_that_leaves_the_range_of_numbers_changes_nothing_and_says_where() {
    let Some((session, device)) = session() else {
        return;
    };
    for network in ["lenet5_mnist", MODERN] {
        let training = compiled(network);
        let plan = &training.plan;
        let train = |device: &Device| {
            let weights = Weights::random(1, &plan.params).on(device.clone());
            let trainer = Trainer::new(plan, &training.recipe.optimizer, &weights, 4, 1);
            let mut trainer = trainer.expect("a trainer");
            let before = trainer.weights().expect("finite weights");
            let image: usize = plan.input.iter().product();
            let mut images = SplitMix64(1).numbers(3 * image);
            images[image] = f32::NAN;
            let error = trainer.step(&images, &[0, 1, 2], 1.0).expect_err("a NaN");
            let after = trainer.weights().expect("finite weights");
            for ((name, _, before), (_, _, after)) in before.tensors().zip(after.tensors()) {
                assert_eq!(before, after, "{name}");
            }
            images[image] = 0.0;
            let loss = trainer.step(&images, &[0, 1, 2], 1.0).expect("a step").loss;
            (error.to_string(), loss as f32)
        };
        let (error, loss) = train(&device);
        let (expected, expected_loss) = train(&Device::cpu());
        without_reports(&session, &plan.name);
        assert_eq!(error, expected);
        near(&[loss], &[expected_loss], 1e-4, &plan.name);
    }
}
