//! What the loop asks of a network that learns.

use crate::{Error, Result};
use netc_runtime::train::{Pictures, Preparation};
use std::borrow::Cow;
use std::ops::Range;

/// A tensor by name, in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<'a> {
    /// As in the weights file: `conv1.weight`.
    pub name: String,
    /// The axes.
    pub shape: Vec<usize>,
    /// The values.
    pub values: Cow<'a, [f32]>,
}

/// The result of a training step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Mean loss of the batch, before the step.
    pub loss: f64,
    /// Images whose best score was their label's.
    pub correct: usize,
}

/// A network that can be evaluated.
pub trait Evaluate {
    /// Scores for one image.
    fn outputs(&self) -> usize;

    /// Scores of up to as many images as the recipe's batch, as in inference, and the mean loss. Where the loss contains the
    /// network's last SOFTMAX the scores are logits.
    ///
    /// # Errors
    /// The step cannot run.
    fn evaluate(&mut self, images: &[f32], labels: &[u32], scores: &mut [f32]) -> Result<f64>;
}

/// A network in training.
///
/// All that a step depends on is what [`Learn::weights`] and [`Learn::state`] hold and what [`Learn::train`] is given: then a run
/// that was resumed equals one that was not, bit by bit.
pub trait Learn: Evaluate {
    /// One step on up to as many images as the recipe's batch.
    ///
    /// `factor` is the schedules' product: the optimizer multiplies its own rate, and its decay of it, by this. The number of
    /// the step is the number of steps since [`Learn::set_state`], and before it.
    ///
    /// # Errors
    /// The step cannot run; or, with [`ErrorKind::Diverged`](crate::ErrorKind::Diverged), a number is not finite: the message
    /// names the layer.
    fn train(&mut self, images: &[f32], labels: &[u32], factor: f64) -> Result<Outcome>;

    /// As [`Learn::train`], without waiting for a device: the outcome of this step, or of the one before, if it has not been given; then
    /// [`Learn::outcome`] gives the last one.
    ///
    /// # Errors
    /// As [`Learn::train`], of the step whose outcome it would be.
    fn submit(&mut self, images: &[f32], labels: &[u32], factor: f64) -> Result<Option<Outcome>> {
        self.train(images, labels, factor).map(Some)
    }

    /// Waits for the step that was submitted last: its outcome, if it has not been given.
    ///
    /// # Errors
    /// As [`Learn::train`].
    fn outcome(&mut self) -> Result<Option<Outcome>> {
        Ok(None)
    }

    /// Whether the device can hold pictures: else nobody need bring them together for it.
    fn holds(&self) -> bool {
        false
    }

    /// Has the device hold the pictures that are learnt from: whether it does. Then [`Learn::begin_epoch`] and [`Learn::submit_held`] take the place of
    /// [`Learn::submit`], to the same numbers but for rounding. A resumed run asks again.
    ///
    /// # Errors
    /// The pictures are no inputs of the network, or the device fails.
    fn hold(&mut self, pictures: &Pictures<'_>, preparation: &Preparation) -> Result<bool> {
        let _ = (pictures, preparation);
        Ok(false)
    }

    /// Begins an epoch, or goes on with it: the order of the held pictures.
    ///
    /// # Errors
    /// The device holds none, or fails.
    fn begin_epoch(&mut self, epoch: usize, order: &[u32]) -> Result<()> {
        let _ = (epoch, order);
        Err(Error::input("the device holds no pictures"))
    }

    /// As [`Learn::submit`], on these places of the epoch's order.
    ///
    /// # Errors
    /// As [`Learn::begin_epoch`]; as [`Learn::submit`].
    fn submit_held(&mut self, batch: Range<usize>, factor: f64) -> Result<Option<Outcome>> {
        let _ = (batch, factor);
        Err(Error::input("the device holds no pictures"))
    }

    /// Every tensor of the weights file.
    ///
    /// # Errors
    /// A number is not finite.
    fn weights(&self) -> Result<Vec<Tensor<'_>>>;

    /// The tensors of the optimizer.
    ///
    /// # Errors
    /// The device fails.
    fn state(&self) -> Result<Vec<Tensor<'_>>>;

    /// Takes weights as [`Learn::weights`] gave them.
    ///
    /// # Errors
    /// They are another network's.
    fn set_weights(&mut self, weights: Vec<Tensor<'static>>) -> Result<()>;

    /// Takes what [`Learn::state`] gave after so many steps.
    ///
    /// # Errors
    /// It is another optimizer's.
    fn set_state(&mut self, state: Vec<Tensor<'static>>, steps: u64) -> Result<()>;
}
