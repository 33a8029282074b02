//! How long the parts of a training step take.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// How long the parts of a training step took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepTimes {
    /// Each step of the plan's forward pass.
    pub forward: Vec<Duration>,
    /// The way back through each of these; zero where no gradient is asked for.
    pub backward: Vec<Duration>,
    /// The loss and its gradient.
    pub loss: Duration,
    /// Clearing the gradients, L2, the gradients' norm, and the optimizer.
    pub update: Duration,
}

impl StepTimes {
    pub(super) fn new(steps: usize) -> Self {
        Self {
            forward: vec![Duration::ZERO; steps],
            backward: vec![Duration::ZERO; steps],
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, part: Part, time: Duration) {
        *match part {
            Part::Forward(step) => &mut self.forward[step],
            Part::Backward(step) => &mut self.backward[step],
            Part::Loss => &mut self.loss,
            Part::Update => &mut self.update,
        } += time;
    }
}

/// What has just been done.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Forward(usize),
    Loss,
    Backward(usize),
    Update,
}
