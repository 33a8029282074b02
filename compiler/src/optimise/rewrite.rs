//! What the rewrites share: walking a program while units are replaced by earlier ones.

use crate::program::{Program, Unit, UnitId};

/// Calls `replace` for each unit in order. Where it answers with an earlier unit, all who read the one read the other from
/// then on, and it may have changed the other to compute the new value.
pub(super) fn walk(
    program: &mut Program,
    mut replace: impl FnMut(&mut [Unit], &Readers, UnitId) -> Option<UnitId>,
) {
    let mut readers = Readers::count(program);
    let mut stands_for: Vec<UnitId> = (0..program.units.len()).collect();
    for id in 0..program.units.len() {
        for input in &mut program.units[id].inputs {
            *input = stands_for[*input];
        }
        if let Some(other) = replace(&mut program.units, &readers, id) {
            stands_for[id] = other;
            readers.0[other] = readers.0[other] - 1 + readers.0[id];
            program.units[id].inputs.clear();
        }
    }
    program.rename_ends(|id| stands_for[id]);
}

/// How often each unit's value is read; being wanted after the last step counts as well.
pub(super) struct Readers(Vec<usize>);

impl Readers {
    pub(super) fn count(program: &Program) -> Self {
        let mut count = vec![0; program.units.len()];
        for unit in &program.units {
            for input in &unit.inputs {
                count[*input] += 1;
            }
        }
        program.ends().for_each(|id| count[id] += 1);
        Self(count)
    }

    /// Whether the value is read once and not wanted after the last step.
    pub(super) fn only_one(&self, id: UnitId) -> bool {
        self.0[id] == 1
    }
}
