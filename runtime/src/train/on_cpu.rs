//! Training on the CPU: walks a plan step by step, with the kernels that generated training code calls.

use super::times::Part;
#[cfg(feature = "std")]
use super::times::StepTimes;
use super::{Layout, LossKernel, MemoryUse, OptimizerState, State, StepResult};
use crate::backend::TrainKernel;
use crate::cpu::Choice;
use crate::plan::{Optimizer, Plan, Step, View};
use crate::{Error, Prepared, Weights, Workspace};
use alloc::vec::Vec;

/// A network under training on the CPU: its plan, its kernels, and the state of the run.
pub(super) struct OnCpu {
    kernels: Vec<TrainKernel>,
    losses: Vec<LossKernel>,
    workspace: Workspace,
    state: State,
    memory: MemoryUse,
}

impl OnCpu {
    /// Prepares a valid plan that trains, with the kernels that were chosen, for the largest batch that they were chosen for.
    pub(super) fn new(
        prepared: &Prepared<'_>,
        optimizer: &Optimizer,
        weights: &Weights,
        threads: usize,
    ) -> Result<Self, Error> {
        let (plan, max_batch) = (prepared.plan(), prepared.max_batch());
        let kernels = kernels(prepared, &Layout::new(&plan.params))?;
        let losses: Vec<LossKernel> = losses(plan).collect();
        let scratch = kernels.iter().map(|kernel| kernel.scratch(max_batch));
        let scratch = scratch.chain(losses.iter().map(|loss| loss.scratch(max_batch)));
        let image = plan.input.iter().product();
        let workspace = Workspace::new(image, plan.arena, max_batch, scratch).with_threads(threads);
        Ok(Self {
            memory: MemoryUse::prepared(prepared, optimizer, threads)?,
            state: State::new(&plan.params, weights, optimizer, &plan.update, threads),
            kernels,
            losses,
            workspace,
        })
    }

    pub(super) fn set_seed(&mut self, seed: u64) {
        self.state.set_seed(seed);
    }

    pub(super) fn set_clip(&mut self, norm: Option<f32>) {
        self.state.set_clip(norm);
    }

    pub(super) fn memory(&self) -> MemoryUse {
        self.memory
    }

    pub(super) fn steps(&self) -> u64 {
        self.state.steps()
    }

    pub(super) fn step(
        &mut self,
        plan: &Plan,
        images: &[f32],
        labels: &[u32],
        factor: f64,
    ) -> Result<StepResult, Error> {
        let result = self.gradients(plan, images, labels)?;
        self.state.apply(&result, factor);
        Ok(result)
    }

    pub(super) fn gradients(
        &mut self,
        plan: &Plan,
        images: &[f32],
        labels: &[u32],
    ) -> Result<StepResult, Error> {
        self.walk(plan, images, labels, |_| {})
    }

    #[cfg(feature = "std")]
    pub(super) fn step_timed(
        &mut self,
        plan: &Plan,
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
        let result = self.walk(plan, images, labels, &mut done)?;
        self.state.apply(&result, factor);
        done(Part::Update);
        Ok((result, times))
    }

    /// Forward, loss and backward; `done` is told of each part.
    fn walk(
        &mut self,
        plan: &Plan,
        images: &[f32],
        labels: &[u32],
        mut done: impl FnMut(Part),
    ) -> Result<StepResult, Error> {
        let mem = &mut self.state.begin(self.workspace.begin(images)?);
        done(Part::Update);
        for (i, step) in plan.forward.iter().enumerate() {
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
            let steps = plan.forward.iter();
            let values = steps.map(|step| (&step.name[..], &step.text[..], step.output));
            let losses: Vec<&LossKernel> = self.losses.iter().collect();
            let (state, workspace) = (&self.state, &self.workspace);
            return Err(state.diverged(&outcome, &losses, images, workspace, values));
        }
        for back in &plan.backward {
            let step = &plan.forward[back.step];
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

    pub(super) fn gradient(&self, name: &str) -> Option<&[f32]> {
        self.state.gradient(name)
    }

    pub(super) fn weights(&self) -> Result<Weights, Error> {
        self.state.weights()
    }

    pub(super) fn set_weights(&mut self, weights: &Weights) -> Result<(), Error> {
        self.state.load(weights);
        Ok(())
    }

    pub(super) fn optimizer_state(&self) -> Result<OptimizerState, Error> {
        self.state.optimizer_state()
    }

    pub(super) fn restore_optimizer(&mut self, state: &OptimizerState) -> Result<(), Error> {
        self.state.restore_optimizer(state)
    }

    pub(super) fn read(&self, view: View) -> Vec<f32> {
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
