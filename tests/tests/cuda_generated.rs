//! Generated training code on the emulated device: the CPU's losses and weights, and its files.
#![allow(unreachable_pub, reason = "generated code is for other crates")]

use netc_emulated_device::{Session, session_or_skip};
use netc_plan::random::SplitMix64;
use netc_runtime::{Device, Error, Weights};
use std::path::Path;

/// What every generated struct has, as a trait.
trait Trained: Send + Sync + Sized {
    /// Numbers of an image.
    const IMAGE: usize;
    fn random(seed: u64, max_batch: usize) -> Self;
    fn resume(path: &Path, max_batch: usize) -> Result<Self, Error>;
    fn on(self, device: &Device) -> Result<Self, Error>;
    fn train_step(&mut self, images: &[f32], labels: &[u32]) -> Result<f32, Error>;
    fn set_rate(&mut self, factor: f64);
    fn weights(&self) -> Result<Weights, Error>;
    fn save_checkpoint(&self, path: &Path) -> Result<(), Error>;
    /// Of a step on a GPU.
    fn launches(&self) -> Option<usize>;
}

macro_rules! networks {
    ($($stem:ident $name:ident)*) => {$(
        mod $stem {
            include!(concat!(env!("OUT_DIR"), "/train_", stringify!($stem), ".rs"));

            impl super::Trained for $name {
                const IMAGE: usize = {
                    let (mut numbers, mut i) = (1, 0);
                    while i < Self::INPUT.len() {
                        numbers *= Self::INPUT[i];
                        i += 1;
                    }
                    numbers
                };
                fn random(seed: u64, max_batch: usize) -> Self {
                    Self::random(seed, max_batch)
                }
                fn resume(path: &std::path::Path, max_batch: usize) -> Result<Self, Error> {
                    Self::resume(path, max_batch)
                }
                fn on(self, device: &Device) -> Result<Self, Error> {
                    self.on(device)
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
                fn save_checkpoint(&self, path: &std::path::Path) -> Result<(), Error> {
                    self.save_checkpoint(path)
                }
                fn launches(&self) -> Option<usize> {
                    self.state.launches()
                }
            }

            #[test]
            fn learns_what_the_cpu_learns() {
                super::check::<$name>();
            }

            #[test]
            fn moves_from_device_to_device() {
                super::check_moves::<$name>();
            }

            #[test]
            fn a_step_that_fails_changes_nothing_and_says_where() {
                super::check_failures::<$name>();
            }
        }
    )*};
}

networks! {
    heads HeadsTrainer
    lenet5_mnist LeNet5MnistTrainer
    residual_mlp ResidualMlpTrainer
}

const BATCH: usize = 4;

/// The turn with the emulated device, or a real one.
fn session() -> Option<(Session<'static>, Device)> {
    let session = session_or_skip()?;
    session.set("seed", "1");
    let device = Device::cuda(0).expect("the emulated device");
    Some((session, device))
}

/// Pictures and labels, different in each step; the last batch of an epoch is smaller.
fn batch<N: Trained>(step: usize) -> (Vec<f32>, Vec<u32>) {
    let count = if step % 4 == 2 { BATCH - 1 } else { BATCH };
    let labels = (0..count).map(|i| ((i * 7 + step) % 10) as u32);
    let images = SplitMix64(step as u64).numbers(count * N::IMAGE);
    (images, labels.collect())
}

/// The losses of these steps.
fn learn<N: Trained>(trainer: &mut N, steps: std::ops::Range<usize>) -> Vec<f32> {
    let step = |step: usize| {
        let (images, labels) = batch::<N>(step);
        trainer.set_rate(1.0 / (step + 1) as f64);
        trainer.train_step(&images, &labels).expect("a step")
    };
    steps.map(step).collect()
}

fn numbers<N: Trained>(trainer: &N) -> Vec<f32> {
    let weights = trainer.weights().expect("finite weights");
    let tensors = weights.tensors();
    tensors.flat_map(|(_, _, t)| t.into_owned()).collect()
}

/// Up to a share of the largest number.
fn near(found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(1e-2_f32, |m, v| m.max(v.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = (found - expected).abs();
        assert!(
            off <= tolerance * largest,
            "number {i} is {found}, not {expected}"
        );
    }
}

fn check<N: Trained>() {
    let Some((session, device)) = session() else {
        return;
    };
    let mut here = N::random(3, BATCH);
    let there = || N::random(3, BATCH).on(&device).expect("a device");
    let (mut first, mut again) = (there(), there());
    assert_eq!(numbers(&first), numbers(&here), "before the first step");
    let expected = learn(&mut here, 0..6);
    let found = learn(&mut first, 0..6);
    near(&found, &expected, 1e-3);
    near(&numbers(&first), &numbers(&here), 1e-2);
    assert_eq!(found, learn(&mut again, 0..6), "from run to run");
    assert_eq!(numbers(&first), numbers(&again), "from run to run");
    assert_eq!(session.reports(), "");
    assert_eq!(here.launches(), None);
    let launches = first.launches().expect("a GPU");
    let name = std::any::type_name::<N>();
    assert!(
        !name.contains("LeNet5Mnist") || launches <= 3,
        "{launches} launches"
    );
}

/// A checkpoint of one device goes on on the other, and so does a run that is moved.
fn check_moves<N: Trained>() {
    let Some((session, device)) = session() else {
        return;
    };
    let mut whole = N::random(3, BATCH).on(&device).expect("a device");
    learn(&mut whole, 0..2);
    let expected = learn(&mut whole, 2..6);

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("run");
    let resumed = |device: &Device, steps| {
        let run = N::resume(&file, BATCH).expect("its own checkpoint");
        let mut run = run.on(device).expect("a device");
        let losses = learn(&mut run, steps);
        run.save_checkpoint(&file).expect("a file");
        losses
    };
    let mut run = N::random(3, BATCH).on(&device).expect("a device");
    learn(&mut run, 0..2);
    run.save_checkpoint(&file).expect("a file");
    assert_eq!(resumed(&device, 2..6), expected, "on the same device");

    run.save_checkpoint(&file).expect("a file");
    near(&resumed(&Device::cpu(), 2..4), &expected[..2], 1e-3);
    near(&resumed(&device, 4..6), &expected[2..], 1e-3);

    // To the CPU and back.
    let mut run = run.on(&Device::cpu()).expect("a device");
    near(&learn(&mut run, 2..4), &expected[..2], 1e-3);
    let mut run = run.on(&device).expect("a device");
    near(&learn(&mut run, 4..6), &expected[2..], 1e-3);
    near(&numbers(&run), &numbers(&whole), 1e-2);
    assert_eq!(session.reports(), "");
}

fn check_failures<N: Trained>() {
    let Some((session, device)) = session() else {
        return;
    };
    let (images, labels) = batch::<N>(0);
    let failures = |device: &Device| {
        let mut run = N::random(3, BATCH).on(device).expect("a device");
        let mut refused = |images: &[f32], labels: &[u32]| {
            let before = numbers(&run);
            let error = run.train_step(images, labels).err()?;
            assert_eq!(numbers(&run), before, "the weights have moved");
            Some(error)
        };
        let of_images = |broken: f32| vec![broken; images.len()];
        let mut errors = Vec::new();
        // In the first step and in a later one.
        for _ in 0..2 {
            errors.extend(refused(&of_images(f32::NAN), &labels));
            errors.extend(refused(&images, &labels[1..]));
            errors.extend(refused(&images, &[77; BATCH]));
            errors.extend(refused(&images[1..], &labels));
            assert_eq!(refused(&images, &labels), None);
        }
        // Where sums overflow first depends on their order, and behind early sigmoids none does.
        let layer = refused(&of_images(3e38), &labels).map(|error| error.to_string());
        (errors, layer)
    };
    let (found, layer) = failures(&device);
    let (expected, layer_here) = failures(&Device::cpu());
    assert_eq!(found, expected);
    assert_eq!(layer.is_some(), layer_here.is_some());
    if let Some(layer) = layer {
        assert!(layer.starts_with("the values of `"), "{layer}");
    }
    assert_eq!(session.reports(), "");
}
