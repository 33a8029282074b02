//! Walks a training plan step by step, with the kernels that generated training code calls.

use super::kernel::Kernel;
use super::{Layout, LossKernel, TrainMem, Update};
use crate::plan::{Optimizer, Slot, TrainPlan, View};
use crate::{Error, ErrorKind, Scratch, Weights, Workspace};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// A network under training: its plan, its parameters, and the state of its optimizer.
pub struct Trainer {
    plan: TrainPlan,
    layout: Layout,
    kernels: Vec<Kernel>,
    loss: LossKernel,
    workspace: Workspace,
    params: Vec<f32>,
    /// Zero between two steps, unless `stale`.
    gradients: Vec<f32>,
    stale: bool,
    update: Update,
    seed: u64,
    clip: Option<f64>,
    memory: MemoryUse,
}

/// What a training step tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepResult {
    /// The mean loss of the batch, L2 terms included.
    pub loss: f64,
    /// Labels whose class has the best score.
    pub correct: usize,
    /// The norm of all gradients together, before clipping.
    pub grad_norm: f64,
}

/// The bytes that a training run takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// The parameters.
    pub weights: usize,
    /// Their gradients.
    pub gradients: usize,
    /// The optimizer's states.
    pub optimizer: usize,
    /// The arena: values, and gradients of values. Grows with the batch.
    pub activations: usize,
    /// Packed weights and what kernels need while they run.
    pub workspace: usize,
}

impl MemoryUse {
    /// All together.
    #[must_use]
    pub fn total(&self) -> usize {
        let values = self.activations.saturating_add(self.workspace);
        values.saturating_add(self.weights + self.gradients + self.optimizer)
    }
}

/// The state of an optimizer: with the weights and the seed, all that a run needs to go on bit by bit.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    /// Updates made.
    pub steps: u64,
    /// Name, shape and numbers of each tensor: `conv1.weight.velocity`.
    pub tensors: Vec<(String, Vec<usize>, Vec<f32>)>,
}

impl Trainer {
    /// Prepares a plan for batches of up to `max_batch` images. The random numbers of DROPOUT start from seed 0.
    ///
    /// # Errors
    /// If the weights are not the plan's.
    pub fn new(
        plan: &TrainPlan,
        optimizer: &Optimizer,
        weights: &Weights,
        max_batch: usize,
        threads: usize,
    ) -> Result<Self, Error> {
        weights.check(&plan.params)?;
        let layout = Layout::new(&plan.params);
        let kernels = kernels(plan, &layout);
        let loss = LossKernel::new(plan.loss.clone());
        let scratch = kernels.iter().map(|kernel| kernel.scratch(max_batch));
        let image = plan.input.iter().product();
        let scratch = scratch.chain([loss.scratch(max_batch)]);
        let workspace = Workspace::new(image, plan.arena, max_batch, scratch).with_threads(threads);
        let mut trainer = Self {
            memory: MemoryUse::of(plan, optimizer, max_batch, threads),
            update: Update::new(optimizer, &layout, &plan.l2, threads),
            params: vec![0.0; layout.len()],
            gradients: vec![0.0; layout.len()],
            stale: false,
            seed: 0,
            clip: None,
            plan: plan.clone(),
            layout,
            kernels,
            loss,
            workspace,
        };
        trainer.load(weights);
        Ok(trainer)
    }

    /// The seed of DROPOUT's random numbers.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Scales the gradients down to this norm, all together, where they are longer.
    #[must_use]
    pub fn with_clip(self, norm: Option<f32>) -> Self {
        let clip = norm.map(f64::from);
        Self { clip, ..self }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &TrainPlan {
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
        self.update.steps()
    }

    /// Learns from a batch: forward, loss, backward, update. `labels` holds a class for each image, or for each pixel where the
    /// scores are a picture. `factor` multiplies the learning rate.
    ///
    /// # Errors
    /// If images or labels do not fit the network; or, with [`ErrorKind::Diverged`], if the loss or a gradient is not a finite
    /// number: then the weights stay as they were, and the error names the first layer where it shows.
    pub fn step(
        &mut self,
        images: &[f32],
        labels: &[u32],
        factor: f64,
    ) -> Result<StepResult, Error> {
        let result = self.gradients(images, labels)?;
        let scale = match self.clip {
            Some(clip) if result.grad_norm > clip => clip / result.grad_norm,
            _ => 1.0,
        };
        self.update
            .apply(&mut self.params, &mut self.gradients, factor, scale);
        self.stale = false;
        Ok(result)
    }

    /// A step without its update: the gradients are left for [`gradient`](Self::gradient).
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn gradients(&mut self, images: &[f32], labels: &[u32]) -> Result<StepResult, Error> {
        if core::mem::replace(&mut self.stale, true) {
            self.gradients.fill(0.0);
        }
        let mem = self.workspace.begin(images)?;
        let step = self.update.steps();
        let (params, gradients) = (&mut self.params, &mut self.gradients);
        let mut mem = TrainMem::new(mem, params, gradients, self.seed, step);
        for (kernel, step) in self.kernels.iter_mut().zip(&self.plan.forward) {
            kernel.forward(&mut mem, &step.inputs, step.output);
        }
        let outcome = self.loss.run(&mut mem, labels)?;
        if !outcome.loss.is_finite() {
            return Err(self.find_value(images, outcome.loss));
        }
        for back in &self.plan.backward {
            let step = &self.plan.forward[back.step];
            self.kernels[back.step].backward(
                &mut mem,
                &step.inputs,
                step.output,
                back.output_gradient,
                &back.input_gradients,
            );
        }
        let loss = outcome.loss + self.update.regularise(&self.params, &mut self.gradients);
        let grad_norm = self.update.norm(&self.gradients);
        if !grad_norm.is_finite() {
            return Err(self.find_gradient());
        }
        Ok(StepResult {
            loss,
            correct: outcome.correct,
            grad_norm,
        })
    }

    /// The gradient of a parameter after [`gradients`](Self::gradients).
    #[must_use]
    pub fn gradient(&self, name: &str) -> Option<&[f32]> {
        let mut params = self.layout.params();
        let (_, range) = params.find(|(param, _)| param.name == name)?;
        Some(&self.gradients[range])
    }

    /// The scores of the last step, dense.
    #[must_use]
    pub fn scores(&self) -> Vec<f32> {
        self.workspace.read(self.plan.loss.scores)
    }

    /// Goes forward once more, and stops at the first value that is not finite.
    fn find_value(&mut self, images: &[f32], loss: f64) -> Error {
        for (param, range) in self.layout.params() {
            if self.params[range].iter().any(|w| !w.is_finite()) {
                return diverged(format!(
                    "`{}` holds a number that is not finite",
                    param.name
                ));
            }
        }
        if images.iter().any(|x| !x.is_finite()) {
            return diverged("an image holds a number that is not finite".to_string());
        }
        let step = self.update.steps();
        for last in 0..self.plan.forward.len() {
            // From the start each time: a value may lie where an earlier one lay. Only done once in a run, at its end.
            let Ok(mem) = self.workspace.begin(images) else {
                break;
            };
            let (params, gradients) = (&mut self.params, &mut self.gradients);
            let mut mem = TrainMem::new(mem, params, gradients, self.seed, step);
            for (kernel, step) in self.kernels[..=last].iter_mut().zip(&self.plan.forward) {
                kernel.forward(&mut mem, &step.inputs, step.output);
            }
            let step = &self.plan.forward[last];
            let is_arena = matches!(step.output.slot, Slot::Arena(_));
            if is_arena
                && self
                    .workspace
                    .read(step.output)
                    .iter()
                    .any(|y| !y.is_finite())
            {
                let what = format!(
                    "the values of `{}` ({}) are not finite",
                    step.name, step.text
                );
                return diverged(what);
            }
        }
        diverged(format!("the loss is {loss}"))
    }

    /// The first parameter, in the order of the way back, whose gradient is not finite.
    fn find_gradient(&self) -> Error {
        let layers = self.plan.backward.iter();
        let layers = layers.filter_map(|back| self.plan.forward[back.step].layer.as_ref());
        for layer in layers {
            for (param, range) in self.layout.params() {
                let own = param
                    .name
                    .rsplit_once('.')
                    .is_some_and(|(name, _)| name == layer);
                if own && self.gradients[range].iter().any(|g| !g.is_finite()) {
                    return diverged(format!("the gradient of `{}` is not finite", param.name));
                }
            }
        }
        diverged("the gradients are too large".to_string())
    }

    /// The parameters as they are now.
    ///
    /// # Errors
    /// If a number is not finite.
    pub fn weights(&self) -> Result<Weights, Error> {
        let tensors = self.layout.params();
        let tensors = tensors.map(|(p, range)| (p.name.clone(), self.params[range].to_vec()));
        Weights::from_tensors(tensors, &self.plan.params)
    }

    /// Takes these weights; the optimizer's state stays.
    ///
    /// # Errors
    /// If they are not the plan's.
    pub fn set_weights(&mut self, weights: &Weights) -> Result<(), Error> {
        weights.check(&self.plan.params)?;
        self.load(weights);
        Ok(())
    }

    fn load(&mut self, weights: &Weights) {
        for (param, range) in self.layout.params() {
            if let Some((_, numbers)) = weights.get(&param.name) {
                self.params[range].copy_from_slice(&numbers);
            }
        }
    }

    /// The optimizer's state.
    #[must_use]
    pub fn optimizer_state(&self) -> OptimizerState {
        let names = self.update.optimizer().states();
        let states = names.iter().zip(self.update.states());
        let tensors = states.flat_map(|(state, numbers)| {
            let trainable = self.layout.params().filter(|(param, _)| param.trainable);
            trainable.map(move |(param, range)| {
                let name = format!("{}.{state}", param.name);
                (name, param.shape.clone(), numbers[range].to_vec())
            })
        });
        OptimizerState {
            steps: self.update.steps(),
            tensors: tensors.collect(),
        }
    }

    /// Goes on from this state.
    ///
    /// # Errors
    /// If it is that of another network or optimizer.
    pub fn restore_optimizer(&mut self, state: &OptimizerState) -> Result<(), Error> {
        let own = self.optimizer_state();
        let same = own.tensors.iter().zip(&state.tensors);
        if own.tensors.len() != state.tensors.len()
            || same
                .clone()
                .any(|(a, b)| (&a.0, &a.1, a.2.len()) != (&b.0, &b.1, b.2.len()))
        {
            let problem = "the optimizer's state is of another network or optimizer";
            return Err(Error::new(ErrorKind::Weights, problem));
        }
        let trainable = || self.layout.params().filter(|(param, _)| param.trainable);
        let count = trainable().count();
        self.update.restore(state.steps, |i, numbers| {
            let tensors = &state.tensors[i * count..(i + 1) * count];
            for ((_, range), (_, _, from)) in trainable().zip(tensors) {
                numbers[range].copy_from_slice(from);
            }
        });
        Ok(())
    }

    /// The value of a view of the plan's arena after the last step, for tests and pictures.
    #[must_use]
    pub fn read(&self, view: View) -> Vec<f32> {
        self.workspace.read(view)
    }
}

fn diverged(problem: String) -> Error {
    Error::new(ErrorKind::Diverged, problem)
}

fn kernels(plan: &TrainPlan, layout: &Layout) -> Vec<Kernel> {
    let layer = |name: &Option<String>| name.clone().unwrap_or_default();
    let steps = plan.forward.iter();
    steps
        .map(|step| Kernel::new(&step.op, layout, &layer(&step.layer)))
        .collect()
}

impl MemoryUse {
    /// What a run of this plan would take; nothing but packed weights is allocated to find out.
    #[must_use]
    pub fn of(plan: &TrainPlan, optimizer: &Optimizer, max_batch: usize, threads: usize) -> Self {
        const NUMBER: usize = size_of::<f32>();
        let layout = Layout::new(&plan.params);
        let kernels = kernels(plan, &layout);
        let all = kernels.iter().map(|kernel| kernel.scratch(max_batch));
        let loss = LossKernel::new(plan.loss.clone()).scratch(max_batch);
        let scratch = all.fold(loss, Scratch::max);
        let packed: usize = kernels.iter().map(Kernel::bytes).sum();
        let weights = layout.len() * NUMBER;
        Self {
            weights,
            gradients: weights,
            optimizer: weights * optimizer.states().len(),
            activations: plan.arena.saturating_mul(max_batch).saturating_mul(NUMBER),
            workspace: packed + (scratch.shared + scratch.worker * threads) * NUMBER,
        }
    }
}
