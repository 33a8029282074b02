//! Small data that the tests make, and a small network that learns it.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part"
)]

mod recipe;

use netc_plan::{Data, Optimizer, Pixels, Recipe};
use netc_runtime::Scores;
use netc_train::Result;
use netc_train::run::{Evaluate, Interrupt, Learn, Network, Outcome, Tensor};
use recipe::plain;
use std::fs;
use std::path::Path;
use std::time::Duration;

pub const SIDE: usize = 6;
pub const CLASSES: usize = 3;

/// Writes an IDX file.
pub fn idx(path: &Path, shape: &[u32], bytes: &[u8]) {
    let mut file = vec![0, 0, 8, shape.len() as u8];
    shape.iter().for_each(|n| file.extend(n.to_be_bytes()));
    file.extend(bytes);
    fs::write(path, file).unwrap();
}

/// Pictures of 6x6 with a bright row, which is the class, in noise.
pub fn pictures(n: usize, seed: u32) -> (Vec<u8>, Vec<u8>) {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut noise = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let labels: Vec<u8> = (0..n).map(|_| (noise() % CLASSES as u32) as u8).collect();
    let mut bytes = Vec::new();
    for label in &labels {
        for cell in 0..SIDE * SIDE {
            let bright = if cell / SIDE == 2 * usize::from(*label) {
                80
            } else {
                0
            };
            bytes.push((noise() % 170) as u8 + bright);
        }
    }
    (bytes, labels)
}

/// A data set in MNIST's form.
pub fn mnist(folder: &Path, train: usize, test: usize) {
    for (stem, n, seed) in [("train", train, 1), ("t10k", test, 2)] {
        let (bytes, labels) = pictures(n, seed);
        let side = SIDE as u32;
        idx(
            &folder.join(format!("{stem}-images-idx3-ubyte")),
            &[n as u32, side, side],
            &bytes,
        );
        idx(
            &folder.join(format!("{stem}-labels-idx1-ubyte")),
            &[n as u32],
            &labels,
        );
    }
}

pub fn recipe() -> Recipe {
    Recipe {
        optimizer: Optimizer::Sgd {
            lr: 0.05,
            momentum: 0.9,
            nesterov: false,
            weight_decay: 0.0,
            decay: 0.0,
        },
        batch: 16,
        epochs: 6,
        ..plain(Data::Mnist { pad: 0 })
    }
}

pub fn network() -> Network {
    Network {
        name: "Toy".to_owned(),
        layers: vec!["FC(3)".to_owned()],
        input: vec![SIDE, SIDE, 1],
        output: vec![CLASSES],
        pixels: Pixels {
            scale: 1.0 / 255.0,
            mean: vec![0.5],
            std: vec![0.5],
        },
        scores: Scores::Logits,
    }
}

/// Softmax regression with momentum.
pub struct Toy {
    weights: Vec<f32>,
    momentum: Vec<f32>,
    outputs: usize,
    /// How long a step takes, for tests that interrupt it.
    pub pause: Duration,
    /// Whether it tells of a step when the next one is there, as a GPU does.
    pub late: bool,
    /// Wishes to stop in the evaluation of this number, counted down.
    pub stop_in: Option<(usize, Interrupt)>,
    last: Option<Outcome>,
}

impl Toy {
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self {
            weights: vec![0.0; inputs * outputs],
            momentum: vec![0.0; inputs * outputs],
            outputs,
            pause: Duration::ZERO,
            late: false,
            stop_in: None,
            last: None,
        }
    }

    pub fn set(&mut self, weights: &[f32]) {
        self.weights.copy_from_slice(weights);
    }

    pub fn values(&self) -> &[f32] {
        &self.weights
    }

    fn inputs(&self) -> usize {
        self.weights.len() / self.outputs
    }

    fn scores(&self, image: &[f32]) -> Vec<f32> {
        let row = |row: &[f32]| row.iter().zip(image).map(|(w, x)| w * x).sum();
        self.weights.chunks_exact(image.len()).map(row).collect()
    }

    fn tensor<'a>(&self, name: &str, values: &'a [f32]) -> Vec<Tensor<'a>> {
        vec![Tensor {
            name: name.into(),
            shape: vec![self.outputs, self.inputs()],
            values: values.into(),
        }]
    }
}

fn log_sum_exp(scores: &[f32]) -> f32 {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    most + scores.iter().map(|s| (s - most).exp()).sum::<f32>().ln()
}

impl Evaluate for Toy {
    fn outputs(&self) -> usize {
        self.outputs
    }

    fn evaluate(&mut self, images: &[f32], labels: &[u32], scores: &mut [f32]) -> Result<f64> {
        if let Some((left, interrupt)) = &mut self.stop_in {
            match left.checked_sub(1) {
                Some(rest) => *left = rest,
                None => interrupt.stop(),
            }
        }
        let mut loss = 0.0;
        let inputs = self.inputs();
        let images = images.chunks_exact(inputs).zip(labels);
        for ((image, label), out) in images.zip(scores.chunks_exact_mut(self.outputs)) {
            out.copy_from_slice(&self.scores(image));
            loss += f64::from(log_sum_exp(out) - out[*label as usize]);
        }
        Ok(loss / labels.len() as f64)
    }
}

impl Learn for Toy {
    fn train(&mut self, images: &[f32], labels: &[u32], factor: f64) -> Result<Outcome> {
        std::thread::sleep(self.pause);
        let inputs = self.inputs();
        let mut gradient = vec![0.0; self.weights.len()];
        let (mut loss, mut correct) = (0.0, 0);
        for (image, label) in images.chunks_exact(inputs).zip(labels) {
            let scores = self.scores(image);
            let sum = log_sum_exp(&scores);
            loss += f64::from(sum - scores[*label as usize]);
            correct += usize::from(scores.iter().all(|s| *s <= scores[*label as usize]));
            for (k, row) in gradient.chunks_exact_mut(inputs).enumerate() {
                let d = (scores[k] - sum).exp() - if k == *label as usize { 1.0 } else { 0.0 };
                row.iter_mut().zip(image).for_each(|(g, x)| *g += d * x);
            }
        }
        for ((w, v), g) in self
            .weights
            .iter_mut()
            .zip(&mut self.momentum)
            .zip(gradient)
        {
            *v = 0.9 * *v + g / labels.len() as f32;
            *w -= (0.05 * factor) as f32 * *v;
        }
        Ok(Outcome {
            loss: loss / labels.len() as f64,
            correct,
        })
    }

    fn submit(&mut self, images: &[f32], labels: &[u32], factor: f64) -> Result<Option<Outcome>> {
        let outcome = self.train(images, labels, factor)?;
        Ok(match self.late {
            true => self.last.replace(outcome),
            false => Some(outcome),
        })
    }

    fn outcome(&mut self) -> Result<Option<Outcome>> {
        Ok(self.last.take())
    }

    fn weights(&self) -> Result<Vec<Tensor<'_>>> {
        Ok(self.tensor("fc1.weight", &self.weights))
    }

    fn state(&self) -> Result<Vec<Tensor<'_>>> {
        Ok(self.tensor("fc1.weight.momentum", &self.momentum))
    }

    fn set_weights(&mut self, weights: Vec<Tensor<'static>>) -> Result<()> {
        self.weights.copy_from_slice(&weights[0].values);
        Ok(())
    }

    fn set_state(&mut self, state: Vec<Tensor<'static>>, _: u64) -> Result<()> {
        self.momentum.copy_from_slice(&state[0].values);
        Ok(())
    }
}
