//! Which values have gradients, and how long the way back needs each value.

use netc_plan::{Op, TrainOp};

use crate::program::{Program, UnitId, What};
use crate::schedule::values::Values;

/// When the loss is computed: the forward step of unit `id` runs at time `id`.
pub(super) fn loss_time(program: &Program) -> usize {
    program.units.len()
}

/// When the backward step of a unit runs.
pub(super) fn back_time(program: &Program, id: UnitId) -> usize {
    2 * loss_time(program) - id
}

/// What the way back needs.
pub(super) struct Needs {
    /// Whether a parameter that is trained lies before the value, so that its gradient is of use.
    pub(super) gradient: Vec<bool>,
    /// The last time that a backward step or the user reads the value; 0 for none.
    pub(super) until: Vec<usize>,
}

impl Needs {
    pub(super) fn find(program: &Program, values: &Values, ops: &[Option<TrainOp>]) -> Self {
        let count = program.units.len();
        let mut needs = Self {
            gradient: Vec::with_capacity(count),
            until: vec![0; count],
        };
        for (id, unit) in program.units.iter().enumerate() {
            let before = unit.inputs.iter().any(|input| needs.gradient[*input]);
            needs.gradient.push(before || ops[id].is_some_and(trains));
        }
        // The scores can be read after the step.
        needs.until[values.root(program.output)] = 2 * count + 1;
        for (id, op) in ops.iter().enumerate() {
            let Some(op) = op.filter(|_| needs.gradient[id]) else {
                continue;
            };
            let time = back_time(program, id);
            let saved = op.saved();
            let inputs = program.units[id].inputs.iter().filter(|_| saved.inputs);
            for value in inputs.chain(Some(&id).filter(|_| saved.output)) {
                let root = values.root(*value);
                if program.units[root].what != What::Input {
                    needs.until[root] = needs.until[root].max(time);
                }
            }
        }
        needs
    }
}

/// Whether the operation has parameters that training moves. RBF's prototypes are fixed.
fn trains(op: TrainOp) -> bool {
    op.has_weights() && !matches!(op, TrainOp::Same(Op::Rbf(_)))
}
