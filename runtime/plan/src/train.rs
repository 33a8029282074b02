//! The training plan: forward, loss and backward as straight-line programs over one arena.
//!
//! It is planned like inference: every value and every gradient has its place before the first step, nothing is allocated
//! while training runs, and the runtime only walks the lists. The parameters lie in one buffer in the order of
//! [`TrainPlan::params`], each as its file stores it; gradients and the optimizer's states lie in buffers of the same layout.
//!
//! # Meaning
//! [`TrainPlan::forward`] runs in order and computes every value that the loss or the backward pass needs. The loss reads
//! [`LossStep::scores`] and writes the gradient of the mean loss of the batch to [`LossStep::gradient`].
//! [`TrainPlan::backward`] then runs in order; each of its steps belongs to a forward step, reads `output_gradient` (which
//! it may overwrite: nobody reads it afterwards), adds to the gradients of its layer's parameters, and writes or adds the
//! gradients of its inputs. At the start of a step all parameter gradients are zero.
//!
//! # What stays
//! A value lives until the last step that reads it, forward or backward. Which values a backward step reads is fixed by
//! [`TrainOp::saved`]; all else may have been overwritten by then. The scores stay until the end of the step. A step whose
//! output gradient nobody needs, because no parameter and no gradient lies before it, has no backward step.
//!
//! # In place
//! A forward step may write over an input (the same view) where [`TrainOp::in_place`] says so. A backward step may do the
//! same with gradients: then the view of one of its input gradients, which is not accumulated, is that of its output gradient.
//! The gradients of an ADD that adds a value to itself are the same view twice, written first and then accumulated; that view
//! is not the output gradient's. No other views of a backward step overlap.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{Act, Literal, Op, Param, Pixels, View};

/// A network as a training step.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainPlan {
    /// The struct's name in generated code.
    pub name: String,
    /// Shape of one input image: `[h, w, c]`, or `[n]`.
    pub input: Vec<usize>,
    /// Shape of one output.
    pub output: Vec<usize>,
    /// How pixels become inputs.
    pub pixels: Pixels,
    /// Every tensor of the weights file, in the order of the layers: the same as in the inference plan.
    pub params: Vec<Param>,
    /// Factor of the squared weights in the loss, for each of `params`.
    pub l2: Vec<f32>,
    /// Size of the arena, values and gradients together: elements per image.
    pub arena: usize,
    /// The forward program.
    pub forward: Vec<TrainStep>,
    /// From scores to the loss and its gradient.
    pub loss: LossStep,
    /// The backward program.
    pub backward: Vec<BackwardStep>,
}

/// One layer in training.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainStep {
    /// The layer's name; unique, a valid Rust identifier.
    pub name: String,
    /// What the step stands for: `CONV(6, 5x5) + RELU`.
    pub text: String,
    /// What to compute.
    pub op: TrainOp,
    /// The layer whose parameters are used (`conv1` for `conv1.weight`, ...), if it has any.
    pub layer: Option<String>,
    /// What is read.
    pub inputs: Vec<View>,
    /// What is written.
    pub output: View,
}

/// What a training step computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TrainOp {
    /// As in inference. Activations may be fused where their derivative follows from their value ([`Act::from_value`]).
    ///
    /// [`Act::from_value`]: crate::Act::from_value
    Same(Op),
    /// BN with the batch's own mean and biased variance; moves the running statistics by
    /// `running = running * momentum + batch * (1 - momentum)`.
    BatchNorm {
        /// Descriptor, as in inference.
        op: crate::BatchNorm,
        /// Share of the old statistics kept.
        momentum: f32,
    },
    /// Inverted dropout: `x / (1 - p)` where `random(seed, step, index, element) >= p`, else 0.
    Dropout {
        /// Input shape.
        input: [usize; 3],
        /// Probability that an element is dropped.
        p: f32,
        /// Number of this layer among the DROPOUTs; part of the key of its random numbers.
        index: usize,
    },
}

/// What a backward step reads beside the gradient of its output and the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The inputs of the forward step.
    pub inputs: bool,
    /// Its output.
    pub output: bool,
}

impl TrainOp {
    /// What the backward step reads. This table decides how long activations live:
    ///
    /// | operation | inputs | output |
    /// | --- | --- | --- |
    /// | Conv, Fc, MaxPool, Subsample, BatchNorm | yes | if an activation is fused |
    /// | AvgPool, Add | | if an activation is fused |
    /// | Activation | GELU and SILU | all others |
    /// | Softmax | | yes |
    /// | Lrn, Rbf | yes | |
    /// | GlobalPool, Transpose, Pad, Upsample, Copy, Dropout (draws its mask again) | | |
    #[must_use]
    pub fn saved(&self) -> Saved {
        let op = match *self {
            TrainOp::Dropout { .. } => {
                return Saved {
                    inputs: false,
                    output: false,
                };
            }
            TrainOp::BatchNorm { op, .. } => Op::BatchNorm(op),
            TrainOp::Same(op) => op,
        };
        let fused = self.act() != Act::None;
        let (inputs, output) = match op {
            Op::Conv(_) | Op::Fc(_) | Op::MaxPool(_) | Op::Subsample(_) | Op::BatchNorm(_) => {
                (true, fused)
            }
            Op::AvgPool(_) | Op::Add(_) => (false, fused),
            Op::Activation(d) => (!d.act.from_value(), d.act.from_value()),
            Op::Softmax(_) => (false, true),
            Op::Lrn(_) | Op::Rbf(_) => (true, false),
            Op::GlobalPool(_) | Op::Transpose(_) | Op::Pad(_) | Op::Upsample(_) | Op::Copy(_) => {
                (false, false)
            }
        };
        Saved { inputs, output }
    }

    /// The activation fused into the operation.
    #[must_use]
    pub fn act(&self) -> Act {
        let mut op = match *self {
            TrainOp::Same(op) => op,
            TrainOp::BatchNorm { op, .. } => Op::BatchNorm(op),
            TrainOp::Dropout { .. } => return Act::None,
        };
        op.act_mut().map_or(Act::None, |act| *act)
    }

    /// Whether output and input, or their gradients, may be the very same view.
    #[must_use]
    pub fn in_place(&self) -> bool {
        match self {
            TrainOp::Same(op) => op.in_place(),
            TrainOp::BatchNorm { .. } | TrainOp::Dropout { .. } => true,
        }
    }

    /// How many views the operation reads.
    #[must_use]
    pub fn arity(&self) -> usize {
        match self {
            TrainOp::Same(op) => op.arity(),
            TrainOp::BatchNorm { .. } | TrainOp::Dropout { .. } => 1,
        }
    }

    /// Shape of one input image.
    #[must_use]
    pub fn input(&self) -> [usize; 3] {
        match *self {
            TrainOp::Same(op) => op.input(),
            TrainOp::BatchNorm { op, .. } => op.input,
            TrainOp::Dropout { input, .. } => input,
        }
    }

    /// Shape of one output image.
    #[must_use]
    pub fn output(&self) -> [usize; 3] {
        match *self {
            TrainOp::Same(op) => op.output(),
            TrainOp::BatchNorm { op, .. } => op.input,
            TrainOp::Dropout { input, .. } => input,
        }
    }

    /// The type in the runtime that runs it in training.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            TrainOp::Same(op) => op.name(),
            TrainOp::BatchNorm { .. } => "BatchNormTraining",
            TrainOp::Dropout { .. } => "Dropout",
        }
    }

    /// Whether the operation has parameters from the weights file.
    #[must_use]
    pub fn has_weights(&self) -> bool {
        match self {
            TrainOp::Same(op) => op.has_weights(),
            TrainOp::BatchNorm { .. } => true,
            TrainOp::Dropout { .. } => false,
        }
    }
}

/// The way back through one forward step.
#[derive(Clone, Debug, PartialEq)]
pub struct BackwardStep {
    /// Index in [`TrainPlan::forward`].
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
    /// Which loss.
    pub loss: Loss,
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
