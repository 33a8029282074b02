//! What a training run changes: the parameters, their gradients and the state of the optimizer.

use super::{Layout, Outcome, TrainMem, Update};
use crate::plan::{Gradient, Optimizer, Param, UpdateStep, View};
use crate::{Error, Mem, Weights};
use alloc::vec;
use alloc::vec::Vec;

/// For the first step that gives a gradient: writes it here.
#[must_use]
pub const fn write(view: View) -> Option<Gradient> {
    Some(Gradient {
        view,
        accumulate: false,
    })
}

/// For all other steps that give this gradient: adds to what stands here.
#[must_use]
pub const fn add(view: View) -> Option<Gradient> {
    Some(Gradient {
        view,
        accumulate: true,
    })
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

/// A training run between two steps.
pub struct State {
    pub(super) layout: Layout,
    pub(super) numbers: Vec<f32>,
    /// Zero between two steps, unless `stale`.
    pub(super) gradients: Vec<f32>,
    /// A step was begun and did not end in an update.
    stale: bool,
    /// What no update moves (statistics, prototypes) as it was before the step, one tensor after the other.
    before: Vec<f32>,
    pub(super) update: Update,
    pub(super) seed: u64,
    clip: Option<f64>,
    pub(super) rate: f64,
}

impl State {
    /// A run that starts from these weights, and moves them by these steps.
    ///
    /// # Panics
    /// If the weights are not those of `params`, or the steps do not move each trainable parameter once, in order.
    #[must_use]
    pub fn new(
        params: &[Param],
        weights: &Weights,
        optimizer: &Optimizer,
        steps: &[UpdateStep],
        threads: usize,
    ) -> Self {
        let layout = Layout::new(params);
        let fixed: usize = fixed(&layout).map(|(_, range)| range.len()).sum();
        let mut state = Self {
            numbers: vec![0.0; layout.len()],
            gradients: vec![0.0; layout.len()],
            before: vec![0.0; fixed],
            update: Update::new(optimizer, &layout, steps, threads),
            stale: false,
            seed: 0,
            clip: None,
            rate: 1.0,
            layout,
        };
        state.load(weights);
        state
    }

    /// The seed of DROPOUT's random numbers.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.set_seed(seed);
        self
    }

    pub(super) fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// Scales the gradients down to this norm, all together, where they are longer.
    #[must_use]
    pub fn with_clip(mut self, norm: Option<f32>) -> Self {
        self.set_clip(norm);
        self
    }

    pub(super) fn set_clip(&mut self, norm: Option<f32>) {
        self.clip = norm.map(f64::from);
    }

    /// Multiplies the learning rate from now on.
    pub fn set_rate(&mut self, factor: f64) {
        self.rate = factor;
    }

    /// Updates made so far.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.update.steps()
    }

    /// Begins a step.
    pub fn begin<'w, 'i>(&'w mut self, mem: Mem<'w, 'i>) -> TrainMem<'w, 'i> {
        if core::mem::replace(&mut self.stale, true) {
            self.gradients.fill(0.0);
        }
        let mut before = &mut self.before[..];
        for (_, range) in fixed(&self.layout) {
            let (own, rest) = before.split_at_mut(range.len());
            own.copy_from_slice(&self.numbers[range]);
            before = rest;
        }
        let step = self.update.steps();
        TrainMem::new(mem, &mut self.numbers, &mut self.gradients, self.seed, step)
    }

    /// Ends a step: L2, clipping, update. Gives the mean loss of the batch, L2 terms included.
    ///
    /// # Errors
    /// With [`ErrorKind::Diverged`](crate::ErrorKind::Diverged), if a gradient is not a finite number: then the weights stay as
    /// they were.
    pub fn finish(&mut self, outcome: Outcome) -> Result<f32, Error> {
        let result = self.measure(outcome)?;
        self.apply(&result, self.rate);
        Ok(result.loss as f32)
    }

    /// The end of backward: the L2 terms, and the norm of all gradients.
    pub(super) fn measure(&mut self, outcome: Outcome) -> Result<StepResult, Error> {
        let l2 = self.update.regularise(&self.numbers, &mut self.gradients);
        let grad_norm = self.update.norm(&self.gradients);
        if !grad_norm.is_finite() {
            self.give_up();
            return Err(self.diverged_gradient());
        }
        Ok(StepResult {
            loss: outcome.loss + l2,
            correct: outcome.correct,
            grad_norm,
        })
    }

    /// Moves the weights; `rate` multiplies the learning rate.
    pub(super) fn apply(&mut self, result: &StepResult, rate: f64) {
        let scale = match self.clip {
            Some(clip) if result.grad_norm > clip => clip / result.grad_norm,
            _ => 1.0,
        };
        self.update
            .apply(&mut self.numbers, &mut self.gradients, rate, scale);
        self.stale = false;
    }

    /// Takes back what the step has moved on its way: the statistics of batch normalisation.
    fn give_up(&mut self) {
        let mut before = &self.before[..];
        for (_, range) in fixed(&self.layout) {
            let (own, rest) = before.split_at(range.len());
            self.numbers[range].copy_from_slice(own);
            before = rest;
        }
    }

    /// The gradient of a parameter before the update.
    pub(super) fn gradient(&self, name: &str) -> Option<&[f32]> {
        let mut params = self.layout.params();
        let (_, range) = params.find(|(param, _)| param.name == name)?;
        Some(&self.gradients[range])
    }

    /// The parameters as they are now.
    ///
    /// # Errors
    /// If a number is not finite.
    pub fn weights(&self) -> Result<Weights, Error> {
        let tensors = self.layout.params();
        let tensors = tensors.map(|(p, range)| (p.name.clone(), self.numbers[range].to_vec()));
        Weights::from_tensors(tensors, self.layout.list())
    }

    /// Takes these weights; the optimizer's state stays.
    ///
    /// # Panics
    /// If they are not this network's.
    pub(super) fn load(&mut self, weights: &Weights) {
        for (param, range) in self.layout.params() {
            let (_, from) = weights.get(&param.name).expect("weights of this network");
            self.numbers[range].copy_from_slice(&from);
        }
    }
}

/// The tensors that no update moves.
fn fixed(layout: &Layout) -> impl Iterator<Item = (&Param, core::ops::Range<usize>)> {
    layout.params().filter(|(param, _)| !param.trainable)
}
