//! The plan: what netc's compiler hands to netc's runtime.
//!
//! A [`Plan`] is a straight-line program over one arena. It says *what* to compute ([`Op`], one descriptor a step), *where*
//! ([`View`]s into the arena) and *with what* ([`Source`], the names of the weights and how they are folded on loading). It does
//! not say *how*: which kernel runs a descriptor, and how its weights are packed, is decided by the runtime when it prepares
//! the plan for the machine at hand. So a plan made by a build script on one machine is valid on every other.
//!
//! The table of operations in [`mod@ops`] is the only list of them: it yields the [`Op`] enum, the literals that the Rust emitter
//! prints, and (through [`for_each_op!`]) the dispatch of executor and trainer.
//!
//! # Parts
//! A plan has five parts; forward, loss and backward are lists of steps that run in order:
//!
//! | part | runs | steps |
//! | --- | --- | --- |
//! | prepare | once, on loading | the [`Source`] of each forward step: fold, reorder, then pack for the machine |
//! | forward | | [`Step`] |
//! | loss | to train | [`LossStep`]: reads scores, writes the gradient of the mean loss of the batch |
//! | backward | to train | [`BackwardStep`]: belongs to a forward step |
//! | update | to train | [`UpdateStep`]: a parameter and its gradient |
//!
//! A plan for inference is one whose last three parts are empty ([`Plan::trains`]). Operations that differ in training are others:
//! [`BatchNormTraining`], [`BatchNormFrozen`] and [`Dropout`] stand in plans that train, [`BatchNorm`] in plans that infer.
//!
//! # Memory
//! Activations are NHWC. All offsets are bytes *per image*. A workspace for `n` images multiplies them by `n`: the buffer at offset
//! `o` with `e` bytes per image starts at `o * n`, and image `i` of it at `o * n + i * e`. Parameters lie outside the arena.
//!
//! # Backward
//! A backward step reads `output_gradient` (which it may overwrite: nobody reads it afterwards), adds to the gradients of its
//! layer's parameters, and writes or adds the gradients of its inputs. At the start of a step all gradients of parameters are zero.
//! A step whose output gradient nobody needs, because no parameter that is trained lies before it, has no backward step.
//!
//! A value lives until the last step that reads it, forward or backward. Which values a backward step reads is fixed by
//! [`Operation::saved`]; all else may have been overwritten by then. The scores stay until the end of the step.
//!
//! A forward step may write over an input (the same view) where [`Operation::in_place`] says so. A backward step may do the
//! same with gradients: then the view of one of its input gradients, which is not accumulated, is that of its output gradient.
//! The gradients of an ADD that adds a value to itself are the same view twice, written first and then accumulated; that view
//! is not the output gradient's. No other views of a backward step overlap.
//!
//! [`validate`] checks all of this.

#![no_std]
extern crate alloc;

mod act;
mod literal;
pub mod ops;
mod param;
mod parts;
pub mod random;
mod recipe;
mod validate;
mod view;

pub use act::Act;
pub use literal::{Literal, Value, grouped};
pub use ops::*;
pub use param::{Fold, Init, Initialiser, Param, Pointwise, Source};
pub use parts::{BackwardStep, Block, Gradient, Join, Loss, LossStep, Step, UpdateStep};
pub use recipe::{
    Augment, Data, Freeze, HeadLoss, Metric, Optimizer, Recipe, Restore, Schedule, Stop,
};
pub use validate::{overlap, validate};
pub use view::{Element, Slot, View};

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

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
    /// Size of the arena, values and gradients together: bytes per image.
    pub arena: usize,
    /// The forward part.
    pub forward: Vec<Step>,
    /// Where the CONCATs lie, whose inputs are computed in place, and the SLICEs: for readers of the plan, nothing is left to run.
    pub joins: Vec<Join>,
    /// Which steps the file writes as one, those that hold others before them: for readers of the plan, they mean nothing to those who run it.
    pub blocks: Vec<Block>,
    /// Two or three steps that may be computed together, by rows of pictures: indices in `forward`. Each reads what the one before it wrote, and
    /// nobody else does; the first may read several values. The places of all and of what the first reads share no memory.
    pub by_rows: Vec<Range<usize>>,
    /// Where the output lies after the last step of the forward part: dense. To train with cross-entropy, what a last SOFTMAX would read.
    pub result: View,
    /// Where the values of the layers asked for by `Options::keep` lie after the last step of the forward part.
    pub kept: Vec<(String, View)>,
    /// The loss part.
    pub loss: Vec<LossStep>,
    /// The backward part.
    pub backward: Vec<BackwardStep>,
    /// The update part: every tensor that is trained, in the order of `params`.
    pub update: Vec<UpdateStep>,
}

impl Plan {
    /// Whether the plan trains; otherwise it infers.
    #[must_use]
    pub fn trains(&self) -> bool {
        !self.loss.is_empty()
    }
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
