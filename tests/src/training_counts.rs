//! What the kernels of a training step ask of memory, counted by the emulated device, beside what their operations need at least.

use crate::counts::{sum, wastes};
use crate::networks::{compile_file, path};
use crate::seeded;
use netc_compiler::{Options, RecipeChoice, Train, Training};
use netc_emulated_device::{KernelCounters, Session, Traffic};
use netc_plan::{BackwardStep, Operation, Plan, Step};
use netc_runtime::train::Trainer;
use netc_runtime::{Device, Error, Weights};
use std::collections::BTreeMap;

/// Bytes that global memory moves at least.
const SECTOR: usize = 32;

/// A training step, counted.
#[derive(Debug)]
pub struct TrainingCounts {
    /// Steps of the plan, forward and backward.
    pub steps: [usize; 2],
    /// Launches.
    pub launches: usize,
    /// In the order of their names' numbers; those of no step first.
    pub kernels: Vec<TrainingKernel>,
}

/// Steps of the plan, forward and backward, and launches of a training step, which is not run.
///
/// # Errors
/// If the device fails.
///
/// # Panics
/// If no network that trains has this name.
pub fn launches(network: &str) -> Result<([usize; 2], usize), Error> {
    let training = training(network);
    let plan = &training.plan;
    let weights = Weights::random(1, &plan.params).on(Device::cuda(0)?);
    let trainer = Trainer::new(plan, &training.recipe.optimizer, &weights, 1, 1)?;
    let steps = [plan.forward.len(), plan.backward.len()];
    Ok((steps, trainer.launches().unwrap_or(0)))
}

/// By SGD with momentum.
fn training(network: &str) -> Training {
    let options = Options {
        train: Some(Train {
            recipe: RecipeChoice::BuiltIn,
            overrides: BTreeMap::new(),
        }),
        ..Options::default()
    };
    let training = compile_file(&path(network), &options).training;
    training.expect("a network that trains")
}

/// A kernel, counted.
#[derive(Debug)]
pub struct TrainingKernel {
    /// Bytes that a step needs at least, in whole sectors: forward its inputs, tensors and output; backward the gradient of the output, what the
    /// plan says that it reads, the gradients that it writes, and tensors and their gradients. None where a kernel is no step's.
    pub floor: Option<u64>,
    /// What the device counted.
    pub counters: KernelCounters,
}

impl TrainingCounts {
    /// Counts a step over a batch of random images; SGD with momentum.
    ///
    /// # Errors
    /// If the device fails.
    ///
    /// # Panics
    /// If no network that trains has this name.
    pub fn of(session: &Session<'_>, network: &str, batch: usize) -> Result<Self, Error> {
        let training = training(network);
        let plan = &training.plan;
        let weights = Weights::random(1, &plan.params).on(Device::cuda(0)?);
        let image: usize = plan.input.iter().product();
        let images = seeded::input(image * batch, 1.0);
        let labels = (0..batch).map(|i| (i % plan.result.shape[2]) as u32);
        let labels: Vec<u32> = labels.collect();
        session.set("count", "1");
        // Three times as fast; other tests search for races.
        session.set("races", "0");
        let mut trainer = Trainer::new(plan, &training.recipe.optimizer, &weights, batch, 1)?;
        trainer.step(&images, &labels, 1.0)?;
        let counters = session.counters().into_iter();
        let mut kernels: Vec<_> = counters
            .map(|counters| TrainingKernel {
                floor: floor(plan, batch, &counters.name),
                counters,
            })
            .collect();
        kernels.sort_by_key(|kernel| {
            let name = &kernel.counters.name;
            (number(name), name.contains("backward"), name.clone())
        });
        Ok(Self {
            steps: [plan.forward.len(), plan.backward.len()],
            launches: trainer.launches().unwrap_or(0),
            kernels,
        })
    }

    /// Bytes of global memory that all kernels ask for, in whole sectors.
    #[must_use]
    pub fn moved(&self) -> u64 {
        self.kernels.iter().map(TrainingKernel::moved).sum()
    }

    /// The share of these bytes that a kernel asks for.
    #[must_use]
    pub fn share(&self, kernel: &TrainingKernel) -> f64 {
        kernel.moved() as f64 / self.moved().max(1) as f64
    }

    /// The kernels that miss [`Target::Sectors`](crate::counts::Target::Sectors).
    pub fn wasteful(&self) -> impl Iterator<Item = &TrainingKernel> {
        let kernels = self.kernels.iter();
        kernels.filter(|kernel| wastes(self.share(kernel), &kernel.global()))
    }
}

impl TrainingKernel {
    /// Reads and writes of global memory.
    #[must_use]
    pub fn global(&self) -> Traffic {
        sum(&self.counters.global_reads, &self.counters.global_writes)
    }

    /// Bytes that its warps ask of global memory, in whole sectors: with no cache at all.
    #[must_use]
    pub fn moved(&self) -> u64 {
        self.global().units * SECTOR as u64
    }

    /// Bytes of different sectors that its launches read, and that they write, by the floor.
    #[must_use]
    pub fn touched(&self) -> Option<f64> {
        let floor = self.floor?;
        Some(self.global().footprint as f64 / floor as f64)
    }
}

fn floor(plan: &Plan, batch: usize, name: &str) -> Option<u64> {
    let number = number(name)?;
    let step = plan.forward.get(number)?;
    let views = match name.contains("_backward") {
        true => backward(step, plan.backward.iter().find(|back| back.step == number)?),
        false => step
            .inputs
            .iter()
            .chain([&step.output])
            .map(|view| view.len())
            .collect(),
    };
    let tensors = step.op.tensors();
    let tensors = tensors
        .iter()
        .map(|tensor| tensor.shape.iter().product::<usize>());
    let times = if name.contains("_backward") { 2 } else { 1 };
    let bytes = |numbers: usize| (numbers * size_of::<f32>()).next_multiple_of(SECTOR);
    let values: usize = views.into_iter().map(|len| bytes(len * batch)).sum();
    Some((values + times * tensors.map(bytes).sum::<usize>()) as u64)
}

/// Numbers of an image that a step reads and writes on its way back.
fn backward(step: &Step, back: &BackwardStep) -> Vec<usize> {
    let saved = step.op.saved();
    let inputs = step.inputs.iter().filter(|_| saved.inputs);
    let written = back.input_gradients.iter().flatten().map(|to| &to.view);
    inputs
        .chain(written)
        .chain([&back.output_gradient])
        .map(|view| view.len())
        .collect()
}

/// The step in `s3_conv2_backward_0`; none in kernels of the whole network.
fn number(name: &str) -> Option<usize> {
    let digits = name.strip_prefix('s')?.split('_').next()?;
    digits.parse().ok()
}
