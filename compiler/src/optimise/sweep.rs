//! Removes units that nobody reads any more.

use crate::program::{Program, UnitId};

pub(super) fn run(program: &mut Program) {
    let mut live = vec![false; program.units.len()];
    // The input stays unit 0 even where nothing reads it.
    live[0] = true;
    program.ends().for_each(|id| live[id] = true);
    for id in (0..program.units.len()).rev().filter(|id| *id > 0) {
        if live[id] {
            for input in &program.units[id].inputs {
                live[*input] = true;
            }
        }
    }

    let mut new_id: Vec<UnitId> = Vec::with_capacity(live.len());
    let mut next = 0;
    for alive in &live {
        new_id.push(next);
        next += usize::from(*alive);
    }
    let mut id = 0;
    program.units.retain(|_| {
        id += 1;
        live[id - 1]
    });
    for unit in &mut program.units {
        for input in &mut unit.inputs {
            *input = new_id[*input];
        }
    }
    program.rename_ends(|id| new_id[id]);
}
