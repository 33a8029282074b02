//! Facts about values that do not depend on where they lie.

use netc_plan::Operation;

use crate::program::{Program, UnitId, UnitKind};

/// Which unit computes each value, and which values have to lie without gaps.
pub(crate) struct Values {
    root: Vec<UnitId>,
    /// What each unit is another shape of: a unit that computes, or a slice.
    unshaped: Vec<UnitId>,
    dense: Vec<bool>,
}

impl Values {
    pub(crate) fn find(program: &Program) -> Self {
        let mut root: Vec<UnitId> = Vec::with_capacity(program.units.len());
        let mut unshaped: Vec<UnitId> = Vec::with_capacity(program.units.len());
        for (id, unit) in program.units.iter().enumerate() {
            let (computed, same) = match (&unit.kind, unit.inputs.first()) {
                (UnitKind::Reshape, Some(input)) => (root[*input], unshaped[*input]),
                (UnitKind::Slice { .. }, Some(input)) => (root[*input], id),
                _ => (id, id),
            };
            root.push(computed);
            unshaped.push(same);
        }

        let mut values = Self {
            dense: vec![false; root.len()],
            root,
            unshaped,
        };
        for id in 0..program.units.len() {
            values.note_readings(program, id);
        }
        // The caller gets the result as one slice, losses read dense scores, and a kept FLATTEN is the vector it is.
        values.dense[values.unshaped[program.output]] = true;
        for target in &program.losses {
            values.dense[values.unshaped[target.scores]] = true;
        }
        for (_, kept) in &program.kept {
            let seen = values.unshaped[*kept];
            values.dense[seen] |= program.units[*kept].shape != program.units[seen].shape;
        }
        values
    }

    /// A picture that is read as a vector has to be dense: FC runs over pixels, and a view has no shape but its own.
    fn note_readings(&mut self, program: &Program, id: UnitId) {
        let unit = &program.units[id];
        if unit.kind == UnitKind::Reshape {
            return;
        }
        for (i, input) in unit.inputs.iter().enumerate() {
            let seen = self.unshaped[*input];
            let [h, w, _] = program.units[seen].shape;
            let read = program.reads_as(id, i);
            let read = read.unwrap_or(program.units[*input].shape);
            let over_pixels = unit.op().is_some_and(Operation::flattens) && h * w > 1;
            self.dense[seen] |= over_pixels || read != program.units[seen].shape;
        }
    }

    /// The unit that this one is another shape of: itself, unless it is a RESHAPE.
    pub(super) fn unshaped(&self, id: UnitId) -> UnitId {
        self.unshaped[id]
    }

    /// The unit that computes this unit's value: the unit itself, or what a RESHAPE or a SLICE stands for.
    pub(crate) fn root(&self, id: UnitId) -> UnitId {
        self.root[id]
    }

    /// The last unit that reads each value, under whatever shape.
    pub(super) fn last_readers(&self, program: &Program) -> Vec<UnitId> {
        let mut last: Vec<UnitId> = (0..program.units.len()).collect();
        for (id, unit) in program.units.iter().enumerate() {
            if !unit.is_view() {
                for input in &unit.inputs {
                    last[self.root(*input)] = id;
                }
            }
        }
        last
    }

    /// Whether the value of this unit has to lie without gaps.
    pub(crate) fn is_dense(&self, id: UnitId) -> bool {
        self.dense[id]
    }
}
