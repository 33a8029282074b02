//! Generated training code and the trainer give the same bits: losses, and weights after several steps.
#![allow(unreachable_pub, reason = "generated code is for other crates")]

use netc_compiler::{Options, Train, Training, Which};
use netc_plan::{Recipe, TrainPlan};
use netc_runtime::train::Trainer;
use netc_runtime::{Error, Weights};
use netc_tests::networks::{compile_file, path};

/// The training of a network, as `build.rs` planned it.
fn training(stem: &str) -> Training {
    let options = Options {
        train: Some(Train {
            recipe: Which::BuiltIn,
            overrides: include_str!("generated_training.txt").into(),
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
    fn set_rate(&mut self, factor: f64);
    fn weights(&self) -> Result<Weights, Error>;
    fn save(&self, path: &std::path::Path) -> Result<(), Error>;
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
                fn set_rate(&mut self, factor: f64) {
                    self.set_rate(factor);
                }
                fn weights(&self) -> Result<Weights, Error> {
                    self.weights()
                }
                fn save(&self, path: &std::path::Path) -> Result<(), Error> {
                    self.save(path)
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
        }
    )*};
}

networks! {
    alexnet_cifar_bn AlexNetCifarBnTrainer
    lenet5_1998 LeNet5Trainer
    lenet5_mnist LeNet5MnistTrainer
    residual_mlp ResidualMlpTrainer
    sepnet SepNetTrainer
    striped StripedTrainer
    unet UNetTrainer
}

const BATCH: usize = 3;

fn check<N: Trained>(plan: &TrainPlan, recipe: &Recipe) {
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
        let found = generated.train_step(&images, &labels).expect("a step");
        assert_eq!(found, expected.loss as f32, "step {step}");
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

/// Pictures and labels, different in each step.
fn batch(plan: &TrainPlan, count: usize, step: usize) -> (Vec<f32>, Vec<u32>) {
    let [h, w, classes] = plan.loss.scores.shape;
    let image: usize = plan.input.iter().product();
    let pixel = |i: usize| ((i * 37 + step * 11) % 101) as f32 / 50.0 - 1.0;
    let label = |i: usize| ((i * 7 + step) % classes) as u32;
    (
        (0..count * image).map(pixel).collect(),
        (0..count * h * w).map(label).collect(),
    )
}
