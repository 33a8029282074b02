//! Depthwise convolutions are marked together with the pointwise ones beside them, where nobody else reads what lies between: a machine may
//! compute them by rows, so that the picture between them, which is often the largest of all, never leaves its caches.

use netc_plan::{Conv, Op};

use super::rewrite::Readers;
use crate::program::{Program, UnitId};

/// Marks what can be computed by rows; nothing is rewritten.
pub(super) fn run(program: &mut Program) {
    let readers = Readers::count(program);
    let follows = |id: UnitId| {
        program
            .units
            .get(id + 1)
            .filter(|next| next.inputs == [id])?;
        readers.only_one(id).then_some(id + 1)
    };
    let pointwise = |id: &UnitId| conv(program, *id).is_some_and(is_pointwise);
    let depthwise = |id: &UnitId| conv(program, *id).is_some_and(is_depthwise);
    let mut groups = Vec::new();
    let mut id = 0;
    while id < program.units.len() {
        let middle = match pointwise(&id) {
            true => follows(id).filter(depthwise),
            false => Some(id).filter(depthwise),
        };
        let last = middle.map(|middle| follows(middle).filter(pointwise).unwrap_or(middle));
        let next = last.unwrap_or(id) + 1;
        if next - id > 1 {
            groups.push(id..next);
        }
        id = next;
    }
    program.by_rows = groups;
}

fn conv(program: &Program, id: UnitId) -> Option<&Conv> {
    match program.units[id].op() {
        Some(Op::Conv(conv)) => Some(conv),
        _ => None,
    }
}

pub(super) fn is_depthwise(d: &Conv) -> bool {
    d.groups > 1 && d.groups == d.input[2] && d.filters == d.groups
}

pub(super) fn is_pointwise(d: &Conv) -> bool {
    d.groups == 1 && d.kernel == [1, 1] && d.stride == [1, 1] && d.pad == [0; 4]
}
