//! Cross-entropy contains the softmax: with it, the scores are what a last SOFTMAX reads.

use netc_plan::{Loss, Op};

use crate::program::{Program, UnitId, UnitKind};

/// Makes the last SOFTMAX before each cross-entropy the identity. One that is flattened afterwards stays: its channels are not
/// those of the scores.
pub(super) fn run(program: &mut Program) {
    for target in program.losses.clone() {
        if matches!(target.loss, Loss::CrossEntropy { .. })
            && let Some(softmax) = softmax(program, target.scores)
        {
            program.units[softmax].kind = UnitKind::Reshape;
        }
    }
}

fn softmax(program: &Program, scores: UnitId) -> Option<UnitId> {
    let mut id = scores;
    while let (true, [input]) = (
        program.units[id].is_reshape(),
        &program.units[id].inputs[..],
    ) {
        id = *input;
    }
    let channels = |id: UnitId| program.units[id].shape[2];
    let last = matches!(program.units[id].op(), Some(Op::Softmax(_)));
    (last && channels(id) == channels(scores)).then_some(id)
}
