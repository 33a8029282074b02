//! What a training run changes: the parameters, their gradients and the state of the optimizer.

#[cfg(feature = "cuda")]
use super::recorded::Recorded;
use super::{Layout, Outcome, TrainMem, Update};
use crate::plan::{Gradient, Optimizer, Param, UpdateStep, View};
use crate::{Device, Error, Mem, Weights, Workspace};
#[cfg(feature = "cuda")]
use alloc::boxed::Box;
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
    pub(super) clip: Option<f32>,
    pub(super) rate: f64,
    /// How the parameters move.
    #[cfg(feature = "cuda")]
    pub(super) steps: Vec<UpdateStep>,
    /// On another device than the CPU, what becomes of the run there. From its first step on the numbers above are old.
    #[cfg(feature = "cuda")]
    pub(super) recorded: Option<Box<Recorded>>,
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
            #[cfg(feature = "cuda")]
            steps: steps.into(),
            #[cfg(feature = "cuda")]
            recorded: None,
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
        self.clip = norm;
    }

    /// The same run on this device, from where it stands. `workspace` is the one that its steps begin in; `values` are those of the
    /// layers, in order: name, text and place.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`](crate::ErrorKind::Device), if the device that the run was on fails.
    pub fn on(
        self,
        device: &Device,
        workspace: &Workspace,
        values: &[(&str, &str, View)],
    ) -> Result<Self, Error> {
        #[cfg(feature = "cuda")]
        return self.moved(device, workspace, values);
        #[cfg(not(feature = "cuda"))]
        {
            let _ = (device, workspace, values);
            Ok(self)
        }
    }

    /// Multiplies the learning rate from now on.
    pub fn set_rate(&mut self, factor: f64) {
        self.rate = factor;
    }

    /// Updates made so far.
    #[must_use]
    pub fn steps(&self) -> u64 {
        #[cfg(feature = "cuda")]
        if let Some(trainer) = self.trainer() {
            return trainer.steps();
        }
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
        let mem = TrainMem::new(mem, &mut self.numbers, &mut self.gradients, self.seed, step);
        #[cfg(feature = "cuda")]
        return TrainMem {
            recorded: self.recorded.as_deref_mut().map(Recorded::begin),
            ..mem
        };
        #[cfg(not(feature = "cuda"))]
        mem
    }

    /// Ends a step: L2, clipping, update; on a GPU all of it, which was recorded, runs now. Gives the mean loss of the batch, L2 terms
    /// included.
    ///
    /// # Errors
    /// With [`ErrorKind::Diverged`](crate::ErrorKind::Diverged), if a gradient is not a finite number: then the weights stay as
    /// they were. On a GPU also if the labels do not fit, or with [`ErrorKind::Device`](crate::ErrorKind::Device), if it fails.
    pub fn finish(
        &mut self,
        outcome: Outcome,
        images: &[f32],
        labels: &[u32],
    ) -> Result<f32, Error> {
        #[cfg(feature = "cuda")]
        if self.recorded.is_some() {
            return self.run(images, labels);
        }
        let _ = (images, labels);
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
        let scale = match self.clip.map(f64::from) {
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
    /// If a number is not finite; with [`ErrorKind::Device`](crate::ErrorKind::Device), if a GPU fails.
    pub fn weights(&self) -> Result<Weights, Error> {
        #[cfg(feature = "cuda")]
        if let Some(trainer) = self.trainer() {
            return trainer.weights();
        }
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
