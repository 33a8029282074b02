//! Differentiation: which units have a backward step, and how long backward needs each value. The steps, and the places of gradients, are
//! made in `schedule/gradients.rs`.
//!
//! Time runs through the units forward, the losses, and the units backward in the reverse order. Nothing is placed here:
//! `schedule` gives values and gradients memory by what this pass has found.

use netc_plan::Operation;

use crate::program::{Program, UnitId, UnitKind};

/// What backward needs, and how long values are needed beside their forward readers. For a program that infers no gradient is wanted, and
/// only values that are read after the last step have a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backward {
    /// Whether a parameter that is trained lies in or before each unit, so that the gradient of its value is of use.
    pub wanted: Vec<bool>,
    /// The last time that each unit's value is read by a backward step or after the last step; 0 for never.
    pub until: Vec<usize>,
}

/// When the losses are computed: the forward step of unit `id` runs at time `id`.
pub(crate) fn loss_time(program: &Program) -> usize {
    program.units.len()
}

/// When the backward step of a unit runs.
pub(crate) fn back_time(program: &Program, id: UnitId) -> usize {
    2 * loss_time(program) - id
}

/// Finds which units go backward, and what they read then.
#[must_use]
pub fn differentiate(program: &Program) -> Backward {
    let count = program.units.len();
    let mut backward = Backward {
        wanted: vec![false; count],
        until: vec![0; count],
    };
    // The output, what is kept and the scores can be read after the step.
    let end = if program.trains() {
        2 * count + 1
    } else {
        count
    };
    program.ends().for_each(|id| backward.until[id] = end);
    if program.trains() {
        backward.trace(program);
    }
    backward
}

impl Backward {
    fn trace(&mut self, program: &Program) {
        let trained = program.trained_layers();
        for (id, unit) in program.units.iter().enumerate() {
            let before = unit.inputs.iter().any(|input| self.wanted[*input]);
            self.wanted[id] = before || unit.layer().is_some_and(|layer| trained.contains(layer));
            let Some(op) = unit.op().filter(|_| self.wanted[id]) else {
                continue;
            };
            let time = back_time(program, id);
            let saved = op.saved();
            let inputs = unit.inputs.iter().filter(|_| saved.inputs);
            for value in inputs.chain(Some(&id).filter(|_| saved.output)) {
                self.until[*value] = self.until[*value].max(time);
            }
        }
    }

    /// The time until which each value is needed, where `root` names the unit that computes it.
    pub(crate) fn until(&self, program: &Program, root: impl Fn(UnitId) -> UnitId) -> Vec<usize> {
        let mut until = vec![0; self.until.len()];
        for (id, time) in self.until.iter().enumerate() {
            let root = root(id);
            if program.units[root].kind != UnitKind::Input {
                until[root] = until[root].max(*time);
            }
        }
        until
    }
}
