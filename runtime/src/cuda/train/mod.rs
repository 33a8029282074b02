//! Training on a GPU: a step is one graph, and all that it changes stays on the device.

mod alone;
mod buffers;
mod given;
mod handed;
mod held;
mod pictures;
mod prepare;
mod records;
mod state;
mod text;
mod through;

use self::buffers::Buffers;
use self::handed::{Batch, Handed};
use self::held::Held;
use self::records::{Chosen, Outcome, Rates};
use super::Precision;
use super::device::{device, failed};
use super::memory::{gather, range};
use super::params::Order;
use super::program::Program;
use super::source::Argument;
use crate::plan::{Optimizer, Plan, Slot, View, validate};
use crate::train::{Broken, Kind, Layout, MemoryUse, Rule, StepResult, check_labels};
use crate::{Error, ErrorKind};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use cudarc::driver::{CudaStream, DriverError};

#[cfg(test)]
pub(super) use self::pictures::every_stage as every_stage_of_pictures;

/// The CUDA C++ that a training step of a plan becomes for batches of up to `max_batch` images: what NVIDIA's compiler is given.
///
/// # Errors
/// With [`ErrorKind::Plan`], if the plan is not valid, or does not train.
pub fn training_text(
    plan: &Plan,
    optimizer: &Optimizer,
    max_batch: usize,
    precision: Precision,
) -> Result<String, Error> {
    validate(plan).map_err(Error::plan)?;
    if !plan.trains() {
        return Err(Error::plan("it does not train"));
    }
    let parts = prepare::Parts::of(plan, optimizer, max_batch, precision);
    Ok(parts.source(plan, None).text)
}

/// A network under training on a GPU.
pub(crate) struct Training {
    stream: Arc<CudaStream>,
    layout: Layout,
    /// How each tensor lies on the device.
    orders: Vec<Order>,
    /// The tensors of each forward step.
    tensors: Vec<Vec<Range<usize>>>,
    program: Program,
    buffers: Buffers,
    /// The pictures that the device has.
    held: Option<Held>,
    /// Of the step that was put into the stream last, and of the one before, by turns.
    handed: [Handed; 2],
    last: usize,
    /// Whether the outcome of the last step has not been read.
    under_way: bool,
    /// Numbers of an image's own arena, where a block computes an image alone.
    alone: Option<usize>,
    optimizer: Optimizer,
    max_batch: usize,
    memory: MemoryUse,
    /// Numbers of an image.
    image: usize,
    /// Images of the last step.
    batch: usize,
    steps: u64,
    seed: u64,
    clip: Option<f32>,
}

impl Training {
    pub(crate) fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    pub(crate) fn set_clip(&mut self, clip: Option<f32>) {
        self.clip = clip;
    }

    pub(crate) fn memory(&self) -> MemoryUse {
        MemoryUse {
            pictures: self.held.as_ref().map_or(0, Held::bytes),
            ..self.memory
        }
    }

    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// One step; as [`Trainer::step`](crate::train::Trainer::step).
    pub(crate) fn step(
        &mut self,
        plan: &Plan,
        images: &[f32],
        labels: &[u32],
        factor: f64,
    ) -> Result<StepResult, Error> {
        self.outcome(plan)?;
        self.submit(plan, images, labels, factor)?;
        let result = self.outcome(plan)?;
        result.ok_or_else(|| device("the step has no outcome".into()))
    }

    /// Puts a step into the stream; as [`Trainer::submit`](crate::train::Trainer::submit).
    pub(crate) fn submit(
        &mut self,
        plan: &Plan,
        images: &[f32],
        labels: &[u32],
        factor: f64,
    ) -> Result<Option<StepResult>, Error> {
        self.check(plan, images, labels)?;
        self.go(plan, Batch::Given(images, labels), self.rates(factor))
    }

    /// Puts a step into the stream, and waits for the one before.
    fn go(
        &mut self,
        plan: &Plan,
        batch: Batch<'_>,
        rates: Rates,
    ) -> Result<Option<StepResult>, Error> {
        let before = self.under_way.then_some(self.last);
        self.last = 1 - self.last;
        self.put(batch, rates, true)?;
        self.steps += 1;
        self.under_way = true;
        before.map(|slot| self.settle(plan, slot)).transpose()
    }

    /// Waits for the step that is under way; as [`Trainer::outcome`](crate::train::Trainer::outcome).
    pub(crate) fn outcome(&mut self, plan: &Plan) -> Result<Option<StepResult>, Error> {
        let under_way = core::mem::take(&mut self.under_way).then_some(self.last);
        under_way.map(|slot| self.settle(plan, slot)).transpose()
    }

    /// A step without its update; as [`Trainer::gradients`](crate::train::Trainer::gradients).
    pub(crate) fn gradients(
        &mut self,
        plan: &Plan,
        images: &[f32],
        labels: &[u32],
    ) -> Result<StepResult, Error> {
        self.outcome(plan)?;
        self.check(plan, images, labels)?;
        self.put(Batch::Given(images, labels), self.rates(1.0), false)?;
        let outcome = self.told(self.last)?;
        match outcome.finite {
            0 => Err(self.diverged(plan, &outcome)?),
            _ => Ok(result(&outcome)),
        }
    }

    fn check(&self, plan: &Plan, images: &[f32], labels: &[u32]) -> Result<(), Error> {
        let one = self.image;
        let batch = images.len() / one.max(1);
        if batch == 0 || batch > self.max_batch || !images.len().is_multiple_of(one) {
            let problem = format!(
                "{} numbers are not between 1 and {} whole images of {one}",
                images.len(),
                self.max_batch
            );
            return Err(Error::new(ErrorKind::Input, problem));
        }
        for loss in &plan.loss {
            let [h, w, classes] = loss.scores.shape;
            check_labels(labels, batch * h * w, classes)?;
        }
        Ok(())
    }

    /// The numbers of the next step.
    fn rates(&self, factor: f64) -> Rates {
        let rule = Rule::new(&self.optimizer, self.steps, factor, 1.0);
        Rates {
            seed: self.seed,
            number: self.steps,
            first: 0,
            lr: rule.lr,
            coupled: rule.coupled,
            keep: match rule.kind {
                Kind::Adam { keep, .. } => keep,
                _ => 1.0,
            },
            clip: self.clip.unwrap_or(f32::INFINITY),
            chosen: Chosen::default(),
        }
    }

    /// Puts the launches of a step into the stream; without the update, the last of them, where that is not wanted.
    fn put(&mut self, batch: Batch<'_>, rates: Rates, update: bool) -> Result<(), Error> {
        let handed = &mut self.handed[self.last];
        let taken = handed.take(batch, rates);
        let given = taken.and_then(|()| self.buffers.give(&self.stream, handed));
        given.map_err(|e| failed("the batch does not get onto the GPU", e))?;
        let (buffers, tensors, stream) = (&self.buffers, &self.tensors, &self.stream);
        let (images, program, memory) = match (batch, &mut self.held) {
            (Batch::Held(count), Some(held)) => (count, &mut held.program, Some(&held.memory)),
            (Batch::Held(_), None) => return Err(device("the pictures are gone".into())),
            (Batch::Given(images, _), _) => (images.len() / self.image, &mut self.program, None),
        };
        self.batch = images;
        let number = |range: &Range<usize>| (range.start * size_of::<f32>()) as u64;
        let address = |argument: Argument| match argument {
            Argument::Param(task, i) => {
                buffers.address(stream, given::PARAMS) + number(&tensors[task][i])
            }
            Argument::Gradient(task, i) => {
                buffers.address(stream, given::GRADIENTS) + number(&tensors[task][i])
            }
            Argument::Before(task, i) => {
                buffers.address(stream, given::BEFORE) + number(&tensors[task][i])
            }
            other => memory
                .and_then(|memory| memory.address(stream, other))
                .unwrap_or_else(|| buffers.address(stream, other)),
        };
        let launches = program.launches() - usize::from(!update);
        program.run_part(stream, images, launches, address)?;
        let told = buffers.tell(stream, &mut self.handed[self.last]);
        told.map_err(|e| failed(FAILED, e))
    }

    /// Waits for what a step tells.
    fn told(&self, slot: usize) -> Result<Outcome, Error> {
        let outcome = self.handed[slot].outcome();
        outcome.map_err(|e| failed(FAILED, e))
    }

    /// The result of a step that was put into the stream.
    fn settle(&mut self, plan: &Plan, slot: usize) -> Result<StepResult, Error> {
        let outcome = self.told(slot)?;
        if outcome.finite != 0 {
            return Ok(result(&outcome));
        }
        // It changed nothing, and neither did one that was put in after it: once more, to see where it failed.
        self.steps -= 1 + u64::from(core::mem::take(&mut self.under_way));
        let again = self.handed[slot].again();
        let again = again.map_err(|e| failed(FAILED, e))?;
        self.put(again.batch(), again.rates, false)?;
        let outcome = self.told(self.last)?;
        Err(self.diverged(plan, &outcome)?)
    }

    /// Takes back what a step without its update has moved on its way: the statistics of batch normalisation.
    fn take_back(&mut self) -> Result<(), DriverError> {
        if self.alone.is_some() {
            return Ok(());
        }
        let fixed = self.layout.params().filter(|(param, _)| !param.trainable);
        for (_, range) in fixed {
            let Buffers { before, params, .. } = &mut self.buffers;
            let mut to = params.slice_mut(range.clone());
            self.stream.memcpy_dtod(&before.slice(range), &mut to)?;
        }
        Ok(())
    }

    /// What shows first that a step left the range of numbers.
    fn diverged(&mut self, plan: &Plan, outcome: &Outcome) -> Result<Error, Error> {
        self.take_back().map_err(|e| failed(FAILED, e))?;
        let going_on = self.buffers.go_on(&self.stream);
        going_on.map_err(|e| failed(FAILED, e))?;
        let params = self.download(&self.buffers.params)?;
        let gradients = self.download(&self.buffers.gradients)?;
        let images = self.inputs()?;
        let read = |view: View| self.values(view).unwrap_or_default();
        let steps = plan.forward.iter();
        let values = steps.map(|step| (&step.name[..], &step.text[..], step.output));
        let broken = Broken {
            layout: &self.layout,
            numbers: &params,
            images: &images,
            later: plan.loss.iter().map(|loss| loss.gradient).collect(),
        };
        Ok(match outcome.loss.is_finite() {
            true => Broken::gradient(&self.layout, &gradients),
            false => broken.value(outcome.loss, values.collect(), &read),
        })
    }

    /// A tensor's gradient in the last step.
    pub(crate) fn gradient(&self, name: &str) -> Result<Option<Vec<f32>>, Error> {
        let found = self.layout.params().find(|(param, _)| param.name == name);
        let Some((_, range)) = found else {
            return Ok(None);
        };
        Ok(Some(
            self.download(&self.buffers.gradients)?[range].to_vec(),
        ))
    }

    /// The values of a view after the last step.
    pub(crate) fn read(&self, view: View) -> Result<Vec<f32>, Error> {
        if self.batch == 0 {
            return Err(device("nothing has been computed there".into()));
        }
        match view.slot {
            Slot::Input => Ok(gather(view, &self.inputs()?)),
            Slot::Arena(_) => self.values(view),
        }
    }

    /// The inputs of the last step.
    fn inputs(&self) -> Result<Vec<f32>, Error> {
        self.copy(&self.buffers.input.slice(..self.batch * self.image))
    }

    /// The values of a view. Nothing beside them is read: it may never have been written.
    fn values(&self, view: View) -> Result<Vec<f32>, Error> {
        let (batch, arena) = (self.batch, &self.buffers.arena);
        let buffers: Vec<Range<usize>> = match self.alone {
            Some(own) => (0..batch)
                .map(|image| (range(view, 1), image * own))
                .map(|(range, first)| first + range.start..first + range.end)
                .collect(),
            None => alloc::vec![range(view, batch)],
        };
        let read = || -> Result<_, DriverError> {
            let mut numbers = Vec::new();
            for buffer in buffers {
                numbers.extend(self.stream.clone_dtoh(&arena.slice(buffer))?);
            }
            self.stream.synchronize()?;
            Ok(numbers)
        };
        let numbers = read().map_err(|e| failed("the GPU's memory cannot be read", e))?;
        Ok(gather(view, &numbers))
    }

    /// Launches of a step: of one with held pictures, if there are any.
    pub(crate) fn launches(&self) -> usize {
        let held = self.held.as_ref().map(|held| &held.program);
        held.unwrap_or(&self.program).launches()
    }
}

const FAILED: &str = "the GPU failed in a training step";

fn result(outcome: &Outcome) -> StepResult {
    StepResult {
        loss: outcome.loss + outcome.l2,
        correct: outcome.correct as usize,
        grad_norm: outcome.norm,
    }
}
