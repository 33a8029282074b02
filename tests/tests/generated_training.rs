//! Generated training code and the trainer give the same bits: losses, and weights after several steps.
#![allow(unreachable_pub, reason = "generated code is for other crates")]

use netc_compiler::{Options, RecipeChoice, Train, Training};
use netc_plan::{Plan, Recipe};
use netc_runtime::train::Trainer;
use netc_runtime::{Error, Weights};
use netc_tests::networks::{compile_file, path};

/// The training of a network, as `build.rs` planned it.
fn training(stem: &str) -> Training {
    let options = Options {
        train: Some(Train {
            recipe: RecipeChoice::BuiltIn,
            overrides: include!("generated_training_recipe.in")
                .map(|(key, value): (&str, &str)| (key.to_owned(), value.to_owned()))
                .into(),
        }),
        ..Options::default()
    };
    let output = compile_file(&path(stem), &options);
    output.training.expect("training was asked for")
}

/// What every generated struct has, as a trait.
trait Trained: Sized {
    fn load(path: &std::path::Path, max_batch: usize) -> Result<Self, Error>;
    fn random(seed: u64, max_batch: usize) -> Self;
    fn train_step(&mut self, images: &[f32], labels: &[u32]) -> Result<f32, Error>;
    fn resume(path: &std::path::Path, max_batch: usize) -> Result<Self, Error>;
    fn set_rate(&mut self, factor: f64);
    fn weights(&self) -> Result<Weights, Error>;
    fn save(&self, path: &std::path::Path) -> Result<(), Error>;
    fn save_checkpoint(&self, path: &std::path::Path) -> Result<(), Error>;
}

macro_rules! networks {
    ($($stem:ident $name:ident)*) => {$(
        mod $stem {
            include!(concat!(env!("OUT_DIR"), "/train_", stringify!($stem), ".rs"));

            impl super::Trained for $name {
                fn load(path: &std::path::Path, max_batch: usize) -> Result<Self, Error> {
                    Self::load(path, max_batch)
                }
                fn random(seed: u64, max_batch: usize) -> Self {
                    Self::random(seed, max_batch)
                }
                fn train_step(&mut self, images: &[f32], labels: &[u32]) -> Result<f32, Error> {
                    self.train_step(images, labels)
                }
                fn resume(path: &std::path::Path, max_batch: usize) -> Result<Self, Error> {
                    Self::resume(path, max_batch)
                }
                fn set_rate(&mut self, factor: f64) {
                    self.set_rate(factor);
                }
                fn weights(&self) -> Result<Weights, Error> {
                    self.weights()
                }
                fn save(&self, path: &std::path::Path) -> Result<(), Error> {
                    self.save(path)
                }
                fn save_checkpoint(&self, path: &std::path::Path) -> Result<(), Error> {
                    self.save_checkpoint(path)
                }
            }

            #[test]
            fn gives_the_trainers_bits() {
                let super::Training { plan, recipe } = super::training(stringify!($stem));
                assert_eq!($name::params(), plan.params);
                assert_eq!($name::OPTIMIZER, recipe.optimizer);
                assert_eq!($name::SEED, recipe.seed);
                assert_eq!(&$name::INPUT[..], plan.input);
                assert_eq!(&$name::OUTPUT[..], plan.output);
                super::check::<$name>(&plan, &recipe);
            }

            #[test]
            fn goes_on_where_it_was_saved() {
                let plan = super::training(stringify!($stem)).plan;
                super::check_resume::<$name>(&plan);
            }

            #[test]
            fn names_the_layer_that_breaks() {
                let super::Training { plan, recipe } = super::training(stringify!($stem));
                super::check_diverged::<$name>(&plan, &recipe);
            }
        }
    )*};
}

networks! {
    alexnet_cifar_bn AlexNetCifarBnTrainer
    lenet5_1998 LeNet5Trainer
    lenet5_mnist LeNet5MnistTrainer
    heads HeadsTrainer
    residual_mlp ResidualMlpTrainer
    sepnet SepNetTrainer
    striped StripedTrainer
    unet UNetTrainer
}

const BATCH: usize = 3;

fn check<N: Trained>(plan: &Plan, recipe: &Recipe) {
    let weights = Weights::random(recipe.seed, &plan.params);
    let trainer = Trainer::new(plan, &recipe.optimizer, &weights, BATCH, 2);
    let trainer = trainer.expect("weights that fit");
    let mut trainer = trainer.with_seed(recipe.seed).with_clip(recipe.clip);
    let mut generated = N::random(recipe.seed, BATCH);
    for step in 0..4 {
        // The last batch of an epoch is smaller.
        let count = if step == 2 { BATCH - 1 } else { BATCH };
        let (images, labels) = batch(plan, count, step);
        let factor = 1.0 / (step + 1) as f64;
        generated.set_rate(factor);
        let expected = trainer.step(&images, &labels, factor).expect("a step");
        let mut found = None;
        let memory = allocation_counter::measure(|| {
            found = Some(generated.train_step(&images, &labels).expect("a step"));
        });
        assert_eq!(memory.count_total, 0, "step {step} allocates");
        assert_eq!(found, Some(expected.loss as f32), "step {step}");
        // What is refused changes nothing.
        assert!(generated.train_step(&images, &labels[1..]).is_err());
    }
    let bytes = |weights: Result<Weights, Error>| weights.expect("finite").to_bytes();
    let found = bytes(generated.weights());
    assert!(found == bytes(trainer.weights()), "the weights differ");
    assert!(found != weights.to_bytes(), "nothing has moved");

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("weights.safetensors");
    generated.save(&file).expect("a file");
    let again = N::load(&file, BATCH).expect("the same network");
    assert!(found == bytes(again.weights()));
}

fn check_resume<N: Trained>(plan: &Plan) {
    let run = |trainer: &mut N, steps: std::ops::Range<usize>| {
        for step in steps {
            let (images, labels) = batch(plan, BATCH, step);
            trainer.train_step(&images, &labels).expect("a step");
        }
    };
    // Not the recipe's seed and rate, which a file of weights would bring back.
    let new = || {
        let mut trainer = N::random(77, BATCH);
        trainer.set_rate(0.3);
        trainer
    };
    let bytes = |trainer: &N| trainer.weights().expect("finite").to_bytes();
    let mut whole = new();
    run(&mut whole, 0..4);
    let folder = tempfile::tempdir().expect("a folder");
    let (file, weights) = (folder.path().join("run"), folder.path().join("weights"));
    let mut first = new();
    run(&mut first, 0..2);
    first.save_checkpoint(&file).expect("a file");
    first.save(&weights).expect("a file");
    let mut second = N::resume(&file, BATCH).expect("its own checkpoint");
    run(&mut second, 2..4);
    assert!(bytes(&whole) == bytes(&second), "the runs differ");

    let problem =
        |file: &std::path::Path| N::resume(file, BATCH).err().expect("an error").to_string();
    assert!(problem(&weights).contains("not a checkpoint"));
    assert!(problem(&folder.path().join("nothing")).contains("nothing"));
    let text = std::fs::read(&file).expect("the file");
    std::fs::write(&weights, &text[..text.len() / 2]).expect("a file");
    assert!(
        problem(&weights).contains("cut short"),
        "{}",
        problem(&weights)
    );
}

/// What cannot be computed leaves the weights, and tells the same as the trainer.
fn check_diverged<N: Trained>(plan: &Plan, recipe: &Recipe) {
    let weights = Weights::random(recipe.seed, &plan.params);
    let trainer = Trainer::new(plan, &recipe.optimizer, &weights, BATCH, 1);
    let mut trainer = trainer.expect("weights that fit").with_seed(recipe.seed);
    let mut generated = N::random(recipe.seed, BATCH);
    let (mut images, labels) = batch(plan, BATCH, 0);
    // Where sigmoids come early, the second is a number still.
    for broken in [f32::NAN, 3e38] {
        images.fill(broken);
        let expected = trainer
            .step(&images, &labels, 1.0)
            .map(|step| step.loss as f32);
        let found = generated.train_step(&images, &labels);
        assert_eq!(found, expected);
        let Err(error) = found else { continue };
        let first = match broken.is_nan() {
            true => "an image",
            false => "the values of `",
        };
        assert!(error.to_string().starts_with(first), "{error}");
        let now = generated.weights().expect("finite").to_bytes();
        assert!(now == weights.to_bytes(), "the weights have moved");
    }
    assert!(
        generated
            .train_step(&batch(plan, BATCH, 1).0, &labels)
            .is_ok()
    );
}

/// Pictures and labels, different in each step.
fn batch(plan: &Plan, count: usize, step: usize) -> (Vec<f32>, Vec<u32>) {
    let [h, w, classes] = plan.result.shape;
    let image: usize = plan.input.iter().product();
    let pixel = |i: usize| ((i * 37 + step * 11) % 101) as f32 / 50.0 - 1.0;
    let label = |i: usize| ((i * 7 + step) % classes) as u32;
    (
        (0..count * image).map(pixel).collect(),
        (0..count * h * w).map(label).collect(),
    )
}
