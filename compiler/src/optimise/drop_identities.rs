//! DROPOUT is the identity in inference, and so is FLATTEN of a vector: their readers read what they read.

use super::rewrite::walk;
use crate::program::{Program, UnitKind};

pub(super) fn run(program: &mut Program) {
    walk(program, |units, _, id| {
        let unit = &units[id];
        let input = *unit.inputs.first()?;
        (unit.kind == UnitKind::Reshape && units[input].shape == unit.shape).then_some(input)
    });
}
