//! Layers that are operations of the plan's table: from options to descriptor, and back. Those without options are not named here.

use super::LayerKind;
use super::written::Values;
use crate::options::Bound;
use crate::text::expr::whole;
use netc_plan::{Op, Operation, Shuffle};

/// The descriptor with its options, or `None` where one is missing.
pub(super) fn build(op: Op, bound: &Bound) -> Option<Op> {
    Some(match op {
        Op::Shuffle(d) => Shuffle {
            groups: bound.whole("groups")?,
            ..d
        }
        .into(),
        other => other,
    })
}

/// The row of the table of layers, and the values of its options.
pub(super) fn written(op: Op) -> (LayerKind, Values) {
    match op {
        Op::Shuffle(d) => (
            LayerKind::Op(Shuffle::DEFAULT.into()),
            vec![("groups", whole(d.groups))],
        ),
        other => (LayerKind::Op(other.with_input([0; 3])), Vec::new()),
    }
}
