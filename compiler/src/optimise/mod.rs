//! Rewrites for inference: fewer units, the same output.
//!
//! Each rewrite is one file and one function over the program; their order is below. None looks at weights: what they do
//! to weights is written into [`netc_plan::Source`] and done by the runtime when it loads them.

mod drop_identities;
mod fold_batch_norm;
mod fold_flatten;
mod fuse_activations;
mod merge_padding;
mod rewrite;
mod sweep;

use crate::graph::Graph;
use crate::lower::lower;
use crate::program::Program;

/// The program that inference runs. The layers named in `keep` stay readable after the last step.
#[must_use]
pub fn optimise(graph: &Graph, keep: &[String]) -> Program {
    let mut program = lower(graph, keep);
    drop_identities::run(&mut program);
    fold_flatten::run(&mut program);
    merge_padding::run(&mut program);
    fold_batch_norm::run(&mut program);
    fuse_activations::run(&mut program);
    sweep::run(&mut program);
    program
}
