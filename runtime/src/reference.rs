//! The plain reference: a plan computed by the definition of each operation, in `f32` or `f64`, slowly.
//!
//! It shares the plan and the loading of weights with the executor, and none of its kernels.

use crate::cpu::{self, Real};
use crate::plan::{Op, Plan, Slot, Step, View};
use crate::weights::{Layer, Weights};
use alloc::vec;
use alloc::vec::Vec;

/// The outputs for `images`, dense, one after the other.
///
/// # Panics
/// If the images are not whole, or the weights are not the plan's.
#[must_use]
pub fn run<T: Real>(plan: &Plan, weights: &Weights, images: &[T]) -> Vec<T> {
    // Through the trait, so that it is compiled in this crate: callers' own crates are often not optimised.
    T::run(plan, weights, images)
}

pub(crate) fn walk<T: Real>(plan: &Plan, weights: &Weights, images: &[T]) -> Vec<T> {
    let image: usize = plan.input.iter().product();
    assert!(
        images.len().is_multiple_of(image),
        "{} numbers are not whole images of {image}",
        images.len()
    );
    let mut memory = Memory::new(images, images.len() / image, plan.arena);
    for step in &plan.steps {
        let inputs: Vec<Vec<T>> = step.inputs.iter().map(|&view| memory.read(view)).collect();
        let mut output = vec![T::zero(); step.output.len() * memory.batch];
        compute(step, weights, &inputs, &mut output);
        memory.write(step.output, &output);
    }
    memory.read(plan.result)
}

/// The arena of a plain walk.
pub(crate) struct Memory<'i, T> {
    images: &'i [T],
    pub(crate) batch: usize,
    arena: Vec<T>,
}

impl<'i, T: Real> Memory<'i, T> {
    pub(crate) fn new(images: &'i [T], batch: usize, arena: usize) -> Self {
        Self {
            images,
            batch,
            arena: vec![T::zero(); arena * batch],
        }
    }

    /// A view's values, dense.
    pub(crate) fn read(&self, view: View) -> Vec<T> {
        let buffer = match view.slot {
            Slot::Input => self.images,
            Slot::Arena(offset) => &self.arena[offset * self.batch..],
        };
        let pixels = buffer[..view.image() * self.batch].chunks_exact(view.pixel);
        pixels
            .flat_map(|pixel| &pixel[view.channel..view.channel + view.shape[2]])
            .copied()
            .collect()
    }

    /// Sets a view's values.
    pub(crate) fn write(&mut self, view: View, values: &[T]) {
        let Slot::Arena(offset) = view.slot else {
            panic!("a step writes into the caller's images")
        };
        let buffer = &mut self.arena[offset * self.batch..][..view.image() * self.batch];
        let channels = view.channel..view.channel + view.shape[2];
        let pixels = buffer.chunks_exact_mut(view.pixel);
        for (pixel, values) in pixels.zip(values.chunks_exact(view.shape[2])) {
            pixel[channels.clone()].copy_from_slice(values);
        }
    }
}

/// One step, for all images.
fn compute<T: Real>(step: &Step, weights: &Weights, inputs: &[Vec<T>], y: &mut [T]) {
    let x = &inputs[0];
    let layer = || {
        let source = step.source.as_ref();
        Layer::of(
            weights,
            source.expect("a step with weights names their layer"),
        )
    };
    match &step.op {
        Op::Conv(d) => {
            let taps = d.input[2] / d.groups * d.kernel[0] * d.kernel[1];
            let (weight, bias) = layer().affine(d.filters, taps, d.bias);
            cpu::conv::reference::conv(d, &weight, &bias, x, y);
        }
        Op::Fc(d) => {
            let (weight, bias) = layer().affine(d.units, d.input.iter().product(), d.bias);
            cpu::fc::reference(d, &weight, &bias, x, y);
        }
        Op::MaxPool(d) => cpu::max_pool::reference(d, x, y),
        Op::AvgPool(d) => cpu::avg_pool::reference(d, x, y),
        Op::GlobalPool(d) => cpu::global_pool::reference(d, x, y),
        Op::BatchNorm(d) => {
            let get = |leaf| layer().tensor(leaf, d.input[2]);
            let statistics = cpu::batch_norm::Statistics {
                weight: &get("weight"),
                bias: &get("bias"),
                mean: &get("running_mean"),
                variance: &get("running_var"),
            };
            cpu::batch_norm::reference(d, statistics, x, y);
        }
        Op::Lrn(d) => cpu::lrn::reference(d, x, y),
        Op::Activation(d) => cpu::activation::reference(d, x, y),
        Op::Softmax(d) => cpu::softmax::reference(d, x, y),
        Op::Transpose(d) => cpu::transpose::reference(d, x, y),
        Op::Pad(d) => cpu::pad::reference(d, x, y),
        Op::Upsample(d) => cpu::upsample::reference(d, x, y),
        Op::Add(d) => cpu::add::reference(d, [x, &inputs[1]], y),
        Op::Copy(d) => cpu::copy::reference(d, x, y),
        Op::Subsample(d) => {
            let get = |leaf| layer().tensor(leaf, d.input[2]);
            cpu::subsample::reference(d, &get("coefficient"), &get("bias"), x, y);
        }
        Op::Rbf(d) => {
            let len = d.classes * d.input.iter().product::<usize>();
            cpu::rbf::reference(d, &layer().tensor("prototypes", len), x, y);
        }
    }
}
