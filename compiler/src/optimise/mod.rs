//! Rewrites: fewer units, the same output.
//!
//! Each rewrite is one file and one function over the program; their order is below. None looks at weights: what they do
//! to weights is written into [`netc_plan::Source`] and done by the runtime when it loads them. Training moves the weights as
//! the file has them, so that it leaves those rewrites out, and keeps apart what the way back has to see.

mod drop_identities;
mod drop_softmax;
mod fold_batch_norm;
mod fold_flatten;
mod fuse_activations;
mod merge_padding;
mod rewrite;
mod sweep;

use netc_plan::{Act, Loss};

use crate::graph::Graph;
use crate::lower::{lower, lower_to_train};
use crate::program::Program;

/// The program that inference runs. The layers named in `keep` stay readable after the last step.
#[must_use]
pub fn optimise(graph: &Graph, keep: &[String]) -> Program {
    let mut program = lower(graph, keep);
    drop_identities::run(&mut program);
    fold_flatten::run(&mut program);
    merge_padding::run(&mut program);
    fold_batch_norm::run(&mut program);
    fuse_activations::run(&mut program, |_| true);
    sweep::run(&mut program);
    program
}

/// The program that training runs forward.
#[must_use]
pub fn optimise_to_train(graph: &Graph, loss: Loss) -> Program {
    let mut program = lower_to_train(graph);
    if matches!(loss, Loss::CrossEntropy { .. }) {
        drop_softmax::run(&mut program);
    }
    drop_identities::run(&mut program);
    fold_flatten::read_through_reshapes(&mut program);
    merge_padding::run(&mut program);
    fuse_activations::run(&mut program, Act::from_value);
    sweep::run(&mut program);
    program
}
