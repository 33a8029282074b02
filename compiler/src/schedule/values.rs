//! Facts about values that do not depend on where they lie.

use netc_plan::Operation;

use crate::program::{Program, UnitId, UnitKind};

/// Which unit computes each value, and which values have to lie without gaps.
pub(crate) struct Values {
    root: Vec<UnitId>,
    dense: Vec<bool>,
}

impl Values {
    pub(crate) fn find(program: &Program) -> Self {
        let mut root: Vec<UnitId> = Vec::with_capacity(program.units.len());
        for (id, unit) in program.units.iter().enumerate() {
            let same = match (&unit.kind, unit.inputs.first()) {
                (UnitKind::Reshape, Some(input)) => root[*input],
                _ => id,
            };
            root.push(same);
        }

        let mut values = Self {
            dense: vec![false; root.len()],
            root,
        };
        for id in 0..program.units.len() {
            values.note_readings(program, id);
        }
        // The caller gets the result as one slice, losses read dense scores, and a kept FLATTEN is the vector it is.
        values.dense[values.root[program.output]] = true;
        for target in &program.losses {
            values.dense[values.root[target.scores]] = true;
        }
        for (_, kept) in &program.kept {
            let root = values.root[*kept];
            values.dense[root] |= program.units[*kept].shape != program.units[root].shape;
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
            let root = self.root[*input];
            let [h, w, _] = program.units[root].shape;
            let read = program.reads_as(id, i);
            let read = read.unwrap_or(program.units[*input].shape);
            let over_pixels = unit.op().is_some_and(Operation::flattens) && h * w > 1;
            self.dense[root] |= over_pixels || read != program.units[root].shape;
        }
    }

    /// The unit that computes this unit's value: the unit itself, or what a RESHAPE stands for.
    pub(crate) fn root(&self, id: UnitId) -> UnitId {
        self.root[id]
    }

    /// The last unit that reads each value, under whatever shape.
    pub(super) fn last_readers(&self, program: &Program) -> Vec<UnitId> {
        let mut last: Vec<UnitId> = (0..program.units.len()).collect();
        for (id, unit) in program.units.iter().enumerate() {
            if unit.kind != UnitKind::Reshape {
                for input in &unit.inputs {
                    last[self.root(*input)] = id;
                }
            }
        }
        last
    }

    /// Whether the value of this unit has to lie without gaps.
    pub(super) fn is_dense(&self, id: UnitId) -> bool {
        self.dense[id]
    }
}
