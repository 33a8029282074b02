//! The parts of a plan and their steps.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

#[cfg(doc)]
use crate::Plan;
use crate::{Literal, Op, Param, Source, View};

/// One step of the forward part: `output = op(inputs; parameters)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The layer's name (`conv1`); unique in the plan, a valid Rust identifier.
    pub name: String,
    /// What the step stands for, as the file says it: `CONV(96, 11x11/4) + RELU`.
    pub text: String,
    /// What to compute.
    pub op: Op,
    /// The prepare part: where the parameters come from, for operations that have any.
    pub source: Option<Source>,
    /// What is read; as many as [`Op::arity`] says.
    pub inputs: Vec<View>,
    /// What is written.
    pub output: View,
}

/// A value that no step writes as a whole: several steps write their channels of it (CONCAT), or it is some channels of another (SLICE).
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The layer's name (`concat1`).
    pub name: String,
    /// As [`Step::text`].
    pub text: String,
    /// It is complete after this many steps.
    pub after: usize,
    /// Where it lies.
    pub view: View,
}

/// Steps that the file writes as one: a use of a block, or one round of a repeated group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The block's name; empty for a group.
    pub name: String,
    /// Indices in [`Plan::forward`].
    pub steps: Range<usize>,
}

/// A parameter that training moves, and its L2 factor. The rule by which it moves is the recipe's optimizer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateStep {
    /// Index in [`Plan::params`].
    pub param: usize,
    /// Factor of the squared numbers in the loss.
    pub l2: f32,
}

impl UpdateStep {
    /// A step for each trainable parameter, in order; `l2` holds a factor for each parameter, trainable or not, or nothing for zeros.
    #[must_use]
    pub fn each(params: &[Param], l2: &[f32]) -> Vec<Self> {
        let trained = (params.iter().enumerate()).filter(|(_, param)| param.trainable);
        let step = |(param, _)| {
            let l2 = l2.get(param).copied().unwrap_or_default();
            Self { param, l2 }
        };
        trained.map(step).collect()
    }
}

/// Backward through one forward step.
#[derive(Clone, Debug, PartialEq)]
pub struct BackwardStep {
    /// Index in [`Plan::forward`].
    pub step: usize,
    /// The gradient of the step's output.
    pub output_gradient: View,
    /// Where the gradient of each input goes; `None` where nobody needs it (the image's).
    pub input_gradients: Vec<Option<Gradient>>,
}

/// Where a gradient goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gradient {
    /// The place; the same as `output_gradient` where the step may work in place.
    pub view: View,
    /// Whether to add to what stands there: the value has several readers, and another was here before.
    pub accumulate: bool,
}

/// From scores to loss.
#[derive(Clone, Debug, PartialEq)]
pub struct LossStep {
    /// What is made small.
    pub loss: Loss,
    /// Its factor in the sum of all losses.
    pub weight: f32,
    /// What the network gave: logits (before a last SOFTMAX, which the loss contains), values or distances.
    pub scores: View,
    /// Where the gradient of the mean loss goes: another place, so that the scores can be read after the step.
    pub gradient: View,
}

/// What is made small; the mean over the batch of
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// `-sum of t[k] * log softmax(scores)[k]`, `t` the label, smoothed: `1 - s + s / K` for its class, `s / K` elsewhere.
    /// Labels of every pixel where the scores are a picture.
    CrossEntropy {
        /// `s`
        label_smoothing: f32,
    },
    /// `mean over k of (scores[k] - t[k])^2`, `t` 1 for the class and 0 elsewhere.
    Mse,
    /// For RBF distances: `scores[label] + log(exp(-j) + sum over k of exp(-scores[k]))` (LeCun et al. 1998, eq. 9).
    LeNet5 {
        /// The paper's constant.
        j: f32,
    },
}

impl Literal for Loss {
    fn literal(&self) -> String {
        match self {
            Loss::CrossEntropy { label_smoothing } => format!(
                "plan::Loss::CrossEntropy {{ label_smoothing: {} }}",
                label_smoothing.literal()
            ),
            Loss::Mse => "plan::Loss::Mse".into(),
            Loss::LeNet5 { j } => format!("plan::Loss::LeNet5 {{ j: {} }}", j.literal()),
        }
    }
}
