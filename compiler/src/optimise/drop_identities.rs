//! What keeps every element where it is does nothing (DROPOUT and DROP_PATH in inference, FLATTEN of a vector): its readers read what it reads.

use super::rewrite::walk;
use crate::program::{Program, UnitKind};

pub(super) fn run(program: &mut Program) {
    walk(program, |units, _, id| {
        let unit = &units[id];
        let input = *unit.inputs.first()?;
        (unit.kind == UnitKind::Reshape && units[input].shape == unit.shape).then_some(input)
    });
}
