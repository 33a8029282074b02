//! Training on a GPU: a step is one graph, and all that it changes stays on the device.

mod alone;
mod buffers;
mod given;
mod handed;
mod records;
mod text;

use self::alone::{Alone, Tensor};
use self::buffers::Buffers;
use self::handed::Handed;
use self::records::{Outcome, Rates};
use super::call::COUNTERS;
use super::device::{device, failed};
use super::memory::{gather, range};
use super::params::Order;
use super::program::Program;
use super::source::Argument;
use super::task::{Back, Task};
use super::{Gpu, kernels};
use crate::plan::{Op, Operation, Optimizer, Param, Plan, Slot, View};
use crate::train::{
    Broken, Kind, Layout, MemoryUse, OptimizerState, Rule, StepResult, check_labels,
};
use crate::{Error, ErrorKind, Weights};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use cudarc::driver::{CudaSlice, CudaStream, DriverError};

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
    /// Prepares a valid plan that trains, with its weights.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`], if the device has not the memory, or the kernels cannot be made.
    pub(crate) fn new(
        gpu: &Gpu,
        plan: &Plan,
        optimizer: &Optimizer,
        weights: &Weights,
        max_batch: usize,
    ) -> Result<Self, Error> {
        let layout = Layout::new(&plan.params);
        let mut tasks: Vec<Task> = plan.forward.iter().enumerate().map(task).collect();
        let orders = orders(plan, &layout);
        let tensors = plan.forward.iter().map(|step| {
            let layer = step.source.as_ref().map_or("", |source| &source.layer);
            let tensors = step.op.tensors();
            let ranges = tensors
                .iter()
                .map(|t| layout.range(layer, t.leaf, t.shape.iter().product()));
            ranges.collect()
        });
        let tensors: Vec<Vec<Range<usize>>> = tensors.collect();
        for (task, ranges) in tasks.iter_mut().zip(&tensors) {
            task.aligned = ranges.iter().all(|range| range.start.is_multiple_of(4));
        }
        let stream = gpu.context.new_stream();
        let stream = stream.map_err(|e| failed("the GPU gives no stream", e))?;
        let mask = mask(plan, &layout, &orders);
        let pieces = buffers::pieces(plan, &layout);
        let rule = Rule::new(optimizer, 0, 1.0, 1.0);
        let backs: Vec<Back> = plan.backward.iter().map(text::back).collect();
        let trained = trained(plan, &layout, &tensors);
        let alone = Alone::of(plan, &tasks, &backs, &trained);
        let about = given::About {
            rule: &rule,
            pieces: pieces.len(),
            parts: alone.as_ref().map_or(pieces.len(), Alone::parts),
            masked: mask.is_some(),
            max_batch,
            precision: gpu.precision(),
        };
        let source = text::step(plan, &tasks, &backs, &trained, alone.as_ref(), &about);
        let program = Program::new(gpu, source)?;
        let scratch = tasks
            .iter()
            .map(|task| kernels(&task.op).scratch(max_batch));
        let sizes = buffers::Sizes {
            params: layout.len(),
            states: optimizer.states().len(),
            image: plan.input.iter().product(),
            arena: match &alone {
                Some(alone) => alone.arena + alone.kept,
                None => plan.arena / size_of::<f32>(),
            },
            labels: given::labels(plan),
            losses: plan.loss.len(),
            scratch: match &alone {
                Some(alone) => alone.scratch(),
                None => scratch.max().unwrap_or(0),
            },
            counters: alone.as_ref().map_or(COUNTERS, Alone::counters),
            parts: about.parts,
            max_batch,
        };
        let no_memory = |e| failed("the GPU has no memory for this training", e);
        let buffers = Buffers::new(&stream, &sizes, &pieces, mask.as_deref()).map_err(no_memory)?;
        let hand = || Handed::new(&stream, sizes.image * max_batch, sizes.labels * max_batch);
        let handed = [hand().map_err(no_memory)?, hand().map_err(no_memory)?];
        let mut training = Self {
            memory: sizes.memory(),
            stream,
            orders,
            tensors,
            program,
            buffers,
            handed,
            last: 0,
            under_way: false,
            alone: alone.map(|alone| alone.arena),
            optimizer: *optimizer,
            max_batch,
            image: sizes.image,
            batch: 0,
            steps: 0,
            seed: 0,
            clip: None,
            layout,
        };
        training.set_weights(weights)?;
        Ok(training)
    }

    pub(crate) fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    pub(crate) fn set_clip(&mut self, clip: Option<f32>) {
        self.clip = clip;
    }

    pub(crate) fn memory(&self) -> MemoryUse {
        self.memory
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
        let rates = self.rates(factor);
        let before = self.under_way.then_some(self.last);
        self.last = 1 - self.last;
        self.put(images, labels, rates, self.program.launches())?;
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
        self.put(images, labels, self.rates(1.0), self.program.launches() - 1)?;
        let outcome = self.told(self.last)?;
        match outcome.finite {
            0 => Err(self.diverged(plan, images, &outcome)?),
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
        }
    }

    /// Puts so many launches of a step into the stream.
    fn put(
        &mut self,
        images: &[f32],
        labels: &[u32],
        rates: Rates,
        entries: usize,
    ) -> Result<(), Error> {
        self.batch = images.len() / self.image;
        let handed = &mut self.handed[self.last];
        let taken = handed.take(images, labels, rates);
        let given = taken.and_then(|()| self.buffers.give(&self.stream, handed));
        given.map_err(|e| failed("the batch does not get onto the GPU", e))?;
        let (buffers, tensors, stream) = (&self.buffers, &self.tensors, &self.stream);
        let number = |range: &Range<usize>| (range.start * size_of::<f32>()) as u64;
        let address = |argument: Argument| match argument {
            Argument::Param(task, i) => {
                buffers.address(stream, given::PARAMS) + number(&tensors[task][i])
            }
            Argument::Gradient(task, i) => {
                buffers.address(stream, given::GRADIENTS) + number(&tensors[task][i])
            }
            other => buffers.address(stream, other),
        };
        self.program
            .run_part(&self.stream, self.batch, entries, address)?;
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
        let batch = self.handed[slot].batch();
        let (images, labels, rates) = batch.map_err(|e| failed(FAILED, e))?;
        self.put(&images, &labels, rates, self.program.launches() - 1)?;
        let outcome = self.told(self.last)?;
        Err(self.diverged(plan, &images, &outcome)?)
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
    fn diverged(&mut self, plan: &Plan, images: &[f32], outcome: &Outcome) -> Result<Error, Error> {
        self.take_back().map_err(|e| failed(FAILED, e))?;
        let going_on = self.buffers.go_on(&self.stream);
        going_on.map_err(|e| failed(FAILED, e))?;
        let params = self.download(&self.buffers.params)?;
        let gradients = self.download(&self.buffers.gradients)?;
        let read = |view: View| self.values(view).unwrap_or_default();
        let steps = plan.forward.iter();
        let values = steps.map(|step| (&step.name[..], &step.text[..], step.output));
        let broken = Broken {
            layout: &self.layout,
            numbers: &params,
            images,
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
        if !matches!(view.slot, Slot::Arena(_)) || self.batch == 0 {
            return Err(device("nothing has been computed there".into()));
        }
        self.values(view)
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

    /// Launches of a step.
    pub(crate) fn launches(&self) -> usize {
        self.program.launches()
    }

    pub(crate) fn weights(&self) -> Result<Weights, Error> {
        let numbers = self.download(&self.buffers.params)?;
        let tensors = self.layout.params();
        let tensors = tensors.map(|(p, range)| (p.name.clone(), numbers[range].to_vec()));
        Weights::from_tensors(tensors, &params(&self.layout))
    }

    pub(crate) fn set_weights(&mut self, weights: &Weights) -> Result<(), Error> {
        let mut numbers = alloc::vec![0.0; self.layout.len()];
        for (param, range) in self.layout.params() {
            if let Some((_, from)) = weights.get(&param.name) {
                numbers[range].copy_from_slice(&from);
            }
        }
        let numbers = self.to_device(&numbers);
        let copied = self.stream.memcpy_htod(&numbers, &mut self.buffers.params);
        copied.map_err(|e| failed("the weights do not get onto the GPU", e))
    }

    pub(crate) fn optimizer_state(&self) -> Result<OptimizerState, Error> {
        let mut tensors = Vec::new();
        for (state, slice) in self.optimizer.states().iter().zip(&self.buffers.states) {
            let numbers = self.download(slice)?;
            let trained = self.layout.params().filter(|(param, _)| param.trainable);
            tensors.extend(trained.map(|(param, range)| {
                let name = format!("{}.{state}", param.name);
                (name, param.shape.clone(), numbers[range].to_vec())
            }));
        }
        let steps = self.steps;
        Ok(OptimizerState { steps, tensors })
    }

    pub(crate) fn restore_optimizer(&mut self, state: &OptimizerState) -> Result<(), Error> {
        self.optimizer_state()?.fits(state)?;
        let trained = self.layout.params().filter(|(param, _)| param.trainable);
        let places: Vec<Range<usize>> = trained.map(|(_, range)| range).collect();
        for i in 0..self.buffers.states.len() {
            let mut numbers = alloc::vec![0.0; self.layout.len()];
            let tensors = &state.tensors[i * places.len()..][..places.len()];
            for (range, (_, _, from)) in places.iter().zip(tensors) {
                numbers[range.clone()].copy_from_slice(from);
            }
            let numbers = self.to_device(&numbers);
            let copied = self
                .stream
                .memcpy_htod(&numbers, &mut self.buffers.states[i]);
            copied.map_err(|e| failed("the optimizer's state does not get onto the GPU", e))?;
        }
        self.steps = state.steps;
        Ok(())
    }

    /// A flat buffer as the file stores it.
    fn download(&self, slice: &CudaSlice<f32>) -> Result<Vec<f32>, Error> {
        let numbers = self.copy(slice)?;
        let params = self.layout.params().zip(&self.orders);
        Ok(params
            .flat_map(|((_, range), order)| order.to_file(&numbers[range]))
            .collect())
    }

    fn to_device(&self, numbers: &[f32]) -> Vec<f32> {
        let params = self.layout.params().zip(&self.orders);
        params
            .flat_map(|((_, range), order)| order.to_device(&numbers[range]))
            .collect()
    }

    fn copy(&self, slice: &CudaSlice<f32>) -> Result<Vec<f32>, Error> {
        let copy = || -> Result<_, DriverError> {
            let numbers = self.stream.clone_dtoh(slice)?;
            self.stream.synchronize()?;
            Ok(numbers)
        };
        copy().map_err(|e| failed("the GPU's memory cannot be read", e))
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

fn params(layout: &Layout) -> Vec<Param> {
    layout.params().map(|(param, _)| param.clone()).collect()
}

fn task((number, step): (usize, &crate::plan::Step)) -> Task {
    let clean = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = step.name.chars().map(clean).collect();
    Task {
        name: format!("s{number}_{name}"),
        op: step.op,
        inputs: step.inputs.clone(),
        output: step.output,
        params: step.op.tensors().len(),
        aligned: false,
    }
}

/// The tensors of each forward step, as an update takes them.
fn trained(plan: &Plan, layout: &Layout, tensors: &[Vec<Range<usize>>]) -> Vec<Vec<Tensor>> {
    let mut found = BTreeMap::new();
    for (i, (param, range)) in layout.params().enumerate() {
        let update = plan.update.iter().find(|update| update.param == i);
        let l2 = update.map_or(0.0, |update| update.l2);
        found.insert(range.start, (l2, param.trainable));
    }
    let tensor = |range: &Range<usize>| {
        let (l2, trained) = found.get(&range.start).copied().unwrap_or_default();
        Tensor {
            range: range.clone(),
            l2,
            trained,
        }
    };
    let tensors = tensors.iter();
    tensors
        .map(|ranges| ranges.iter().map(tensor).collect())
        .collect()
}

/// How each tensor of the layout lies on the device.
fn orders(plan: &Plan, layout: &Layout) -> Vec<Order> {
    let mut found = BTreeMap::new();
    for step in &plan.forward {
        let Some(source) = &step.source else { continue };
        for (i, tensor) in step.op.tensors().iter().enumerate() {
            let name = format!("{}.{}", source.layer, tensor.leaf);
            found.insert(name, order(&step.op, i));
        }
    }
    let order = |param: &Param| found.get(&param.name).copied().unwrap_or(Order::AsStored);
    layout.params().map(|(param, _)| order(param)).collect()
}

fn order(op: &Op, tensor: usize) -> Order {
    kernels(op).order(tensor)
}

/// 0 for each weight that a connection table leaves out, 1 for all other numbers; nothing where there is no table.
fn mask(plan: &Plan, layout: &Layout, orders: &[Order]) -> Option<Vec<f32>> {
    plan.params.iter().find(|param| param.connect.is_some())?;
    let params = layout.params().zip(orders);
    let all = params.flat_map(|((param, range), order)| {
        let mut own = alloc::vec![1.0; range.len()];
        crate::weights::unconnected(param).for_each(|i| own[i] = 0.0);
        order.to_device(&own)
    });
    Some(all.collect())
}
