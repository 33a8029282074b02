//! Data sets that the emulated device holds: its pictures are the CPU's, and so is a run over them.

use netc_compiler::{Options, RecipeChoice, Train, Training};
use netc_emulated_device::{Session, emulated_or_skip, session_or_skip};
use netc_plan::random::SplitMix64;
use netc_plan::{Plan, Slot};
use netc_runtime::train::{Pictures, Preparation, Trainer};
use netc_runtime::{Device, ErrorKind, Weights};
use netc_tests::networks::compile_text;
use netc_train::Result;
use netc_train::augment::{Pipeline, Scratch, View};
use netc_train::data::{self, Dataset};
use netc_train::run::{
    self, Checkpoints, Evaluate, Experiment, Interrupt, Learn, Net, Network, Outcome, Progress,
    RunFolder, Tensor,
};
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Error allowed, as a share of the range of the inputs.
const TOLERANCE: f32 = 1e-5;

/// A network that learns by a recipe.
struct Case {
    plan: Plan,
    training: Training,
    data: Dataset,
    _folder: TempDir,
}

impl Case {
    /// Of this text, with pictures of its input's size less the padding: three channels are CIFAR-10's, one channel is MNIST's.
    fn new(network: &str, recipe: &str, size: [usize; 3], pictures: usize) -> Self {
        let recipe = format!("train {{ {recipe} }}").replace(';', "\n");
        let options = Options {
            train: Some(Train {
                recipe: RecipeChoice::Default,
                overrides: BTreeMap::new(),
            }),
            ..Options::default()
        };
        let output = compile_text(&format!("{network}\n{recipe}"), &options);
        let training = output.training.expect("a recipe");
        let plan = output.plan.expect("a network");
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), size, pictures);
        let data = data::load(&training.recipe, folder.path(), &plan.input);
        Self {
            data: data.expect("a data set"),
            plan,
            training,
            _folder: folder,
        }
    }

    fn trainer(&self, device: &Device) -> Trainer {
        let (plan, recipe) = (&self.training.plan, &self.training.recipe);
        let weights = Weights::random(1, &plan.params).on(device.clone());
        let trainer = Trainer::new(plan, &recipe.optimizer, &weights, recipe.batch, 1);
        trainer.expect("a trainer").with_seed(7)
    }

    fn pipeline(&self) -> Pipeline {
        let Training { plan, recipe, .. } = &self.training;
        let pipeline = Pipeline::new(recipe, &self.data, &plan.input, &plan.pixels);
        pipeline.expect("pictures that fit")
    }

    /// A trainer that holds the training pictures.
    fn holding(&self, device: &Device) -> Trainer {
        let mut trainer = self.trainer(device);
        let held = self.data.train.held().expect("bytes in memory");
        let taken = trainer.hold(&held.pictures(), &self.pipeline().preparation());
        assert!(taken.expect("a device"), "there is room");
        trainer
    }
}

/// A data set of random pictures, with a brightness of its own for each class.
fn write(folder: &Path, size: [usize; 3], pictures: usize) {
    let each = size.iter().product::<usize>();
    let mut random = SplitMix64(3);
    let mut picture = |label: usize| -> Vec<u8> {
        (0..each)
            .map(|_| (random.below(200) + 5 * label) as u8)
            .collect()
    };
    let label = |i: usize| i % 3;
    let [h, w, c] = size;
    if c == 3 {
        let per_file = pictures.div_ceil(5);
        for file in 1..=6 {
            let name = match file {
                6 => "test_batch.bin".into(),
                n => format!("data_batch_{n}.bin"),
            };
            let records = (0..per_file).flat_map(|i| {
                let mut record = vec![label(i) as u8];
                record.extend(picture(label(i)));
                record
            });
            fs::write(folder.join(name), records.collect::<Vec<u8>>()).expect("a file");
        }
        return;
    }
    for (stem, n) in [("train", pictures), ("t10k", 6)] {
        let idx = |name: &str, shape: &[u32], bytes: Vec<u8>| {
            let mut file = vec![0, 0, 8, shape.len() as u8];
            shape.iter().for_each(|n| file.extend(n.to_be_bytes()));
            file.extend(bytes);
            fs::write(folder.join(format!("{stem}-{name}-ubyte")), file).expect("a file");
        };
        let bytes = (0..n).flat_map(|i| picture(label(i))).collect();
        idx("images-idx3", &[n as u32, h as u32, w as u32], bytes);
        let labels = (0..n).map(|i| label(i) as u8).collect();
        idx("labels-idx1", &[n as u32], labels);
    }
}

/// The turn with the emulated device.
fn session() -> Option<(Session<'static>, Device)> {
    let session = session_or_skip()?;
    session.set("seed", "1");
    let device = Device::cuda(0).expect("the emulated device");
    Some((session, device))
}

fn without_reports(session: &Session<'_>, what: &str) {
    let reports = session.reports();
    assert!(reports.is_empty(), "{what}:\n{reports}");
}

/// A network whose step a block computes alone, and one that has launches for each layer.
const SMALL: &str = "=> FC(10) => SOFTMAX";
const LARGE: &str = "=> BN => FC(10) => SOFTMAX";

#[test]
fn pictures_are_those_of_the_cpu() {
    let Some((session, device)) = session() else {
        return;
    };
    let affine = "rotate(200) => shift(0.2, 3) => shear(30) => zoom(0.3)";
    let cases = [
        (
            [28, 28, 1],
            "28x28x1, scale=1.0/255",
            SMALL,
            0,
            "rotate(8) => shift(0.08, 0.08)".into(),
        ),
        (
            [7, 11, 1],
            "11x15x1, mean=100, std=50",
            LARGE,
            2,
            affine.to_owned(),
        ),
        ([28, 28, 1], "28x28x1", LARGE, 0, "vflip".to_owned()),
        (
            [32, 32, 3],
            "29x31x3, scale=1.0/255, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4)",
            SMALL,
            2,
            format!("{affine} => crop(29, 31) => hflip => lighting(0.1)"),
        ),
        // Too large for shared memory.
        (
            [113, 113, 1],
            "20x21x1",
            SMALL,
            0,
            "zoom(0.2) => crop(20, 21)".into(),
        ),
        // Two matrices, one after the other; values in another range.
        (
            [32, 32, 3],
            "32x32x3",
            LARGE,
            0,
            "rescale(0.5) => zoom(0.2) => vflip => rotate(30)".into(),
        ),
    ];
    for (size, input, end, pad, augment) in cases {
        let data = if size[2] == 3 { "cifar10" } else { "mnist" };
        let recipe = format!(
            "data = {data}(pad={pad}); augment = {augment}; optimizer = sgd(lr=0.0001); batch = 4; seed = 5"
        );
        let case = Case::new(&format!("INPUT({input}) {end}"), &recipe, size, 10);
        let mut trainer = case.holding(&device);
        assert_eq!(trainer.launches() == Some(3), end == SMALL, "{augment}");
        let pipeline = case.pipeline();
        let orders: [[u32; 6]; 2] = [[7, 2, 9, 2, 0, 5], [1, 1, 3, 8, 4, 6]];
        for (epoch, order) in [(0, orders[0]), (3, orders[1])] {
            trainer.begin_epoch(epoch, &order).expect("an order");
            for batch in [0..4, 4..6] {
                trainer.submit_held(batch.clone(), 1.0).expect("a step");
                let result = trainer.outcome().expect("a step");
                assert!(result.is_some_and(|result| result.loss.is_finite()));
                let found = inputs(&trainer);
                same(&found, &order[batch], &case, &pipeline, epoch, &augment);
            }
        }
        without_reports(&session, &augment);
    }
}

/// What the last step read.
fn inputs(trainer: &Trainer) -> Vec<f32> {
    let view = trainer.plan().forward[0].inputs[0];
    assert_eq!(view.slot, Slot::Input);
    trainer.read(view).expect("a device")
}

fn same(found: &[f32], order: &[u32], case: &Case, pipeline: &Pipeline, epoch: u64, what: &str) {
    let each = pipeline.elements();
    assert_eq!(found.len(), order.len() * each, "{what}");
    let mut expected = vec![0.0; each];
    for (found, i) in found.chunks_exact(each).zip(order) {
        let (split, view) = (&case.data.train, View::Varied(epoch));
        let scratch = &mut Scratch::default();
        let input = pipeline.input(split, *i as usize, view, scratch, &mut expected);
        input.expect("a picture");
        let range = expected.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        for (k, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let off = (found - expected).abs() / range;
            assert!(
                off <= TOLERANCE,
                "{what}: picture {i}, epoch {epoch}, number {k}: {found}, not {expected}"
            );
        }
    }
}

/// What a device may be asked while it learns: a net that holds pictures or not, and stops after some steps.
struct Watched {
    net: Net,
    holds: bool,
    steps_left: usize,
    interrupt: Interrupt,
}

impl Watched {
    fn step(&mut self) {
        self.steps_left -= 1;
        if self.steps_left == 0 {
            self.interrupt.stop();
        }
    }
}

impl Evaluate for Watched {
    fn outputs(&self) -> usize {
        self.net.outputs()
    }

    fn evaluate(&mut self, images: &[f32], labels: &[u32], scores: &mut [f32]) -> Result<f64> {
        self.net.evaluate(images, labels, scores)
    }
}

impl Learn for Watched {
    fn train(&mut self, images: &[f32], labels: &[u32], factor: f64) -> Result<Outcome> {
        self.net.train(images, labels, factor)
    }

    fn submit(&mut self, images: &[f32], labels: &[u32], factor: f64) -> Result<Option<Outcome>> {
        self.step();
        self.net.submit(images, labels, factor)
    }

    fn outcome(&mut self) -> Result<Option<Outcome>> {
        self.net.outcome()
    }

    fn hold(&mut self, pictures: &Pictures<'_>, preparation: &Preparation) -> Result<bool> {
        Ok(self.holds && self.net.hold(pictures, preparation)?)
    }

    fn begin_epoch(&mut self, epoch: usize, order: &[u32]) -> Result<()> {
        self.net.begin_epoch(epoch, order)
    }

    fn submit_held(&mut self, batch: Range<usize>, factor: f64) -> Result<Option<Outcome>> {
        self.step();
        self.net.submit_held(batch, factor)
    }

    fn weights(&self) -> Result<Vec<Tensor<'_>>> {
        self.net.weights()
    }

    fn state(&self) -> Result<Vec<Tensor<'_>>> {
        self.net.state()
    }

    fn set_weights(&mut self, weights: Vec<Tensor<'static>>) -> Result<()> {
        self.net.set_weights(weights)
    }

    fn set_state(&mut self, state: Vec<Tensor<'static>>, steps: u64) -> Result<()> {
        self.net.set_state(state, steps)
    }
}

/// Trains in a folder, or goes on there: the losses of each epoch, and the weights.
fn trained(
    case: &Case,
    device: &Device,
    folder: &Path,
    holds: bool,
    stop: usize,
) -> (Vec<f64>, Vec<f32>) {
    let Training { plan, recipe, .. } = &case.training;
    let network = Network::new(&case.plan, recipe.loss);
    let experiment = Experiment::new(&network, recipe, &case.data).expect("pictures that fit");
    let weights = Weights::random(1, &plan.params).on(device.clone());
    let mut watched = Watched {
        net: Net::new(&case.plan, plan, recipe, &weights, 1).expect("a network"),
        holds,
        steps_left: stop,
        interrupt: Interrupt::default(),
    };
    let resume = folder.join("resume.safetensors").exists();
    let options = run::Options {
        folder: if resume {
            RunFolder::open(folder).expect("a run")
        } else {
            RunFolder::create(folder).expect("a folder")
        },
        resume,
        keep: Vec::new(),
        threads: 1,
        checkpoints: Checkpoints::Time(Duration::from_secs(60)),
        interrupt: watched.interrupt.clone(),
        progress: Progress::silent(),
    };
    let outcomes = run::train(&mut watched, &experiment, options).expect("a run");
    let weights = watched.weights().expect("finite weights");
    let numbers = weights.iter().flat_map(|tensor| tensor.values.to_vec());
    let losses = outcomes.history.iter();
    (losses.map(|epoch| epoch.loss).collect(), numbers.collect())
}

#[test]
fn a_run_is_that_of_the_loader_and_goes_on_bit_by_bit() {
    let Some((session, device)) = session() else {
        return;
    };
    let recipe = "data = mnist; validation = 0.25; augment = rotate(8) => shift(0.1, 0.1)\n optimizer = adam(lr=0.01); batch = 4; epochs = 2; seed = 5";
    let case = Case::new(
        "INPUT(8x8x1, scale=1.0/255) => CONV(4, 3x3) => RELU => FC(3) => SOFTMAX",
        recipe,
        [8, 8, 1],
        24,
    );
    let folder = tempfile::tempdir().expect("a folder");
    let go =
        |name: &str, holds, stop| trained(&case, &device, &folder.path().join(name), holds, stop);
    let (expected, _) = go("loaded", false, 1000);
    let (losses, weights) = go("held", true, 1000);
    assert_eq!(losses.len(), 2);
    for (loss, expected) in losses.iter().zip(&expected) {
        assert!(
            (loss - expected).abs() < 1e-5,
            "{losses:?}, not {expected:?}"
        );
    }
    // Stopped in the first epoch, and in the second.
    go("stopped", true, 2);
    go("stopped", true, 5);
    assert_eq!(go("stopped", true, 1000), (losses, weights));
    without_reports(&session, "runs");
}

#[test]
fn a_step_that_fails_leaves_nothing_and_says_where() {
    let Some((session, device)) = session() else {
        return;
    };
    let recipe =
        "data = mnist; augment = shift(0.1, 0.1); optimizer = sgd(lr=0.01); batch = 4; seed = 5";
    for end in [SMALL, LARGE] {
        let case = Case::new(&format!("INPUT(6x6x1) {end}"), recipe, [6, 6, 1], 10);
        let held = case.data.train.held().expect("bytes in memory");
        let mut preparation = case.pipeline().preparation();
        // Inputs so large that the scores leave the range of numbers.
        preparation.pixels.scale = 1e38;
        let mut trainer = case.trainer(&device);
        let before = numbers(&trainer);
        assert!(
            trainer
                .hold(&held.pictures(), &preparation)
                .expect("a device")
        );
        let order: Vec<u32> = (0..10).collect();
        trainer.begin_epoch(0, &order).expect("an order");
        assert!(trainer.submit_held(0..4, 1.0).expect("a step").is_none());
        // It is found out when another epoch's is under way.
        trainer.begin_epoch(1, &order).expect("an order");
        let error = trainer.submit_held(4..8, 1.0).expect_err("not finite");
        assert_eq!(error.kind(), ErrorKind::Diverged, "{error}");
        assert_eq!(numbers(&trainer), before, "{end}");
        assert_eq!(trainer.steps(), 0, "{end}");
        // Repeated from the host's copy of the same batch, the error is the same.
        let images = inputs(&trainer);
        let labels: Vec<u32> = (0..4).map(|i| case.data.train.label(i)).collect();
        let again = trainer.step(&images, &labels, 1.0).expect_err("not finite");
        assert_eq!(error.to_string(), again.to_string());
        // Other pictures take their place.
        preparation.pixels.scale = 0.01;
        assert!(
            trainer
                .hold(&held.pictures(), &preparation)
                .expect("a device")
        );
        trainer.begin_epoch(0, &order).expect("an order");
        trainer.submit_held(0..4, 1.0).expect("a step");
        assert!(trainer.outcome().expect("a step").is_some());
        without_reports(&session, end);
    }
}

fn numbers(trainer: &Trainer) -> Vec<f32> {
    let weights = trainer.weights().expect("finite weights");
    let tensors = weights.tensors();
    tensors
        .flat_map(|(_, _, values)| values.into_owned())
        .collect()
}

#[test]
fn what_does_not_fit_is_left_to_the_loader() {
    let Some(session) = emulated_or_skip() else {
        return;
    };
    session.reset();
    let device = Device::cuda(0).expect("the emulated device");
    let recipe = "data = mnist; optimizer = sgd(lr=0.01); batch = 4; seed = 5";
    let case = Case::new(&format!("INPUT(6x6x1) {SMALL}"), recipe, [6, 6, 1], 10);
    let held = case.data.train.held().expect("bytes in memory");
    let mut preparation = case.pipeline().preparation();
    // A program that no cache has.
    preparation.pixels.mean = vec![std::process::id() as f32 * 1e-6];
    let mut trainer = case.trainer(&device);
    // Memory is given back when the stream gets there.
    let live = |trainer: &Trainer| {
        let _ = numbers(trainer);
        session.live().allocations
    };
    let before = live(&trainer);
    // Memory for pictures, classes and orders; the program is refused, or does not compile.
    for fault in ["alloc=1", "alloc=2", "alloc=3", "load=1", "nvrtc=1"] {
        session.set("faults", fault);
        let taken = trainer.hold(&held.pictures(), &preparation);
        assert!(!taken.expect("no error"), "{fault}");
        session.set("faults", "");
        assert_eq!(live(&trainer), before, "{fault}");
        assert_eq!(trainer.memory().pictures, 0, "{fault}");
        let error = trainer.begin_epoch(0, &[0]).expect_err("nothing is held");
        assert_eq!(error.to_string(), "the device holds no pictures");
        let image = vec![0.5; 36];
        trainer.step(&image, &[1], 1.0).expect("the loader's step");
    }
    // Without a fault they are taken, and given back.
    assert!(
        trainer
            .hold(&held.pictures(), &preparation)
            .expect("a device")
    );
    let each = 36 + 3 * size_of::<u32>();
    assert_eq!(trainer.memory().pictures, 10 * each);
    let wrong = trainer.begin_epoch(0, &[10]).expect_err("ten pictures");
    assert_eq!(wrong.kind(), ErrorKind::Input);
    trainer.begin_epoch(0, &[3, 4]).expect("an order");
    let wrong = trainer.submit_held(1..3, 1.0).expect_err("two pictures");
    assert_eq!(wrong.kind(), ErrorKind::Input);
    drop(trainer);
    let left = session.live();
    assert_eq!((left.allocations, left.modules, left.graphs), (0, 0, 0));
    // The CPU holds none.
    let mut trainer = case.trainer(&Device::cpu());
    assert!(
        !trainer
            .hold(&held.pictures(), &preparation)
            .expect("the CPU")
    );
    // Labels that are no classes are found before any step.
    let mut trainer = case.trainer(&device);
    let labels = [10; 10];
    let pictures = Pictures {
        labels: &labels,
        ..held.pictures()
    };
    let error = trainer
        .hold(&pictures, &preparation)
        .expect_err("ten classes");
    assert_eq!(error.kind(), ErrorKind::Input, "{error}");
    // Nor does a number that is none reach a kernel.
    preparation.pixels.std = vec![f32::NAN];
    let error = trainer
        .hold(&held.pictures(), &preparation)
        .expect_err("NaN");
    assert_eq!(
        error.to_string(),
        "the preparation has a number that is not finite"
    );
}
