//! What a training run changes: the parameters, their gradients and the state of the optimizer.

use super::{Layout, Outcome, TrainMem, Update};
use crate::plan::{Gradient, Optimizer, Param, View};
use crate::{Error, ErrorKind, Mem, Weights};
use alloc::format;
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

/// A run of generated training code between two steps.
pub struct State {
    params: Vec<Param>,
    layout: Layout,
    numbers: Vec<f32>,
    /// Zero between two steps, unless `stale`.
    gradients: Vec<f32>,
    /// A step was begun and did not end.
    stale: bool,
    update: Update,
    seed: u64,
    clip: Option<f64>,
    rate: f64,
}

impl State {
    /// A run that starts from these weights. `l2` holds the factor of each tensor's squares in the loss; none are 0.
    ///
    /// # Panics
    /// If the weights are not those of `params`.
    #[must_use]
    pub fn new(
        params: Vec<Param>,
        weights: &Weights,
        optimizer: &Optimizer,
        l2: &[f32],
        threads: usize,
    ) -> Self {
        let layout = Layout::new(&params);
        let mut numbers = vec![0.0; layout.len()];
        for (param, range) in layout.params() {
            let (_, from) = weights.get(&param.name).expect("weights of this network");
            numbers[range].copy_from_slice(&from);
        }
        Self {
            gradients: vec![0.0; layout.len()],
            update: Update::new(optimizer, &layout, l2, threads),
            stale: false,
            seed: 0,
            clip: None,
            rate: 1.0,
            numbers,
            layout,
            params,
        }
    }

    /// The seed of DROPOUT's random numbers.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Scales the gradients down to this norm, all together, where they are longer.
    #[must_use]
    pub fn with_clip(self, norm: f32) -> Self {
        let clip = Some(f64::from(norm));
        Self { clip, ..self }
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
        let step = self.update.steps();
        TrainMem::new(mem, &mut self.numbers, &mut self.gradients, self.seed, step)
    }

    /// Ends a step: L2, clipping, update. Gives the mean loss of the batch, L2 terms included.
    ///
    /// # Errors
    /// With [`ErrorKind::Diverged`], if the loss or a gradient is not a finite number: then the weights stay as they were.
    pub fn finish(&mut self, outcome: Outcome) -> Result<f32, Error> {
        let diverged = |problem| Err(Error::new(ErrorKind::Diverged, problem));
        if !outcome.loss.is_finite() {
            return diverged(format!("the loss is {}", outcome.loss));
        }
        let loss = outcome.loss + self.update.regularise(&self.numbers, &mut self.gradients);
        let norm = self.update.norm(&self.gradients);
        if !norm.is_finite() {
            return diverged(format!("the norm of the gradients is {norm}"));
        }
        let scale = match self.clip {
            Some(clip) if norm > clip => clip / norm,
            _ => 1.0,
        };
        self.update
            .apply(&mut self.numbers, &mut self.gradients, self.rate, scale);
        self.stale = false;
        Ok(loss as f32)
    }

    /// The parameters as they are now.
    ///
    /// # Errors
    /// If a number is not finite.
    pub fn weights(&self) -> Result<Weights, Error> {
        let tensors = self.layout.params();
        let tensors = tensors.map(|(p, range)| (p.name.clone(), self.numbers[range].to_vec()));
        Weights::from_tensors(tensors, &self.params)
    }
}
