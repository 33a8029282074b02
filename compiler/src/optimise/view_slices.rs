//! SLICE becomes a view: whoever reads it reads some channels of the value before, and nothing is left to run. A slice that has to
//! lie without gaps is still copied.

use netc_plan::Op;

use crate::program::{Program, UnitKind};
use crate::schedule::values::Values;

pub(super) fn run(program: &mut Program) {
    let values = Values::find(program);
    for (id, unit) in program.units.iter_mut().enumerate() {
        if let Some(Op::Slice(slice)) = unit.op()
            && !values.is_dense(id)
        {
            unit.kind = UnitKind::Slice { from: slice.from };
        }
    }
}
