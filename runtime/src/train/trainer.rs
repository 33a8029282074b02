//! Walks a training plan step by step, with the kernels that generated training code calls.

use super::times::Part;
#[cfg(feature = "std")]
use super::times::StepTimes;
use super::{Layout, LossKernel, MemoryUse, OptimizerState, State, StepResult};
use crate::backend::TrainKernel;
use crate::cpu::{Choice, Machine};
use crate::plan::{Optimizer, Plan, Step, View};
use crate::{Error, Prepared, Weights, Workspace, prepare};
use alloc::vec::Vec;

/// A network under training: its plan, its kernels, and the state of the run.
pub struct Trainer {
    plan: Plan,
    kernels: Vec<TrainKernel>,
    losses: Vec<LossKernel>,
    workspace: Workspace,
    state: State,
    memory: MemoryUse,
}

impl Trainer {
    /// Prepares a plan for batches of up to `max_batch` images. The random numbers of DROPOUT start from seed 0.
    ///
    /// # Errors
    /// If the weights are not the plan's; with [`ErrorKind::Plan`](crate::ErrorKind::Plan), if the plan is not valid or only infers.
    pub fn new(
        plan: &Plan,
        optimizer: &Optimizer,
        weights: &Weights,
        max_batch: usize,
        threads: usize,
    ) -> Result<Self, Error> {
        let prepared = prepare(plan, Machine::here(), max_batch)?;
        Self::prepared(&prepared, optimizer, weights, threads)
    }

    /// As [`new`](Self::new), with the kernels that were chosen, for the largest batch that they were chosen for.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn prepared(
        prepared: &Prepared<'_>,
        optimizer: &Optimizer,
        weights: &Weights,
        threads: usize,
    ) -> Result<Self, Error> {
        let (plan, max_batch) = (prepared.plan(), prepared.max_batch());
        if !plan.trains() {
            return Err(Error::plan("it only infers: there is nothing to train by"));
        }
        weights.check(&plan.params)?;
        let kernels = kernels(prepared, &Layout::new(&plan.params))?;
        let losses: Vec<LossKernel> = losses(plan).collect();
        let scratch = kernels.iter().map(|kernel| kernel.scratch(max_batch));
        let scratch = scratch.chain(losses.iter().map(|loss| loss.scratch(max_batch)));
        let image = plan.input.iter().product();
        let workspace = Workspace::new(image, plan.arena, max_batch, scratch).with_threads(threads);
        Ok(Self {
            memory: MemoryUse::prepared(prepared, optimizer, threads)?,
            state: State::new(&plan.params, weights, optimizer, &plan.update, threads),
            plan: plan.clone(),
            kernels,
            losses,
            workspace,
        })
    }

    /// The seed of DROPOUT's random numbers.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.state = self.state.with_seed(seed);
        self
    }

    /// Scales the gradients down to this norm, all together, where they are longer.
    #[must_use]
    pub fn with_clip(mut self, norm: Option<f32>) -> Self {
        self.state = self.state.with_clip(norm);
        self
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The bytes that this run takes.
    #[must_use]
    pub fn memory(&self) -> MemoryUse {
        self.memory
    }

    /// Updates made so far, those before a resume included.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.state.steps()
    }

    /// Learns from a batch: forward, loss, backward, update. `labels` holds a class for each image, or for each pixel where the
    /// scores are a picture. `factor` multiplies the learning rate.
    ///
    /// # Errors
    /// If images or labels do not fit the network; or, with [`ErrorKind::Diverged`](crate::ErrorKind::Diverged), if the loss or a
    /// gradient is not a finite number: then the weights stay as they were, and the error names the first layer where it shows.
    pub fn step(
        &mut self,
        images: &[f32],
        labels: &[u32],
        factor: f64,
    ) -> Result<StepResult, Error> {
        let result = self.gradients(images, labels)?;
        self.state.apply(&result, factor);
        Ok(result)
    }

    /// A step without its update: the gradients are left for [`gradient`](Self::gradient).
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn gradients(&mut self, images: &[f32], labels: &[u32]) -> Result<StepResult, Error> {
        self.walk(images, labels, |_| {})
    }

    /// As [`step`](Self::step), and says how long its parts took.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    #[cfg(feature = "std")]
    pub fn step_timed(
        &mut self,
        images: &[f32],
        labels: &[u32],
        factor: f64,
    ) -> Result<(StepResult, StepTimes), Error> {
        let mut times = StepTimes::new(self.kernels.len());
        let mut last = std::time::Instant::now();
        let mut done = |part| {
            let now = std::time::Instant::now();
            times.add(part, now - last);
            last = now;
        };
        let result = self.walk(images, labels, &mut done)?;
        self.state.apply(&result, factor);
        done(Part::Update);
        Ok((result, times))
    }

    /// Forward, loss and backward; `done` is told of each part.
    fn walk(
        &mut self,
        images: &[f32],
        labels: &[u32],
        mut done: impl FnMut(Part),
    ) -> Result<StepResult, Error> {
        let mem = &mut self.state.begin(self.workspace.begin(images)?);
        done(Part::Update);
        for (i, step) in self.plan.forward.iter().enumerate() {
            self.kernels[i].forward(mem, &step.inputs, step.output);
            done(Part::Forward(i));
        }
        let mut outcomes = self.losses.iter().map(|loss| loss.run(mem, labels));
        let first = outcomes
            .next()
            .unwrap_or_else(|| Err(Error::plan("no loss")))?;
        let outcome = outcomes.try_fold(first, |sum, next| Ok::<_, Error>(sum.and(next?)))?;
        done(Part::Loss);
        if !outcome.loss.is_finite() {
            let steps = self.plan.forward.iter();
            let values = steps.map(|step| (&step.name[..], &step.text[..], step.output));
            let losses: Vec<&LossKernel> = self.losses.iter().collect();
            let (state, workspace) = (&self.state, &self.workspace);
            return Err(state.diverged(&outcome, &losses, images, workspace, values));
        }
        for back in &self.plan.backward {
            let step = &self.plan.forward[back.step];
            self.kernels[back.step].backward(
                mem,
                &step.inputs,
                step.output,
                back.output_gradient,
                &back.input_gradients,
            );
            done(Part::Backward(back.step));
        }
        self.state.measure(outcome)
    }

    /// The gradient of a parameter after [`gradients`](Self::gradients).
    #[must_use]
    pub fn gradient(&self, name: &str) -> Option<&[f32]> {
        self.state.gradient(name)
    }

    /// The scores of the last step, dense.
    #[must_use]
    pub fn scores(&self) -> Vec<f32> {
        self.workspace.read(self.plan.result)
    }

    /// The parameters as they are now.
    ///
    /// # Errors
    /// If a number is not finite.
    pub fn weights(&self) -> Result<Weights, Error> {
        self.state.weights()
    }

    /// Takes these weights; the optimizer's state stays.
    ///
    /// # Errors
    /// If they are not the plan's.
    pub fn set_weights(&mut self, weights: &Weights) -> Result<(), Error> {
        weights.check(&self.plan.params)?;
        self.state.load(weights);
        Ok(())
    }

    /// The optimizer's state.
    #[must_use]
    pub fn optimizer_state(&self) -> OptimizerState {
        self.state.optimizer_state()
    }

    /// Goes on from this state.
    ///
    /// # Errors
    /// If it is that of another network or optimizer.
    pub fn restore_optimizer(&mut self, state: &OptimizerState) -> Result<(), Error> {
        self.state.restore_optimizer(state)
    }

    /// The value of a view of the plan's arena after the last step, for tests and pictures.
    #[must_use]
    pub fn read(&self, view: View) -> Vec<f32> {
        self.workspace.read(view)
    }
}

/// The kernels of a plan's forward steps.
pub(super) fn kernels(prepared: &Prepared<'_>, layout: &Layout) -> Result<Vec<TrainKernel>, Error> {
    let kernel = |(step, choice): (&Step, Choice)| {
        let source = step.source.as_ref();
        let layer = source.map(|source| source.layer.as_str());
        TrainKernel::new(step.op, layout, layer.unwrap_or_default(), choice)
    };
    prepared.steps().map(kernel).collect()
}

/// The kernels of a plan's losses.
pub(super) fn losses(plan: &Plan) -> impl Iterator<Item = LossKernel> {
    plan.loss.iter().cloned().map(LossKernel::new)
}
