//! Rewrites: fewer units, the same output.
//!
//! Each rewrite is one file and one function over the program; their order is below. None looks at weights: what they do
//! to weights is written into [`netc_plan::Source`] and done by the runtime when it loads them. Training moves the weights as
//! the file has them, so that it leaves those rewrites out, and keeps apart what backward has to see.

mod drop_identities;
mod drop_softmax;
mod fold_batch_norm;
mod fold_flatten;
mod fold_pointwise;
mod fuse_activations;
mod fuse_additions;
mod group_rows;
mod merge_padding;
mod pool_before_pointwise;
mod rewrite;
mod sweep;
mod view_slices;

use netc_plan::Act;

use crate::program::Program;

/// Fewer units, to infer or to train as the program does.
#[must_use]
pub fn optimise(mut program: Program) -> Program {
    if program.trains() {
        to_train(&mut program);
    } else {
        to_infer(&mut program);
    }
    sweep::run(&mut program);
    if !program.trains() {
        group_rows::run(&mut program);
    }
    program
}

fn to_infer(program: &mut Program) {
    drop_identities::run(program);
    fold_flatten::run(program);
    merge_padding::run(program);
    fold_batch_norm::run(program);
    // What nobody reads any more would count as a reader.
    sweep::run(program);
    pool_before_pointwise::run(program);
    fold_pointwise::run(program);
    fuse_activations::run(program, |_| true);
    fuse_additions::run(program);
    view_slices::run(program);
}

fn to_train(program: &mut Program) {
    drop_softmax::run(program);
    drop_identities::run(program);
    fold_flatten::read_through_reshapes(program);
    merge_padding::run(program);
    fuse_activations::run(program, Act::from_value);
}
