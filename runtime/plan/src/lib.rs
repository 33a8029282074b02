//! The plan: what netc's compiler hands to netc's runtime.
//!
//! A [`Plan`] is a straight-line program over one arena. It says *what* to compute ([`Op`], one descriptor a step), *where*
//! ([`View`]s into the arena, in elements per image) and *with what* ([`Source`], the names of the weights and how they are
//! folded on loading). It does not say *how*: which kernel runs a descriptor, and how its weights are packed, is decided by
//! the runtime when it prepares the plan for the machine at hand. So a plan made by a build script on one machine is valid on
//! every other.
//!
//! The table of operations in `ops.rs` is the only list of them: it yields the [`Op`] enum, the literals that the Rust emitter
//! prints, and (through [`for_each_op!`]) the executor's dispatch.
//!
//! # Memory
//! All offsets are elements (f32) *per image*. A workspace for `n` images multiplies them by `n`: the buffer at offset `o`
//! with `e` elements per image starts at `o * n`, and image `i` of it at `o * n + i * e`. Activations are NHWC.

#![no_std]
extern crate alloc;

mod literal;
mod ops;
mod param;
mod recipe;
mod train;
mod view;

pub use literal::{Literal, grouped};
pub use ops::*;
pub use param::{Fold, Init, Param, Source};
pub use recipe::{Augment, Data, Metric, Optimizer, Recipe, Schedule, Stop};
pub use train::{BackwardStep, Gradient, Loss, LossStep, Saved, TrainOp, TrainPlan, TrainStep};
pub use view::{Slot, View};

use alloc::string::String;
use alloc::vec::Vec;

/// A compiled network.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The struct's name in generated code: `AlexNet`.
    pub name: String,
    /// Shape of one input image: `[h, w, c]`, or `[n]`.
    pub input: Vec<usize>,
    /// Shape of one output: `[h, w, c]`, or `[n]`.
    pub output: Vec<usize>,
    /// Whether the output holds probabilities (the network ends in SOFTMAX).
    pub probabilities: bool,
    /// Whether the smallest output wins (the network ends in RBF).
    pub distances: bool,
    /// How pixels become inputs.
    pub pixels: Pixels,
    /// Every tensor of the weights file, in the order of the layers.
    pub params: Vec<Param>,
    /// Size of the arena: elements per image.
    pub arena: usize,
    /// The forward program.
    pub steps: Vec<Step>,
    /// Where the CONCATs lie, whose inputs are computed in place: for readers of the plan, nothing is left to run.
    pub joins: Vec<Join>,
    /// Where the output lies after the last step.
    pub result: View,
    /// Where the values of the layers asked for by `Options::keep` lie after the last step.
    pub kept: Vec<(String, View)>,
}

/// One step of a plan: `output = op(inputs; weights)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The layer's name (`conv1`); unique in the plan, a valid Rust identifier.
    pub name: String,
    /// What the step stands for, as the file says it: `CONV(96, 11x11/4) + RELU`.
    pub text: String,
    /// What to compute.
    pub op: Op,
    /// Where the parameters come from, for operations that have any.
    pub source: Option<Source>,
    /// What is read; as many as [`Op::arity`] says.
    pub inputs: Vec<View>,
    /// What is written.
    pub output: View,
}

/// A value that no step writes as a whole, because several steps write their channels of it.
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

/// How the bytes of a picture become inputs: `(byte * scale - mean[c]) / std[c]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// Multiplies the byte.
    pub scale: f32,
    /// Subtracted, one a channel or one for all.
    pub mean: Vec<f32>,
    /// Divides, one a channel or one for all.
    pub std: Vec<f32>,
}

impl Default for Pixels {
    fn default() -> Self {
        Self {
            scale: 1.0,
            mean: alloc::vec![0.0],
            std: alloc::vec![1.0],
        }
    }
}
