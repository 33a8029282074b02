//! FLATTEN before FC costs nothing: FC reads a picture as it lies in memory. Where the weights expect channels first, their
//! columns are reordered on loading, through activations in between, which do not care for order.

use netc_plan::{Op, Operation};

use super::rewrite::walk;
use crate::program::{Program, UnitId, UnitKind};

pub(super) fn run(program: &mut Program) {
    fold_transposes(program);
    read_through_reshapes(program);
}

fn fold_transposes(program: &mut Program) {
    walk(program, |units, readers, id| {
        let UnitKind::Run { op: Op::Fc(_), .. } = units[id].kind else {
            return None;
        };
        // A value with another reader has to stay in the order that the reader expects.
        let mut at: UnitId = *units[id].inputs.first()?;
        while readers.only_one(at) && matches!(units[at].op(), Some(Op::Activation(_))) {
            at = *units[at].inputs.first()?;
        }
        if !readers.only_one(at) {
            return None;
        }
        let Some(Op::Transpose(transpose)) = units[at].op().copied() else {
            return None;
        };
        units[at].kind = UnitKind::Reshape;
        if let UnitKind::Run {
            source: Some(source),
            ..
        } = &mut units[id].kind
        {
            source.chw = Some(transpose.input);
        }
        None
    });
}

/// FC and RBF read what a FLATTEN before them reads.
pub(super) fn read_through_reshapes(program: &mut Program) {
    walk(program, |units, _, id| {
        while let [input] = units[id].inputs[..] {
            let before = match (&units[input].kind, &units[input].inputs[..]) {
                (UnitKind::Reshape, [before]) => *before,
                _ => break,
            };
            let shape = units[before].shape;
            match units[id].op_mut() {
                Some(op) if op.flattens() => *op = op.with_input(shape),
                _ => break,
            }
            units[id].inputs[0] = before;
        }
        None
    });
}
