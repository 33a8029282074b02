//! How long the parts of a training step take.

#[cfg(feature = "std")]
use {alloc::vec, alloc::vec::Vec, core::time::Duration};

/// How long the parts of a training step took.
#[cfg(feature = "std")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepTimes {
    /// Each step of the plan's forward pass.
    pub forward: Vec<Duration>,
    /// Backward through each of these; zero where no gradient is asked for.
    pub backward: Vec<Duration>,
    /// The loss and its gradient.
    pub loss: Duration,
    /// Clearing the gradients, L2, the gradients' norm, and the optimizer.
    pub update: Duration,
}

#[cfg(feature = "std")]
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
#[cfg_attr(
    not(feature = "std"),
    allow(dead_code, reason = "nobody measures without a clock")
)]
#[derive(Clone, Copy)]
pub(super) enum Part {
    Forward(usize),
    Loss,
    Backward(usize),
    Update,
}
