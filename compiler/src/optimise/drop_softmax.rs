//! Cross-entropy contains the softmax: with it, the scores are what a last SOFTMAX reads.

use netc_plan::Op;

use crate::program::{Program, What};

/// Makes a last SOFTMAX the identity. One that is flattened afterwards stays: its channels are not those of the output.
pub(super) fn run(program: &mut Program) {
    let mut id = program.output;
    while let (What::Reshape, [input]) = (&program.units[id].what, &program.units[id].inputs[..]) {
        id = *input;
    }
    let channels = |id: usize| program.units[id].shape[2];
    let same = channels(id) == channels(program.output);
    if same && matches!(program.units[id].op(), Some(Op::Softmax(_))) {
        program.units[id].what = What::Reshape;
    }
}
